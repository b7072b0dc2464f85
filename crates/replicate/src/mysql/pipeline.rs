//! The pipeline of one database: schema, copy, stream, apply, until told to stop.
//!
//! # Why the target ends up with exactly the source's rows
//!
//! **Setting.** P0 is a position of the source's log such that a reader who starts later sees every transaction before it (rule 1), and no
//! transaction prepared before P0 is undecided (rule 2). Each chunk is a consistent read of its key range at some moment after P0; E is at or
//! after that moment in the log, for every chunk. Chunks cover each key exactly once ([`super::chunk`]).
//!
//! **Claim.** Replaying all changes from P0 on, in log order, by key, gives the source's rows at every transaction boundary at or after E.
//! *Proof.* Take a key and a boundary B ≥ E. If the log holds a change of the key in (P0, B], the last one carries the whole row, or
//! says that it is gone, and the replay has left exactly that ([`super::fold`]). If it holds none, the row did not change in (P0, B], and
//! the chunk, read in between, holds it as it was at P0 and is at B. ∎
//! Before E the target is a mixture of moments: two rows may hold the same unique value, a child may lack its parent. Hence unique secondary
//! indexes and foreign keys are made only after E (rule 4), and no event is applied before the last chunk is committed.
//!
//! **Cascades.** The server changes child rows without a word in its log. The applier carries them out at the same place in the order
//! ([`super::cascade`]), which makes them log changes like any other for the claim.
//!
//! **Tables without a key** are read whole in a snapshot whose place S in the log is exact; the replay takes their changes from S on, once
//! each, so they equal the source at every boundary at or after S (rule 6).
//!
//! **Restarts.** A chunk's rows commit with its mark and its E; applied changes commit with the checkpoint. So after a kill at any
//! instant the target holds all of a chunk or nothing of it, all changes up to the checkpoint and none after it, and the successor goes on from there.
//! A predecessor that is still alive cannot commit once the successor has raised the epoch ([`super::state`]).
//!
//! **Identity.** Positions mean something only in the log of one server, so the checkpoint holds its identity; a change stops the stream (rule 5).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::connection::{Address, Session};
use crate::error::ReplicateError;
use crate::mysql::apply::Applier;
use crate::mysql::cascade;
use crate::mysql::chunk::{self, Chunk};
use crate::mysql::copy::Copier;
use crate::mysql::index;
use crate::mysql::log::{LogEntry, LogReader};
use crate::mysql::schema::{self, Schema, take_apart};
use crate::mysql::server::{self, Flavour};
use crate::mysql::state::{self, Checkpoint, Direction, Phase, StreamState};
use crate::mysql::value::quote_name;
use crate::position::LogPosition;
use crate::progress::Progress;

/// Log entries that wait between the reader and the applier at the most.
const ENTRIES_AHEAD: usize = 64;
/// How long the applier waits for more before it commits what it has read.
const IDLE: Duration = Duration::from_millis(100);
/// How often the end of the source's log is asked for.
const LAG_INTERVAL: Duration = Duration::from_millis(100);
/// Waits between tries after a passing error, and for how long in all without progress.
const RETRY_WAITS_MS: &[u64] = &[100, 200, 500, 1000, 2000, 5000];
/// A passing error that lasts longer than this is handed to the operator.
const RETRY_LIMIT: Duration = Duration::from_secs(300);

/// What a stream moves, and between whom.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Name of the database on both sides.
    pub database: String,
    /// Which way it flows.
    pub direction: Direction,
    /// Reads rows and log.
    pub from: Address,
    /// Writes rows and state.
    pub to: Address,
    /// Copy workers.
    pub workers: usize,
}

impl StreamPlan {
    /// The number under which we register at the source: derived from what is moved, so that a restart bears the same one, and
    /// above the numbers that people give.
    fn server_id(&self, role: &str) -> u32 {
        let text = format!(
            "{}/{}/{}/{role}",
            self.database,
            self.direction.word(),
            self.to.host()
        );
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
        }) | 0x8000_0000
    }

    /// Opens a reader of the source's log that is separate from the stream's own.
    pub async fn open_log(
        &self,
        role: &str,
        schema: Schema,
        from: LogPosition,
    ) -> Result<LogReader, ReplicateError> {
        let mut session = server::reader(&self.from).await?;
        let flavour = server::version(&mut session).await?.flavour;
        LogReader::open(&self.from, flavour, schema, from, self.server_id(role)).await
    }
}

