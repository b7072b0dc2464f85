//! Reads a slot's stream, and tells the source how much of its log it may let go.

use std::time::{Duration, Instant, SystemTime};

use super::backlog::{Backlog, Piece};
use super::decode::{Message, decode};
use super::slot;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

/// How often the source is told, and asked, where things stand. Its answer also moves the place that is known to hold nothing for us.
pub(crate) const STATUS_INTERVAL: Duration = Duration::from_millis(50);
/// The source answers to every status, so a longer silence means that it is gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
/// The room for a message is kept for the next one, unless a large value has made it larger than this.
pub(super) const BODY_BYTES_KEPT: usize = 4 << 20;
/// Midnight of 2000-01-01, from which the protocol counts, in seconds of Unix.
const EPOCH_S: u64 = 946_684_800;

/// What was read.
pub(crate) enum Read {
    /// A message of the log, and its bytes.
    Message(Message, usize),
    /// Everything below this place has been sent.
    Reached(u64),
}

/// What was read, as it is.
pub(super) enum Raw {
    /// A message of the log, which is the reader's [`Reader::payload`] until the next one.
    Payload,
    /// Everything below this place has been sent.
    Reached(u64),
}

/// What the source sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sends {
    /// Transactions when they commit.
    Committed,
    /// Large ones before they commit too; from 14 on.
    InProgress,
}

/// Bytes before the message of the log in what is received: the tag, two places in the log, the time.
const PREFIX_BYTES: usize = 25;

/// Where messages come from.
enum Feed {
    /// The replication protocol.
    Stream(Box<Session>),
    /// Statements, while the stream is far behind; then what the source shall send.
    Backlog(Box<Backlog>, Sends),
}

/// An open stream.
pub(crate) struct Reader {
    feed: Feed,
    body: Vec<u8>,
    /// Where the message of the log begins in it.
    prefix_bytes: usize,
    told: Instant,
    position: LogPosition,
}

impl Reader {
    /// Opens the stream of the plan's own slot behind the checkpoint's place: by statements first, where it is far behind.
    pub(super) async fn open(
        plan: &StreamPlan,
        from: &LogPosition,
        sends: Sends,
    ) -> Result<Reader, ReplicateError> {
        if let Some(backlog) = Backlog::open(plan, from).await? {
            return Ok(Reader::of(Feed::Backlog(Box::new(backlog), sends), from));
        }
        let session = begin_own(plan, from, sends).await?;
        Ok(Reader::of(Feed::Stream(Box::new(session)), from))
    }

    /// Opens the stream of a slot behind a place, of the tables that the plan's publication names.
    pub(crate) async fn open_slot(
        plan: &StreamPlan,
        slot: &str,
        from: &LogPosition,
        sends: Sends,
    ) -> Result<Reader, ReplicateError> {
        let session = begin(plan, slot, from, sends).await?;
        Ok(Reader::of(Feed::Stream(Box::new(session)), from))
    }

    fn of(feed: Feed, from: &LogPosition) -> Reader {
        Reader {
            feed,
            body: Vec::new(),
            prefix_bytes: PREFIX_BYTES,
            told: Instant::now(),
            position: from.clone(),
        }
    }

    /// Whether something is here already.
    pub(crate) fn has_buffered(&mut self) -> bool {
        match &mut self.feed {
            Feed::Stream(session) => session.wire().has_buffered(),
            Feed::Backlog(backlog, _) => backlog.has_buffered(),
        }
    }

    /// Waits until something has come. It may be cut off at any time.
    pub(crate) async fn wait(&mut self) -> Result<(), ReplicateError> {
        match &mut self.feed {
            Feed::Stream(session) => {
                let waited = session.wire().copy_both_wait().await;
                waited.map_err(|error| session.told(SILENCE_LIMIT, "reading the log", error))
            }
            Feed::Backlog(backlog, _) => backlog.wait().await,
        }
    }

    /// Reads what has come. It must not be cut off.
    pub(crate) async fn read(&mut self) -> Result<Read, ReplicateError> {
        match self.read_raw().await? {
            Raw::Reached(place) => Ok(Read::Reached(place)),
            Raw::Payload => self.message(),
        }
    }

    /// [`Reader::read`], with the message as it is.
    pub(super) async fn read_raw(&mut self) -> Result<Raw, ReplicateError> {
        if self.body.capacity() > BODY_BYTES_KEPT {
            self.body = Vec::new();
        }
        let backlog = match &mut self.feed {
            Feed::Stream(session) => {
                self.prefix_bytes = PREFIX_BYTES;
                return match received(session, &mut self.body).await? {
                    Some(raw) => Ok(raw),
                    None => Err(self.unreadable()),
                };
            }
            Feed::Backlog(backlog, _) => backlog,
        };
        match backlog.read(&mut self.body).await? {
            Piece::Message { prefix_bytes } => {
                self.prefix_bytes = prefix_bytes;
                Ok(Raw::Payload)
            }
            Piece::Ended => Ok(Raw::Reached(backlog.read_up_to().offset())),
            Piece::Over => self.leave_backlog().await,
        }
    }

