//! The end of a move without a cutover: what no stream carries is brought level, and the stream ends.
//!
//! Nothing is fenced here, so the caller's word that the application has stopped is looked after at the source: behind the place up to which all was applied
//! it must tell of no change in scope, before anything is brought level and once more after it. Where nothing tells of changes all rows are compared instead
//! ([`super::window`]). Otherwise the stream can go on as if nothing had been:
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
use crate::postgres::state::{self, Checkpoint, Method, StreamState, stream_name};
use crate::postgres::{materialised, server, window};
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

/// Drains the stream, brings level what is not a row, and ends the stream for good. The application must have stopped writing. `progress` is told each table's
/// path with its rows, where rows are compared.
pub async fn finish(
    plan: &StreamPlan,
    mut progress: impl FnMut(&str, u64),
) -> Result<Finished, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    let begun = state::peek(&mut target, plan.direction, &plan.database).await?;
    let begun = begun.ok_or_else(|| ReplicateError::NotStarted {
        database: plan.database.clone(),
    })?;
    let mut finished = match begun.phase {
        Phase::Following => {
            let drained_until = drain(plan, begun.method, &mut source).await?;
            bring_level(plan, drained_until, &mut source, &mut target, &mut progress).await?
        }
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

/// All but the draining before it and the removal behind it. From its end on no process streams any more: the slot may be gone.
async fn bring_level(
    plan: &StreamPlan,
    drained_until: LogPosition,
    source: &mut Session,
    target: &mut Session,
    progress: &mut impl FnMut(&str, u64),
) -> Result<Finished, ReplicateError> {
    let mut claim = Claim::new()?;
    let state = StreamState::take_over(target, plan.direction, &plan.database, &mut claim).await?;
    let silence = Silence {
        plan,
        checkpoint: state.checkpoint(target).await?,
        drained_until,
    };
    silence.require(source, progress).await?;
    let sequences = sequence::align(source, target, SEQUENCE_MARGIN).await?;
    let large_objects = large_object::carry(source, target).await?;
    let refreshed = materialised::refresh(source, target).await?;
    silence.require(source, progress).await?;
    let certain_from = &silence.checkpoint.certain_from;
    state.enter(target, Phase::Finishing, certain_from).await?;
    Ok(Finished {
        drained_until: silence.drained_until,
        sequences,
        large_objects,
        refreshed,
        removed: Vec::new(),
    })
}

/// Applies all that stands in the source's log now. What was copied in a window has nothing behind it to apply.
async fn drain(
    plan: &StreamPlan,
    method: Method,
    source: &mut Session,
) -> Result<LogPosition, ReplicateError> {
    if method == Method::DumpWindow {
        return server::log_end(source).await;
    }
    let barrier = server::barrier(source).await?;
    let mut stream = pipeline::start(plan.clone(), plan.own_turns());
    stream.drain(&barrier).await?;
    stream.stop().await?;
    Ok(barrier)
}

/// What was applied, and behind which the source may not have been written to.
struct Silence<'a> {
    plan: &'a StreamPlan,
    checkpoint: Checkpoint,
    drained_until: LogPosition,
}

impl Silence<'_> {
    /// An error if the source tells of changes behind what was applied.
    async fn require(
        &self,
        source: &mut Session,
        progress: &mut impl FnMut(&str, u64),
    ) -> Result<(), ReplicateError> {
        if self.checkpoint.method == Method::DumpWindow {
            return window::require_equal(self.plan, source, progress).await;
        }
        let stream = stream_name(self.plan.direction, &self.plan.database);
        match behind::changes(self.plan, &stream, &self.checkpoint).await? {
            0 => Ok(()),
            changes => Err(ReplicateError::SourceStillWritten {
                changes,
                position: self.drained_until.clone(),
            }),
        }
    }
}