/// A stream running in this process. Dropping it stops it at a safe point: what was not committed is read again.
#[derive(Debug)]
pub struct RunningStream {
    tasks: JoinSet<Result<(), ReplicateError>>,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
}

impl RunningStream {
    /// Starts a stream: from the beginning, or from where its state on the target stands.
    pub fn start(plan: StreamPlan) -> RunningStream {
        let (publish, progress) = watch::channel(Progress::default());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(run_with_retries(plan, publish, stopped));
        RunningStream {
            tasks,
            progress,
            stop,
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until the condition holds of the progress, or the stream ends. Returns `Ok(false)` if it was stopped before.
    pub async fn wait_until(
        &mut self,
        mut condition: impl FnMut(&Progress) -> bool,
    ) -> Result<bool, ReplicateError> {
        loop {
            if condition(&self.progress.borrow_and_update()) {
                return Ok(true);
            }
            tokio::select! {
                changed = self.progress.changed() => if changed.is_err() {
                    return self.ended().await.map(|()| condition(&self.progress.borrow()));
                },
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(result)) => return result.map(|()| condition(&self.progress.borrow())),
                    Some(Err(error)) => return Err(task_failed(&error)),
                    None => return Ok(false),
                },
            }
        }
    }

    /// Waits until everything up to the barrier is committed on the target.
    pub async fn drain(&mut self, barrier: &LogPosition) -> Result<bool, ReplicateError> {
        self.wait_until(|progress| {
            progress
                .applied
                .as_ref()
                .is_some_and(|applied| applied >= barrier)
        })
        .await
    }

    /// Stops at a safe point and waits for it.
    pub async fn stop(mut self) -> Result<(), ReplicateError> {
        // Nobody listens if the stream has ended already.
        let _ = self.stop.send(true);
        self.ended().await
    }

    /// How the stream ended, if it has ended without being told to.
    pub fn ended_by_itself(&mut self) -> Option<Result<(), ReplicateError>> {
        let ended = self.tasks.try_join_next()?;
        Some(ended.unwrap_or_else(|error| Err(task_failed(&error))))
    }

    async fn ended(&mut self) -> Result<(), ReplicateError> {
        match self.tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(task_failed(&error)),
            None => Ok(()),
        }
    }
}

fn task_failed(error: &tokio::task::JoinError) -> ReplicateError {
    ReplicateError::Blocked(vec![format!(
        "a part of the stream ended without a word: {error}; this is a defect of Reberth"
    )])
}

/// Runs the pipeline until told to stop, which may cut it off anywhere: the state on the target is right at every instant. Passing errors are tried again from the state on the target, for as long as that may help.
async fn run_with_retries(
    plan: StreamPlan,
    publish: watch::Sender<Progress>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ReplicateError> {
    let mut failing_since: Option<Instant> = None;
    let mut tries = 0;
    loop {
        let before = publish.borrow().clone();
        let result = tokio::select! {
            result = run_once(&plan, &publish) => result,
            () = is_stopped(&mut stopped) => return Ok(()),
        };
        let Err(error) = result else { return Ok(()) };
        let after = publish.borrow().clone();
        if (after.applied.as_ref(), after.chunks_done)
            != (before.applied.as_ref(), before.chunks_done)
        {
            (failing_since, tries) = (None, 0);
        }
        let since = *failing_since.get_or_insert_with(Instant::now);
        if !error.may_retry() || since.elapsed() > RETRY_LIMIT {
            return Err(error);
        }
        publish.send_modify(|progress| progress.retrying = Some(error.to_string()));
        let wait = RETRY_WAITS_MS[tries.min(RETRY_WAITS_MS.len() - 1)];
        tries += 1;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            () = is_stopped(&mut stopped) => return Ok(()),
        }
    }
}

