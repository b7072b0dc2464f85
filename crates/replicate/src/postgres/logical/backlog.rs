//! Reads a long backlog of a slot's log by statements, before the stream proper begins.
//!
//! # Why it is worth a way of its own
//!
//! A replication stream sends every message by itself: two thirds of what the source's process costs is that, and a reader cannot ask for less. The functions of the slot's SQL
//! interface decode the same messages with the same plugin, and their answer goes out as any other answer, in full buffers. So a stream that is far behind reads so, piece after piece, and
//! one that is not, or has caught up, follows by the replication protocol, which needs no asking.
//!
//! # Why nothing is lost or read twice
//!
//! What the source may let go of is told by the stream's own slot alone, and that moves by what is committed on the target, as ever ([`Backlog::let_go`]). Read is a temporary copy of that slot, which ends with
//! its session. It begins at the checkpoint's place: the copy stands where the slot stood, which was not behind the checkpoint, and is moved up to it. `pg_logical_slot_get_binary_changes` decodes up to the end of a
//! record of the log, so an answer holds whole transactions only, in the order of their commits, and the copy then stands behind the last of them. When an answer is less than a piece, the log was read to its end. Then
//! the stream begins behind the last commit that was read, as it begins behind a checkpoint.
//!
//! An answer that breaks off when rows of it have come ends the attempt, and the next begins at its checkpoint. One that is refused, or does not begin in time, has brought nothing: the stream begins where it would have begun.
//!
//! # What it costs the source
//!
//! An answer is complete on the source before its first row is sent, on its disk beyond `work_mem`, and while it is read its session holds a snapshot. Each answer is decoded from where the oldest transaction
//! began that was open behind the one before, so small pieces would have the same stretch of log read again and again: a piece grows while answers begin soon ([`SOON`]), and shrinks else, which bounds what is kept on the disk too. Where
//! the smallest still takes long, because of a transaction that is open for long, the rest is left to the stream. One transaction can be larger than a piece; [`ANSWER_LIMIT`] bounds that: what takes longer is broken off, and is left to
//! the stream too.

use std::time::{Duration, Instant};

use super::decode::{Message, decode};
use super::room::Room;
use super::slot;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;
use crate::postgres::wire::WireError;

/// Bytes of log from which on a stream counts as far behind.
const WORTH_BYTES: u64 = 16 << 20;
/// Messages after which the first answer ends with the transaction that it is in.
const PIECE_MESSAGES: u64 = 20_000;
/// How much more is asked for after an answer that began soon, and how much less after another.
const PIECE_GROWTH: u64 = 4;
const PIECE_MESSAGES_MOST: u64 = PIECE_MESSAGES * 16;
/// How soon that is.
const SOON: Duration = Duration::from_secs(1);
/// How long the source may work on an answer before its first row.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Bytes of log after which the source is told how much of it may go.
const LET_GO_BYTES: u64 = 256 << 20;
/// How long the source may take to move a slot.
const MOVE_LIMIT: Duration = Duration::from_secs(20);
/// How long the source may be silent in the middle of an answer.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);
/// How long it is looked whether an answer has come that nobody has waited for.
const GLANCE: Duration = Duration::from_millis(1);
/// What is being done, for errors.
const DOING: &str = "reading a backlog of the log";
/// What stands before the first row of a binary copy (manual, `COPY`, "File Formats").
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands behind its last row.
const COPY_END: &[u8] = &[0xff, 0xff];
/// Bytes of a row's head: the number of fields, and the length of the one.
const ROW_HEAD_BYTES: usize = 6;

/// What a read brought.
pub(super) enum Piece {
    /// A message of the log, which begins behind so many bytes.
    Message {
        /// What the copy's format puts before it.
        prefix_bytes: usize,
    },
    /// An answer has ended, and the next is asked for.
    Ended,
    /// The stream is to be opened behind the last commit that was read.
    Over,
}

/// A backlog that is being read.
pub(super) struct Backlog {
    session: Session,
    plan: StreamPlan,
    /// The temporary copy of the plan's slot.
    slot: String,
    asked: Instant,
    /// Messages that were asked for.
    piece: u64,
    /// Messages that are asked for next.
    next_piece: u64,
    /// Messages of the present answer.
    messages: u64,
    /// The present answer is read to its end, and none is asked for.
    is_answered: bool,
    /// End of the last commit that was read.
    read: u64,
    /// Committed on the target.
    done: u64,
    /// What the stream's own slot was told last.
    told: u64,
}

impl Backlog {
    /// Begins to read behind the checkpoint's place. `None`: the stream is not far behind, or the source has no slot to spare, or is long in moving one.
    pub(super) async fn open(
        plan: &StreamPlan,
        from: &LogPosition,
    ) -> Result<Option<Backlog>, ReplicateError> {
        let mut session = Session::open_with(&plan.from, &[("lc_monetary", "C")]).await?;
        let end = server::log_end(&mut session).await?.offset();
        if end.saturating_sub(from.offset()) < WORTH_BYTES {
            return Ok(None);
        }
        if !Room::read(plan, &mut session).await?.has_one_to_spare() {
            return Ok(None);
        }
        let slot = format!("{}_{}", plan.mark(), session.id());
        match begin_at(plan, &mut session, &slot, from).await {
            Err(error) if is_declined(&error) => return Ok(None),
            begun => begun?,
        }
        let mut backlog = Backlog {
            session,
            plan: plan.clone(),
            slot,
            asked: Instant::now(),
            piece: PIECE_MESSAGES,
            next_piece: PIECE_MESSAGES,
            messages: 0,
            is_answered: true,
            read: from.offset(),
            done: from.offset(),
            told: from.offset(),
        };
        backlog.ask().await?;
        Ok(Some(backlog))
    }

