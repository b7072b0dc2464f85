//! Reads the log, and gathers its changes into batches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::apply::Batch;
use super::change::Row;
use super::decode::Message;
use super::fold::TableChanges;
use super::reader::{Read, STATUS_INTERVAL};
use super::relations::{Followed, Relations};
use super::streamed::Streamed;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::table::Tables;
use crate::postgres::visible::Visible;
use crate::progress::Progress;

/// How often the checkpoint passes a stretch of the log that holds nothing for us.
const IDLE_INTERVAL: Duration = Duration::from_millis(200);

/// What a change takes in memory besides its bytes on the wire: a batch of many small ones is bounded too.
const CHANGE_BYTES: usize = 160;

/// What is known to be committed on the target, shared between the two halves.
#[derive(Debug)]
pub(super) struct Committed {
    /// End of the last batch that was handed over.
    sent: AtomicU64,
    /// End of the last batch that was committed.
    done: AtomicU64,
}

impl Committed {
    fn at(place: u64) -> Committed {
        Committed {
            sent: AtomicU64::new(place),
            done: AtomicU64::new(place),
        }
    }

    /// A batch that reaches a place is committed.
    pub(super) fn note(&self, place: u64) {
        self.done.fetch_max(place, Ordering::SeqCst);
    }

    fn is_any_on_its_way(&self) -> bool {
        self.sent.load(Ordering::SeqCst) != self.done.load(Ordering::SeqCst)
    }
}

/// Where the reading stands within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    /// Between two.
    None,
    /// In one that is to be applied.
    Wanted(u32),
    /// In one that came from us, by the other direction.
    Unwanted,
}

/// The reading half of a stream.
pub(super) struct Gathering {
    reader: Streamed,
    relations: Relations,
    readings: BTreeMap<String, Visible>,
    batch: Batch,
    bytes: usize,
    bytes_most: usize,
    /// Changes are kept one after another, not folded.
    in_order: bool,
    transaction: Transaction,
    until: Option<u64>,
    /// The source has sent everything below this place.
    reached: u64,
    /// When the checkpoint last passed a stretch that holds nothing for us.
    passed: Instant,
    committed: Arc<Committed>,
    publish: watch::Sender<Progress>,
    /// Changes of the present transaction in the batch.
    changes_of_present: u64,
    /// A table that does not look any more as it did when the stream began.
    altered: Option<String>,
}

impl Gathering {
    /// Begins behind a place. With `until` it ends as soon as everything below that place is applied.
    pub(super) fn new(
        reader: Streamed,
        plan: &StreamPlan,
        tables: Tables,
        readings: BTreeMap<String, Visible>,
        from: &LogPosition,
        until: Option<&LogPosition>,
        publish: &watch::Sender<Progress>,
    ) -> Gathering {
        Gathering {
            reader,
            relations: Relations::of(tables),
            readings,
            batch: Batch::default(),
            bytes: 0,
            bytes_most: plan.stage_bytes(),
            in_order: false,
            transaction: Transaction::None,
            until: until.map(LogPosition::offset),
            reached: from.offset(),
            passed: Instant::now(),
            committed: Arc::new(Committed::at(from.offset())),
            publish: publish.clone(),
            changes_of_present: 0,
            altered: None,
        }
    }

    /// Keeps the changes in their order instead of folding them.
    pub(super) fn in_order(self, in_order: bool) -> Gathering {
        Gathering { in_order, ..self }
    }

    /// What is known to be committed.
    pub(super) fn committed(&self) -> Arc<Committed> {
        self.committed.clone()
    }

    /// Reads until the end is reached, which is never without `until`.
    pub(super) async fn run(
        mut self,
        hand_over: mpsc::Sender<Batch>,
    ) -> Result<(), ReplicateError> {
        loop {
            let is_between = self.transaction == Transaction::None;
            let has_some = self.batch.transactions > 0;
            self.reader.tell(self.done_up_to()).await?;
            if self.has_reached_end() {
                return Ok(());
            }
            if self.bytes >= self.bytes_most && (has_some || !is_between) {
                self.hand_over_when_taken(&hand_over).await?;
                continue;
            }
            if is_between
                && has_some
                && let Ok(permit) = hand_over.try_reserve()
            {
                permit.send(self.take_batch());
                continue;
            }
            if let Some(batch) = self.empty_batch() {
                // While nothing is on its way, the applier waits.
                let _ = hand_over.try_send(batch);
            }
            if !self.reader.has_buffered() {
                tokio::select! {
                    waited = self.reader.wait() => waited?,
                    permit = hand_over.reserve(), if is_between && has_some => {
                        // Without a taker, the applier has failed, and its error is the one that is told.
                        let Ok(permit) = permit else { return Ok(()) };
                        permit.send(self.take_batch());
                        continue;
                    }
                    () = tokio::time::sleep(STATUS_INTERVAL) => continue,
                }
            }
            match self.reader.read().await? {
                Some(Read::Message(message, bytes)) => self.take_in(message, bytes)?,
                Some(Read::Reached(place)) => self.reached(place),
                None => {}
            }
            if let Some(path) = self.altered.take() {
                return self.stop_before(path, &hand_over).await;
            }
        }
    }

    /// Ends the stream at a change of the schema, with everything applied that committed before the transaction that tells of it.
    async fn stop_before(
        &mut self,
        path: String,
        hand_over: &mpsc::Sender<Batch>,
    ) -> Result<(), ReplicateError> {
        // Where that transaction has changed rows before, the batch has no end that could be committed, and is read again by whoever goes on.
        if self.batch.transactions > 0 && self.changes_of_present == 0 {
            self.transaction = Transaction::None;
            self.hand_over_when_taken(hand_over).await?;
        }
        while self.committed.is_any_on_its_way() {
            tokio::time::sleep(STATUS_INTERVAL).await;
            self.reader.tell(self.done_up_to()).await?;
        }
        Err(ReplicateError::SchemaChanged {
            position: LogPosition::of_lsn(self.done_up_to()),
            statement: format!("ALTER TABLE {path}"),
            reason: "its columns are not those that it had when the stream began".to_owned(),
        })
    }

