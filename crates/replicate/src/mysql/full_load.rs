//! Copies all tables, chunk by chunk, in an order that lets cascades be replayed over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::chunk::{self, Chunk};
use crate::mysql::copy::Copier;
use crate::mysql::pipeline::{StreamPlan, task_failed};
use crate::mysql::schema::Schema;
use crate::mysql::server::Flavour;
use crate::mysql::state::{StreamState, copy_totals};
use crate::mysql::{cascade, index};
use crate::progress::Progress;

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
    // Tables that are read at one moment take longest, so they go first; then the largest tables.
    let place = |chunk: &Chunk| {
        let table = schema.tables.get(&chunk.table);
        table.map(|table| (!schema.needs_one_moment(table), u64::MAX - table.data_bytes))
    };
    let level = |chunk: &Chunk| levels.get(&chunk.table).copied().unwrap_or_default();
    chunks.sort_by_key(|(chunk, _)| {
        let name = chunk.table.clone();
        (level(chunk), place(chunk), name, chunk.number)
    });
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
    for same_level in todo.chunk_by(|one, other| level(one) == level(other)) {
        copy_chunks(plan, flavour, state, schema, same_level, publish).await?;
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

/// Copies chunks with several workers.
async fn copy_chunks(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    schema: &Schema,
    chunks: &[Chunk],
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let todo: Arc<Vec<Chunk>> = Arc::new(chunks.to_vec());
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..plan.workers.max(1) {
        let (plan, state, schema) = (plan.clone(), state.clone(), schema.clone());
        let (todo, next, publish) = (todo.clone(), next.clone(), publish.clone());
        workers.spawn(async move {
            let mut copier =
                Copier::open(&state, &plan.from, flavour, &plan.database, publish.clone()).await?;
            while let Some(chunk) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Some(table) = schema.tables.get(&chunk.table) else {
                    continue;
                };
                copier
                    .copy(table, chunk, schema.needs_one_moment(table))
                    .await?;
                publish.send_modify(|progress| progress.chunks_done += 1);
            }
            Ok::<(), ReplicateError>(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| task_failed(&error))??;
    }
    Ok(())
}