    /// Goes over to the replication protocol, behind the last commit that was read.
    async fn leave_backlog(&mut self) -> Result<Raw, ReplicateError> {
        let Feed::Backlog(backlog, sends) = &mut self.feed else {
            return Ok(Raw::Reached(self.position.offset()));
        };
        let from = backlog.read_up_to();
        backlog.close().await?;
        let plan = backlog.plan();
        let session = begin_own(plan, &from, *sends).await?;
        self.feed = Feed::Stream(Box::new(session));
        Ok(Raw::Reached(from.offset()))
    }

    /// The message of the log that was read last.
    pub(super) fn payload(&self) -> &[u8] {
        self.body.get(self.prefix_bytes..).unwrap_or_default()
    }

    /// [`Reader::payload`], understood.
    pub(super) fn message(&self) -> Result<Read, ReplicateError> {
        let message = decode(self.payload());
        let read = message.map(|message| Read::Message(message, self.body.len()));
        read.ok_or_else(|| self.unreadable())
    }

    pub(super) fn unreadable(&self) -> ReplicateError {
        ReplicateError::LogUnreadable {
            position: self.position.clone(),
            reason: "the server sent a message that is none of pgoutput's".to_owned(),
        }
    }

    /// Tells the source that everything up to a place is committed on the target, if it is time to, and asks for an answer.
    pub(crate) async fn tell(&mut self, done: u64) -> Result<(), ReplicateError> {
        if self.told.elapsed() < STATUS_INTERVAL {
            return Ok(());
        }
        self.tell_now(done).await
    }

    /// [`Reader::tell`], whether it is time to or not.
    pub(crate) async fn tell_now(&mut self, done: u64) -> Result<(), ReplicateError> {
        self.told = Instant::now();
        self.position = LogPosition::of_lsn(done);
        let session = match &mut self.feed {
            Feed::Stream(session) => session,
            Feed::Backlog(backlog, _) => {
                if !backlog.goes_on(done).await {
                    self.leave_backlog().await?;
                }
                return Ok(());
            }
        };
        let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH_S);
        let now = SystemTime::now().duration_since(epoch).unwrap_or_default();
        let now_us = now.as_micros() as u64;
        let mut status = vec![b'r'];
        for number in [done, done, done, now_us] {
            status.extend_from_slice(&number.to_be_bytes());
        }
        status.push(1);
        session
            .copy_in_data("telling the source what is done", &status)
            .await
    }
}

/// Begins the replication protocol on the plan's own slot. Where that begins is asked for while we read from it, so that nobody else has moved it, or made it anew, since.
async fn begin_own(
    plan: &StreamPlan,
    from: &LogPosition,
    sends: Sends,
) -> Result<Session, ReplicateError> {
    let session = begin(plan, &plan.mark(), from, sends).await?;
    let mut other = Session::open(&plan.from).await?;
    slot::refuse_later(&mut other, &plan.mark(), from).await?;
    Ok(session)
}

/// Begins the replication protocol on a slot.
async fn begin(
    plan: &StreamPlan,
    slot: &str,
    from: &LogPosition,
    sends: Sends,
) -> Result<Session, ReplicateError> {
    let settings = [("replication", "database"), ("lc_monetary", "C")];
    let mut session = Session::open_with(&plan.from, &settings).await?;
    let protocol = match sends {
        Sends::Committed => "proto_version '1'",
        Sends::InProgress => "proto_version '2', streaming 'on'",
    };
    let sql = format!(
        "START_REPLICATION SLOT {slot} LOGICAL {from} ({protocol}, publication_names {})",
        quote_text(&format!("\"{}\"", plan.mark()))
    );
    let begun = session.wire().begin_copy_both(sql.as_bytes()).await;
    begun.map_err(|error| {
        lost(
            session.told(SILENCE_LIMIT, "opening the slot's stream", error),
            from,
        )
    })?;
    session.wire().set_patience(SILENCE_LIMIT);
    Ok(session)
}

/// Reads a message of the replication protocol. `None`: it is none.
async fn received(
    session: &mut Session,
    body: &mut Vec<u8>,
) -> Result<Option<Raw>, ReplicateError> {
    let doing = "reading the log";
    let read = session.wire().copy_both_message(body).await;
    let goes_on = read.map_err(|error| session.told(SILENCE_LIMIT, doing, error))?;
    if !goes_on {
        return Err(ReplicateError::Unreachable {
            side: session.address().side(),
            host: session.address().host(),
            doing: "reading the log, which the server ended".to_owned(),
            source: None,
        });
    }
    let place = body.get(1..9).and_then(|bytes| bytes.try_into().ok());
    Ok(match (body.first(), place) {
        (Some(b'k'), Some(place)) => Some(Raw::Reached(u64::from_be_bytes(place))),
        (Some(b'w'), _) if body.len() > PREFIX_BYTES => Some(Raw::Payload),
        _ => None,
    })
}

/// A slot that is gone, or whose log was taken away, cannot be made again without a gap (rule 25).
fn lost(error: ReplicateError, position: &LogPosition) -> ReplicateError {
    match &error {
        // undefined_object; object_not_in_prerequisite_state, as of an invalidated slot
        ReplicateError::Refused { source, .. }
            if matches!(source.sql_state(), Some("42704" | "55000")) =>
        {
            ReplicateError::LogPurged {
                position: position.clone(),
            }
        }
        _ => error,
    }
}