    /// Waits for the applier, and goes on telling the source that somebody is here.
    async fn hand_over_when_taken(
        &mut self,
        hand_over: &mpsc::Sender<Batch>,
    ) -> Result<(), ReplicateError> {
        loop {
            tokio::select! {
                permit = hand_over.reserve() => {
                    if let Ok(permit) = permit {
                        permit.send(self.take_batch());
                        return Ok(());
                    }
                    // The applier has failed; its error ends both halves.
                    std::future::pending::<()>().await;
                }
                () = tokio::time::sleep(STATUS_INTERVAL) => self.reader.tell(self.done_up_to()).await?,
            }
        }
    }

    fn take_batch(&mut self) -> Batch {
        self.bytes = 0;
        let mut batch = std::mem::take(&mut self.batch);
        match self.transaction {
            Transaction::None => {
                if let Some(end) = batch.end {
                    self.committed.sent.store(end, Ordering::SeqCst);
                }
            }
            // A part of a transaction: what ended before it is committed with it.
            _ => batch.end = None,
        }
        batch
    }

    fn done_up_to(&self) -> u64 {
        self.committed.done.load(Ordering::SeqCst)
    }

    fn is_idle(&self) -> bool {
        let committed = &self.committed;
        self.transaction == Transaction::None
            && self.batch.end.is_none()
            && !committed.is_any_on_its_way()
    }

    fn has_reached_end(&self) -> bool {
        self.until
            .is_some_and(|until| self.is_idle() && self.done_up_to() >= until)
    }

    /// The source has sent everything below a place: with nothing on its way, that much is done.
    fn reached(&mut self, place: u64) {
        if self.is_idle() && place > self.done_up_to() {
            self.reached = place;
            let position = Some(LogPosition::of_lsn(place));
            self.publish.send_modify(|progress| {
                progress.applied = progress.applied.take().max(position);
                progress.retrying = None;
            });
        }
    }

    /// A batch of nothing, by which the checkpoint passes a stretch of the log that holds nothing for us: whoever reads the checkpoint sees that the
    /// stream is not behind, and the source may let go of its log.
    fn empty_batch(&mut self) -> Option<Batch> {
        let is_due = self.is_idle()
            && self.reached > self.done_up_to()
            && self.passed.elapsed() >= IDLE_INTERVAL;
        is_due.then(|| {
            self.passed = Instant::now();
            self.committed.sent.store(self.reached, Ordering::SeqCst);
            Batch {
                end: Some(self.reached),
                ..Batch::default()
            }
        })
    }

    fn take_in(&mut self, message: Message, bytes: usize) -> Result<(), ReplicateError> {
        match message {
            Message::Begin { transaction } => {
                self.transaction = Transaction::Wanted(transaction);
                self.changes_of_present = 0;
            }
            Message::Commit { end } => {
                if self.transaction != Transaction::Unwanted {
                    self.batch.transactions += 1;
                    self.batch.end = Some(end);
                }
                self.transaction = Transaction::None;
            }
            Message::Relation(relation) => {
                let altered = self.relations.take_in(&relation);
                self.altered = altered.or(self.altered.take());
            }
            Message::Insert { oid, new } => self.change(oid, bytes, Row::Insert(new))?,
            Message::Update { oid, old, new } => self.change(oid, bytes, Row::Update(old, new))?,
            Message::Delete { oid, old } => self.change(oid, bytes, Row::Delete(old))?,
            Message::Truncate { oids } => {
                for oid in oids {
                    self.change(oid, bytes, Row::Truncate)?;
                }
            }
            Message::Other => {}
        }
        Ok(())
    }

    /// Gathers a change, unless it is none of ours or came with the copy.
    fn change(&mut self, oid: u32, bytes: usize, row: Row) -> Result<(), ReplicateError> {
        let Transaction::Wanted(transaction) = self.transaction else {
            return Ok(());
        };
        let (path, shape) = match self.relations.get(oid) {
            Some(Followed::Table(path, shape)) => (path, shape),
            Some(Followed::OwnMark) => {
                // It comes first in each of our transactions.
                self.transaction = Transaction::Unwanted;
                return Ok(());
            }
            Some(Followed::Nothing) => return Ok(()),
            None => {
                let reason = format!("the server did not tell what the table {oid} is");
                let position = LogPosition::of_lsn(self.done_up_to());
                return Err(ReplicateError::LogUnreadable { position, reason });
            }
        };
        let is_copied = self
            .readings
            .get(path)
            .is_some_and(|reading| reading.shows(transaction));
        if is_copied {
            return Ok(());
        }
        self.batch.changes += 1;
        self.changes_of_present += 1;
        self.bytes += bytes + CHANGE_BYTES;
        if self.in_order {
            self.batch.ordered.push((shape.clone(), row));
            return Ok(());
        }
        if !self.batch.tables.contains_key(path) {
            let empty = (shape.clone(), TableChanges::default());
            self.batch.tables.insert(path.clone(), empty);
        }
        let gathered = self
            .batch
            .tables
            .get_mut(path)
            .and_then(|(shape, changes)| row.fold(shape, changes));
        gathered.ok_or_else(|| ReplicateError::LogUnreadable {
            position: LogPosition::of_lsn(self.done_up_to()),
            reason: format!("a change of {path} lacks its key, or has other fields than the table"),
        })
    }
}
