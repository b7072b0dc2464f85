//! Decides what differed at first sight.
//!
//! Each round takes four looks: the source's rows (1), the target's rows once it has passed a moment read after (1), the source's rows again (3). A row of the
//! source is known by its version, which every change replaces.
//!
//! *Present at (1) and the same version at (3)*: every state of the source in between holds that row, and the target stands for one of them, so it
//! had to hold the same row: what differs is different. *Absent at (1) and at (3)*: the row may have come and gone in between, and the target
//! may show that. But a row of the target that is the same version in two rounds was there when the target passed the place after the first round's (3),
//! at which the source had none: it is extra. Everything else has changed meanwhile and is tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::hash::Hashing;
use super::moment::Moment;
use super::{Difference, Sides, VerifyReport};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::table::Table;

/// Rounds before a key is left open.
const ROUNDS: usize = 10;
/// Between two rounds.
const WAIT: Duration = Duration::from_millis(100);
/// Keys in one query.
const KEYS_AT_ONCE: usize = 1_000;

/// Hash and version of a row, by key.
type Rows = BTreeMap<String, (i64, String)>;

pub(super) async fn settle(
    sides: &mut Sides,
    table: &Table,
    hashing: &Hashing,
    suspects: BTreeSet<String>,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    if !hashing.has_key() {
        return settle_whole(sides, table, hashing, report).await;
    }
    for some in suspects
        .into_iter()
        .collect::<Vec<_>>()
        .chunks(KEYS_AT_ONCE)
    {
        settle_keys(sides, table, hashing, some.to_vec(), report).await?;
    }
    Ok(())
}

async fn settle_keys(
    sides: &mut Sides,
    table: &Table,
    hashing: &Hashing,
    mut suspects: Vec<String>,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let mut extra_before = BTreeMap::new();
    let mut has_met = false;
    for round in 0..ROUNDS {
        if suspects.is_empty() {
            return Ok(());
        }
        if round > 0 {
            tokio::time::sleep(WAIT).await;
        }
        let sql = hashing.rows_of(&suspects);
        let first = rows(&mut sides.source, &sql).await?;
        let moment = Moment::now(sides).await?;
        if !moment.is_met(sides).await? {
            continue;
        }
        has_met = true;
        let theirs = rows(&mut sides.target, &sql).await?;
        let second = rows(&mut sides.source, &sql).await?;
        let mut left = Vec::new();
        let mut extra = BTreeMap::new();
        for key in suspects {
            let (ours, their) = (first.get(&key), theirs.get(&key));
            let is_unchanged = ours == second.get(&key);
            let kind = match (ours, their) {
                (None, None) => continue,
                (Some((hash, _)), Some((other, _))) if hash == other => continue,
                (Some(_), None) if is_unchanged => "missing",
                (Some(_), Some(_)) if is_unchanged => "different",
                (None, Some(row)) if is_unchanged => {
                    let was_there = extra_before.get(&key) == Some(row);
                    extra.insert(key.clone(), row.clone());
                    if !was_there {
                        left.push(key);
                        continue;
                    }
                    "extra"
                }
                _ => {
                    left.push(key);
                    continue;
                }
            };
            let difference = Difference {
                table: table.path(),
                key: readable(&key),
                kind: kind.to_owned(),
                columns: Vec::new(),
            };
            report.add_difference(difference, 1);
        }
        (suspects, extra_before) = (left, extra);
    }
    for key in suspects {
        match extra_before.contains_key(&key) {
            true => report.leave_extra(&table.path(), readable(&key)),
            false => report.leave_open(&table.path(), readable(&key), !has_met),
        }
    }
    Ok(())
}

/// Compares a table without a key as a whole until it is decided.
async fn settle_whole(
    sides: &mut Sides,
    table: &Table,
    hashing: &Hashing,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let sql = hashing.rows(&(0..i64::from(super::BUCKETS)).collect::<Vec<_>>());
    let doing = format!("comparing {}", table.path());
    let mut has_met = false;
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(WAIT).await;
        }
        let first = counts(&mut sides.source, &doing, &sql).await?;
        let moment = Moment::now(sides).await?;
        if !moment.is_met(sides).await? {
            continue;
        }
        has_met = true;
        let theirs = counts(&mut sides.target, &doing, &sql).await?;
        if first == theirs {
            return Ok(());
        }
        if first == counts(&mut sides.source, &doing, &sql).await? {
            let rows = |counts: &BTreeMap<String, i64>| counts.values().sum::<i64>();
            let differing: u64 = first
                .keys()
                .chain(theirs.keys())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(|hash| {
                    let count =
                        |counts: &BTreeMap<String, i64>| counts.get(hash).copied().unwrap_or(0);
                    count(&first).abs_diff(count(&theirs))
                })
                .sum();
            let difference = Difference {
                table: table.path(),
                key: format!(
                    "{} rows on the source, {} on the target",
                    rows(&first),
                    rows(&theirs)
                ),
                kind: "different".to_owned(),
                columns: Vec::new(),
            };
            report.add_difference(difference, differing);
            return Ok(());
        }
    }
    report.leave_open(&table.path(), "whole table".to_owned(), !has_met);
    Ok(())
}

async fn rows(session: &mut Session, sql: &str) -> Result<Rows, ReplicateError> {
    let rows: Vec<(String, i64, String)> = session.rows("comparing rows", sql).await?;
    Ok(rows
        .into_iter()
        .map(|(key, hash, version)| (key, (hash, version)))
        .collect())
}

async fn counts(
    session: &mut Session,
    doing: &str,
    sql: &str,
) -> Result<BTreeMap<String, i64>, ReplicateError> {
    let rows: Vec<(String, i64)> = session
        .rows_within(crate::connection::LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The key without the braces of its array, if it is one column.
fn readable(key: &str) -> String {
    key.trim_start_matches('{').trim_end_matches('}').to_owned()
}
