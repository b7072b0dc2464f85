//! Begins a stream between two databases that are equal already, at a moment at which nobody writes to either: nothing is copied.
//!
//! So a way back begins, and the first stream again behind a way back. Both sides were compared behind a fence, and the slot is made while that fence stands, so
//! every change that comes later is in its stream and every one before it is on the other side.

use crate::claim::Claim;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::logical::{old_rows, slot};
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::beginning::{self, TURN_LIMIT};
use crate::postgres::state::{self, Checkpoint, Method, StreamState};
use crate::postgres::{server, table};
use crate::stream::Phase;

/// Makes the slot and writes the checkpoint, in place of what an earlier stream of that direction left. Returns where it begins.
pub async fn begin_equal(plan: &StreamPlan) -> Result<LogPosition, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    // Tables without a key that came from a captured source: its log was never asked to tell old rows, so neither were they.
    let tables = table::read(&mut source).await?;
    old_rows::ask(plan, &mut source, &tables).await?;
    let tables = table::read(&mut source).await?;
    let mut target = Session::open(&plan.to).await?;
    state::prepare_tables(&mut target).await?;
    let (direction, database) = (plan.direction, plan.database.as_str());
    beginning::take_turn(&mut target, direction, database, TURN_LIMIT, |_| ()).await?;
    let was_begun = shut_out(plan, &mut target).await?;
    let (place, _) = slot::make(plan, &tables).await?;
    let checkpoint = Checkpoint {
        phase: Phase::Following,
        method: Method::Logical,
        position: place.to_string(),
        certain_from: place.to_string(),
        source_identity: server::identity(&mut source).await?,
        tables,
    };
    match was_begun {
        true => beginning::renew(&mut target, direction, database, &checkpoint).await?,
        false => beginning::begin(&mut target, direction, database, &checkpoint).await?,
    }
    beginning::end_turn(&mut target, direction, database).await?;
    Ok(place)
}

/// Removes what a stream by a slot made on the server that it reads from. Returns what was removed.
pub async fn leave(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let mut removed = slot::remove(plan, source).await?;
    removed.extend(old_rows::give_back(plan, source, target).await?);
    Ok(removed)
}

/// Ends a stream for good where it writes. Returns what was removed.
pub async fn end(plan: &StreamPlan, target: &mut Session) -> Result<Vec<String>, ReplicateError> {
    shut_out(plan, target).await?;
    state::forget(target, plan.direction, &plan.database).await
}

/// Shuts out whoever carries the stream on. Returns whether it was ever begun.
async fn shut_out(plan: &StreamPlan, target: &mut Session) -> Result<bool, ReplicateError> {
    let begun = state::peek(target, plan.direction, &plan.database).await?;
    if begun.is_some() {
        let mut claim = Claim::new()?;
        StreamState::take_over(target, plan.direction, &plan.database, &mut claim).await?;
    }
    Ok(begun.is_some())
}
