//! The dump window: a source of which nothing can be followed, because the account has no slot and owns no table.
//!
//! The application's writes stop before the start and stay stopped until the finish; the copy then is the move. Such an account cannot fence, so that
//! the writes did stop is not believed but compared: [`finish`](super::finish) compares every row of both sides at a moment after the copy, before it
//! brings level what is not a row and once more after it. A row that was written in the window is a difference, wherever in the copy it fell,
//! and so is one that an interrupted copy read in an earlier snapshot than its neighbours.
//!
//! # What the last comparison sees
//!
//! Every write that was committed before its table was read for the last time. Besides, before and after each comparison no transaction may be open, prepared
//! ones too, that has written to a table, has emptied, altered, made or dropped one, or has written to large objects: until it ends such a transaction holds a lock that
//! everybody may see. So one that commits after the last reading of a table that it wrote to is seen, if it held that lock when the last comparison began or when it ended.
//! **Not seen** is one that wrote and ended while that comparison ran, behind the last reading of its tables, and whatever is written after it: without a fence nobody
//! can promise more, so whoever writes must be stopped.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::complete::complete;
use super::plan::StreamPlan;
use super::session::Session;
use super::snapshot::Snapshot;
use super::state::{self, Checkpoint, Method, StreamState};
use super::verify::{self, VerifyReport};
use super::{server, table};
use crate::error::ReplicateError;
use crate::postgres::scope::RELATIONS;
use crate::progress::Progress;
use crate::stream::Phase;

/// What is named of all that differs or writes.
const NAMED: usize = 5;

/// Writes the first checkpoint. Its position is the end of the log before the snapshot, which nobody reads from.
pub(super) async fn begin(
    plan: &StreamPlan,
    target: &mut Session,
) -> Result<Snapshot, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let place = server::log_end(&mut source).await?.to_string();
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        method: Method::DumpWindow,
        position: place.clone(),
        certain_from: place,
        source_identity: server::identity(&mut source).await?,
        tables: table::read(&mut source).await?,
    };
    state::begin(target, plan.direction, &plan.database, &checkpoint).await?;
    Snapshot::take(&plan.from).await
}

/// Completes the schema behind the copy, then waits to be ended: there is nothing to follow.
pub(super) async fn rest(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    if checkpoint.phase == Phase::Replaying {
        complete(plan).await?;
        state
            .enter(target, Phase::Following, &checkpoint.certain_from)
            .await?;
    }
    publish.send_modify(|progress| {
        progress.phase = "copied".to_owned();
        progress.retrying = None;
    });
    std::future::pending().await
}

/// An error unless both sides hold the same rows, and nobody is about to write. `progress` is told each table's path with its rows.
pub(super) async fn require_equal(
    plan: &StreamPlan,
    source: &mut Session,
    progress: impl FnMut(&str, u64),
) -> Result<(), ReplicateError> {
    refuse_writers(source).await?;
    let report = verify::rows(plan, progress).await?;
    if !report.is_equal() {
        return Err(broken(&report));
    }
    refuse_writers(source).await
}

/// How many of what differs is counted: rows that differ or could not be compared, and tables that do.
fn broken(report: &VerifyReport) -> ReplicateError {
    let whole = report.schema_differences.iter().chain(&report.not_compared);
    let rows = report.differences.iter().chain(&report.open);
    let mut first: Vec<String> = whole.clone().cloned().collect();
    first.extend(rows.map(|row| row.table.clone()));
    let mut named = BTreeSet::new();
    first.retain(|table| named.insert(table.clone()));
    first.truncate(NAMED);
    let tables = u64::try_from(whole.count()).unwrap_or(u64::MAX);
    let rows = report.differing.saturating_add(report.undecided);
    ReplicateError::WindowBroken {
        differences: rows.saturating_add(tables),
        first,
    }
}

/// An error if somebody else has changed a table or a large object of this database and not ended yet.
async fn refuse_writers(source: &mut Session) -> Result<(), ReplicateError> {
    // Who writes holds the first of these locks until the transaction ends, who empties or alters a table one of the others; who is not there any more has prepared it.
    // What somebody else has made and not committed has a lock and no name. To read a large object takes the lock of a write, which we do ourselves; to remove one takes
    // another kind. The server's own workers, which bear no user's name, shorten tables and change no row.
    let sql = format!(
        "SELECT DISTINCT CASE WHEN c.relname IS NOT NULL AND c.oid <> 'pg_largeobject'::regclass THEN format('%I.%I', n.nspname, c.relname) \
             WHEN l.relation = 'pg_largeobject'::regclass OR l.locktype = 'object' THEN 'large objects' ELSE 'a new table' END \
           || coalesce(' by session ' || l.pid, ' by a prepared transaction') \
         FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
         LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND (a.pid IS NULL OR a.usesysid IS NOT NULL) \
           AND (l.locktype = 'object' AND l.classid = 'pg_largeobject'::regclass \
             OR l.locktype = 'relation' AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') \
               AND (c.oid IS NULL OR c.oid = 'pg_largeobject'::regclass AND a.application_name IS DISTINCT FROM 'reberth' \
                 OR c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {RELATIONS})) \
         ORDER BY 1 LIMIT {NAMED}"
    );
    let doing = "looking for transactions that write";
    let writers: Vec<(String,)> = source.rows(doing, sql).await?;
    match writers.is_empty() {
        true => Ok(()),
        false => Err(ReplicateError::WindowWritten {
            writers: writers.into_iter().map(|(writer,)| writer).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::LogPosition;
    use crate::verify_report::Difference;

    /// Rows that differ and rows left open come in lists of their own.
    #[test]
    fn a_table_is_named_once_whatever_of_it_differs() {
        let row = |table: &str| Difference {
            table: table.to_owned(),
            key: "1".to_owned(),
            kind: "missing".to_owned(),
            columns: Vec::new(),
        };
        let mut report = VerifyReport::new("shop", LogPosition::of_lsn(0), "hashes");
        (report.differing, report.undecided) = (3, 1);
        report.differences = ["a", "a", "b"].map(row).to_vec();
        report.open = vec![row("a")];
        let error = broken(&report).to_string();
        let told = "4 row(s) or table(s) differ, the first in a, b:";
        assert!(error.starts_with(told), "{error}");
    }
}