async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone, which is as good as a stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn run_once(
    plan: &StreamPlan,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut source = server::reader(&plan.from).await?;
    let flavour = server::version(&mut source).await?.flavour;
    let mut target = server::writer(&plan.to).await?;
    state::prepare_tables(&mut target).await?;
    if state::peek(&mut target, plan.direction, &plan.database)
        .await?
        .is_none()
    {
        begin_copy(plan, flavour, &mut source, &mut target).await?;
    }
    let held = Some(publish.borrow().epoch).filter(|epoch| *epoch > 0);
    let state = StreamState::take_over(&mut target, plan.direction, &plan.database, held).await?;
    let mut checkpoint = state.checkpoint(&mut target).await?;
    check_identity(&mut source, flavour, &checkpoint).await?;
    publish.send_modify(|progress| {
        progress.epoch = state.epoch();
        progress.phase = checkpoint.phase.word().to_owned();
        progress.applied = Some(checkpoint.position.clone());
    });
    if checkpoint.phase == Phase::Copying {
        copy(
            plan,
            flavour,
            &state,
            &checkpoint.schema,
            &mut source,
            &mut target,
            publish,
        )
        .await?;
        let ends = state.reading_ends(&mut target).await?;
        let certain_from = ends
            .into_iter()
            .map(|(_, end)| end)
            .fold(checkpoint.position.clone(), LogPosition::max);
        state
            .enter(&mut target, Phase::Replaying, &certain_from)
            .await?;
        checkpoint = state.checkpoint(&mut target).await?;
    }
    publish.send_modify(|progress| {
        progress.phase = checkpoint.phase.word().to_owned();
        progress.retrying = None;
    });
    stream(plan, flavour, &state, checkpoint, &mut target, publish).await
}

/// Takes the first position and the schema, and makes the empty tables.
async fn begin_copy(
    plan: &StreamPlan,
    flavour: Flavour,
    source: &mut Session,
    target: &mut Session,
) -> Result<(), ReplicateError> {
    let position = server::visible_position(source, flavour).await?;
    // Asked after the position was taken: what is prepared before it is then either listed, or committed and in every chunk.
    if server::undecided_transactions(source)
        .await?
        .is_some_and(|count| count > 0)
    {
        return Err(ReplicateError::Blocked(vec![
            "the source holds prepared transactions that nobody has decided (XA RECOVER); decide them, then start again".to_owned(),
        ]));
    }
    let schema = schema::read(source, &plan.database).await?;
    make_tables(source, target, &schema).await?;
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        certain_from: position.clone(),
        position,
        source_identity: server::identity(source, flavour).await?,
        schema,
    };
    state::begin(target, plan.direction, &plan.database, &checkpoint).await
}

/// Makes the target's tables without secondary indexes and foreign keys. Tables found there must be those of an earlier, interrupted
/// try: without a row and with the very same definition.
async fn make_tables(
    source: &mut Session,
    target: &mut Session,
    schema: &Schema,
) -> Result<(), ReplicateError> {
    let database = quote_name(&schema.database);
    target
        .run(
            "making the database",
            format!(
                "CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET {} COLLATE {}",
                schema.charset, schema.collation
            ),
        )
        .await?;
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        crate::mysql::value::quote_text(&schema.database)
    );
    let mut strangers = Vec::new();
    for name in target
        .rows::<String>("listing the target's tables", sql)
        .await?
    {
        let rows: Option<u64> = target
            .row(
                "counting rows",
                format!(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM {database}.{} LIMIT 1) any_row",
                    quote_name(&name)
                ),
            )
            .await?;
        if !schema.tables.contains_key(&name) || rows != Some(0) {
            strangers.push(name);
        }
    }
    if !strangers.is_empty() {
        strangers.truncate(5);
        return Err(ReplicateError::TargetNotEmpty {
            database: schema.database.clone(),
            tables: strangers.join(", "),
        });
    }
    let mode: Option<String> = source
        .row("asking for the sql_mode", "SELECT @@global.sql_mode")
        .await?;
    let modes = format!(
        "SET sql_mode = {}",
        crate::mysql::value::quote_text(&mode.unwrap_or_default())
    );
    target.run("setting the source's sql_mode", modes).await?;
    target.run("speaking utf8mb4", "SET NAMES utf8mb4").await?;
    for table in schema.tables.values() {
        target
            .run(
                "replacing an empty table",
                format!(
                    "DROP TABLE IF EXISTS {database}.{}",
                    quote_name(&table.name)
                ),
            )
            .await?;
        target
            .run("choosing the database", format!("USE {database}"))
            .await?;
        target
            .run(
                &format!("making table {}", table.name),
                take_apart(table).create,
            )
            .await?;
    }
    for setup in server::WRITER_SETUP {
        target.run("setting the session up again", setup).await?;
    }
    Ok(())
}

