//! What is to be made, and what is made already, kept on the target beside the schema itself.
//!
//! The plan is written down in one transaction. Until a stream has begun, which is when rows may come, each start reads the schema anew and brings the plan up to it
//! ([`super::renewal`]); from then on it stays, which is looked after in that transaction: a source that changes its schema during the move does not change what was begun. DDL of PostgreSQL is transactional, so an item and the mark that it is done commit together; a killed run leaves
//! either both or neither. The mark is set first: it locks the item's row, so that of two runs that live at once the second waits, then finds
//! the item done and leaves it.

use std::collections::BTreeSet;

use super::item::{Item, Stage};
use super::left_out::LeftOut;
use super::plan::SchemaPlan;
use super::renewal;
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::state::beginning;
use crate::postgres::value::quote_text;

const TABLES: &str = "
    CREATE SCHEMA IF NOT EXISTS reberth;
    CREATE TABLE IF NOT EXISTS reberth.schema_item (
        number bigint PRIMARY KEY, kind text NOT NULL, name text NOT NULL, stage text NOT NULL, table_path text, sql text NOT NULL,
        needs text NOT NULL, is_needed boolean NOT NULL, state text NOT NULL DEFAULT 'open', reason text);
    ALTER TABLE reberth.schema_item ADD COLUMN IF NOT EXISTS removal text NOT NULL DEFAULT '';
    CREATE TABLE IF NOT EXISTS reberth.schema_left_out (what text NOT NULL, reason text NOT NULL, is_blocker boolean NOT NULL);";

/// Rows in one statement: some thousand definitions are a few megabytes.
const ROWS_AT_ONCE: usize = 500;

/// Whether a plan is kept on the target.
pub(super) async fn is_kept(target: &mut Session) -> Result<bool, ReplicateError> {
    const DOING: &str = "looking for a schema that was begun";
    let sql = "SELECT to_regclass('reberth.schema_item') IS NOT NULL";
    let is_there = target.row::<(bool,)>(DOING, sql).await?;
    if !is_there.is_some_and(|(is_there,)| is_there) {
        return Ok(false);
    }
    let sql = "SELECT EXISTS (SELECT FROM reberth.schema_item)";
    let is_kept = target.row::<(bool,)>(DOING, sql).await?;
    Ok(is_kept.is_some_and(|(is_kept,)| is_kept))
}

/// Writes a plan down, if no stream has begun. Where one is there already, it becomes this one; see [`super::renewal`].
pub(super) async fn keep(target: &mut Session, plan: &SchemaPlan) -> Result<(), ReplicateError> {
    const DOING: &str = "writing down the schema's items";
    target.run(DOING, TABLES).await?;
    target
        .run(
            DOING,
            "BEGIN; LOCK TABLE reberth.schema_item IN EXCLUSIVE MODE",
        )
        .await?;
    // Behind the items, as [`crate::postgres::state::forget`] has it too.
    beginning::refuse_begun(target).await?;
    match is_kept(target).await? {
        true => renewal::renew(target, plan).await?,
        false => write(target, plan).await?,
    }
    target.run(DOING, "COMMIT").await.map(drop)
}

/// Writes a plan into an empty table of items.
pub(super) async fn write(target: &mut Session, plan: &SchemaPlan) -> Result<(), ReplicateError> {
    const DOING: &str = "writing down the schema's items";
    for piece in plan.items.chunks(ROWS_AT_ONCE) {
        let rows: Vec<String> = piece.iter().map(item_row).collect();
        let sql = format!(
            "INSERT INTO reberth.schema_item (number, kind, name, stage, table_path, sql, removal, needs, is_needed) VALUES {}",
            rows.join(", ")
        );
        target.run(DOING, sql).await?;
    }
    write_left_out(target, plan).await
}

/// Writes what a plan leaves out, in place of what an earlier one did.
pub(super) async fn write_left_out(
    target: &mut Session,
    plan: &SchemaPlan,
) -> Result<(), ReplicateError> {
    const DOING: &str = "writing down what is left out";
    target
        .run(DOING, "DELETE FROM reberth.schema_left_out")
        .await?;
    for left in &plan.left_out {
        let (what, reason) = (quote_text(&left.what), quote_text(&left.reason));
        let sql = format!(
            "INSERT INTO reberth.schema_left_out VALUES ({what}, {reason}, {})",
            left.is_blocker
        );
        target.run(DOING, sql).await?;
    }
    Ok(())
}

fn item_row(item: &Item) -> String {
    let needs: Vec<String> = item.needs.iter().map(i64::to_string).collect();
    let texts = [&item.kind, &item.name, item.stage.word()].map(|text: &str| quote_text(text));
    let table = item.table.as_deref().map_or("NULL".to_owned(), quote_text);
    format!(
        "({}, {}, {table}, {}, {}, '{}', {})",
        item.number,
        texts.join(", "),
        quote_text(&item.sql),
        quote_text(&item.removal),
        needs.join(" "),
        item.is_needed
    )
}

