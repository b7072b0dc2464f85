//! The dump window: a source of which nothing can be followed, because the account may only read there.
//!
//! The application's writes stop before the start and stay stopped until the finish; the copy then is the move. Nobody who may only read can fence, so that
//! the writes did stop is not believed but compared: [`finish`](super::finish) compares every row of both sides at a moment after the copy, before it
//! brings level what is not a row and once more after it. A row that was written in the window is a difference, wherever in the copy it fell,
//! and so is one that an interrupted copy read in an earlier snapshot than its neighbours.

use tokio::sync::watch;

use super::pipeline::complete;
use super::plan::StreamPlan;
use super::session::Session;
use super::snapshot::Snapshot;
use super::state::{self, Checkpoint, Method, StreamState};
use super::verify;
use super::{server, table};
use crate::error::ReplicateError;
use crate::progress::Progress;
use crate::stream::Phase;

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

/// Rows that differ now, or could not be compared, and tables that do: each counts as a change that was not carried.
pub(super) async fn differences(plan: &StreamPlan) -> Result<u64, ReplicateError> {
    let report = verify::rows(plan, |_, _| {}).await?;
    let tables = report.schema_differences.len() + report.not_compared.len();
    let rows = report.differing.saturating_add(report.undecided);
    Ok(rows.saturating_add(u64::try_from(tables).unwrap_or(u64::MAX)))
}
