//! Copies all tables, cut into ranges of pages, with several workers.
//!
//! Every chunk of a table is read in one snapshot, which a session of its own keeps open, so the table arrives as it stood at one moment. The slot's
//! own snapshot is that moment for all tables, as long as this process lives. It dies with its session: the next process gives every table that is not
//! whole a new snapshot and begins it anew, and the replay then leaves out what that snapshot shows already ([`super::visible`]). Ranges of pages under
//! two snapshots would not do: an UPDATE moves a row to another page, and the row could be in both ranges, or in none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::error::ReplicateError;
use crate::postgres::copy::Copier;
use crate::postgres::load::ServerLoad;
use crate::postgres::plan::StreamPlan;
use crate::postgres::schema::Stage;
use crate::postgres::session::Session;
use crate::postgres::snapshot::Snapshot;
use crate::postgres::state::{Chunk, StreamState, copy_totals};
use crate::postgres::table::{Table, Tables};
use crate::progress::Progress;
use crate::running::task_failed;
use crate::throttle::Throttle;

/// Bytes of a chunk of a table that several workers share.
const CHUNK_BYTES: u64 = 64 << 20;
/// A table that one worker copies whole holds no more, as a passing error repeats all of it.
const WHOLE_BYTES_MOST: u64 = 4 << 30;
/// The first version whose server finds a range of pages without reading the whole table.
const RANGES_SINCE: u32 = 140_000;
const PAGE_BYTES: u64 = 8192;

/// What all workers share.
#[derive(Clone)]
struct Load {
    plan: StreamPlan,
    state: StreamState,
    tables: Arc<Tables>,
    snapshot: String,
    queue: Arc<Mutex<VecDeque<Chunk>>>,
    /// Chunks that are not done, by table.
    left: Arc<Mutex<BTreeMap<String, usize>>>,
    throttle: Arc<Throttle>,
    publish: watch::Sender<Progress>,
}

impl Load {
    fn is_last_of_its_table(&self, table: &str) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = left.get_mut(table) else {
            return false;
        };
        *count -= 1;
        *count == 0
    }
}

/// Copies what is not copied yet. `snapshot` is open for as long as this lasts.
pub(crate) async fn copy(
    plan: &StreamPlan,
    state: &StreamState,
    tables: &Tables,
    snapshot: &Snapshot,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    cut_tables(state, tables, snapshot, plan.workers, target).await?;
    let chunks = state.chunks(target).await?;
    let totals = copy_totals(target, plan.direction, &plan.database).await?;
    publish.send_modify(|progress| {
        progress.chunks = chunks.len() as u64;
        progress.chunks_done = chunks.iter().filter(|(_, is_done)| *is_done).count() as u64;
        // What an earlier try did not commit does not count.
        progress.rows_copied = totals.values().map(|table| table.rows).sum();
        progress.bytes_copied = totals.values().map(|table| table.bytes).sum();
        progress.rows_total = tables.values().map(|table| table.rows).sum();
        progress.bytes_total = tables.values().map(|table| table.bytes).sum();
    });
    let mut left = BTreeMap::new();
    for (chunk, _) in chunks.iter().filter(|(_, is_done)| !is_done) {
        *left.entry(chunk.table.clone()).or_insert(0) += 1;
    }
    let throttle = Arc::new(Throttle::new(plan.bytes_per_s_most));
    // Ends with this function.
    let mut watching = JoinSet::new();
    let witness = ServerLoad::of(plan.from.clone(), publish.subscribe());
    watching.spawn(throttle.clone().watch(witness, publish.clone()));
    throttle.known().await;
    let load = Load {
        plan: plan.clone(),
        state: state.clone(),
        tables: Arc::new(tables.clone()),
        snapshot: snapshot.name().to_owned(),
        queue: Arc::new(Mutex::new(in_order(chunks, tables))),
        left: Arc::new(Mutex::new(left)),
        throttle,
        publish: publish.clone(),
    };
    let (tell, mut whole) = mpsc::unbounded_channel();
    let mut workers = JoinSet::new();
    for _ in 0..plan.workers.max(1) {
        workers.spawn(work(load.clone(), tell.clone()));
    }
    drop(tell);
    let maker = plan.maker();
    let mut indexes = JoinSet::new();
    loop {
        tokio::select! {
            Some(table) = whole.recv() => {
                if let Some(maker) = maker.clone() {
                    indexes.spawn(async move { maker.make(&INDEX_STAGES, Some(&table)).await });
                }
            }
            Some(ended) = workers.join_next() => ended.map_err(|error| task_failed(&error))??,
            Some(ended) = indexes.join_next() => ended.map_err(|error| task_failed(&error))??,
            else => break,
        }
    }
    watching.shutdown().await;
    publish.send_modify(|progress| progress.throttle = None);
    match maker {
        // What belongs to no table alone, and what a predecessor left.
        Some(maker) => maker.make(&INDEX_STAGES, None).await,
        None => Ok(()),
    }
}

