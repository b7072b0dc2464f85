//! Reads the log, gathers batches, and hands them to the applier: while one batch is applied, the next one grows, so a stream that is behind makes
//! larger steps by itself, and one that is not makes a step of every transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::apply::{Applier, Batch, find_operators, is_own_mark};
use super::decode::{Message, Old, Relation, Tuple, Value};
use super::fold::{Key, Step, TableChanges};
use super::reader::{Read, Reader, STATUS_INTERVAL};
use super::write::Shape;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::{Checkpoint, StreamState};
use crate::postgres::table::{ReplicaIdentity, Tables};
use crate::postgres::visible::Visible;
use crate::progress::Progress;

/// How often the checkpoint passes a stretch of the log that holds nothing for us.
const IDLE_INTERVAL: Duration = Duration::from_millis(200);

/// What is known to be committed on the target, shared between the two halves.
#[derive(Debug, Default)]
struct Committed {
    /// End of the last batch that was handed over.
    sent: AtomicU64,
    /// End of the last batch that was committed.
    done: AtomicU64,
}

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
    let committed = Arc::new(Committed::default());
    committed.sent.store(from.offset(), Ordering::SeqCst);
    committed.done.store(from.offset(), Ordering::SeqCst);
    let reader = Reader::open(plan, &from).await?;
    let mut applier = Applier::open(state, from.clone()).await?;
    find_operators(applier.session()).await?;
    let (hand_over, mut batches) = mpsc::channel::<Batch>(1);
    let gathering = Gathering {
        reader,
        tables: checkpoint.tables.clone(),
        readings,
        relations: HashMap::new(),
        batch: Batch::default(),
        bytes: 0,
        bytes_most: plan.stage_bytes(),
        transaction: Transaction::None,
        from: from.offset(),
        until: until.map(LogPosition::offset),
        reached: from.offset(),
        passed: Instant::now(),
        committed: committed.clone(),
        publish: publish.clone(),
    };
    let apply = async {
        while let Some(batch) = batches.recv().await {
            let (transactions, changes) = (batch.transactions, batch.changes);
            let position = applier.apply(batch).await?;
            committed
                .done
                .fetch_max(position.offset(), Ordering::SeqCst);
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

/// Where the reading stands within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    /// Between two.
    None,
    /// In one that is to be applied.
    Wanted(u32),
    /// In one that came from us, by the other direction, or that is applied already.
    Unwanted,
}

struct Gathering {
    reader: Reader,
    tables: Tables,
    readings: BTreeMap<String, Visible>,
    /// What the log calls tables; `None`: not ours to follow.
    relations: HashMap<u32, Option<Followed>>,
    batch: Batch,
    bytes: usize,
    bytes_most: usize,
    transaction: Transaction,
    from: u64,
    until: Option<u64>,
    /// The source has sent everything below this place.
    reached: u64,
    /// When the checkpoint last passed a stretch that holds nothing for us.
    passed: Instant,
    committed: Arc<Committed>,
    publish: watch::Sender<Progress>,
}

#[derive(Clone)]
enum Followed {
    /// Our own checkpoint.
    OwnMark,
    Table(String, Arc<Shape>),
}

impl Gathering {
    /// Reads until the end is reached, which is never without `until`.
    async fn run(mut self, hand_over: mpsc::Sender<Batch>) -> Result<(), ReplicateError> {
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
                Read::Message(message, bytes) => self.take_in(message, bytes)?,
                Read::Reached(place) => self.reached(place),
            }
        }
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
            && committed.sent.load(Ordering::SeqCst) == committed.done.load(Ordering::SeqCst)
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
            }
            Message::Commit { end } => {
                if self.transaction != Transaction::Unwanted && end > self.from {
                    self.batch.transactions += 1;
                    self.batch.end = Some(end);
                }
                self.transaction = Transaction::None;
            }
            Message::Relation(relation) => {
                let followed = self.recognise(&relation)?;
                self.relations.insert(relation.oid, followed);
            }
            Message::Insert { oid, new } => {
                self.change(oid, bytes, |shape, changes| insert(shape, changes, new))?
            }
            Message::Update { oid, old, new } => self.change(oid, bytes, |shape, changes| {
                update(shape, changes, old, new)
            })?,
            Message::Delete { oid, old } => {
                self.change(oid, bytes, |shape, changes| delete(shape, changes, old))?
            }
            Message::Truncate { oids } => {
                for oid in oids {
                    self.change(oid, bytes, |_, changes| {
                        changes.truncate();
                        Some(())
                    })?;
                }
            }
            Message::Other => {}
        }
        Ok(())
    }

    /// What a table of the log is to us. It must look as it did when the stream began.
    fn recognise(&self, relation: &Relation) -> Result<Option<Followed>, ReplicateError> {
        if is_own_mark(&relation.schema, &relation.name) {
            return Ok(Some(Followed::OwnMark));
        }
        let path = crate::postgres::value::quote_path(&relation.schema, &relation.name);
        let Some(table) = self.tables.get(&path) else {
            return Ok(None);
        };
        let known = table
            .stored()
            .map(|column| (&column.name, column.type_oid, column.type_modifier));
        let found = relation
            .columns
            .iter()
            .map(|(name, oid, modifier)| (name, *oid, *modifier));
        if !known.eq(found) {
            return Err(ReplicateError::SchemaChanged {
                position: LogPosition::of_lsn(self.done_up_to()),
                statement: format!("ALTER TABLE {path}"),
                reason: "its columns are not those that it had when the stream began".to_owned(),
            });
        }
        let fields: Vec<usize> = (0..table.columns.len())
            .filter(|place| !table.columns[*place].is_generated)
            .collect();
        let key_places = match &table.replica_identity {
            ReplicaIdentity::Key(places) => places,
            ReplicaIdentity::Full | ReplicaIdentity::Nothing => &table.identity,
        };
        let key: Option<Vec<usize>> = key_places
            .iter()
            .map(|place| fields.iter().position(|field| field == place))
            .collect();
        let shape = Shape {
            key: key.unwrap_or_default(),
            fields,
            table: table.clone(),
        };
        Ok(Some(Followed::Table(path, Arc::new(shape))))
    }

    /// Gathers a change, unless it is none of ours or came with the copy.
    fn change(
        &mut self,
        oid: u32,
        bytes: usize,
        gather: impl FnOnce(&Shape, &mut TableChanges) -> Option<()>,
    ) -> Result<(), ReplicateError> {
        let Transaction::Wanted(transaction) = self.transaction else {
            return Ok(());
        };
        let followed = match self.relations.get(&oid) {
            Some(Some(followed)) => followed,
            _ => return Ok(()),
        };
        let (path, shape) = match followed {
            Followed::Table(path, shape) => (path, shape),
            Followed::OwnMark => {
                // It comes first in each of our transactions.
                self.transaction = Transaction::Unwanted;
                return Ok(());
            }
        };
        let is_copied = self
            .readings
            .get(path)
            .is_some_and(|reading| reading.shows(transaction));
        if is_copied {
            return Ok(());
        }
        if !self.batch.tables.contains_key(path) {
            let empty = (shape.clone(), TableChanges::default());
            self.batch.tables.insert(path.clone(), empty);
        }
        self.batch.changes += 1;
        self.bytes += bytes;
        let gathered = self
            .batch
            .tables
            .get_mut(path)
            .and_then(|(shape, changes)| gather(shape, changes));
        gathered.ok_or_else(|| ReplicateError::LogUnreadable {
            position: LogPosition::of_lsn(self.done_up_to()),
            reason: format!("a change of {path} lacks its key, or has other fields than the table"),
        })
    }
}

