//! Row changes as statements on the target, each with the answer that the log demands.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::apply::script::{Expected, Script};
use crate::mysql::cascade;
use crate::mysql::fold::{Key, LastState};
use crate::mysql::log::RowChange;
use crate::mysql::row::Image;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::value::{Datum, quote_name};
use crate::position::LogPosition;

/// Keys named in one DELETE.
const KEYS_AT_ONCE: usize = 1_000;
/// Bytes of an INSERT of several rows.
const INSERT_BYTES: usize = 256 * 1024;

/// The target as the statements of a batch see it.
pub(super) struct Place<'a> {
    pub(super) session: &'a mut Session,
    pub(super) script: &'a mut Script,
    pub(super) schema: &'a Schema,
    /// Where the log stands, for errors.
    pub(super) position: &'a LogPosition,
    /// Every touched key is known to stand or not to stand as the log says.
    pub(super) is_certain: bool,
}

/// What a batch does to the keys of one table, each list in the order of the keys, which is the order in which the target finds them fastest.
#[derive(Default)]
pub(super) struct TableBatch {
    /// Keys to delete.
    doomed: Vec<Key>,
    /// Rows whose keys stand on the target, to be written over.
    standing: Vec<(Key, Image)>,
    /// Rows whose keys do not stand there.
    new: Vec<Image>,
}

impl TableBatch {
    /// Sorts the last states of a table's keys by what is to be done.
    pub(super) fn new(
        place: &Place<'_>,
        table: &Table,
        keys: HashMap<Key, LastState>,
    ) -> TableBatch {
        let may_write_over =
            table.has_one_unique_index() && !place.schema.is_changed_by_cascades(&table.name);
        let mut states: Vec<(Key, LastState)> = keys.into_iter().collect();
        states.sort_unstable_by(|(one, _), (other, _)| compare_keys(one, other));
        let mut batch = TableBatch::default();
        for (key, LastState { stood_before, row }) in states {
            let may_stand = stood_before || !place.is_certain;
            match row {
                Some(row) if may_stand && may_write_over => batch.standing.push((key, row)),
                row => {
                    if may_stand {
                        batch.doomed.push(key);
                    }
                    batch.new.extend(row);
                }
            }
        }
        batch
    }
}

/// Deletes the keys that are to go; as many rows must go as the log says stood there.
pub(super) async fn delete_keys(
    place: &mut Place<'_>,
    table: &Table,
    batch: &TableBatch,
) -> Result<(), ReplicateError> {
    // A server may have logged what its cascades did, after we had carried them out already.
    let is_counted = place.is_certain && !place.schema.is_changed_by_cascades(&table.name);
    for some in batch.doomed.chunks(KEYS_AT_ONCE) {
        let mut sql = format!("DELETE FROM {} WHERE ", place.name(table)).into_bytes();
        write_key_list(table, &some.iter().collect::<Vec<_>>(), &mut sql);
        let expected = if is_counted {
            Expected::Rows(some.len() as u64)
        } else {
            Expected::Success
        };
        place.add(table, expected, &sql).await?;
    }
    Ok(())
}

/// Writes the rows that stand after the batch. Every doomed key of every table is gone by now.
pub(super) async fn write_rows(
    place: &mut Place<'_>,
    table: &Table,
    batch: TableBatch,
) -> Result<(), ReplicateError> {
    match batch.standing.as_slice() {
        // An INSERT of one row does not say whether it met one.
        [(key, row)] if place.is_certain => {
            let sql = update(&place.name(table), table, key, row);
            place.add(table, Expected::Rows(1), &sql).await?;
        }
        rows => write_over(place, table, rows).await?,
    }
    insert_rows(place, table, &batch.new).await
}

fn update(name: &str, table: &Table, key: &Key, row: &Image) -> Vec<u8> {
    let mut sql = format!("UPDATE {name} SET ").into_bytes();
    for (number, column) in table.carried().enumerate() {
        if number > 0 {
            sql.push(b',');
        }
        let column_name = quote_name(&table.columns[column].name);
        sql.extend_from_slice(column_name.as_bytes());
        sql.push(b'=');
        table.columns[column]
            .class
            .write_value(&row[column], &mut sql);
    }
    sql.extend_from_slice(b" WHERE ");
    sql.extend(cascade::equal(table, &table.identity, key));
    sql
}