/// What is made on a table that is whole: its rows are those of one moment, so no two of them are in each other's way.
const INDEX_STAGES: [Stage; 3] = [Stage::Key, Stage::Unique, Stage::Index];

/// The chunks to do, the largest tables first: the copy ends when its longest table does.
fn in_order(chunks: Vec<(Chunk, bool)>, tables: &Tables) -> VecDeque<Chunk> {
    let bytes = |chunk: &Chunk| tables.get(&chunk.table).map_or(0, |table| table.bytes);
    let mut todo: Vec<Chunk> = chunks
        .into_iter()
        .filter(|(_, is_done)| !is_done)
        .map(|(chunk, _)| chunk)
        .collect();
    todo.sort_by_key(|chunk| (std::cmp::Reverse(bytes(chunk)), chunk.clone()));
    todo.into()
}

/// Cuts every table that is not whole on the target, to be read in this snapshot.
async fn cut_tables(
    state: &StreamState,
    tables: &Tables,
    snapshot: &Snapshot,
    workers: usize,
    target: &mut Session,
) -> Result<(), ReplicateError> {
    let mut open: BTreeMap<&String, bool> = tables.keys().map(|path| (path, true)).collect();
    let chunks = state.chunks(target).await?;
    for path in tables.keys() {
        let mut own = chunks
            .iter()
            .filter(|(chunk, _)| chunk.table == *path)
            .peekable();
        let is_whole = own.peek().is_some() && own.all(|(_, is_done)| *is_done);
        open.insert(path, !is_whole);
    }
    let readings = state.readings(target).await?;
    let todo = tables
        .iter()
        .filter(|(path, _)| open.get(path) == Some(&true));
    let whole_bytes = whole_bytes(todo.map(|(_, table)| table.bytes).sum(), workers);
    for (path, table) in tables {
        // What was cut for this very snapshot goes on, as after a passing error within one process.
        let is_of_this = readings
            .get(path)
            .is_some_and(|text| text == snapshot.text());
        if open.get(path) == Some(&true) && !is_of_this {
            let chunks = cut(table, snapshot.server_version(), whole_bytes);
            state
                .store_chunks(target, path, &chunks, snapshot.text())
                .await?;
        }
    }
    Ok(())
}

/// The bytes up to which a table is copied whole: what one worker copies while the others copy the rest.
///
/// A server takes rows as frozen only if the transaction that brings them has emptied the table, so one transaction must bring all of them. It is worth a little
/// waiting: frozen rows are written once, not again when they are first read, indexes are read without the rows, and a foreign key with an index is
/// looked at in a tenth of the time.
fn whole_bytes(all_bytes: u64, workers: usize) -> u64 {
    let share = all_bytes / workers.max(1) as u64;
    (share + share / 4).clamp(CHUNK_BYTES, WHOLE_BYTES_MOST)
}

