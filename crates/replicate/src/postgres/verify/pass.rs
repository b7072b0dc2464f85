//! One pass over all tables, several at once, the largest first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::hash::Hashing;
use super::settle::settle;
use super::{Sides, VerifiedTable, VerifyReport};
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::table::Table;

/// Buckets that are narrowed down to rows at once.
const BUCKETS_AT_ONCE: usize = 64;

/// Compares tables, as many at once as there are pairs of sessions.
pub(super) async fn run(
    sides: Vec<Sides>,
    mut tables: Vec<&Table>,
    report: &mut VerifyReport,
    progress: impl FnMut(&str, u64),
) -> Result<(), ReplicateError> {
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    let queue = Mutex::new(VecDeque::from(tables));
    let report = Mutex::new(report);
    let progress = Mutex::new(progress);
    let work = sides.into_iter().map(|mut sides| {
        let (queue, report, progress) = (&queue, &report, &progress);
        async move {
            loop {
                let next = queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                let Some(table) = next else {
                    return Ok::<(), ReplicateError>(());
                };
                let mut found = VerifyReport::new(
                    "",
                    report
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .holds_until
                        .clone(),
                    "",
                );
                let rows = compare(&mut sides, table, &mut found).await?;
                let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                report.take_in(found);
                report.rows += rows;
                report.tables.push(VerifiedTable {
                    name: table.path(),
                    rows,
                    chunks: u64::from(super::BUCKETS),
                });
                progress.lock().unwrap_or_else(PoisonError::into_inner)(&table.path(), rows);
            }
        }
    });
    futures_util::future::try_join_all(work).await?;
    let report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report
        .tables
        .sort_by(|one, other| one.name.cmp(&other.name));
    Ok(())
}

type Sums = BTreeMap<i64, (u64, String)>;

/// Compares a table and returns its rows on the source.
async fn compare(
    sides: &mut Sides,
    table: &Table,
    report: &mut VerifyReport,
) -> Result<u64, ReplicateError> {
    let hashing = Hashing::of(table, sides.recipe);
    let sql = hashing.sums();
    let doing = format!("hashing {}", table.path());
    let (source, target) = tokio::try_join!(
        sums(&mut sides.source, &doing, &sql),
        sums(&mut sides.target, &doing, &sql)
    )?;
    let rows = source.values().map(|(rows, _)| rows).sum();
    let all: BTreeSet<i64> = source.keys().chain(target.keys()).copied().collect();
    let differing: Vec<i64> = all
        .into_iter()
        .filter(|bucket| source.get(bucket) != target.get(bucket))
        .collect();
    let mut suspects = BTreeSet::new();
    for some in differing.chunks(BUCKETS_AT_ONCE) {
        suspects.extend(differing_rows(sides, &hashing, &doing, some).await?);
    }
    if !suspects.is_empty() {
        settle(sides, table, &hashing, suspects, report).await?;
    }
    Ok(rows)
}

async fn sums(session: &mut Session, doing: &str, sql: &str) -> Result<Sums, ReplicateError> {
    let rows: Vec<(i64, u64, String)> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(bucket, rows, sum)| (bucket, (rows, sum)))
        .collect())
}

/// The keys whose rows are not alike in some buckets; of a table without a key, the hashes that do not stand there equally often.
pub(super) async fn differing_rows(
    sides: &mut Sides,
    hashing: &Hashing,
    doing: &str,
    buckets: &[i64],
) -> Result<BTreeSet<String>, ReplicateError> {
    let sql = hashing.rows(buckets);
    let (source, target) = tokio::try_join!(
        row_hashes(&mut sides.source, doing, &sql),
        row_hashes(&mut sides.target, doing, &sql)
    )?;
    Ok(source
        .symmetric_difference(&target)
        .map(|(key, _)| key.clone())
        .collect())
}

async fn row_hashes(
    session: &mut Session,
    doing: &str,
    sql: &str,
) -> Result<BTreeSet<(String, i64)>, ReplicateError> {
    let rows: Vec<(String, i64)> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    Ok(rows.into_iter().collect())
}