    /// Whether something is here already.
    pub(super) fn has_buffered(&mut self) -> bool {
        self.session.wire().has_buffered()
    }

    /// Waits until something has come. It may be cut off at any time.
    pub(super) async fn wait(&mut self) -> Result<(), ReplicateError> {
        let waited = self.session.wire().copy_both_wait().await;
        waited.map_err(|error| self.failed(error))
    }

    /// Reads what has come into `body`. It must not be cut off.
    pub(super) async fn read(&mut self, body: &mut Vec<u8>) -> Result<Piece, ReplicateError> {
        let mut is_row = self.session.wire().copied_row(body).await;
        if matches!(is_row, Ok(true)) && body[head_bytes(body)..] == *COPY_END {
            is_row = self.session.wire().copied_row(body).await;
        }
        match is_row {
            Ok(true) => self.message(body),
            Ok(false) => {
                self.is_answered = true;
                // Read to its end; or the smallest piece took long, and the stream decodes each stretch of the log once.
                if self.messages < self.piece || self.next_piece < PIECE_MESSAGES {
                    return Ok(Piece::Over);
                }
                if self.done.saturating_sub(self.told) >= LET_GO_BYTES {
                    self.let_go().await?;
                }
                self.piece = self.next_piece;
                self.ask().await?;
                Ok(Piece::Ended)
            }
            Err(WireError::Server(_)) if self.messages == 0 => Ok(Piece::Over),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn message(&mut self, body: &[u8]) -> Result<Piece, ReplicateError> {
        if self.messages == 0 {
            self.next_piece = match self.asked.elapsed() < SOON {
                true => (self.piece * PIECE_GROWTH).min(PIECE_MESSAGES_MOST),
                false => self.piece / PIECE_GROWTH,
            };
        }
        self.messages += 1;
        let prefix_bytes = head_bytes(body) + ROW_HEAD_BYTES;
        if let Some(payload @ [b'C', ..]) = body.get(prefix_bytes..)
            && let Some(Message::Commit { end }) = decode(payload)
        {
            self.read = end;
        }
        Ok(Piece::Message { prefix_bytes })
    }

    /// Notes what is committed on the target. `false`: the source has worked too long on its answer.
    pub(super) async fn goes_on(&mut self, done: u64) -> bool {
        self.done = done;
        if self.messages > 0 || self.asked.elapsed() < ANSWER_LIMIT {
            return true;
        }
        // It may have come, while nobody looked.
        tokio::time::timeout(GLANCE, self.wait()).await.is_ok()
    }

    /// End of the last commit that was read: where the stream goes on.
    pub(super) fn read_up_to(&self) -> LogPosition {
        LogPosition::of_lsn(self.read)
    }

    /// Whose backlog it is.
    pub(super) fn plan(&self) -> &StreamPlan {
        &self.plan
    }

    /// Ends the reading, and what the source may still be doing for it.
    pub(super) async fn close(&mut self) -> Result<(), ReplicateError> {
        if self.is_answered {
            // Else the stream would begin by reading again what was read here.
            return self.let_go().await;
        }
        let mut other = Session::open(self.session.address()).await?;
        let sql = format!("SELECT pg_terminate_backend({})", self.session.id());
        let doing = "ending a session that reads the log";
        other.run(doing, sql).await.map(drop)
    }

    async fn ask(&mut self) -> Result<(), ReplicateError> {
        let sql = format!(
            "COPY (SELECT data FROM pg_logical_slot_get_binary_changes({}, NULL, {}, 'proto_version', '1', 'publication_names', {})) TO STDOUT (FORMAT binary)",
            quote_text(&self.slot),
            self.piece,
            quote_text(&format!("\"{}\"", self.plan.mark()))
        );
        let wire = self.session.wire();
        wire.set_patience(SILENCE_LIMIT);
        let asked = wire.send_query(sql.as_bytes()).await;
        asked.map_err(|error| self.failed(error))?;
        (self.asked, self.messages, self.is_answered) = (Instant::now(), 0, false);
        Ok(())
    }

    /// Tells the source that everything committed on the target may go. If it will not hear it now, it is told again by the stream.
    async fn let_go(&mut self) -> Result<(), ReplicateError> {
        self.told = self.done;
        let done = LogPosition::of_lsn(self.done).to_string();
        let moved = slot::move_up(&mut self.session, &self.plan.mark(), &done, MOVE_LIMIT).await;
        match moved {
            Err(error) if is_declined(&error) => Ok(()),
            moved => moved,
        }
    }

    fn failed(&self, error: WireError) -> ReplicateError {
        self.session.told(SILENCE_LIMIT, DOING, error)
    }
}

/// Copies the stream's slot, and moves the copy up to a place.
async fn begin_at(
    plan: &StreamPlan,
    session: &mut Session,
    name: &str,
    from: &LogPosition,
) -> Result<(), ReplicateError> {
    slot::copy_as(plan, session, name, true).await?;
    slot::refuse_later(session, name, from).await?;
    slot::move_up(session, name, &from.to_string(), MOVE_LIMIT).await
}

/// Whether the source has said no, or not now: what is asked of it here is never needed.
fn is_declined(error: &ReplicateError) -> bool {
    match error {
        ReplicateError::Refused { .. } | ReplicateError::DiskFull { .. } => true,
        ReplicateError::Unreachable { source, .. } => source
            .as_ref()
            .is_some_and(|cause| cause.sql_state().is_some()),
        _ => false,
    }
}

/// Bytes of the copy's head, which stands before its first row.
fn head_bytes(body: &[u8]) -> usize {
    match body.starts_with(COPY_HEAD) {
        true => COPY_HEAD.len(),
        false => 0,
    }
}
