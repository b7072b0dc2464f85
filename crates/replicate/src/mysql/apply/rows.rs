//! Row changes as statements on the target, each checked against what the log says.

use std::collections::HashMap;

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::copy::Insert;
use crate::mysql::fold::{Key, LastState};
use crate::mysql::log::RowChange;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::value::{Datum, quote_name};
use crate::position::LogPosition;

/// Keys named in one statement.
const KEYS_AT_ONCE: usize = 400;

/// Deletes the touched keys, and checks that as many rows went as the log says stood there.
pub(super) async fn delete_keys(
    session: &mut Session,
    schema: &Schema,
    table: &Table,
    keys: &HashMap<Key, LastState>,
    is_certain: bool,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    let doing = format!("applying deletes to table {}", table.name);
    let doomed: Vec<&Key> = keys
        .iter()
        .filter(|(_, state)| state.stood_before || !is_certain)
        .map(|(key, _)| key)
        .collect();
    let mut deleted = 0;
    for some in doomed.chunks(KEYS_AT_ONCE) {
        let mut sql = format!(
            "DELETE FROM {}.{} WHERE ",
            quote_name(&schema.database),
            quote_name(&table.name)
        )
        .into_bytes();
        write_key_list(table, some, &mut sql);
        deleted += session.run(&doing, sql).await?;
    }
    // A server may have logged what its cascades did, after we had carried them out already.
    if is_certain && deleted != doomed.len() as u64 && !schema.is_changed_by_cascades(&table.name) {
        let detail = format!(
            "the log says that {} row(s) stood there, the target held {deleted}",
            doomed.len()
        );
        return Err(ReplicateError::Diverged {
            table: table.name.clone(),
            position: position.clone(),
            detail,
        });
    }
    Ok(())
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

/// Inserts rows; each of them must arrive.
pub(super) async fn insert_rows(
    session: &mut Session,
    database: &str,
    table: &Table,
    rows: impl Iterator<Item = Vec<Datum>>,
) -> Result<(), ReplicateError> {
    let doing = format!("applying inserts to table {}", table.name);
    let mut insert = Insert::new(database, table);
    for mut row in rows {
        insert.push(
            table
                .carried()
                .map(|column| (column, std::mem::replace(&mut row[column], Datum::Null))),
        );
        if insert.is_full() {
            insert.run(session, &doing).await?;
        }
    }
    insert.run(session, &doing).await
}

/// Changes one row of a table without a key: found by all of its values, byte by byte, NULL being equal to NULL (rule 7).
pub(super) async fn change_keyless(
    session: &mut Session,
    database: &str,
    table: &Table,
    change: RowChange,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    if let Some(before) = change.before {
        let mut sql = format!(
            "DELETE FROM {}.{} WHERE ",
            quote_name(database),
            quote_name(&table.name)
        )
        .into_bytes();
        for (number, column) in table.carried().enumerate() {
            if number > 0 {
                sql.extend_from_slice(b" AND ");
            }
            let class = &table.columns[column].class;
            sql.extend(
                format!(
                    "{} <=> ",
                    class.match_expression(&quote_name(&table.columns[column].name))
                )
                .into_bytes(),
            );
            class.write_match(&before[column], &mut sql);
        }
        sql.extend_from_slice(b" LIMIT 1");
        let deleted = session
            .run_within(
                LONG_STATEMENT_LIMIT,
                &format!("applying a delete to table {}", table.name),
                sql,
            )
            .await?;
        if deleted != 1 {
            let detail = "no row of this table, which has no key, holds the values that the log says were changed".to_owned();
            return Err(ReplicateError::Diverged {
                table: table.name.clone(),
                position: position.clone(),
                detail,
            });
        }
    }
    insert_rows(session, database, table, change.after.into_iter()).await
}