fn key(shape: &Shape, tuple: &Tuple) -> Option<Key> {
    let field = |place: &usize| match tuple.get(*place)? {
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::Unchanged => None,
    };
    shape.key.iter().map(field).collect()
}

fn insert(shape: &Shape, changes: &mut TableChanges, new: Tuple) -> Option<()> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        changes.steps.push(Step::Insert(new));
    } else {
        changes.insert(key(shape, &new)?, new);
    }
    Some(())
}

fn update(
    shape: &Shape,
    changes: &mut TableChanges,
    old: Option<Old>,
    mut new: Tuple,
) -> Option<()> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        let Some(Old::Row(old)) = old else {
            return None;
        };
        changes.steps.push(Step::Update(old, new));
        return Some(());
    }
    // A key that is stored outside of the row and did not change stands in the old one.
    let old_tuple = old
        .as_ref()
        .map(|(Old::Key(tuple) | Old::Row(tuple))| tuple);
    if let Some(old_tuple) = old_tuple {
        for field in &shape.key {
            if new[*field] == Value::Unchanged {
                new[*field] = old_tuple.get(*field)?.clone();
            }
        }
    }
    if let Some(Old::Row(row)) = &old {
        for (value, before) in new.iter_mut().zip(row) {
            if *value == Value::Unchanged {
                *value = before.clone();
            }
        }
    }
    let new_key = key(shape, &new)?;
    let old_key = match old_tuple {
        Some(tuple) => key(shape, tuple)?,
        None => new_key.clone(),
    };
    changes.update(old_key, new_key, new);
    Some(())
}

fn delete(shape: &Shape, changes: &mut TableChanges, old: Old) -> Option<()> {
    match old {
        Old::Key(tuple) | Old::Row(tuple) if !shape.key.is_empty() => {
            changes.delete(key(shape, &tuple)?);
        }
        Old::Row(tuple) => changes.steps.push(Step::Delete(tuple)),
        Old::Key(_) => return None,
    }
    Some(())
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
