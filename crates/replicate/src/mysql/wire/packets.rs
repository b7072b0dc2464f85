//! Packets of the protocol: sent whole, and read piece by piece as their bytes come.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{RowReader, SMALL_ANSWER_BYTES, unexpected};
use crate::connection::QUERY_LIMIT;

/// Length of a packet that another one continues.
pub(super) const FULL_PACKET: usize = 0xff_ffff;

/// The packet that is being read whole.
#[derive(Debug, Default)]
pub(super) struct Coming {
    bytes: Vec<u8>,
    /// Bytes of its present part that are still to come, once the head of that part has been read.
    left: usize,
    is_begun: bool,
    /// Whether another part follows.
    is_continued: bool,
}

impl RowReader {
    /// Length of the packet whose head is at the front of the buffer.
    pub(super) fn packet_length(&self) -> usize {
        let head = &self.buffer[self.start..self.start + 3];
        usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16
    }

    /// Sends one packet.
    pub(super) async fn send(&mut self, payload: &[u8]) -> Result<(), mysql_async::Error> {
        if payload.len() >= FULL_PACKET {
            return Err(unexpected("a statement too long for one packet"));
        }
        let [one, two, three, ..] = (payload.len() as u32).to_le_bytes();
        let mut packet = vec![one, two, three, self.sequence];
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let sent = tokio::time::timeout(QUERY_LIMIT, async {
            self.wire.write_all(&packet).await?;
            self.wire.flush().await
        });
        sent.await
            .map_err(|_| io_error(io::ErrorKind::TimedOut.into()))?
            .map_err(io_error)
    }

    /// Reads one small packet whole; an error that the server sends is an error here.
    pub(super) async fn packet(&mut self) -> Result<Vec<u8>, mysql_async::Error> {
        self.packet_within(SMALL_ANSWER_BYTES).await
    }

    pub(super) async fn packet_within(
        &mut self,
        limit_bytes: usize,
    ) -> Result<Vec<u8>, mysql_async::Error> {
        let mut payload = Vec::new();
        self.packet_into(&mut payload, limit_bytes).await?;
        Ok(payload)
    }

    /// Reads one packet whole into a buffer, in place of what it held. Nothing is lost if the waiting is given up: what has come is kept for the next call.
    pub(super) async fn packet_into(
        &mut self,
        packet: &mut Vec<u8>,
        limit_bytes: usize,
    ) -> Result<(), mysql_async::Error> {
        loop {
            if !self.coming.is_begun {
                self.buffered(4).await?;
                let length = self.packet_length();
                if self.coming.bytes.len() + length > limit_bytes {
                    return Err(unexpected("a packet that is far too long"));
                }
                self.sequence = self.buffer[self.start + 3].wrapping_add(1);
                self.start += 4;
                self.coming.bytes.reserve_exact(length);
                self.coming.left = length;
                self.coming.is_continued = length == FULL_PACKET;
                self.coming.is_begun = true;
            }
            while self.coming.left > 0 {
                self.buffered(1).await?;
                let piece = self.coming.left.min(self.end - self.start);
                let bytes = &self.buffer[self.start..self.start + piece];
                self.coming.bytes.extend_from_slice(bytes);
                self.start += piece;
                self.coming.left -= piece;
            }
            self.coming.is_begun = false;
            if !self.coming.is_continued {
                break;
            }
        }
        packet.clear();
        std::mem::swap(&mut self.coming.bytes, packet);
        match packet.first() {
            Some(0xff) => Err(server_error(packet)),
            _ => Ok(()),
        }
    }

    /// Waits until the buffer holds so many bytes, which are few.
    pub(super) async fn buffered(&mut self, count: usize) -> Result<(), mysql_async::Error> {
        while self.end - self.start < count {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            let reading = self.wire.read(&mut self.buffer[self.end..]);
            let read = tokio::time::timeout(QUERY_LIMIT, reading).await;
            let read = read
                .map_err(|_| io_error(io::ErrorKind::TimedOut.into()))?
                .map_err(io_error)?;
            if read == 0 {
                return Err(io_error(io::ErrorKind::UnexpectedEof.into()));
            }
            self.end += read;
        }
        Ok(())
    }
}

pub(super) fn io_error(error: io::Error) -> mysql_async::Error {
    mysql_async::Error::Io(mysql_async::IoError::Io(error))
}

/// Code and words of an error packet: `ff`, code, and, once the login is over, `#` and a state of five characters.
fn server_error(packet: &[u8]) -> mysql_async::Error {
    let code = u16::from_le_bytes([
        packet.get(1).copied().unwrap_or_default(),
        packet.get(2).copied().unwrap_or_default(),
    ]);
    let rest = packet.get(3..).unwrap_or_default();
    let (state, message) = match rest {
        [b'#', rest @ ..] if rest.len() >= 5 => rest.split_at(5),
        _ => (&b"HY000"[..], rest),
    };
    mysql_async::Error::Server(mysql_async::ServerError {
        code,
        message: String::from_utf8_lossy(message).into_owned(),
        state: String::from_utf8_lossy(state).into_owned(),
    })
}
