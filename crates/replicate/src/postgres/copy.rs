//! Copies a range of a table's pages from one server into the other, bytes passed through.
//!
//! The source's `COPY … TO STDOUT` and the target's `COPY … FROM STDIN` speak the same messages, so a chunk is a stream of bytes from socket to
//! socket. The binary format spares both servers the making and reading of text, where it means the same on both ([`Table::travels_as_binary`]).
//! A chunk's rows commit together with its mark, under the epoch.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::connection::{Address, LONG_STATEMENT_LIMIT};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::state::{Chunk, StreamState};
use crate::postgres::table::Table;
use crate::postgres::value::{quote_name, quote_text};
use crate::progress::Progress;
use crate::throttle::Throttle;

/// Bytes that travel together.
const PIECE_BYTES: usize = 512 * 1024;
/// Pieces that wait for the target, so that the source goes on while the target is busy.
const PIECES_AHEAD: usize = 4;

/// A worker of the copy: one session on each side.
pub(crate) struct Copier {
    source: Session,
    target: Session,
    state: StreamState,
    throttle: Arc<Throttle>,
    publish: watch::Sender<Progress>,
}

/// Begins a transaction that reads what a snapshot holds.
pub(crate) async fn enter_snapshot(
    session: &mut Session,
    snapshot: &str,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}",
        quote_text(snapshot)
    );
    session.run("entering the snapshot", sql).await.map(drop)
}

impl Copier {
    /// Opens a worker that reads in the exported snapshot of that name.
    pub(crate) async fn open(
        state: &StreamState,
        from: &Address,
        snapshot: &str,
        throttle: Arc<Throttle>,
        publish: watch::Sender<Progress>,
    ) -> Result<Copier, ReplicateError> {
        let mut source = Session::open_with(from, &[("lc_monetary", "C")]).await?;
        enter_snapshot(&mut source, snapshot).await?;
        Ok(Copier {
            source,
            target: state.open_writer().await?,
            state: state.clone(),
            throttle,
            publish,
        })
    }

    /// Copies a chunk. A table that is copied whole is emptied in the same transaction, so its rows are stored frozen and need no second
    /// writing by a vacuum.
    pub(crate) async fn copy(
        &mut self,
        table: &Table,
        chunk: &Chunk,
    ) -> Result<(), ReplicateError> {
        let doing = format!("copying {}", table.path());
        let is_whole = chunk.first_page == 0 && chunk.end_page.is_none();
        let format = if table.travels_as_binary() {
            "binary"
        } else {
            "text"
        };
        let columns: Vec<String> = table
            .stored()
            .map(|column| quote_name(&column.name))
            .collect();
        let columns = columns.join(", ");
        let read = format!(
            "COPY (SELECT {columns} FROM ONLY {}{}) TO STDOUT (FORMAT {format})",
            table.path(),
            pages(chunk)
        );
        let (empty, freeze) = match is_whole {
            true => (format!("TRUNCATE ONLY {}; ", table.path()), ", FREEZE"),
            false => (String::new(), ""),
        };
        // A table without columns has rows all the same.
        let list = if columns.is_empty() {
            String::new()
        } else {
            format!(" ({columns})")
        };
        let write = format!(
            "BEGIN; {}; {empty}COPY {}{list} FROM STDIN (FORMAT {format}{freeze})",
            self.state.hold(),
            table.path()
        );
        self.source.begin_copy_out(&doing, &read).await?;
        let begun = self.target.begin_copy_in(&doing, &write).await;
        begun.map_err(|error| self.state.or_superseded(error))?;
        let (sent, bytes) = self.pass(&doing).await?;
        let stored = self
            .target
            .end_copy_in(LONG_STATEMENT_LIMIT, &doing)
            .await?;
        if sent != stored {
            return Err(ReplicateError::Blocked(vec![format!(
                "{sent} rows of {} were read and {stored} stored; this is a defect of Reberth",
                table.path()
            )]));
        }
        let done = format!("{}; COMMIT", self.state.chunk_done(chunk, stored, bytes));
        self.target
            .run_within(LONG_STATEMENT_LIMIT, &doing, done)
            .await?;
        self.publish
            .send_modify(|progress| progress.rows_copied += stored);
        Ok(())
    }

    /// Passes all messages of rows from one server to the other, no faster than the source stands. Returns the rows that the source sent, and the bytes
    /// that passed.
    async fn pass(&mut self, doing: &str) -> Result<(u64, u64), ReplicateError> {
        let (source, target) = (&mut self.source, &mut self.target);
        let (throttle, publish) = (&self.throttle, &self.publish);
        let (full, mut pieces) = mpsc::channel::<Vec<u8>>(PIECES_AHEAD);
        let (empty, mut spare) = mpsc::channel::<Vec<u8>>(PIECES_AHEAD + 1);
        let empty = Arc::new(empty);
        let read = async move {
            loop {
                let mut piece = spare.try_recv().unwrap_or_default();
                piece.clear();
                let ended = source
                    .copy_out_piece(doing, &mut piece, PIECE_BYTES)
                    .await?;
                throttle.pass(piece.len()).await;
                // The other half has failed, and its error is the one that is told.
                if full.send(piece).await.is_err() {
                    return Ok(0);
                }
                if let Some(rows) = ended {
                    return Ok::<u64, ReplicateError>(rows);
                }
            }
        };
        let write = async move {
            let mut bytes = 0;
            while let Some(piece) = pieces.recv().await {
                target.copy_in_piece(doing, &piece).await?;
                bytes += piece.len() as u64;
                publish.send_modify(|progress| progress.bytes_copied += piece.len() as u64);
                // Nobody waits for it once all is read.
                let _ = empty.try_send(piece);
            }
            Ok::<u64, ReplicateError>(bytes)
        };
        tokio::try_join!(read, write)
    }
}

/// The pages of a chunk as a condition on the rows' places.
fn pages(chunk: &Chunk) -> String {
    let mut conditions = Vec::new();
    if chunk.first_page > 0 {
        conditions.push(format!("ctid >= '({},0)'", chunk.first_page));
    }
    if let Some(end) = chunk.end_page {
        conditions.push(format!("ctid < '({end},0)'"));
    }
    match conditions.is_empty() {
        true => String::new(),
        false => format!(" WHERE {}", conditions.join(" AND ")),
    }
}