async fn check_identity(
    source: &mut Session,
    flavour: Flavour,
    checkpoint: &Checkpoint,
) -> Result<(), ReplicateError> {
    let found = server::identity(source, flavour).await?;
    if found == checkpoint.source_identity {
        return Ok(());
    }
    Err(ReplicateError::SourceChanged {
        position: checkpoint.position.clone(),
        expected: checkpoint.source_identity.clone(),
        found,
    })
}

/// Cuts what is not cut yet, copies what is not copied yet, with several workers, and makes the plain indexes.
async fn copy(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    schema: &Schema,
    source: &mut Session,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let levels = cascade::reading_levels(schema)?;
    let mut chunks = cut_tables(plan, state, schema, source, target).await?;
    // Tables without a key hold a snapshot open, so they go first; then the largest tables.
    let place = |chunk: &Chunk| {
        let table = schema.tables.get(&chunk.table);
        table.map(|table| (table.has_key(), u64::MAX - table.data_bytes))
    };
    let level = |chunk: &Chunk| levels.get(&chunk.table).copied().unwrap_or_default();
    chunks.sort_by_key(|(chunk, _)| {
        let name = chunk.table.clone();
        (level(chunk), place(chunk), name, chunk.number)
    });
    let done = chunks.iter().filter(|(_, is_done)| *is_done).count() as u64;
    publish.send_modify(|progress| {
        progress.chunks = chunks.len() as u64;
        progress.chunks_done = done;
    });
    let todo: Vec<Chunk> = chunks
        .into_iter()
        .filter(|(_, is_done)| !is_done)
        .map(|(chunk, _)| chunk)
        .collect();
    let totals = Arc::new((AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(done)));
    for same_level in todo.chunk_by(|one, other| level(one) == level(other)) {
        copy_chunks(plan, flavour, state, schema, same_level, &totals, publish).await?;
    }
    index::make_plain(target, schema).await
}

