//! A slot's stream as whole transactions in the order of their commits, whether the source sends them so or, where they are large, piece by piece while they are in progress.
//!
//! A source of 14 or newer that is asked for it sends a transaction that outgrows its memory (`logical_decoding_work_mem`) before it commits, instead of spilling it to its own disk.
//! Such pieces wait here ([`super::waiting`]), and when the transaction commits, they are handed on as if they came only now: its beginning, its messages, its commit. So whoever reads from here
//! sees what version 1 of the protocol would have sent, and neither what is applied nor what is told to the source as done knows of pieces. Keepalives tell of commits that were sent, so a
//! transaction in progress holds nothing up and is never passed: a reader that begins again is sent all of it again.
//!
//! # What was rolled back
//!
//! Each message in a piece names the subtransaction that wrote it, and the source tells of each that was rolled back, its children too: the log has a record of each of them. The word for one that
//! did not come from a piece is not ours to hear. Two things want an argument.
//!
//! **What a table looks like** is told within a transaction before its first change of that table, as a message of the subtransaction that made this change, and is dropped with it. The source counts
//! on that: after each word of a rollback it takes all tables for untold in that transaction and tells them again. What was told in a transaction that commits counts as told from then on, and it is
//! handed on in that very order. Can it be older than what was told since by others? They had no lock that would let them change the table while the transaction had written to it, and what had
//! written is not rolled back. So it is the same.
//!
//! **The word may not come.** A source that has spilled more than 4,096 changes of a subtransaction before it could send them forgets, in reading them back, that it sent them, and does not tell of
//! their rollback (seen on 14 and 18: `ReorderBufferTruncateTXN` goes by the number of changes in memory). It spills so after its reader began again, and in the middle of a value that is stored
//! outside of its row. Then rows would arrive that the source does not have.
//! So at each commit the source's own record is asked for each subtransaction that is not known to be rolled back: it rolled them back before it wrote the commit, which we have read. If one was,
//! the source's idea of which tables are told is wrong too. Then this reader ends, and the next one asks for whole transactions ([`crate::postgres::pipeline`]).

use std::collections::HashSet;

use tokio::sync::watch;

use super::decode::{Message, Segment, decode, segment, within};
use super::reader::{Raw, Read, Reader, Sends};
use super::waiting::{Next, Replay, Waiting};
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::progress::Progress;

/// The first version that sends transactions in progress.
const SENDS_FROM: u32 = 140_000;
/// Subtransactions that are asked for at once.
const PARTS_ASKED: usize = 10_000;

/// An open stream.
pub(super) struct Streamed {
    reader: Reader,
    from: Address,
    /// `None`: the source sends whole transactions.
    waiting: Option<Waiting>,
    /// The transaction whose piece is being sent.
    present: Option<u32>,
    /// A transaction that is being handed on, and the end of its commit.
    handed_on: Option<(Replay, u64)>,
    publish: watch::Sender<Progress>,
    /// What was last published of the disk's use.
    disk_bytes: u64,
}

impl Streamed {
    /// Opens the stream of the plan's own slot behind the checkpoint's place.
    pub(super) async fn open(
        plan: &StreamPlan,
        from: &LogPosition,
        publish: &watch::Sender<Progress>,
    ) -> Result<Streamed, ReplicateError> {
        let waiting = match &plan.spool {
            Some(place) if sends_in_progress(plan).await? => Some(Waiting::new(plan, place)?),
            _ => None,
        };
        let sends = match waiting {
            Some(_) => Sends::InProgress,
            None => Sends::Committed,
        };
        publish.send_modify(|progress| progress.spool_bytes = 0);
        Ok(Streamed {
            reader: Reader::open(plan, from, sends).await?,
            from: plan.from.clone(),
            waiting,
            present: None,
            handed_on: None,
            publish: publish.clone(),
            disk_bytes: 0,
        })
    }

    /// Whether something is here already.
    pub(super) fn has_buffered(&mut self) -> bool {
        self.handed_on.is_some() || self.reader.has_buffered()
    }

    /// [`Reader::wait`].
    pub(super) async fn wait(&mut self) -> Result<(), ReplicateError> {
        self.reader.wait().await
    }

    /// [`Reader::tell`].
    pub(super) async fn tell(&mut self, done: u64) -> Result<(), ReplicateError> {
        self.reader.tell(done).await
    }

