//! A table cut into key ranges that together hold each row exactly once.
//!
//! The borders are keys that stood in the table when it was cut, or could have ([`cutter`]). The first range has no lower border and the last no upper one, and
//! the borders are stored before the first row is read: whatever rows come and go, every key falls into exactly one range.

mod cutter;

use serde::{Deserialize, Serialize};

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::{Column, Table};
use crate::mysql::value::{Datum, quote_name};

pub(crate) use cutter::Cutter;

/// Bytes of rows that a chunk aims at.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// Bounds for the rows of a chunk, whatever the server estimates a row's length to be.
const CHUNK_ROWS: std::ops::RangeInclusive<u64> = 200..=40_000;

/// A range of a table's identity: above `lower`, up to and including `upper`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The table's name.
    pub table: String,
    /// Number of the range, from 0.
    pub number: u32,
    bounds: Bounds,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bounds {
    lower: Option<Vec<Datum>>,
    upper: Option<Vec<Datum>>,
}

impl Chunk {
    /// The only chunk of a table: all of its rows.
    pub fn whole(table: &str) -> Chunk {
        Chunk {
            table: table.to_owned(),
            number: 0,
            bounds: Bounds::default(),
        }
    }

    pub(crate) fn from_stored(
        table: String,
        number: u32,
        bounds: &str,
    ) -> Result<Chunk, ReplicateError> {
        let bounds = serde_json::from_str(bounds).map_err(|_| {
            ReplicateError::Blocked(vec![format!(
                "the borders of chunk {number} of table {table} cannot be read by this build"
            )])
        })?;
        Ok(Chunk {
            table,
            number,
            bounds,
        })
    }

    pub(crate) fn to_stored(&self) -> String {
        serde_json::to_string(&self.bounds).unwrap_or_default()
    }

    /// The part up to and including a key, and the part behind it.
    fn split_at(self, border: Vec<Datum>) -> (Chunk, Chunk) {
        let behind = Chunk {
            table: self.table.clone(),
            number: self.number + 1,
            bounds: Bounds {
                lower: Some(border.clone()),
                upper: self.bounds.upper,
            },
        };
        let bounds = Bounds {
            lower: self.bounds.lower,
            upper: Some(border),
        };
        (Chunk { bounds, ..self }, behind)
    }

    /// The condition that holds for the rows of this chunk.
    pub fn condition(&self, table: &Table) -> Vec<u8> {
        let mut sql = Vec::new();
        if let Some(lower) = &self.bounds.lower {
            write_beyond(table, lower, b'>', false, &mut sql);
        }
        if let Some(upper) = &self.bounds.upper {
            if !sql.is_empty() {
                sql.extend_from_slice(b" AND ");
            }
            write_beyond(table, upper, b'<', true, &mut sql);
        }
        if sql.is_empty() {
            sql.extend_from_slice(b"TRUE");
        }
        sql
    }
}

/// `(a > x OR (a = x AND (b > y …)))`, written out because servers of this family use no index for a comparison of rows.
/// A plain `a >= x` in front lets them see the range.
fn write_beyond(table: &Table, key: &[Datum], sign: u8, or_equal: bool, sql: &mut Vec<u8>) {
    let columns: Vec<(&Column, &Datum)> = table
        .identity
        .iter()
        .zip(key)
        .map(|(&index, datum)| (&table.columns[index], datum))
        .collect();
    if let [first, _, ..] = columns.as_slice() {
        write_comparison(*first, &[sign, b'='], sql);
        sql.extend_from_slice(b" AND ");
    }
    write_beyond_rest(&columns, sign, or_equal, sql);
}

fn write_beyond_rest(columns: &[(&Column, &Datum)], sign: u8, or_equal: bool, sql: &mut Vec<u8>) {
    match columns {
        [] => {}
        [last] if or_equal => write_comparison(*last, &[sign, b'='], sql),
        [last] => write_comparison(*last, &[sign], sql),
        [first, rest @ ..] => {
            sql.push(b'(');
            write_comparison(*first, &[sign], sql);
            sql.extend_from_slice(b" OR (");
            write_comparison(*first, b"=", sql);
            sql.extend_from_slice(b" AND ");
            write_beyond_rest(rest, sign, or_equal, sql);
            sql.extend_from_slice(b"))");
        }
    }
}

fn write_comparison((column, datum): (&Column, &Datum), sign: &[u8], sql: &mut Vec<u8>) {
    sql.extend_from_slice(quote_name(&column.name).as_bytes());
    sql.extend_from_slice(sign);
    column.class.write_key(datum, sql);
}