/// An item that is still to be made, and the bytes of its table.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) item: Item,
    pub(super) table_bytes: u64,
}

/// The open items of some stages, of one table or of all.
pub(super) async fn open_items(
    target: &mut Session,
    stages: &[Stage],
    table: Option<&str>,
) -> Result<Vec<Open>, ReplicateError> {
    type Row = (
        i64,
        String,
        String,
        String,
        Option<String>,
        String,
        String,
        bool,
        u64,
    );
    let words: Vec<String> = stages
        .iter()
        .map(|stage| quote_text(stage.word()))
        .collect();
    let of_table = table.map_or(String::new(), |path| {
        format!(" AND table_path = {}", quote_text(path))
    });
    let sql = format!(
        "SELECT number, kind, name, stage, table_path, sql, needs, is_needed,
                coalesce(pg_relation_size(to_regclass(table_path)), 0)
         FROM reberth.schema_item WHERE state = 'open' AND stage IN ({}){of_table} ORDER BY number",
        words.join(", ")
    );
    let doing = "reading the schema's items";
    let rows: Vec<Row> = target.rows_within(LONG_STATEMENT_LIMIT, doing, sql).await?;
    Ok(rows.into_iter().filter_map(open).collect())
}

fn open(
    row: (
        i64,
        String,
        String,
        String,
        Option<String>,
        String,
        String,
        bool,
        u64,
    ),
) -> Option<Open> {
    let (number, kind, name, stage, table, sql, needs, is_needed, table_bytes) = row;
    let needs = needs
        .split_whitespace()
        .filter_map(|word| word.parse().ok());
    let item = Item {
        number,
        kind,
        name,
        stage: Stage::from_word(&stage)?,
        table,
        sql,
        // Only a renewal asks for it.
        removal: String::new(),
        needs: needs.collect(),
        is_needed,
    };
    Some(Open { item, table_bytes })
}

/// The numbers of all items that are still to be made.
pub(super) async fn open_numbers(target: &mut Session) -> Result<BTreeSet<i64>, ReplicateError> {
    let sql = "SELECT number FROM reberth.schema_item WHERE state = 'open'";
    let rows: Vec<(i64,)> = target.rows("reading the schema's items", sql).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Marks an item as done, inside a transaction. `false`: somebody else has done it. An error if another start has made the plan anew, so that there is no such item.
pub(super) async fn mark_done(target: &mut Session, number: i64) -> Result<bool, ReplicateError> {
    let sql = format!(
        "UPDATE reberth.schema_item SET state = 'done' WHERE number = {number} AND state = 'open'"
    );
    // Another run may hold the row for as long as its index takes.
    let doing = "marking an item of the schema";
    let marked = target
        .run_within(crate::connection::REBUILD_LIMIT, doing, sql)
        .await?;
    if marked == 1 {
        return Ok(true);
    }
    let sql = format!("SELECT EXISTS (SELECT FROM reberth.schema_item WHERE number = {number})");
    match target.row::<(bool,)>(doing, sql).await? {
        Some((true,)) => Ok(false),
        _ => Err(ReplicateError::Superseded { epoch: 0 }),
    }
}

/// Marks an item as refused by the target.
pub(super) async fn mark_refused(
    target: &mut Session,
    number: i64,
    reason: &str,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "UPDATE reberth.schema_item SET state = 'refused', reason = {} WHERE number = {number} AND state = 'open'",
        quote_text(reason)
    );
    target
        .run("marking an item of the schema", sql)
        .await
        .map(drop)
}

/// An item that is still to be made, cannot be done without, and needs this one.
pub(super) async fn needed_by(
    target: &mut Session,
    number: i64,
) -> Result<Option<String>, ReplicateError> {
    let sql = format!(
        "SELECT kind || ' ' || name FROM reberth.schema_item
         WHERE state = 'open' AND is_needed AND '{number}' = ANY (string_to_array(needs, ' ')) ORDER BY number LIMIT 1"
    );
    let row: Option<(String,)> = target.row("reading the schema's items", sql).await?;
    Ok(row.map(|(item,)| item))
}

/// All that is not made: what the plan left out, and what the target refused.
pub async fn left_out(target: &mut Session) -> Result<Vec<LeftOut>, ReplicateError> {
    // The items first: see [`crate::postgres::state::forget`].
    let sql = "SELECT kind || ' ' || name, 'the target refused it: ' || reason, false FROM reberth.schema_item WHERE state = 'refused'
         UNION ALL SELECT what, reason, is_blocker FROM reberth.schema_left_out
         ORDER BY 1, 2";
    let rows: Vec<(String, String, bool)> = target.rows("reading what is left out", sql).await?;
    Ok(rows
        .into_iter()
        .map(|(what, reason, is_blocker)| LeftOut {
            what,
            reason,
            is_blocker,
        })
        .collect())
}
