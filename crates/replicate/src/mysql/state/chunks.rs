//! The chunks of a stream: which there are, which are done, and where the reading of each ended.

use std::collections::BTreeMap;

use super::{Direction, StreamState, stream_name};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::chunk::Chunk;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;

impl StreamState {
    /// The chunks of the stream, in order of table and number, with whether each is done.
    pub async fn chunks(
        &self,
        session: &mut Session,
    ) -> Result<Vec<(Chunk, bool)>, ReplicateError> {
        let sql = format!(
            "SELECT table_name, number, bounds, is_done FROM reberth.chunk WHERE stream = {} ORDER BY table_name, number",
            quote_text(&self.name)
        );
        let rows: Vec<(String, u32, String, bool)> =
            session.rows("reading the chunks", sql).await?;
        rows.into_iter()
            .map(|(table, number, bounds, is_done)| {
                Ok((Chunk::from_stored(table, number, &bounds)?, is_done))
            })
            .collect()
    }

    /// Stores the chunks of one table; all of them or none. A successor reads the chunks after it has raised the epoch, so it sees them all, or finds
    /// that they can no longer be stored.
    pub async fn store_chunks(
        &self,
        session: &mut Session,
        chunks: &[Chunk],
    ) -> Result<(), ReplicateError> {
        self.open_beside_others(session).await?;
        for some in chunks.chunks(200) {
            let values: Vec<String> = some
                .iter()
                .map(|chunk| {
                    format!(
                        "({}, {}, {}, {})",
                        quote_text(&self.name),
                        quote_text(&chunk.table),
                        chunk.number,
                        quote_text(&chunk.to_stored())
                    )
                })
                .collect();
            session
                .run(
                    "storing chunks",
                    format!(
                        "INSERT INTO reberth.chunk (stream, table_name, number, bounds) VALUES {}",
                        values.join(",")
                    ),
                )
                .await?;
        }
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Opens a transaction that holds the epoch shared (rule 18): several write side by side, but none can commit after the epoch was raised.
    async fn open_beside_others(&self, session: &mut Session) -> Result<(), ReplicateError> {
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        let sql = format!(
            "SELECT epoch FROM reberth.stream WHERE name = {} LOCK IN SHARE MODE",
            quote_text(&self.name)
        );
        let epoch: Option<u64> = session.row("checking the epoch", sql).await?;
        if epoch != Some(self.epoch) {
            session.run("closing the transaction", "ROLLBACK").await?;
            return Err(ReplicateError::Superseded { epoch: self.epoch });
        }
        Ok(())
    }

    /// Opens a transaction that writes the rows of a chunk, and marks the chunk as done together with the end of its reading.
    /// `false`: the chunk is done already.
    pub async fn open_chunk(
        &self,
        session: &mut Session,
        chunk: &Chunk,
        end: &LogPosition,
    ) -> Result<bool, ReplicateError> {
        self.open_beside_others(session).await?;
        let name = quote_text(&self.name);
        let sql = format!(
            "UPDATE reberth.chunk SET is_done = TRUE, end_file = {}, end_offset = {} WHERE stream = {name} AND table_name = {} AND number = {} AND NOT is_done",
            quote_text(end.file()),
            end.offset(),
            quote_text(&chunk.table),
            chunk.number
        );
        let is_new = session.run("marking the chunk", sql).await? == 1;
        if !is_new {
            session.run("closing the transaction", "ROLLBACK").await?;
        }
        Ok(is_new)
    }

    /// Commits a chunk's rows with their number and size in bytes.
    pub async fn commit_chunk(
        &self,
        session: &mut Session,
        chunk: &Chunk,
        rows: u64,
        bytes: u64,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.chunk SET row_count = {rows}, byte_count = {bytes} WHERE stream = {} AND table_name = {} AND number = {}",
            quote_text(&self.name),
            quote_text(&chunk.table),
            chunk.number
        );
        session.run("counting the chunk", sql).await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Where each table's reading ended: the highest end of its chunks.
    pub async fn reading_ends(
        &self,
        session: &mut Session,
    ) -> Result<Vec<(String, LogPosition)>, ReplicateError> {
        let sql = format!(
            "SELECT table_name, end_file, end_offset FROM reberth.chunk WHERE stream = {} AND is_done AND end_file IS NOT NULL",
            quote_text(&self.name)
        );
        let rows: Vec<(String, String, u64)> =
            session.rows("reading the ends of chunks", sql).await?;
        let mut ends: BTreeMap<String, LogPosition> = BTreeMap::new();
        for (table, file, offset) in rows {
            if let Some(end) = LogPosition::new(&file, offset) {
                let known = ends.entry(table).or_insert_with(|| end.clone());
                *known = known.clone().max(end);
            }
        }
        Ok(ends.into_iter().collect())
    }
}

/// What the copy has done so far, per table: name, chunks, chunks done, rows, bytes.
pub async fn copy_totals(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Vec<(String, u64, u64, u64, u64)>, ReplicateError> {
    let sql = format!(
        "SELECT table_name, COUNT(*), CAST(SUM(is_done) AS UNSIGNED), CAST(SUM(row_count) AS UNSIGNED), CAST(SUM(byte_count) AS UNSIGNED) FROM reberth.chunk WHERE stream = {} GROUP BY table_name ORDER BY table_name",
        quote_text(&stream_name(direction, database))
    );
    session.rows("reading the copy's progress", sql).await
}
