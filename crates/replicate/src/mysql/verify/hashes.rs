//! The queries that hash rows inside a server, and their answers.

use std::collections::BTreeMap;

use crate::mysql::chunk::answer_bytes;
use crate::mysql::fold::Key;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::value::quote_name;

/// The expression that hashes a whole row.
fn row_hash(table: &Table) -> String {
    let values: Vec<String> = table
        .carried()
        .map(|index| {
            let value = table.columns[index]
                .class
                .hash_expression(&quote_name(&table.columns[index].name));
            format!("IFNULL(CONCAT(LENGTH({value}),':',{value}),'-')")
        })
        .collect();
    format!("SHA2(CONCAT({}), 256)", values.join(","))
}

fn place(schema: &Schema, table: &Table) -> String {
    format!(
        "{}.{}",
        quote_name(&schema.database),
        quote_name(&table.name)
    )
}

/// Count and sums of the rows that a condition selects.
pub(super) fn sums_query(schema: &Schema, table: &Table, condition: &[u8]) -> Vec<u8> {
    let sum = |half: &str| {
        format!("CAST(COALESCE(SUM(CAST(CONV({half}(h, 16), 16, 10) AS UNSIGNED)), 0) AS CHAR)")
    };
    let mut sql = format!(
        "SELECT COUNT(*), {}, {} FROM (SELECT {} AS h FROM {} WHERE ",
        sum("LEFT"),
        sum("RIGHT"),
        row_hash(table),
        place(schema, table)
    )
    .into_bytes();
    sql.extend_from_slice(condition);
    sql.extend_from_slice(b") AS hashed");
    sql
}

/// Count of rows and sums of the halves of their hashes.
pub(super) type Sums = (u64, String, String);

pub(super) fn read_sums(rows: &[mysql_async::Row]) -> Sums {
    let row = rows.first();
    let text = |index: usize| {
        row.and_then(|row| row.get::<String, _>(index))
            .unwrap_or_default()
    };
    (
        row.and_then(|row| row.get(0)).unwrap_or_default(),
        text(1),
        text(2),
    )
}

/// Row hashes by key, of the rows that a condition selects.
pub(super) fn hashes_query(schema: &Schema, table: &Table, condition: &[u8]) -> Vec<u8> {
    let keys: Vec<String> = table
        .identity
        .iter()
        .map(|&index| {
            table.columns[index]
                .class
                .select_expression(&quote_name(&table.columns[index].name))
        })
        .collect();
    let mut sql = format!(
        "SELECT {}, {} FROM {} WHERE ",
        row_hash(table),
        keys.join(","),
        place(schema, table)
    )
    .into_bytes();
    sql.extend_from_slice(condition);
    sql
}

pub(super) fn read_hashes(table: &Table, rows: Vec<mysql_async::Row>) -> BTreeMap<Key, Vec<u8>> {
    rows.into_iter()
        .map(|row| {
            let mut values = row.unwrap().into_iter().map(answer_bytes);
            let hash = values.next().flatten().unwrap_or_default();
            let key = table
                .identity
                .iter()
                .zip(values)
                .map(|(&index, bytes)| table.columns[index].class.from_answer(bytes))
                .collect();
            (key, hash)
        })
        .collect()
}
