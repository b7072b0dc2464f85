//! Finds the borders of a table's chunks, one after another.
//!
//! Walking the key's index finds borders with the same number of rows between any two, and reads the whole index once for it; where rows lie in
//! the index, as they do under a primary key, that is the whole table. Where the key is one whole number and the numbers are dense, nothing needs
//! to be read: a range of n numbers holds at most n rows, whichever of them are taken. Dense is a table of which at least every second
//! number is taken, by the server's estimate; if the estimate is wrong, chunks are smaller than they could be, never larger.

use super::{Chunk, cut_off, index_name, read_key, rows_wanted};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::Table;
use crate::mysql::value::{ColumnClass, Datum, quote_name};

/// Numbers between the lowest and the highest key for each row, at the most, where they count as dense.
const NUMBERS_PER_ROW: i128 = 2;

/// Cuts a table with a key.
pub(crate) struct Cutter<'t> {
    database: String,
    table: &'t Table,
    rest: Option<Chunk>,
    /// The next border without walking, and the highest key; `None`: by walking.
    dense: Option<(i128, i128)>,
}

impl<'t> Cutter<'t> {
    /// Looks how the table is to be cut.
    pub(crate) async fn start(
        session: &mut Session,
        database: &str,
        table: &'t Table,
    ) -> Result<Cutter<'t>, ReplicateError> {
        let ends = number_ends(session, database, table).await?;
        Ok(Cutter {
            database: database.to_owned(),
            table,
            rest: Some(Chunk::whole(&table.name)),
            dense: ends
                .filter(|(lowest, highest)| {
                    highest - lowest < NUMBERS_PER_ROW * i128::from(table.estimated_rows)
                })
                .map(|(lowest, highest)| (lowest + step(table) - 1, highest)),
        })
    }

    /// The next chunk; nothing behind the last one.
    pub(crate) async fn next(
        &mut self,
        session: &mut Session,
    ) -> Result<Option<Chunk>, ReplicateError> {
        let Some(uncut) = self.rest.take() else {
            return Ok(None);
        };
        let (chunk, behind) = match self.dense {
            Some((border, highest)) if border < highest => {
                self.dense = Some((border + step(self.table), highest));
                let (chunk, behind) = uncut.split_at(vec![Datum::Plain(border.to_string())]);
                (chunk, Some(behind))
            }
            Some(_) => (uncut, None),
            None => cut_off(session, &self.database, self.table, uncut).await?,
        };
        self.rest = behind;
        Ok(Some(chunk))
    }
}

fn step(table: &Table) -> i128 {
    i128::from(rows_wanted(table))
}

/// The lowest and the highest key, if the key is one whole number and there are rows.
async fn number_ends(
    session: &mut Session,
    database: &str,
    table: &Table,
) -> Result<Option<(i128, i128)>, ReplicateError> {
    let [index] = table.identity.as_slice() else {
        return Ok(None);
    };
    let column = &table.columns[*index];
    if !matches!(column.class, ColumnClass::Integer { .. }) {
        return Ok(None);
    }
    let mut ends = Vec::new();
    for order in ["", " DESC"] {
        let name = quote_name(&column.name);
        let sql = format!(
            "SELECT {name} FROM {}.{} FORCE INDEX ({}) ORDER BY {name}{order} LIMIT 1",
            quote_name(database),
            quote_name(&table.name),
            quote_name(index_name(table))
        );
        let key = read_key(session, table, sql.as_bytes()).await?;
        let number = key.and_then(|key| match key.as_slice() {
            [Datum::Plain(number)] => number.parse::<i128>().ok(),
            _ => None,
        });
        ends.extend(number);
    }
    Ok(match ends.as_slice() {
        [lowest, highest] => Some((*lowest, *highest)),
        _ => None,
    })
}