/// Cuts the tables that are not cut yet. Returns all chunks, with whether each is done.
async fn cut_tables(
    plan: &StreamPlan,
    state: &StreamState,
    schema: &Schema,
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<(Chunk, bool)>, ReplicateError> {
    let mut chunks = state.chunks(target).await?;
    for table in schema.tables.values() {
        if chunks.iter().any(|(chunk, _)| chunk.table == table.name) {
            continue;
        }
        let cut = if table.has_key() && !cascade::is_own_parent(schema, &table.name) {
            chunk::cut(source, &plan.database, table).await?
        } else {
            vec![Chunk::whole(&table.name)]
        };
        state.store_chunks(target, &cut).await?;
        chunks.extend(cut.into_iter().map(|chunk| (chunk, false)));
    }
    Ok(chunks)
}

/// Rows, bytes and chunks copied.
type Totals = (AtomicU64, AtomicU64, AtomicU64);

/// Copies chunks with several workers.
async fn copy_chunks(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    schema: &Schema,
    chunks: &[Chunk],
    totals: &Arc<Totals>,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let todo: Arc<Vec<Chunk>> = Arc::new(chunks.to_vec());
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..plan.workers.max(1) {
        let (plan, state, schema) = (plan.clone(), state.clone(), schema.clone());
        let (todo, next, totals, publish) =
            (todo.clone(), next.clone(), totals.clone(), publish.clone());
        workers.spawn(async move {
            let mut copier = Copier::open(&state, &plan.from, flavour, &plan.database).await?;
            while let Some(chunk) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Some(table) = schema.tables.get(&chunk.table) else {
                    continue;
                };
                let copied = copier.copy(table, chunk).await?;
                let rows = totals.0.fetch_add(copied.rows, Ordering::Relaxed) + copied.rows;
                let bytes = totals.1.fetch_add(copied.bytes, Ordering::Relaxed) + copied.bytes;
                let done = totals.2.fetch_add(1, Ordering::Relaxed) + 1;
                publish.send_modify(|progress| {
                    progress.rows_copied = progress.rows_copied.max(rows);
                    progress.bytes_copied = progress.bytes_copied.max(bytes);
                    progress.chunks_done = progress.chunks_done.max(done);
                });
            }
            Ok::<(), ReplicateError>(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| task_failed(&error))??;
    }
    Ok(())
}

/// Follows the log from the checkpoint on, and makes the remaining indexes on the way.
async fn stream(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    mut checkpoint: Checkpoint,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let keyless = |table: &String| {
        checkpoint
            .schema
            .tables
            .get(table)
            .is_some_and(|table| !table.has_key())
    };
    let snapshots: BTreeMap<String, LogPosition> = state
        .reading_ends(target)
        .await?
        .into_iter()
        .filter(|(table, _)| keyless(table))
        .collect();
    let mut tasks = JoinSet::new();
    tasks.spawn(measure_lag(plan.from.clone(), flavour, publish.clone()));
    if checkpoint.phase == Phase::Replaying {
        let until = checkpoint.certain_from.clone();
        follow(
            plan,
            state,
            &checkpoint,
            snapshots.clone(),
            Some(&until),
            publish,
        )
        .await?;
        index::make_strict(target, &checkpoint.schema).await?;
        state
            .enter(target, Phase::Following, &checkpoint.certain_from)
            .await?;
        checkpoint = state.checkpoint(target).await?;
    }
    publish.send_modify(|progress| progress.phase = Phase::Following.word().to_owned());
    follow(plan, state, &checkpoint, snapshots, None, publish).await
}

/// Applies the log from the checkpoint on. Returns when a transaction boundary at or after `until` is committed; without one, never.
async fn follow(
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
        until.is_none(),
        snapshots,
    )
    .await?;
    let reader = plan
        .open_log(
            "stream",
            checkpoint.schema.clone(),
            checkpoint.position.clone(),
        )
        .await?;
    let (sender, mut entries) = mpsc::channel(ENTRIES_AHEAD);
    let mut reading = JoinSet::new();
    reading.spawn(read_log(reader, sender));
    let mut inside = false;
    loop {
        if !inside && until.is_some_and(|until| applier.read_until() >= until) {
            applier.commit().await?;
            break;
        }
        let entry = match entries.try_recv() {
            Ok(entry) => Some(entry),
            Err(mpsc::error::TryRecvError::Empty) => {
                if !inside && applier.has_changes() {
                    applier.commit().await?;
                    report(publish, &applier);
                }
                tokio::select! {
                    entry = entries.recv() => entry,
                    () = tokio::time::sleep(IDLE), if !inside && applier.read_until() > applier.checkpoint() => {
                        applier.commit().await?;
                        report(publish, &applier);
                        continue;
                    }
                }
            }
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        };
        let Some(entry) = entry else {
            return Err(reader_ended(reading).await);
        };
        let entry = match entry {
            // What stands before the place where the log cannot be followed is applied first.
            Err(error) if !inside && !error.may_retry() => {
                applier.commit().await?;
                report(publish, &applier);
                return Err(error);
            }
            entry => entry?,
        };
        inside = !applier.take(entry).await?;
        if !inside && applier.is_full() {
            applier.commit().await?;
            report(publish, &applier);
        }
    }
    report(publish, &applier);
    Ok(())
}

async fn read_log(mut reader: LogReader, entries: mpsc::Sender<Result<LogEntry, ReplicateError>>) {
    loop {
        let entry = reader.next().await;
        let is_last = entry.is_err();
        if entries.send(entry).await.is_err() || is_last {
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

fn report(publish: &watch::Sender<Progress>, applier: &Applier) {
    publish.send_modify(|progress| {
        progress.applied = Some(applier.checkpoint().clone());
        progress.transactions_applied = applier.transactions;
        progress.changes_applied = applier.changes;
        progress.retrying = None;
    });
}

/// Asks for the end of the source's log again and again, and tells how far behind the checkpoint is, in bytes and milliseconds.
async fn measure_lag(
    source: Address,
    flavour: Flavour,
    publish: watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut session = server::reader(&source).await?;
    let mut ends: VecDeque<(Instant, LogPosition)> = VecDeque::new();
    loop {
        let end = server::log_end(&mut session, flavour).await?;
        let files = server::log_files(&mut session).await?;
        ends.push_back((Instant::now(), end.clone()));
        publish.send_modify(|progress| {
            let Some(applied) = progress.applied.clone() else {
                return;
            };
            while ends.front().is_some_and(|(_, end)| *end <= applied) {
                ends.pop_front();
            }
            progress.lag_ms = Some(
                ends.front()
                    .map_or(0, |(since, _)| since.elapsed().as_millis() as u64),
            );
            progress.lag_bytes = applied.bytes_until(&end, &files);
            progress.log_end = Some(end.clone());
        });
        // Ends older than this are thinned out: a stream that is far behind needs no finer answer.
        if ends.len() > 6_000 {
            let mut keep = false;
            ends.retain(|_| {
                keep = !keep;
                keep
            });
        }
        tokio::time::sleep(LAG_INTERVAL).await;
    }
}
