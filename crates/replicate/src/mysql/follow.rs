//! Follows the source's log and applies it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::error::ReplicateError;
use crate::mysql::apply::Applier;
use crate::mysql::log::{LogEntry, LogReader};
use crate::mysql::pipeline::{StreamPlan, task_failed};
use crate::mysql::state::{Checkpoint, StreamState};
use crate::position::LogPosition;
use crate::progress::Progress;

/// Log entries that wait between the reader and the applier at the most.
const ENTRIES_AHEAD: usize = 64;
/// Bytes of changes that wait there at the most; a single larger entry waits alone.
const BYTES_AHEAD: usize = 32 * 1024 * 1024;
/// How long the applier waits for more before it commits what it has read.
const IDLE: Duration = Duration::from_millis(100);

/// Applies the log from the checkpoint on. Returns when a transaction boundary at or after `until` is committed; without one, never.
pub(crate) async fn follow(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    snapshots: BTreeMap<String, LogPosition>,
    until: Option<&LogPosition>,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut applier = Applier::open(
        state,
        checkpoint.schema.clone(),
        checkpoint.position.clone(),
        checkpoint.executed.clone(),
        until.is_none(),
        snapshots,
    )
    .await?;
    let reader = plan.open_stream_log(checkpoint).await?;
    let (sender, mut entries) = mpsc::channel(ENTRIES_AHEAD);
    let mut reading = JoinSet::new();
    reading.spawn(read_log(reader, sender));
    let mut inside = false;
    loop {
        if !inside && until.is_some_and(|until| applier.read_until() >= until) {
            return commit(&mut applier, publish).await;
        }
        let Some((entry, held)) = next(&mut entries, &mut applier, inside, publish).await? else {
            return Err(reader_ended(reading).await);
        };
        let entry = match entry {
            // What stands before the place where the log cannot be followed is applied first.
            Err(error) if !inside && !error.may_retry() => {
                commit(&mut applier, publish).await?;
                return Err(error);
            }
            entry => entry?,
        };
        inside = !applier.take(entry).await?;
        drop(held);
        if !inside && applier.is_full() {
            commit(&mut applier, publish).await?;
        }
    }
}

/// An entry, or why there is none, with its share of the bytes that may wait.
type Waiting = (Result<LogEntry, ReplicateError>, OwnedSemaphorePermit);

/// The next entry. Between transactions, what was taken is committed while there is none. `None`: the reader has ended.
async fn next(
    entries: &mut mpsc::Receiver<Waiting>,
    applier: &mut Applier,
    inside: bool,
    publish: &watch::Sender<Progress>,
) -> Result<Option<Waiting>, ReplicateError> {
    loop {
        match entries.try_recv() {
            Ok(entry) => return Ok(Some(entry)),
            Err(mpsc::error::TryRecvError::Disconnected) => return Ok(None),
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        if !inside && applier.has_changes() {
            commit(applier, publish).await?;
        }
        tokio::select! {
            entry = entries.recv() => return Ok(entry),
            () = tokio::time::sleep(IDLE), if !inside && applier.read_until() > applier.checkpoint() => {
                commit(applier, publish).await?;
            }
        }
    }
}

async fn read_log(mut reader: LogReader, entries: mpsc::Sender<Waiting>) {
    let room = Arc::new(Semaphore::new(BYTES_AHEAD));
    loop {
        let entry = reader.next().await;
        let is_last = entry.is_err();
        let bytes = entry.as_ref().map_or(0, LogEntry::bytes).min(BYTES_AHEAD);
        // Nobody closes the semaphore.
        let Ok(share) = room.clone().acquire_many_owned(bytes as u32).await else {
            return;
        };
        if entries.send((entry, share)).await.is_err() || is_last {
            return;
        }
    }
}

/// The reader always says why it ends, unless a defect ended it.
async fn reader_ended(mut reading: JoinSet<()>) -> ReplicateError {
    match reading.join_next().await {
        Some(Err(error)) => task_failed(&error),
        _ => ReplicateError::Blocked(vec![
            "the log's reader ended without a word; this is a defect of Reberth".to_owned(),
        ]),
    }
}

/// Commits what was taken, and tells how far that is.
async fn commit(
    applier: &mut Applier,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    applier.commit().await?;
    publish.send_modify(|progress| {
        progress.applied = Some(applier.checkpoint().clone());
        progress.transactions_applied = applier.transactions;
        progress.changes_applied = applier.changes;
        progress.retrying = None;
    });
    Ok(())
}
