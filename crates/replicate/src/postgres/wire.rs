//! The frontend and backend protocol, version 3, as far as moving data needs it: statements as text, COPY in and out, and the copying in both
//! directions that a replication stream is.
//!
//! Two things set it apart from a general driver. A message of `COPY … TO STDOUT` has the same form as one of `COPY … FROM STDIN`, so rows
//! pass from one server to the other as they lie on the wire ([`Wire::copy_out_piece`], [`Wire::copy_in_piece`]), in pieces of the read buffer: a row of
//! hundreds of megabytes is never held. And a session may speak the replication protocol, which general drivers do not.
//!
//! Format of the messages: PostgreSQL manual, "Frontend/Backend Protocol", section "Message Formats".

mod answer;
mod copying;
mod login;
mod scram;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection::QUERY_LIMIT;
use crate::connection::tls::Socket;

pub(crate) use answer::Answer;
pub use answer::ServerError;
pub(crate) use login::log_in;

/// Bytes that are read from the socket at once.
const READ_BYTES: usize = 256 * 1024;
/// The largest message that is read whole: a row, or a change of the log, with room for its other columns. A field has at most 1 GiB.
const LARGEST_MESSAGE_BYTES: usize = (1 << 30) + (64 << 20);
/// Tag and length of a message; the length counts itself.
const HEAD_BYTES: usize = 5;

/// What went wrong on a connection.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection broke, or TLS was not had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The server refused.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// The server, or we, broke the protocol, which no second try mends.
    #[error("the server sent {0}")]
    Protocol(String),
    /// The server wants a way to log in that is not known here, or that would tell it the password in clear.
    #[error("{0}")]
    Login(String),
}

/// A connection.
pub struct Wire {
    socket: Box<dyn Socket>,
    /// Bytes from the server; those from `start` to `end` are not used yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How long the server may be silent.
    patience: Duration,
    process_id: u32,
    /// Bytes of the present message of a copy that are still to come.
    copy_left: usize,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

/// Head of a message: its tag, and the bytes of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    tag: u8,
    body_bytes: usize,
}

impl Wire {
    fn new(socket: Box<dyn Socket>) -> Wire {
        Wire {
            socket,
            buffer: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            patience: QUERY_LIMIT,
            process_id: 0,
            copy_left: 0,
        }
    }

    /// The server's number for this session.
    pub fn process_id(&self) -> u32 {
        self.process_id
    }

    /// From now on the server may be silent for so long before it counts as gone.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// How long the server may be silent.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends bytes that are whole messages, or pieces of one.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        let sending = async {
            self.socket.write_all(bytes).await?;
            self.socket.flush().await
        };
        match tokio::time::timeout(self.patience, sending).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }

    /// Head of the next message, which stays in the buffer.
    async fn peek_head(&mut self) -> Result<Head, WireError> {
        self.buffered(HEAD_BYTES).await?;
        let head = &self.buffer[self.start..self.start + HEAD_BYTES];
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        match length.checked_sub(4) {
            Some(body_bytes) if body_bytes <= LARGEST_MESSAGE_BYTES => Ok(Head {
                tag: head[0],
                body_bytes,
            }),
            _ => Err(WireError::Protocol(format!(
                "a message of {length} bytes, which is none of this protocol"
            ))),
        }
    }

    /// Reads the next message whole into `body` and returns its tag. Notices and changed settings are passed over.
    async fn message(&mut self, body: &mut Vec<u8>) -> Result<u8, WireError> {
        loop {
            let head = self.peek_head().await?;
            self.start += HEAD_BYTES;
            body.clear();
            self.take(head.body_bytes, body).await?;
            if !is_aside(head.tag) {
                return Ok(head.tag);
            }
        }
    }

    /// Appends the next bytes to `out`.
    async fn take(&mut self, mut count: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
        while count > 0 {
            self.buffered(1).await?;
            let piece = count.min(self.end - self.start);
            out.extend_from_slice(&self.buffer[self.start..self.start + piece]);
            self.start += piece;
            count -= piece;
        }
        Ok(())
    }

    /// Waits until the buffer holds so many bytes, which are few. It may be cut off: nothing that was read is lost.
    async fn buffered(&mut self, count: usize) -> Result<(), WireError> {
        while self.end - self.start < count {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            let reading = self.socket.read(&mut self.buffer[self.end..]);
            let read = match tokio::time::timeout(self.patience, reading).await {
                Ok(read) => read?,
                Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            };
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.end += read;
        }
        Ok(())
    }
}

/// Notices, changed settings and notifications, which may come at any time.
fn is_aside(tag: u8) -> bool {
    matches!(tag, b'N' | b'S' | b'A')
}

/// A message from its tag and body.
fn framed(tag: u8, body: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut message = Vec::with_capacity(body.len() + HEAD_BYTES);
    message.extend_from_slice(&head(tag, body.len())?);
    message.extend_from_slice(body);
    Ok(message)
}

/// Tag and length of a message with a body of so many bytes.
fn head(tag: u8, body_bytes: usize) -> Result<[u8; HEAD_BYTES], WireError> {
    let length = u32::try_from(body_bytes + 4)
        .map_err(|_| WireError::Protocol("too long a statement back".to_owned()))?;
    let [one, two, three, four] = length.to_be_bytes();
    Ok([tag, one, two, three, four])
}

/// Takes a text that ends with a zero byte off the front.
fn take_text(body: &mut &[u8]) -> Option<String> {
    let end = memchr::memchr(0, body)?;
    let text = String::from_utf8_lossy(&body[..end]).into_owned();
    *body = &body[end + 1..];
    Some(text)
}
