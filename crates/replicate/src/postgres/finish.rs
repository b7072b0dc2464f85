//! The end of a move without a cutover: what no stream carries is brought level, and the stream ends.
//!
//! Nothing is fenced here, so the caller's word that the application has stopped is looked after at the source: behind the place up to which all was applied
//! it must tell of no change in scope, before anything is brought level and once more after it. Otherwise the stream can go on as if nothing had been:
//! a sequence that is ahead and a large object that is younger do it no harm. A finish that was killed is run again: it does all of this again, or, once
//! that was done and noted ([`Phase::Finishing`]), only removes what is left.

use serde::Serialize;

use crate::claim::Claim;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::begin_equal;
use crate::postgres::behind;
use crate::postgres::capture::remove;
use crate::postgres::large_object::{self, Carried};
use crate::postgres::pipeline::{self, StreamPlan};
use crate::postgres::sequence::{self, Aligned};
use crate::postgres::session::Session;
use crate::postgres::state::{self, Checkpoint, Method, StreamState};
use crate::postgres::{materialised, server};
use crate::stream::Phase;

/// Numbers that each sequence is set ahead: the source's own `nextval` is not fenced.
pub const SEQUENCE_MARGIN: u32 = 1_000;

/// What was done.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    /// The end of the source's log up to which everything is on the target; no change of the database came behind it.
    pub drained_until: LogPosition,
    /// Sequences that were set, each ahead of the source's.
    pub sequences: Vec<Aligned>,
    /// Large objects.
    pub large_objects: Carried,
    /// Materialised views that were filled anew.
    pub refreshed: Vec<String>,
    /// What was removed of Reberth's own, on both sides.
    pub removed: Vec<String>,
}

/// Drains the stream, brings level what is not a row, and ends the stream for good. The application must have stopped writing.
pub async fn finish(plan: &StreamPlan) -> Result<Finished, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    let begun = state::peek(&mut target, plan.direction, &plan.database).await?;
    let begun = begun.ok_or_else(|| ReplicateError::NotStarted {
        database: plan.database.clone(),
    })?;
    let mut finished = match begun.phase {
        Phase::Following => complete(plan, &mut source, &mut target).await?,
        // All was done but the removal.
        Phase::Finishing => Finished {
            drained_until: server::log_end(&mut source).await?,
            sequences: Vec::new(),
            large_objects: Carried::default(),
            refreshed: Vec::new(),
            removed: Vec::new(),
        },
        Phase::Copying | Phase::Replaying => {
            return Err(ReplicateError::Blocked(vec![format!(
                "the stream is {}: `reberth replicate start --until {}` comes first",
                begun.stage(),
                match begun.method {
                    Method::DumpWindow => "copied",
                    _ => "caught-up",
                }
            )]));
        }
    };
    // The source first: what stays there would cost it its disk.
    let mut removed = begin_equal::leave(plan, &mut source, &mut target).await?;
    removed.extend(remove::remove(&mut source).await?);
    removed.extend(state::forget(&mut target, plan.direction, &plan.database).await?);
    finished.removed = removed;
    Ok(finished)
}

/// All but the removal. From its end on no process streams any more: the slot may be gone.
async fn complete(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
) -> Result<Finished, ReplicateError> {
    let drained_until = drain(plan, source).await?;
    let mut claim = Claim::new()?;
    let state = StreamState::take_over(target, plan.direction, &plan.database, &mut claim).await?;
    let checkpoint = state.checkpoint(target).await?;
    require_silence(plan, &state, &checkpoint, &drained_until).await?;
    let sequences = sequence::align(source, target, SEQUENCE_MARGIN).await?;
    let large_objects = large_object::carry(source, target).await?;
    let refreshed = materialised::refresh(source, target).await?;
    require_silence(plan, &state, &checkpoint, &drained_until).await?;
    state
        .enter(target, Phase::Finishing, &checkpoint.certain_from)
        .await?;
    Ok(Finished {
        drained_until,
        sequences,
        large_objects,
        refreshed,
        removed: Vec::new(),
    })
}

/// Applies all that stands in the source's log now.
async fn drain(plan: &StreamPlan, source: &mut Session) -> Result<LogPosition, ReplicateError> {
    if plan.method == Method::DumpWindow {
        return server::log_end(source).await;
    }
    let barrier = server::barrier(source).await?;
    let mut stream = pipeline::start(plan.clone(), plan.own_turns());
    stream.drain(&barrier).await?;
    stream.stop().await?;
    Ok(barrier)
}

/// An error if the source tells of changes behind what was applied.
async fn require_silence(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    drained_until: &LogPosition,
) -> Result<(), ReplicateError> {
    match behind::changes(plan, state.name(), checkpoint).await? {
        0 => Ok(()),
        differences if plan.method == Method::DumpWindow => {
            Err(ReplicateError::WindowBroken { differences })
        }
        changes => Err(ReplicateError::SourceStillWritten {
            changes,
            position: drained_until.clone(),
        }),
    }
}
