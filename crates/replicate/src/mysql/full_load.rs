//! Copies all tables, chunk by chunk, in an order that lets cascades be replayed over them, and makes the plain indexes of each as soon as its last
//! chunk is in, while others are still copied.

mod queue;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::chunk::{self, Chunk};
use crate::mysql::copy::Copier;
use crate::mysql::load::ServerLoad;
use crate::mysql::pipeline::{StreamPlan, task_failed};
use crate::mysql::schema::Schema;
use crate::mysql::server::Flavour;
use crate::mysql::state::{StreamState, copy_totals};
use crate::mysql::{cascade, index};
use crate::progress::Progress;
use crate::throttle::Throttle;
use queue::Queue;

/// Workers that may load one self-numbering table where its lock lets only one statement in at a time: one loads, the other reads ahead.
const WORKERS_AT_A_NUMBERING_LOCK: usize = 2;

/// What all workers share.
#[derive(Clone)]
struct Load {
    plan: StreamPlan,
    flavour: Flavour,
    state: StreamState,
    schema: Arc<Schema>,
    throttle: Arc<Throttle>,
    publish: watch::Sender<Progress>,
}

/// Cuts what is not cut yet, copies what is not copied yet, with several workers, and makes the plain indexes.
pub(crate) async fn copy(
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
    let level = |chunk: &Chunk| levels.get(&chunk.table).copied().unwrap_or_default();
    chunks.sort_by_key(|(chunk, _)| (level(chunk), chunk.table.clone(), chunk.number));
    let done = chunks.iter().filter(|(_, is_done)| *is_done).count() as u64;
    let totals = copy_totals(target, plan.direction, &plan.database).await?;
    publish.send_modify(|progress| {
        progress.chunks = chunks.len() as u64;
        progress.chunks_done = done;
        // What an earlier try did not commit does not count.
        progress.rows_copied = totals.iter().map(|(_, _, _, rows, _)| rows).sum();
        progress.bytes_copied = totals.iter().map(|(_, _, _, _, bytes)| bytes).sum();
    });
    let todo: Vec<Chunk> = chunks
        .into_iter()
        .filter(|(_, is_done)| !is_done)
        .map(|(chunk, _)| chunk)
        .collect();
    let throttle = Arc::new(Throttle::new(plan.bytes_per_s_most));
    // Ends with this function.
    let mut watching = JoinSet::new();
    watching.spawn(
        throttle
            .clone()
            .watch(ServerLoad::of(plan.from.clone()), publish.clone()),
    );
    let load = Load {
        plan: plan.clone(),
        flavour,
        state: state.clone(),
        schema: Arc::new(schema.clone()),
        throttle,
        publish: publish.clone(),
    };
    let mut indexes = Indexes::new(&load);
    for name in schema.tables.keys() {
        if todo.iter().all(|chunk| &chunk.table != name) {
            indexes.make(name);
        }
    }
    let numbers_alone = numbers_alone(target).await?;
    load.throttle.known().await;
    for same_level in todo.chunk_by(|one, other| level(one) == level(other)) {
        copy_chunks(&load, same_level, numbers_alone, &mut indexes).await?;
    }
    let ended = indexes.ended().await;
    publish.send_modify(|progress| progress.throttle = None);
    ended
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
        let cut = if schema.needs_one_moment(table) {
            vec![Chunk::whole(&table.name)]
        } else {
            chunk::cut(source, &plan.database, table).await?
        };
        state.store_chunks(target, &cut).await?;
        chunks.extend(cut.into_iter().map(|chunk| (chunk, false)));
    }
    Ok(chunks)
}

/// Whether a statement that loads rows keeps every other one out of a self-numbering table: the mode `consecutive`, which MariaDB has by default,
/// takes such a table's lock for anything but a plain INSERT, also when the rows bring their numbers.
async fn numbers_alone(target: &mut Session) -> Result<bool, ReplicateError> {
    let mode: Option<u64> = target
        .row(
            "asking for innodb_autoinc_lock_mode",
            "SELECT @@global.innodb_autoinc_lock_mode",
        )
        .await?;
    Ok(mode != Some(2))
}

/// Copies chunks with several workers.
async fn copy_chunks(
    load: &Load,
    chunks: &[Chunk],
    numbers_alone: bool,
    indexes: &mut Indexes,
) -> Result<(), ReplicateError> {
    let workers_most = |name: &str| {
        let table = load.schema.tables.get(name);
        match table.is_some_and(|table| table.auto_increment_column.is_some()) {
            true if numbers_alone => WORKERS_AT_A_NUMBERING_LOCK,
            _ => load.plan.workers.max(1),
        }
    };
    let queue = Arc::new(Queue::new(chunks, &load.schema, workers_most));
    let (tell, mut finished) = tokio::sync::mpsc::unbounded_channel();
    let mut workers = JoinSet::new();
    for _ in 0..load.plan.workers.max(1) {
        workers.spawn(work(load.clone(), queue.clone(), tell.clone()));
    }
    drop(tell);
    loop {
        tokio::select! {
            Some(table) = finished.recv() => indexes.make(&table),
            Some(ended) = workers.join_next() => ended.map_err(|error| task_failed(&error))??,
            else => return Ok(()),
        }
    }
}

/// Copies chunks until none is left, and tells which tables are whole.
async fn work(
    load: Load,
    queue: Arc<Queue>,
    finished: tokio::sync::mpsc::UnboundedSender<String>,
) -> Result<(), ReplicateError> {
    let mut copier = Copier::open(
        &load.state,
        &load.plan.from,
        load.flavour,
        &load.plan.database,
        load.throttle.clone(),
        load.publish.clone(),
    )
    .await?;
    while let Some(chunk) = queue.take().await {
        let Some(table) = load.schema.tables.get(&chunk.table) else {
            continue;
        };
        let is_one_moment = load.schema.needs_one_moment(table);
        copier.copy(table, &chunk, is_one_moment).await?;
        load.publish
            .send_modify(|progress| progress.chunks_done += 1);
        if queue.done(&chunk.table) {
            // Nobody listens only when the copy has failed already.
            let _ = finished.send(chunk.table);
        }
    }
    Ok(())
}

/// The plain indexes of tables that are whole, several tables at a time.
struct Indexes {
    load: Load,
    turns: Arc<Semaphore>,
    tasks: JoinSet<Result<(), ReplicateError>>,
}

impl Indexes {
    fn new(load: &Load) -> Indexes {
        Indexes {
            load: load.clone(),
            turns: Arc::new(Semaphore::new(load.plan.workers.max(1))),
            tasks: JoinSet::new(),
        }
    }

    /// Makes those of a table in its turn.
    fn make(&mut self, table: &str) {
        let (load, turns, table) = (self.load.clone(), self.turns.clone(), table.to_owned());
        self.tasks.spawn(async move {
            let _turn = turns.acquire().await;
            let mut target = load.state.open_writer().await?;
            index::make_plain(&mut target, &load.schema, &table).await
        });
    }

    async fn ended(mut self) -> Result<(), ReplicateError> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(|error| task_failed(&error))??;
        }
        Ok(())
    }
}