/// Cuts a table with a key into chunks.
pub(crate) async fn cut(
    session: &mut Session,
    database: &str,
    table: &Table,
) -> Result<Vec<Chunk>, ReplicateError> {
    let mut chunks = Vec::new();
    let mut cutter = Cutter::start(session, database, table).await?;
    while let Some(chunk) = cutter.next(session).await? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// Rows that a chunk of a table aims at.
fn rows_wanted(table: &Table) -> u64 {
    (CHUNK_BYTES / table.mean_row_bytes.max(1)).clamp(*CHUNK_ROWS.start(), *CHUNK_ROWS.end())
}

/// Cuts the first chunk off a range. Returns it, and what is left of the range behind it.
pub(crate) async fn cut_off(
    session: &mut Session,
    database: &str,
    table: &Table,
    range: Chunk,
) -> Result<(Chunk, Option<Chunk>), ReplicateError> {
    let rows = rows_wanted(table);
    let (mut names, mut expressions) = (Vec::new(), Vec::new());
    for &index in &table.identity {
        let name = quote_name(&table.columns[index].name);
        expressions.push(table.columns[index].class.select_expression(&name));
        names.push(name);
    }
    let index = index_name(table);
    let head = format!(
        "SELECT {} FROM {}.{} FORCE INDEX ({}) WHERE ",
        expressions.join(","),
        quote_name(database),
        quote_name(&table.name),
        quote_name(index)
    );
    let mut sql = head.into_bytes();
    sql.extend(range.condition(table));
    sql.extend(format!(" ORDER BY {} LIMIT 1 OFFSET {}", names.join(","), rows - 1).into_bytes());
    let Some(border) = read_key(session, table, &sql).await? else {
        return Ok((range, None));
    };
    let (chunk, behind) = range.split_at(border);
    Ok((chunk, Some(behind)))
}

fn index_name(table: &Table) -> &str {
    table.identity_index.as_deref().unwrap_or("PRIMARY")
}

async fn read_key(
    session: &mut Session,
    table: &Table,
    sql: &[u8],
) -> Result<Option<Vec<Datum>>, ReplicateError> {
    let row: Option<mysql_async::Row> = session.row("cutting a table into chunks", sql).await?;
    Ok(row.map(|row| {
        let values = row.unwrap().into_iter().map(answer_bytes);
        table
            .identity
            .iter()
            .zip(values)
            .map(|(&index, bytes)| table.columns[index].class.from_answer(bytes))
            .collect()
    }))
}

/// The bytes of a value in a text-protocol answer.
pub(crate) fn answer_bytes(value: mysql_async::Value) -> Option<Vec<u8>> {
    match value {
        mysql_async::Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::value::ColumnClass;

    fn table(keys: usize) -> Table {
        let column = |name: &str| Column {
            name: name.into(),
            class: ColumnClass::Integer {
                width_bytes: 4,
                unsigned: false,
            },
            nullable: false,
            generated: false,
        };
        Table {
            name: "t".into(),
            columns: ["a", "b", "c"].iter().map(|name| column(name)).collect(),
            identity: (0..keys).collect(),
            identity_index: Some("PRIMARY".into()),
            engine: "InnoDB".into(),
            auto_increment_column: None,
            create_statement: String::new(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        }
    }

    #[test]
    fn conditions_meet_without_gap_or_overlap() {
        let key = |values: &[i32]| {
            Some(
                values
                    .iter()
                    .map(|value| Datum::Plain(value.to_string()))
                    .collect::<Vec<_>>(),
            )
        };
        for (keys, lower, upper, condition) in [
            (1, None, None, "TRUE"),
            (1, key(&[5]), None, "`a`>5"),
            (1, key(&[4]), key(&[5]), "`a`>4 AND `a`<=5"),
            (
                2,
                key(&[5, 6]),
                None,
                "`a`>=5 AND (`a`>5 OR (`a`=5 AND `b`>6))",
            ),
            (
                2,
                None,
                key(&[5, 6]),
                "`a`<=5 AND (`a`<5 OR (`a`=5 AND `b`<=6))",
            ),
            (
                3,
                key(&[1, 2, 3]),
                None,
                "`a`>=1 AND (`a`>1 OR (`a`=1 AND (`b`>2 OR (`b`=2 AND `c`>3))))",
            ),
        ] {
            let chunk = Chunk {
                table: "t".into(),
                number: 0,
                bounds: Bounds { lower, upper },
            };
            assert_eq!(
                String::from_utf8(chunk.condition(&table(keys))).unwrap(),
                condition
            );
            let again = Chunk::from_stored("t".into(), 0, &chunk.to_stored()).unwrap();
            assert_eq!(again, chunk);
        }
    }
}