    /// Reads what has come. It must not be cut off. `None`: nothing that can be handed on yet.
    pub(super) async fn read(&mut self) -> Result<Option<Read>, ReplicateError> {
        if self.handed_on.is_some() {
            return self.hand_on().await;
        }
        if let Raw::Reached(place) = self.reader.read_raw().await? {
            return Ok(Some(Read::Reached(place)));
        }
        let Some(waiting) = &mut self.waiting else {
            return self.reader.message().map(Some);
        };
        let payload = self.reader.payload();
        match (segment(payload), self.present) {
            (Some(Segment::Start { top }), None) => self.present = Some(top),
            (Some(Segment::Stop), Some(_)) => self.present = None,
            (Some(Segment::Abort { top, part }), None) => waiting.roll_back(top, part),
            (Some(Segment::Commit { top, end }), None) => return self.begin(top, end).await,
            (Some(_), _) => return Err(self.reader.unreadable()),
            (None, None) => return self.reader.message().map(Some),
            (None, Some(top)) => match within(payload) {
                Some((part, tag @ (b'R' | b'I' | b'U' | b'D' | b'T'), body)) => {
                    waiting.keep(top, part, (tag, body)).await?;
                }
                // An origin, a type, a message of the application: nothing about rows.
                Some((_, b'O' | b'Y' | b'M', _)) => {}
                _ => return Err(self.reader.unreadable()),
            },
        }
        self.publish_use();
        Ok(None)
    }

    /// Hands on the beginning of a transaction that has committed.
    async fn begin(&mut self, top: u32, end: u64) -> Result<Option<Read>, ReplicateError> {
        let pieces = self.waiting.as_mut().map(|waiting| waiting.take(top));
        let pieces = pieces.unwrap_or_default();
        refuse_untold(&self.from, pieces.parts()).await?;
        self.handed_on = Some((Replay::new(pieces), end));
        let begin = Message::Begin { transaction: top };
        Ok(Some(Read::Message(begin, 0)))
    }

    /// Hands on what comes next.
    async fn hand_on(&mut self) -> Result<Option<Read>, ReplicateError> {
        let Some((replay, end)) = &mut self.handed_on else {
            return Ok(None);
        };
        let message = match replay.next().await? {
            Next::More => return Ok(None),
            Next::Message(message) => {
                decode(message).map(|decoded| Read::Message(decoded, message.len()))
            }
            Next::End => {
                let commit = Message::Commit { end: *end };
                self.handed_on = None;
                self.publish_use();
                Some(Read::Message(commit, 0))
            }
        };
        match message {
            Some(message) => Ok(Some(message)),
            None => Err(self.reader.unreadable()),
        }
    }

    fn publish_use(&mut self) {
        let used = self.waiting.as_ref().map_or(0, Waiting::disk_bytes);
        if used != self.disk_bytes {
            self.disk_bytes = used;
            self.publish
                .send_modify(|progress| progress.spool_bytes = used);
        }
    }
}

async fn sends_in_progress(plan: &StreamPlan) -> Result<bool, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    Ok(server::version(&mut source).await? >= SENDS_FROM)
}

/// An error if the source has rolled one of them back.
async fn refuse_untold(from: &Address, parts: &HashSet<u32>) -> Result<(), ReplicateError> {
    if parts.is_empty() {
        return Ok(());
    }
    let doing = "asking what was rolled back";
    let mut source = Session::open(from).await?;
    let sql = "SELECT pg_snapshot_xmax(pg_current_snapshot())";
    let row: Option<(u64,)> = source.row(doing, sql).await?;
    let (next,) = row.unwrap_or_default();
    let parts: Vec<String> = parts.iter().map(|part| whole(*part, next)).collect();
    for some in parts.chunks(PARTS_ASKED) {
        let sql = format!(
            "SELECT number::text FROM unnest('{{{}}}'::xid8[]) AS number WHERE pg_xact_status(number) = 'aborted' LIMIT 1",
            some.join(",")
        );
        let row: Option<(String,)> = source.row(doing, sql).await?;
        if let Some((part,)) = row {
            return Err(ReplicateError::Unkept {
                reason: format!(
                    "the source did not tell that its subtransaction {part} was rolled back"
                ),
            });
        }
    }
    Ok(())
}

/// A transaction's number with its upper half, by one that is not far from it.
fn whole(number: u32, near: u64) -> String {
    let distance = number.wrapping_sub(near as u32) as i32;
    near.saturating_add_signed(i64::from(distance)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_half_of_a_number_is_that_of_its_neighbour() {
        let epoch = 3_u64 << 32;
        for (number, near, expected) in [
            (5, 9, 5),
            (12, 9, 12),
            (u32::MAX, epoch + 4, epoch - 1),
            (2, epoch - 1, epoch + 2),
            (0, epoch, epoch),
        ] {
            assert_eq!(whole(number, near), expected.to_string());
        }
    }
}
