//! A moment of the source that the target has to pass before its rows are looked at.

use std::time::Duration;

use super::Sides;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::capture::Cut;
use crate::postgres::server;
use crate::postgres::state::Method;

/// Between two looks at the target's checkpoint.
const WAIT: Duration = Duration::from_millis(100);
/// How often the target is asked how far it has come before it counts as behind.
const TRIES: usize = 100;
/// So many meetings in vain, and nobody waits long for the next: the stream stands still.
const VAIN_MEETINGS: usize = 1;

/// A moment of the source.
pub(super) enum Moment {
    /// The end of its log.
    Log(LogPosition),
    /// What a snapshot shows, for a stream whose checkpoints are snapshots.
    Snapshot(Cut),
    /// Any, where nothing is followed: the copy is all that there will be.
    Any,
}

impl Moment {
    /// The present one, as the stream counts.
    pub(super) async fn now(sides: &mut Sides) -> Result<Moment, ReplicateError> {
        Ok(match sides.plan.method {
            Method::Logical => Moment::Log(server::log_end(&mut sides.source).await?),
            Method::TriggerCapture => Moment::Snapshot(Cut::now(&mut sides.source).await?),
            Method::DumpWindow => Moment::Any,
        })
    }

    /// Waits, for a bounded time, until the target holds everything of it. Without a stream there is nothing to wait for.
    pub(super) async fn is_met(&self, sides: &mut Sides) -> Result<bool, ReplicateError> {
        let tries = if sides.unmet < VAIN_MEETINGS {
            TRIES
        } else {
            1
        };
        for number in 0..tries {
            if number > 0 {
                tokio::time::sleep(WAIT).await;
            }
            if self.is_passed(sides).await? {
                sides.unmet = 0;
                return Ok(true);
            }
        }
        sides.unmet += 1;
        Ok(false)
    }

    async fn is_passed(&self, sides: &mut Sides) -> Result<bool, ReplicateError> {
        let Some(checkpoint) = sides.checkpoint().await? else {
            return Ok(true);
        };
        match self {
            Moment::Any => Ok(true),
            Moment::Log(place) => {
                let at: Option<LogPosition> = checkpoint.position.parse().ok();
                Ok(at.is_some_and(|at| at >= *place))
            }
            Moment::Snapshot(moment) => match Cut::parse(&checkpoint.position) {
                Some(at) => is_all_applied(sides, &at, moment).await,
                None => Ok(false),
            },
        }
    }
}

/// Whether no key was noted by a transaction that the moment shows and the checkpoint does not. The checkpoint itself does not move while nothing of the
/// tables changes. Noted keys are only removed when the checkpoint shows them.
async fn is_all_applied(sides: &mut Sides, at: &Cut, moment: &Cut) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT NOT EXISTS (SELECT FROM reberth.change WHERE {} AND {})",
        at.unseen(),
        moment.seen()
    );
    let row: Option<(bool,)> = sides
        .source
        .row("asking what is not applied yet", sql)
        .await?;
    Ok(row == Some((true,)))
}