async fn write_over(
    place: &mut Place<'_>,
    table: &Table,
    rows: &[(Key, Image)],
) -> Result<(), ReplicateError> {
    let assignments: Vec<String> = table
        .carried()
        .map(|column| quote_name(&table.columns[column].name))
        .map(|name| format!("{name}=VALUES({name})"))
        .collect();
    let tail = format!(" ON DUPLICATE KEY UPDATE {}", assignments.join(","));
    let mut rest = rows;
    while !rest.is_empty() {
        let mut sql = insert_head(&place.name(table), table);
        let mut count = 0;
        // Two rows or more, since an INSERT of one does not say whether it met one.
        while count < rest.len()
            && (sql.len() < INSERT_BYTES || count < 2 || rest.len() - count == 1)
        {
            write_row(table, &rest[count].1, count, &mut sql);
            count += 1;
        }
        sql.extend_from_slice(tail.as_bytes());
        let expected = if place.is_certain {
            Expected::WrittenOver(count as u64)
        } else {
            Expected::Success
        };
        place.add(table, expected, &sql).await?;
        rest = &rest[count..];
    }
    Ok(())
}

/// Inserts rows; each of them must arrive.
async fn insert_rows(
    place: &mut Place<'_>,
    table: &Table,
    rows: &[Image],
) -> Result<(), ReplicateError> {
    let mut rest = rows;
    while !rest.is_empty() {
        let mut sql = insert_head(&place.name(table), table);
        let mut count = 0;
        while count < rest.len() && (sql.len() < INSERT_BYTES || count == 0) {
            write_row(table, &rest[count], count, &mut sql);
            count += 1;
        }
        place.add(table, Expected::Success, &sql).await?;
        rest = &rest[count..];
    }
    Ok(())
}

fn insert_head(name: &str, table: &Table) -> Vec<u8> {
    format!("INSERT INTO {name} ({}) VALUES ", table.carried_names()).into_bytes()
}

fn write_row(table: &Table, row: &Image, number: usize, sql: &mut Vec<u8>) {
    sql.extend_from_slice(if number > 0 { b",(" } else { b"(" });
    for (place, column) in table.carried().enumerate() {
        if place > 0 {
            sql.push(b',');
        }
        table.columns[column].class.write_value(&row[column], sql);
    }
    sql.push(b')');
}

/// The condition that a row has one of these keys.
pub(crate) fn write_key_list(table: &Table, keys: &[&Key], sql: &mut Vec<u8>) {
    if let [column] = table.identity.as_slice() {
        let column = &table.columns[*column];
        sql.extend(format!("{} IN (", quote_name(&column.name)).into_bytes());
        for (number, key) in keys.iter().enumerate() {
            if number > 0 {
                sql.push(b',');
            }
            column
                .class
                .write_key(key.first().unwrap_or(&Datum::Null), sql);
        }
        sql.push(b')');
        return;
    }
    for (number, key) in keys.iter().enumerate() {
        sql.extend_from_slice(if number > 0 { b" OR (" } else { b"(" });
        sql.extend(cascade::equal(table, &table.identity, key));
        sql.push(b')');
    }
}

/// Changes one row of a table without a key: found by all of its values, byte by byte, NULL being equal to NULL (rule 7).
pub(super) async fn change_keyless(
    place: &mut Place<'_>,
    table: &Table,
    change: &RowChange,
) -> Result<(), ReplicateError> {
    if let Some(before) = &change.before {
        let mut sql = format!("DELETE FROM {} WHERE ", place.name(table)).into_bytes();
        for (number, column) in table.carried().enumerate() {
            if number > 0 {
                sql.extend_from_slice(b" AND ");
            }
            let class = &table.columns[column].class;
            let name = quote_name(&table.columns[column].name);
            sql.extend(format!("{} <=> ", class.match_expression(&name)).into_bytes());
            class.write_match(&before[column], &mut sql);
        }
        sql.extend_from_slice(b" LIMIT 1");
        place.add(table, Expected::Rows(1), &sql).await?;
        place.script.allow_long();
    }
    match &change.after {
        Some(after) => insert_rows(place, table, std::slice::from_ref(after)).await,
        None => Ok(()),
    }
}

impl Place<'_> {
    fn name(&self, table: &Table) -> String {
        format!(
            "{}.{}",
            quote_name(&self.schema.database),
            quote_name(&table.name)
        )
    }

    async fn add(
        &mut self,
        table: &Table,
        expected: Expected,
        sql: &[u8],
    ) -> Result<(), ReplicateError> {
        self.script
            .add(
                self.session,
                self.position,
                Some(&table.name),
                expected,
                sql,
            )
            .await
    }
}

/// An order of keys that is near to the target's own: numbers by size, texts by bytes.
fn compare_keys(one: &Key, other: &Key) -> Ordering {
    let by_value = one.iter().zip(other).map(|pair| match pair {
        (Datum::Plain(one), Datum::Plain(other)) => {
            let size = |text: &str| (!text.starts_with('-'), text.len());
            size(one).cmp(&size(other)).then_with(|| one.cmp(other))
        }
        (one, other) => one.cmp(other),
    });
    by_value.fold(Ordering::Equal, Ordering::then)
}
