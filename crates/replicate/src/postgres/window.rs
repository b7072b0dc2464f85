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
//! ones too, that has written to a table: until it ends such a transaction holds a lock that everybody may see. So one that commits after the last
//! reading of a table that it wrote to is seen, if it held that lock when the last comparison began or when it ended. **Not seen** is one that wrote and ended
//! while that comparison ran, behind the last reading of its tables, and whatever is written after it: without a fence nobody can promise more, so whoever
//! writes must be stopped.

use tokio::sync::watch;

use super::complete::complete;
use super::plan::StreamPlan;
use super::session::Session;
use super::snapshot::Snapshot;
use super::state::{self, Checkpoint, Method, StreamState};
use super::verify::{self, VerifyReport};
use super::{server, table};
use crate::error::ReplicateError;
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
    first.dedup();
    first.truncate(NAMED);
    let tables = u64::try_from(whole.count()).unwrap_or(u64::MAX);
    let rows = report.differing.saturating_add(report.undecided);
    ReplicateError::WindowBroken {
        differences: rows.saturating_add(tables),
        first,
    }
}

/// An error if somebody else has written to a table of this database and not ended yet.
async fn refuse_writers(source: &mut Session) -> Result<(), ReplicateError> {
    // Who writes to a table holds this lock until the transaction ends; who is not there any more has prepared it.
    let sql = format!(
        "SELECT DISTINCT format('%I.%I', n.nspname, c.relname) || coalesce(' by session ' || l.pid, ' by a prepared transaction') \
         FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
         JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() \
           AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1 LIMIT {NAMED}"
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
