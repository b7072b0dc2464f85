//! Reads the log, gathers batches, and hands them to the applier: while one batch is applied, the next one grows, so a stream that is behind makes
//! larger steps by itself, and one that is not makes a step of every transaction.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, watch};

use super::apply::{Applier, Batch, find_operators};
use super::gather::Gathering;
use super::streamed::Streamed;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::{Checkpoint, StreamState};
use crate::postgres::visible::Visible;
use crate::progress::Progress;

/// Follows the log from the checkpoint on. With `until` it ends as soon as everything below that place is applied.
pub(crate) async fn follow(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    readings: BTreeMap<String, Visible>,
    until: Option<&LogPosition>,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let from: LogPosition = checkpoint.position.parse().map_err(|_| {
        ReplicateError::Blocked(vec!["the checkpoint holds no place in a log".to_owned()])
    })?;
    let reader = Streamed::open(plan, &from, publish).await?;
    let mut applier = Applier::open(state, from.clone()).await?;
    find_operators(applier.session()).await?;
    let (hand_over, mut batches) = mpsc::channel::<Batch>(1);
    let tables = checkpoint.tables.clone();
    let gathering = Gathering::new(reader, plan, tables, readings, &from, until, publish)
        .in_order(applier.is_in_order());
    let committed = gathering.committed();
    let apply = async {
        while let Some(batch) = batches.recv().await {
            let (transactions, changes) = (batch.transactions, batch.changes);
            let position = applier.apply(batch).await?;
            committed.note(position.offset());
            publish.send_modify(|progress| {
                progress.transactions_applied += transactions;
                progress.changes_applied += changes;
                progress.applied = progress.applied.take().max(Some(position));
                progress.retrying = None;
            });
        }
        Ok::<(), ReplicateError>(())
    };
    tokio::try_join!(gathering.run(hand_over), apply).map(drop)
}

/// What each table's snapshot shows, while the replay has not passed them all.
pub(crate) async fn visible(
    state: &StreamState,
    target: &mut Session,
) -> Result<BTreeMap<String, Visible>, ReplicateError> {
    let readings = state.readings(target).await?;
    let mut visible = BTreeMap::new();
    for (table, text) in readings {
        let reading = Visible::parse(&text).ok_or_else(|| {
            ReplicateError::Blocked(vec![format!(
                "the snapshot {text} of {table} cannot be read"
            )])
        })?;
        visible.insert(table, reading);
    }
    Ok(visible)
}
