//! Begins a stream that follows by capture (rule 28).
//!
//! The order is what makes it right: the catalogue is read, all triggers stand, the tables are made on the target, S_0 is taken, then the snapshot of the copy. What anybody does to
//! the catalogue in between is seen when it is compared at the end, or by the first batch.

use super::catalogue::{self, Catalogue, Triggers};
use super::{Cut, apply, install, keys};
use crate::error::ReplicateError;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::snapshot::Snapshot;
use crate::postgres::state::{self, Checkpoint, Method};
use crate::postgres::{server, table};
use crate::stream::Phase;

/// Takes the first position and writes the first checkpoint. The triggers are there already, by consent: see [`install`].
pub(crate) async fn begin(
    plan: &StreamPlan,
    target: &mut Session,
    before: &Catalogue,
) -> Result<Snapshot, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let tables = table::read(&mut source).await?;
    let again = catalogue::read(&mut source).await?;
    if let Some(changes) = catalogue::changed_shape(before, &again) {
        return Err(ReplicateError::CatalogueChanged { changes });
    }
    let first = Cut::now(&mut source).await?;
    let stream = state::stream_name(plan.direction, &plan.database);
    apply::store_catalogue(target, &stream, &again).await?;
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        method: Method::TriggerCapture,
        position: first.text().to_owned(),
        certain_from: server::log_end(&mut source).await?.to_string(),
        source_identity: server::identity(&mut source).await?,
        tables,
    };
    state::begin(target, plan.direction, &plan.database, &checkpoint).await?;
    Snapshot::take(&plan.from).await
}

/// Refuses to begin without the triggers, before anything is made on the target: a table without them would lose changes from the first moment on. Returns the catalogue as it
/// was before.
pub(crate) async fn refuse_missing(plan: &StreamPlan) -> Result<Catalogue, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let before = catalogue::read(&mut source).await?;
    let tables = table::read(&mut source).await?;
    let captured = keys::read(&mut source, &tables).await?;
    let triggers = catalogue::triggers(&mut source, &captured).await?;
    let missing: Vec<String> = triggers
        .iter()
        .filter(|(_, standing)| **standing != Triggers::Ready)
        .map(|(table, _)| {
            format!("table {table} has no capture triggers: install the capture first")
        })
        .collect();
    if !missing.is_empty() {
        return Err(ReplicateError::Blocked(missing));
    }
    install::refuse_switched_off(&mut source).await?;
    Ok(before)
}
