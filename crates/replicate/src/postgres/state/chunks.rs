//! The chunks of the copy, and the snapshot that each table is read in.

use std::collections::BTreeMap;

use super::{StreamState, stream_name};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::table::Table;
use crate::postgres::value::quote_text;
use crate::progress::TableProgress;
use crate::stream::Direction;

/// A range of pages of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chunk {
    /// The table's quoted path.
    pub table: String,
    /// Its number within the table.
    pub number: u32,
    /// First page.
    pub first_page: u64,
    /// The page behind its last; `None`: to the table's end.
    pub end_page: Option<u64>,
}

/// What stands on the target of a table: chunks, chunks done, rows and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyTotals {
    /// Chunks in all.
    pub chunks: u64,
    /// Chunks that are on the target.
    pub chunks_done: u64,
    /// Rows on the target.
    pub rows: u64,
    /// Their bytes as they passed through.
    pub bytes: u64,
}

impl CopyTotals {
    /// The same beside what the source estimated of the table.
    pub fn progress(&self, table: Option<&Table>) -> TableProgress {
        TableProgress {
            chunks: self.chunks,
            chunks_done: self.chunks_done,
            rows: self.rows,
            bytes: self.bytes,
            rows_total: table.map_or(0, |table| table.rows),
            bytes_total: table.map_or(0, |table| table.bytes),
            ..TableProgress::default()
        }
    }
}

/// What stands on the target, by table.
pub async fn copy_totals(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<BTreeMap<String, CopyTotals>, ReplicateError> {
    let sql = format!(
        "SELECT table_path, count(*), count(*) FILTER (WHERE is_done), sum(row_count)::bigint, sum(byte_count)::bigint \
         FROM reberth.chunk WHERE stream = {} GROUP BY table_path",
        quote_text(&stream_name(direction, database))
    );
    let rows: Vec<(String, u64, u64, u64, u64)> =
        session.rows("asking for the copy's totals", sql).await?;
    let totals = rows
        .into_iter()
        .map(|(table, chunks, chunks_done, rows, bytes)| {
            let totals = CopyTotals {
                chunks,
                chunks_done,
                rows,
                bytes,
            };
            (table, totals)
        });
    Ok(totals.collect())
}

impl StreamState {
    /// All chunks, and whether each is done.
    pub async fn chunks(
        &self,
        session: &mut Session,
    ) -> Result<Vec<(Chunk, bool)>, ReplicateError> {
        let sql = format!(
            "SELECT table_path, number, first_page, end_page, is_done FROM reberth.chunk WHERE stream = {} ORDER BY table_path, number",
            quote_text(&self.name)
        );
        let rows: Vec<(String, u32, u64, Option<u64>, bool)> =
            session.rows("reading the chunks", sql).await?;
        let chunks = rows
            .into_iter()
            .map(|(table, number, first_page, end_page, is_done)| {
                let chunk = Chunk {
                    table,
                    number,
                    first_page,
                    end_page,
                };
                (chunk, is_done)
            });
        Ok(chunks.collect())
    }

    /// Stores the chunks of a table that is to be read in a snapshot, in place of all that stood there, rows included. `snapshot` is its text as the source
    /// tells it.
    pub async fn store_chunks(
        &self,
        session: &mut Session,
        table: &str,
        chunks: &[Chunk],
        snapshot: &str,
    ) -> Result<(), ReplicateError> {
        let (stream, path) = (quote_text(&self.name), quote_text(table));
        let values: Vec<String> = chunks
            .iter()
            .map(|chunk| {
                let end = chunk
                    .end_page
                    .map_or("NULL".to_owned(), |page| page.to_string());
                format!(
                    "({stream}, {path}, {}, {}, {end})",
                    chunk.number, chunk.first_page
                )
            })
            .collect();
        let sql = format!(
            "BEGIN; {}; TRUNCATE ONLY {table}; DELETE FROM reberth.chunk WHERE stream = {stream} AND table_path = {path}; \
             INSERT INTO reberth.reading (stream, table_path, snapshot) VALUES ({stream}, {path}, {snapshot}) \
             ON CONFLICT (stream, table_path) DO UPDATE SET snapshot = excluded.snapshot; \
             INSERT INTO reberth.chunk (stream, table_path, number, first_page, end_page) VALUES {}; COMMIT",
            self.hold(),
            values.join(", "),
            snapshot = quote_text(snapshot),
        );
        self.transaction(session, "storing the chunks", &sql).await
    }

    /// The snapshot in which each table was read.
    pub async fn readings(
        &self,
        session: &mut Session,
    ) -> Result<BTreeMap<String, String>, ReplicateError> {
        let sql = format!(
            "SELECT table_path, snapshot FROM reberth.reading WHERE stream = {}",
            quote_text(&self.name)
        );
        let rows: Vec<(String, String)> = session.rows("reading the snapshots", sql).await?;
        Ok(rows.into_iter().collect())
    }

    /// A statement that marks a chunk as done, for the end of the transaction that holds its rows.
    pub fn chunk_done(&self, chunk: &Chunk, rows: u64, bytes: u64) -> String {
        format!(
            "UPDATE reberth.chunk SET is_done = true, row_count = {rows}, byte_count = {bytes} WHERE stream = {} AND table_path = {} AND number = {}",
            quote_text(&self.name),
            quote_text(&chunk.table),
            chunk.number
        )
    }

    /// Runs a whole transaction that was written as one text, and leaves the session outside of it if it fails.
    pub async fn transaction(
        &self,
        session: &mut Session,
        doing: &str,
        sql: &str,
    ) -> Result<(), ReplicateError> {
        let Err(error) = session
            .run_within(crate::connection::LONG_STATEMENT_LIMIT, doing, sql)
            .await
        else {
            return Ok(());
        };
        // A session that broke cannot be led out of its transaction, which has ended with it.
        let _ = session.run("leaving a transaction", "ROLLBACK").await;
        Err(self.or_superseded(error))
    }
}
