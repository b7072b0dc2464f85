//! Follows the source's log and applies it.
//!
//! Three things happen at once: the reader decodes the log, the changes that have come are gathered and folded, and the target carries out the batch
//! gathered before. So the size of a batch follows the load by itself. While the target keeps up, each source transaction goes as soon as it is complete;
//! while it is busy, what comes meanwhile becomes one batch, folded to the last state of each key. Far behind, even a target that is idle waits for a
//! full batch, because fewer and larger ones bring it further.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::error::ReplicateError;
use crate::mysql::apply::{Applier, Batch, Gathering};
use crate::mysql::ddl::LoggedStatement;
use crate::mysql::log::{LogEntry, LogReader};
use crate::mysql::pipeline::{StreamPlan, task_failed};
use crate::mysql::server;
use crate::mysql::state::{Checkpoint, StreamState};
use crate::position::LogPosition;
use crate::progress::Progress;

/// Log entries that wait between the reader and the gathering at the most.
const ENTRIES_AHEAD: usize = 4_096;
/// How long a position without changes waits for more before it is committed.
const IDLE: Duration = Duration::from_millis(100);
/// With more log than this known to come, a batch waits until it is full.
const FAR_BEHIND_BYTES: u64 = 512 * 1024;
/// The longest that a batch waits for more.
const LINGER_LIMIT: Duration = Duration::from_millis(500);

/// Applies what the reader reads from the checkpoint on. Returns when a transaction boundary at or after `until` is committed; without one, never.
/// At a change of the schema everything before it is committed, and the change is returned: the schema given ends there.
///
/// Where the log cannot be followed, everything before that place is on the target when the error is returned, also if it stands inside a
/// transaction: the part of it that was folded into a batch is thrown away with the batch, whose whole transactions are read again.
pub(crate) async fn follow(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    reader: LogReader,
    snapshots: BTreeMap<String, LogPosition>,
    until: Option<&LogPosition>,
    publish: &watch::Sender<Progress>,
) -> Result<Option<Box<LoggedStatement>>, ReplicateError> {
    let stretch = Stretch {
        state,
        stage_bytes: plan.stage_bytes(),
        snapshots: &snapshots,
        is_certain: until.is_none(),
        publish,
    };
    let Stop { error, boundary } = match stretch.apply(checkpoint, reader, until).await {
        Ok(change) => return Ok(change),
        Err(stop) => stop,
    };
    if let Some(boundary) = boundary {
        let mut session = server::writer(&plan.to).await?;
        let checkpoint = state.checkpoint(&mut session).await?;
        let reader = plan.open_stream_log(&checkpoint, None).await?;
        let applied = stretch.apply(&checkpoint, reader, Some(&boundary)).await;
        applied.map_err(|stop| stop.error)?;
    }
    Err(error)
}

/// A stretch of the log, on its way to the target.
struct Stretch<'a> {
    state: &'a StreamState,
    /// Bytes of changes that wait between the reader and the gathering at the most (a single larger entry waits alone), and that a batch gathers.
    stage_bytes: usize,
    snapshots: &'a BTreeMap<String, LogPosition>,
    is_certain: bool,
    publish: &'a watch::Sender<Progress>,
}

/// Why the stream cannot go on.
struct Stop {
    error: ReplicateError,
    /// Where the transaction begins that cannot be followed to its end, if whole transactions before it are not on the target yet.
    boundary: Option<LogPosition>,
}

impl From<ReplicateError> for Stop {
    fn from(error: ReplicateError) -> Stop {
        Stop {
            error,
            boundary: None,
        }
    }
}

impl Stretch<'_> {
    async fn apply(
        &self,
        checkpoint: &Checkpoint,
        reader: LogReader,
        until: Option<&LogPosition>,
    ) -> Result<Option<Box<LoggedStatement>>, Stop> {
        let (schema, start) = (checkpoint.schema.clone(), checkpoint.position.clone());
        let mut applier =
            Applier::open(self.state, schema.clone(), start.clone(), self.is_certain).await?;
        let done_changes = self.state.done_schema_changes(applier.session()).await?;
        let reader = reader.without_changes(done_changes);
        let (sender, mut entries) = mpsc::channel(ENTRIES_AHEAD);
        let mut reading = JoinSet::new();
        reading.spawn(read_log(reader, sender, self.stage_bytes));
        let mut gathering = Gathering::new(
            schema,
            self.snapshots.clone(),
            start,
            checkpoint.executed.clone(),
            self.stage_bytes,
        );
        let mut lane = Lane::new(applier, self.publish);
        loop {
            let is_there = until.is_some_and(|until| gathering.read_until() >= until);
            if is_there && !gathering.is_inside() {
                lane.finish(&mut gathering).await?;
                return Ok(None);
            }
            let wait = match wait_of(&gathering, &entries, self.publish) {
                Some(Duration::ZERO) if lane.is_free() => {
                    lane.start(&mut gathering);
                    continue;
                }
                wait => wait.filter(|_| lane.is_free()),
            };
            tokio::select! {
                freed = lane.freed(), if !lane.is_free() => freed?,
                entry = entries.recv(), if !gathering.is_full() => {
                    let Some((entry, held)) = entry else {
                        return Err(reader_ended(reading).await.into());
                    };
                    match entry {
                        Ok(LogEntry::SchemaChange(statement)) if !gathering.is_inside() => {
                            lane.finish(&mut gathering).await?;
                            return Ok(Some(statement));
                        }
                        Ok(LogEntry::SchemaChange(statement)) => {
                            let error = statement.refuse("it stands inside a transaction".to_owned());
                            return Err(lane.stop(&mut gathering, error).await?);
                        }
                        Ok(entry) => gathering.take(entry),
                        Err(error) if error.may_retry() => return Err(error.into()),
                        Err(error) => return Err(lane.stop(&mut gathering, error).await?),
                    }
                    drop(held);
                }
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => lane.start(&mut gathering),
            }
        }
    }
}

