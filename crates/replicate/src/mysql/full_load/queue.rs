//! Which chunk a free worker copies next.
//!
//! The copy ends when its longest table does, so a worker goes where the most bytes wait for each worker that is there already; tables that are read at one
//! moment are one chunk and go before all others. Where a table's own lock lets only so many load at a time, no more workers are sent there.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::mysql::chunk::Chunk;
use crate::mysql::schema::Schema;

/// The chunks that wait, shared by all workers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    tables: Mutex<Vec<Waiting>>,
    changed: Notify,
}

/// The chunks of one table.
#[derive(Debug)]
struct Waiting {
    table: String,
    chunks: VecDeque<Chunk>,
    chunk_bytes: u64,
    is_one_moment: bool,
    workers: usize,
    workers_most: usize,
}

impl Waiting {
    /// What a worker that comes here helps with.
    fn need(&self) -> (bool, u64) {
        let left = self.chunk_bytes.saturating_mul(self.chunks.len() as u64);
        (self.is_one_moment, left / (self.workers as u64 + 1))
    }
}

impl Queue {
    /// Queues chunks; `workers_most` tells for a table how many workers may be there at a time.
    pub(super) fn new(
        chunks: &[Chunk],
        schema: &Schema,
        workers_most: impl Fn(&str) -> usize,
    ) -> Queue {
        let mut tables: Vec<Waiting> = Vec::new();
        for chunk in chunks {
            match tables.iter_mut().find(|known| known.table == chunk.table) {
                Some(known) => known.chunks.push_back(chunk.clone()),
                None => tables.push(Waiting {
                    table: chunk.table.clone(),
                    chunks: VecDeque::from([chunk.clone()]),
                    chunk_bytes: 0,
                    is_one_moment: false,
                    workers: 0,
                    workers_most: workers_most(&chunk.table).max(1),
                }),
            }
        }
        for waiting in &mut tables {
            if let Some(table) = schema.tables.get(&waiting.table) {
                waiting.chunk_bytes = table.data_bytes / waiting.chunks.len() as u64 + 1;
                waiting.is_one_moment = schema.needs_one_moment(table);
            }
        }
        Queue {
            tables: Mutex::new(tables),
            changed: Notify::new(),
        }
    }

    /// The next chunk for a worker; waits while other workers are at all that is left. Nothing is left: `None`.
    pub(super) async fn take(&self) -> Option<Chunk> {
        loop {
            // Armed before the look, so that no change in between is missed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut tables = self.lock();
                if tables.iter().all(|waiting| waiting.chunks.is_empty()) {
                    return None;
                }
                let next = tables
                    .iter_mut()
                    .filter(|waiting| {
                        !waiting.chunks.is_empty() && waiting.workers < waiting.workers_most
                    })
                    .max_by_key(|waiting| waiting.need());
                if let Some(next) = next {
                    next.workers += 1;
                    return next.chunks.pop_front();
                }
            }
            changed.await;
        }
    }

    /// A worker has copied a chunk of that table. `true`: it was the last one.
    pub(super) fn done(&self, table: &str) -> bool {
        let mut tables = self.lock();
        let is_last = tables
            .iter_mut()
            .find(|waiting| waiting.table == table)
            .is_some_and(|waiting| {
                waiting.workers = waiting.workers.saturating_sub(1);
                waiting.workers == 0 && waiting.chunks.is_empty()
            });
        self.changed.notify_waiters();
        is_last
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::mysql::schema::Table;

    fn schema(tables: &[(&str, u64, bool)]) -> Schema {
        let table = |name: &str, data_bytes: u64, has_key: bool| Table {
            name: name.to_owned(),
            columns: Vec::new(),
            identity: if has_key { vec![0] } else { Vec::new() },
            identity_index: None,
            engine: "InnoDB".to_owned(),
            auto_increment_column: None,
            create_statement: String::new(),
            estimated_rows: 0,
            data_bytes,
            mean_row_bytes: 1,
        };
        Schema {
            database: "d".to_owned(),
            charset: "utf8mb4".to_owned(),
            collation: "utf8mb4_bin".to_owned(),
            tables: tables
                .iter()
                .map(|(name, bytes, has_key)| ((*name).to_owned(), table(name, *bytes, *has_key)))
                .collect::<BTreeMap<_, _>>(),
            foreign_keys: Vec::new(),
            sequences: Vec::new(),
            recopied: BTreeMap::new(),
        }
    }

    fn chunks(tables: &[(&str, usize)]) -> Vec<Chunk> {
        tables
            .iter()
            .flat_map(|(table, count)| std::iter::repeat_n(Chunk::whole(table), *count))
            .collect()
    }

    #[tokio::test]
    async fn workers_go_where_the_most_waits_and_no_more_than_may() {
        let schema = schema(&[
            ("big", 1000, true),
            ("keyless", 10, false),
            ("small", 100, true),
        ]);
        let chunks = chunks(&[("small", 2), ("big", 10), ("keyless", 1)]);
        let queue = Queue::new(&chunks, &schema, |table| if table == "big" { 2 } else { 4 });
        let mut taken = Vec::new();
        for _ in 0..5 {
            taken.push(queue.take().await.unwrap().table);
        }
        assert_eq!(taken, ["keyless", "big", "big", "small", "small"]);
        assert!(queue.done("keyless"));
        assert!(!queue.done("small") && queue.done("small"));
        let waiting = queue.take();
        tokio::pin!(waiting);
        assert!(
            futures_util::poll!(waiting.as_mut()).is_pending(),
            "two workers are at the only table left"
        );
        assert!(!queue.done("big"));
        assert_eq!(waiting.await.unwrap().table, "big");
    }

    #[tokio::test]
    async fn every_chunk_is_taken_once_and_the_last_one_ends_its_table() {
        let schema = schema(&[("a", 5, true), ("b", 5, true)]);
        let queue = Queue::new(&chunks(&[("a", 3), ("b", 2)]), &schema, |_| 1);
        let mut ends = Vec::new();
        while let Some(chunk) = queue.take().await {
            if queue.done(&chunk.table) {
                ends.push(chunk.table);
            }
        }
        ends.sort();
        assert_eq!(ends, ["a", "b"]);
    }
}
