//! Decides what differed at first sight: equal after all, truly different, or left open.
//!
//! A round: take a position `low` of the source's log before which everything is visible; wait until the target holds everything before it; read the
//! suspects on both sides; take the written end of the source's log. **What still differs, and has no change in the log between `low` and
//! that end, is a true difference**: the source's row is then what it was at `low`, the target held all changes before `low` when it was
//! read, and no change of that row behind `low` had been written that it could hold. So one round decides every row that was left alone during
//! it, without guessing how long lag may last; rows that were changed meanwhile get another round, a bounded number of times (rule 30).
//!
//! Which rows the log names is asked of the server, by the collation of the key: a logged 'A' may be the suspect 'a'.

use std::collections::{BTreeMap, BTreeSet};

use super::differing::{Kind, differing_columns, differing_keys, list, readable};
use super::sides::{Sides, WAIT};
use crate::error::ReplicateError;
use crate::mysql::fold::Key;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server;
use crate::mysql::touched::{Named, Touched};
use crate::position::LogPosition;
use crate::verify_report::{Difference, NAMED_AT_MOST, VerifyReport};

/// How often what differs is read again before it is left open.
const ROUNDS: usize = 25;
/// Keys in one statement.
const KEYS_AT_ONCE: usize = 500;
/// Keys named by the log in one statement; above, all suspects of the table count as changed.
const LOGGED_KEYS_AT_ONCE: usize = 2_000;

/// Keys that differed at first sight, by table.
pub(crate) type Suspects = BTreeMap<String, BTreeSet<Key>>;

/// Decides each suspect, and writes into the report what is different or stays open.
pub(crate) async fn settle(
    sides: &mut Sides,
    schema: &Schema,
    mut suspects: Suspects,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let mut has_met = false;
    for round in 0..ROUNDS {
        if suspects.is_empty() || sides.is_behind() {
            break;
        }
        if round > 0 {
            tokio::time::sleep(WAIT).await;
        }
        let low = server::visible_position(&mut sides.source, sides.flavour).await?;
        if !sides.meet(&low).await? {
            continue;
        }
        has_met = true;
        let mut still = BTreeMap::new();
        for (name, keys) in &suspects {
            let Some(table) = schema.tables.get(name) else {
                continue;
            };
            let found = read_again(sides, table, keys).await?;
            if !found.is_empty() {
                still.insert(name.clone(), found);
            }
        }
        suspects = if still.is_empty() {
            Suspects::new()
        } else {
            decide(sides, schema, low, still, report).await?
        };
    }
    for (name, keys) in &suspects {
        for key in keys {
            report.leave_open(name, readable(key), !has_met);
        }
    }
    Ok(())
}

async fn read_again(
    sides: &mut Sides,
    table: &Table,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Kind>, ReplicateError> {
    let keys: Vec<&Key> = keys.iter().collect();
    let mut found = BTreeMap::new();
    for some in keys.chunks(KEYS_AT_ONCE) {
        found.extend(differing_keys(sides, table, &list(table, some)).await?);
    }
    Ok(found)
}

/// Reports what differs and was left alone since `low`, and returns what was not.
async fn decide(
    sides: &mut Sides,
    schema: &Schema,
    low: LogPosition,
    still: BTreeMap<String, BTreeMap<Key, Kind>>,
    report: &mut VerifyReport,
) -> Result<Suspects, ReplicateError> {
    let end = server::log_end(&mut sides.source, sides.flavour).await?;
    let touched = Touched::read_as(&sides.role(), &sides.plan, schema, low, &end).await?;
    let mut again = Suspects::new();
    for (name, found) in still {
        let Some(table) = schema.tables.get(&name) else {
            continue;
        };
        let changed = changed_since(sides, table, &touched, &found).await?;
        for (key, kind) in found {
            if changed.contains(&key) {
                again.entry(name.clone()).or_default().insert(key);
                continue;
            }
            let is_named = report.differences.len() < NAMED_AT_MOST;
            let columns = if is_named && kind == Kind::Different {
                differing_columns(sides, table, &key).await?
            } else {
                Vec::new()
            };
            let difference = Difference {
                table: name.clone(),
                key: readable(&key),
                kind: kind.word().to_owned(),
                columns,
            };
            report.add_difference(difference, 1);
        }
    }
    Ok(again)
}

/// Those of the suspects that the log names.
async fn changed_since(
    sides: &mut Sides,
    table: &Table,
    touched: &Touched,
    found: &BTreeMap<Key, Kind>,
) -> Result<BTreeSet<Key>, ReplicateError> {
    let logged = match touched.named(&table.name) {
        Named::Nothing => return Ok(BTreeSet::new()),
        Named::Keys(logged) if logged.len() <= LOGGED_KEYS_AT_ONCE => logged,
        _ => return Ok(found.keys().cloned().collect()),
    };
    let logged = list(table, &logged);
    let suspects: Vec<&Key> = found.keys().collect();
    let mut changed = BTreeSet::new();
    for some in suspects.chunks(KEYS_AT_ONCE) {
        let both = [&b"("[..], &list(table, some), b") AND (", &logged, b")"].concat();
        let (source, target) = sides.ask_row_hashes(table, &both).await?;
        changed.extend(source.into_keys());
        changed.extend(target.into_keys());
        // A row that is gone on both sides by now was changed in between.
        let (source, target) = sides.ask_row_hashes(table, &list(table, some)).await?;
        changed.extend(
            some.iter()
                .filter(|key| !source.contains_key(**key) && !target.contains_key(**key))
                .map(|key| (*key).clone()),
        );
    }
    Ok(changed)
}

/// Compares a table without a key as a whole until it is decided.
pub(crate) async fn settle_whole(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let mut has_met = false;
    for round in 0..ROUNDS {
        if sides.is_behind() {
            break;
        }
        if round > 0 {
            tokio::time::sleep(WAIT).await;
        }
        let low = server::visible_position(&mut sides.source, sides.flavour).await?;
        if !sides.meet(&low).await? {
            continue;
        }
        has_met = true;
        let (source, target) = sides.add_up(table).await?;
        if source == target {
            return Ok(());
        }
        let end = server::log_end(&mut sides.source, sides.flavour).await?;
        let touched = Touched::read_as(&sides.role(), &sides.plan, schema, low, &end).await?;
        if matches!(touched.named(&table.name), Named::Nothing) {
            let difference = Difference {
                table: table.name.clone(),
                key: format!(
                    "{} rows on the source, {} on the target",
                    source.rows, target.rows
                ),
                kind: Kind::Different.word().to_owned(),
                columns: Vec::new(),
            };
            report.add_difference(difference, source.rows.abs_diff(target.rows).max(1));
            return Ok(());
        }
    }
    report.leave_open(&table.name, "whole table".to_owned(), !has_met);
    Ok(())
}