/// How long what is gathered waits for more before it goes to a target that is free. `None`: until more has come.
fn wait_of(
    gathering: &Gathering,
    entries: &mpsc::Receiver<Waiting>,
    publish: &watch::Sender<Progress>,
) -> Option<Duration> {
    if gathering.is_full() {
        return Some(Duration::ZERO);
    }
    let since = gathering.since().filter(|_| !gathering.is_inside())?;
    let limit = if !gathering.has_changes() {
        IDLE
    } else if !entries.is_empty() {
        return None;
    } else if is_far_behind(gathering.read_until(), publish) {
        LINGER_LIMIT
    } else {
        Duration::ZERO
    };
    Some(limit.saturating_sub(since.elapsed()))
}

/// Whether the source is known to have written much more than has come. Where its log ends is asked a few times a second, so what is known of it is
/// old; it is never too much.
fn is_far_behind(read_until: &LogPosition, publish: &watch::Sender<Progress>) -> bool {
    publish.borrow().log_end.as_ref().is_some_and(|end| {
        let is_same_file = end.file() == read_until.file();
        end > read_until && (!is_same_file || end.offset() - read_until.offset() > FAR_BEHIND_BYTES)
    })
}

/// Carries one batch at a time out on the target, beside the gathering of the next.
struct Lane<'a> {
    /// `None` while it is at work.
    free: Option<Applier>,
    /// Ends with this lane.
    at_work: JoinSet<(Applier, Result<(), ReplicateError>)>,
    publish: &'a watch::Sender<Progress>,
    /// Transactions and changes up to the end of the batch at work.
    transactions: u64,
    changes: u64,
}

impl<'a> Lane<'a> {
    fn new(applier: Applier, publish: &'a watch::Sender<Progress>) -> Lane<'a> {
        Lane {
            free: Some(applier),
            at_work: JoinSet::new(),
            publish,
            transactions: 0,
            changes: 0,
        }
    }

    fn is_free(&self) -> bool {
        self.free.is_some()
    }

    /// Begins with what is gathered; does nothing while it is at work.
    fn start(&mut self, gathering: &mut Gathering) {
        let Some(applier) = self.free.take() else {
            return;
        };
        (self.transactions, self.changes) = (gathering.transactions, gathering.changes);
        self.at_work.spawn(carry_out(applier, gathering.batch()));
    }

    /// Waits until it is free again, and tells how far the target is.
    async fn freed(&mut self) -> Result<(), ReplicateError> {
        let Some(done) = self.at_work.join_next().await else {
            return Ok(());
        };
        let (applier, result) = done.map_err(|error| task_failed(&error))?;
        result?;
        self.publish.send_modify(|progress| {
            progress.applied = Some(applier.checkpoint().clone());
            progress.transactions_applied = self.transactions;
            progress.changes_applied = self.changes;
            progress.retrying = None;
        });
        self.free = Some(applier);
        Ok(())
    }

    /// Carries out all that is gathered and waits for it.
    async fn finish(&mut self, gathering: &mut Gathering) -> Result<(), ReplicateError> {
        self.freed().await?;
        if gathering.since().is_some() {
            self.start(gathering);
            self.freed().await?;
        }
        Ok(())
    }

    /// The log cannot be followed further. What is gathered is carried out, unless a part of the transaction in which that happened is among it.
    async fn stop(
        &mut self,
        gathering: &mut Gathering,
        error: ReplicateError,
    ) -> Result<Stop, ReplicateError> {
        if !gathering.is_inside() {
            self.finish(gathering).await?;
            return Ok(error.into());
        }
        self.freed().await?;
        let done = self.free.as_ref().map(Applier::checkpoint);
        let boundary = gathering.read_until().clone();
        Ok(Stop {
            boundary: done
                .is_some_and(|done| *done != boundary)
                .then_some(boundary),
            error,
        })
    }
}

async fn carry_out(mut applier: Applier, batch: Batch) -> (Applier, Result<(), ReplicateError>) {
    let result = applier.carry_out(batch).await;
    (applier, result)
}

/// An entry, or why there is none, with its share of the bytes that may wait.
type Waiting = (Result<LogEntry, ReplicateError>, OwnedSemaphorePermit);

async fn read_log(mut reader: LogReader, entries: mpsc::Sender<Waiting>, bytes_ahead: usize) {
    let room = Arc::new(Semaphore::new(bytes_ahead));
    loop {
        let entry = reader.next().await;
        let is_last = matches!(entry, Err(_) | Ok(LogEntry::SchemaChange(_)));
        let bytes = entry.as_ref().map_or(0, LogEntry::bytes).min(bytes_ahead);
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
