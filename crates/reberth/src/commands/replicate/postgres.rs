//! What the verbs of `reberth replicate` do about a PostgreSQL stream alone.

pub(super) mod finish;
pub(super) mod plan;
pub(super) mod source;

use reberth_replicate::claim::Claim;
use reberth_replicate::postgres::begin_equal;
use reberth_replicate::postgres::capture::remove;
use reberth_replicate::postgres::pipeline::StreamPlan;
use reberth_replicate::postgres::schema;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::{self, StreamState};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

/// Ends a stream for good and removes every trace of it, on both sides; the rows stay. Returns what was removed.
pub(super) async fn stop(plan: &StreamPlan) -> Result<Vec<String>, Failure> {
    let mut target = Session::open(&plan.to).await?;
    let begun = state::peek(&mut target, plan.direction, &plan.database).await?;
    if begun.is_some() {
        let claim = &mut Claim::new()?;
        StreamState::take_over(&mut target, plan.direction, &plan.database, claim).await?;
    }
    let mut source = Session::open(&plan.from).await?;
    // The source first: what stays there would cost it its disk.
    let mut removed = begin_equal::leave(plan, &mut source, &mut target).await?;
    removed.extend(remove::remove(&mut source).await?);
    removed.extend(state::forget(&mut target, plan.direction, &plan.database).await?);
    Ok(removed)
}

/// Prints roles, owners and grants as a script to be reviewed.
pub(super) async fn grants(plan: &StreamPlan, output: &Output) -> Result<(), Failure> {
    let read = schema::read(&plan.from, &plan.to, &plan.pg_dump()).await?;
    let document = json!({ "database": plan.database, "before the move": read.scripts.roles, "after the move": read.scripts.rights });
    let text = format!(
        "-- Before the move\n{}\n-- After the move\n{}",
        read.scripts.roles, read.scripts.rights
    );
    output.report(text, &document)
}