/// The whole table, or ranges of pages of about [`CHUNK_BYTES`], what is stored outside of the rows counted with them. The last one has no end: the table
/// may have grown.
fn cut(table: &Table, server_version: u32, whole_bytes: u64) -> Vec<Chunk> {
    let bytes = table.bytes.max(table.pages * PAGE_BYTES);
    let parts = match server_version >= RANGES_SINCE && bytes > whole_bytes {
        true => (bytes / CHUNK_BYTES).clamp(1, table.pages.max(1)),
        false => 1,
    };
    let first_page = |part: u64| table.pages * part / parts;
    (0..parts)
        .map(|part| Chunk {
            table: table.path(),
            number: part as u32,
            first_page: first_page(part),
            end_page: (part + 1 < parts).then(|| first_page(part + 1)),
        })
        .collect()
}

/// Copies chunks until none is left, and tells which tables are whole.
async fn work(load: Load, whole: mpsc::UnboundedSender<String>) -> Result<(), ReplicateError> {
    let next = || {
        let mut queue = load.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    };
    let Some(mut chunk) = next() else {
        return Ok(());
    };
    let mut copier = Copier::open(
        &load.state,
        &load.plan.from,
        &load.snapshot,
        load.throttle.clone(),
        load.publish.clone(),
    )
    .await?;
    loop {
        if let Some(table) = load.tables.get(&chunk.table) {
            copier.copy(table, &chunk).await?;
            load.publish
                .send_modify(|progress| progress.chunks_done += 1);
            if load.is_last_of_its_table(&chunk.table) {
                // Nobody listens only when the copy has failed already.
                let _ = whole.send(chunk.table.clone());
            }
        }
        let Some(another) = next() else {
            return Ok(());
        };
        chunk = another;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::table::ReplicaIdentity;

    fn table(pages: u64, bytes: u64) -> Table {
        Table {
            schema: "public".to_owned(),
            name: "t".to_owned(),
            oid: 1,
            columns: Vec::new(),
            identity: Vec::new(),
            has_other_unique: false,
            replica_identity: ReplicaIdentity::Nothing,
            is_unlogged: false,
            pages,
            rows: 0,
            bytes,
        }
    }

    #[test]
    fn chunks_cover_every_page_once() {
        for (pages, bytes) in [
            (0, 0),
            (1, 8192),
            (1, 1 << 40),
            (100_000, 100_000 * 8192),
            (7, 1 << 30),
        ] {
            let chunks = cut(&table(pages, bytes), 150_000, CHUNK_BYTES);
            assert_eq!(chunks[0].first_page, 0);
            assert_eq!(chunks[chunks.len() - 1].end_page, None);
            for pair in chunks.windows(2) {
                assert_eq!(
                    pair[0].end_page,
                    Some(pair[1].first_page),
                    "{pages} {bytes}"
                );
                assert!(pair[0].first_page < pair[1].first_page);
            }
        }
        assert_eq!(cut(&table(100_000, 1 << 40), 130_023, CHUNK_BYTES).len(), 1);
    }

    #[test]
    fn a_table_is_parted_only_if_one_worker_would_be_the_last_with_it() {
        let gib = 1 << 30;
        for (bytes, all_bytes, workers, is_whole) in [
            (gib, gib, 1, true),
            (gib, 2 * gib, 2, true),
            (gib, gib * 17 / 10, 2, true),
            (gib, gib * 3 / 2, 2, false),
            (gib, 2 * gib, 4, false),
            (gib, 8 * gib, 4, true),
            (5 * gib, 100 * gib, 4, false),
            (5 * gib, 5 * gib, 1, false),
            (CHUNK_BYTES, CHUNK_BYTES, 8, true),
        ] {
            let chunks = cut(
                &table(bytes / PAGE_BYTES, bytes),
                150_000,
                whole_bytes(all_bytes, workers),
            );
            let case = (bytes, all_bytes, workers);
            assert_eq!(chunks.len() == 1, is_whole, "{case:?}");
        }
    }
}
