//! A connection that hands rows over as they lie on the wire, for copying them without looking into them.
//!
//! The driver that everything else uses makes a value of each field of each row. A copy needs no values: a row of the text protocol is a
//! sequence of length-prefixed fields, and [`RowText`] writes each straight into the text that the target loads. Rows pass in pieces of the
//! read buffer, so a row of hundreds of megabytes, which the protocol cuts into packets of 16 MiB, is never held.
//!
//! The rules of [`Address`] hold here too: verified TLS unless it is turned off by name, every wait bounded, errors sorted alike.

mod log_packets;
mod login;
mod row_text;

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection::tls::Socket;
use crate::connection::{Address, CONNECT_LIMIT, QUERY_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};

pub(crate) use row_text::{RowText, row_fields};

/// Bytes that are read from the socket at once.
const READ_BYTES: usize = 256 * 1024;
/// Length of a packet that another one continues.
const FULL_PACKET: usize = 0xff_ffff;
/// The largest answer to a statement of our own, which is read whole.
const SMALL_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// The largest row that a server of this family sends, with room for its other columns.
const LARGEST_ROW_BYTES: usize = (1 << 30) + SMALL_ANSWER_BYTES;
const COM_QUERY: u8 = 3;
const BROKEN_ROW: &str = "a broken row";

/// A connection to a server that reads rows as they are.
pub(crate) struct RowReader {
    address: Address,
    wire: Box<dyn Socket>,
    /// Bytes from the server; those from `start` to `end` are not used yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of the next packet within the exchange.
    sequence: u8,
    answer: Answer,
    coming: Coming,
}

/// The packet that is being read whole.
#[derive(Debug, Default)]
struct Coming {
    bytes: Vec<u8>,
    /// Bytes of its present part that are still to come, once the head of that part has been read.
    left: usize,
    is_begun: bool,
    /// Whether another part follows.
    is_continued: bool,
}

/// Where the reading of an answer's rows stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answer {
    /// Bytes of the present packet that are still to come.
    packet_left: usize,
    /// Whether the row goes on in another packet after the present one.
    is_continued: bool,
    /// Whether a row has begun and not ended.
    is_in_row: bool,
}

impl RowReader {
    /// Opens a connection and runs the statements of `setup`.
    pub(crate) async fn connect(
        address: &Address,
        setup: &[&str],
    ) -> Result<RowReader, ReplicateError> {
        let doing = "connecting";
        let connecting = tokio::time::timeout(CONNECT_LIMIT, login::log_in(address)).await;
        let mut reader = connecting
            .map_err(|_| address.silent(doing, CONNECT_LIMIT))?
            .map_err(|error| address.error(doing, error))?;
        for statement in setup {
            reader.run(doing, statement).await?;
        }
        if let Some(expected) = address.only_server() {
            let sql = server::identity_query(Flavour::of(expected));
            let rows = reader.rows("asking for the server's identity", sql).await?;
            let found = rows.first().and_then(|row| row.first()?.as_deref());
            let found = String::from_utf8_lossy(found.unwrap_or_default());
            server::require_same(address, expected, &found)?;
        }
        Ok(reader)
    }

    fn new(address: &Address, wire: Box<dyn Socket>) -> RowReader {
        RowReader {
            address: address.clone(),
            wire,
            buffer: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            sequence: 0,
            answer: Answer::default(),
            coming: Coming::default(),
        }
    }

    /// Runs a statement that answers without rows.
    pub(crate) async fn run(&mut self, doing: &str, sql: &str) -> Result<(), ReplicateError> {
        let packet = self
            .try_run(sql)
            .await
            .map_err(|error| self.told(doing, error))?;
        match packet.first() {
            Some(0) => Ok(()),
            _ => Err(self.told(
                doing,
                unexpected("an answer that is neither OK nor an error"),
            )),
        }
    }

    async fn try_run(&mut self, sql: &str) -> Result<Vec<u8>, mysql_async::Error> {
        self.send_query(sql.as_bytes()).await?;
        self.packet().await
    }

    /// Runs a query with few rows and returns their fields, `None` for NULL.
    pub(crate) async fn rows(
        &mut self,
        doing: &str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<Vec<u8>>>>, ReplicateError> {
        let rows = self.try_rows(sql).await;
        rows.map_err(|error| self.told(doing, error))
    }

    /// Runs a query that answers with one text.
    pub(crate) async fn text(&mut self, doing: &str, sql: &str) -> Result<String, ReplicateError> {
        let rows = self.rows(doing, sql).await?;
        let text = rows.into_iter().flatten().flatten().next();
        Ok(String::from_utf8_lossy(&text.unwrap_or_default()).into_owned())
    }

    async fn try_rows(
        &mut self,
        sql: &str,
    ) -> Result<Vec<Vec<Option<Vec<u8>>>>, mysql_async::Error> {
        self.send_query(sql.as_bytes()).await?;
        self.read_head().await?;
        let mut rows = Vec::new();
        loop {
            let packet = self.packet().await?;
            if is_end(&packet) {
                return Ok(rows);
            }
            let fields = row_fields(&packet).map(|field| Some(field?.map(<[u8]>::to_vec)));
            rows.push(
                fields
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| unexpected(BROKEN_ROW))?,
            );
        }
    }

    /// Sends a query and waits until its first row, or its end, has arrived: a server sends that only after its read view exists.
    pub(crate) async fn begin(&mut self, doing: &str, sql: &[u8]) -> Result<(), ReplicateError> {
        let begun = self.try_begin(sql).await;
        begun.map_err(|error| self.told(doing, error))
    }

    async fn try_begin(&mut self, sql: &[u8]) -> Result<(), mysql_async::Error> {
        self.send_query(sql).await?;
        self.read_head().await?;
        self.answer = Answer::default();
        // The head of a packet and its first byte.
        self.buffered(5).await
    }

    /// Appends the text of rows to `out` until it holds at least `enough` bytes or the answer ends. `false`: it has ended.
    pub(crate) async fn read_rows(
        &mut self,
        doing: &str,
        text: &mut RowText,
        out: &mut Vec<u8>,
        enough: usize,
    ) -> Result<bool, ReplicateError> {
        while out.len() < enough {
            let step = self.read_piece(text, out).await;
            if !step.map_err(|error| self.told(doing, error))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the next row of an answer that was begun, as it lies on the wire. `false`: the answer has ended.
    pub(crate) async fn next_row(
        &mut self,
        doing: &str,
        row: &mut Vec<u8>,
    ) -> Result<bool, ReplicateError> {
        let read = self.packet_into(row, LARGEST_ROW_BYTES).await;
        read.map_err(|error| self.told(doing, error))?;
        Ok(!is_end(row))
    }

    /// The error for a row that cannot be taken apart.
    pub(crate) fn broken_row(&self, doing: &str) -> ReplicateError {
        self.told(doing, unexpected(BROKEN_ROW))
    }

    /// What went wrong, as all of the engine tells it.
    fn told(&self, doing: &str, error: mysql_async::Error) -> ReplicateError {
        match &error {
            mysql_async::Error::Io(mysql_async::IoError::Io(io))
                if io.kind() == io::ErrorKind::TimedOut =>
            {
                self.address.silent(doing, QUERY_LIMIT)
            }
            _ => self.address.error(doing, error),
        }
    }

    /// Passes on what is buffered of the present packet. `false`: the answer has ended.
    async fn read_piece(
        &mut self,
        text: &mut RowText,
        out: &mut Vec<u8>,
    ) -> Result<bool, mysql_async::Error> {
        if self.answer.packet_left == 0 && !self.begin_packet().await? {
            return Ok(false);
        }
        if self.answer.packet_left > 0 {
            self.buffered(1).await?;
            let piece = self.answer.packet_left.min(self.end - self.start);
            text.feed(&self.buffer[self.start..self.start + piece], out);
            self.start += piece;
            self.answer.packet_left -= piece;
        }
        if self.answer.packet_left == 0 && !self.answer.is_continued {
            self.answer.is_in_row = false;
            if !text.end_row(out) {
                return Err(unexpected(
                    "a row with another number of fields than its head promised",
                ));
            }
        }
        Ok(true)
    }

    /// Reads the head of the next packet of rows. `false`: it ends the answer.
    async fn begin_packet(&mut self) -> Result<bool, mysql_async::Error> {
        self.buffered(4).await?;
        let length = self.packet_length();
        if !self.answer.is_in_row {
            self.buffered(5).await?;
            let is_error = self.buffer[self.start + 4] == 0xff;
            // No row of at least one field that begins with this byte is so short.
            let is_end = self.buffer[self.start + 4] == 0xfe && length < 9;
            if is_error || is_end {
                self.packet().await?;
                return Ok(false);
            }
        }
        self.start += 4;
        self.answer = Answer {
            packet_left: length,
            is_continued: length == FULL_PACKET,
            is_in_row: true,
        };
        Ok(true)
    }

    /// Length of the packet whose head is at the front of the buffer.
    fn packet_length(&self) -> usize {
        let head = &self.buffer[self.start..self.start + 3];
        usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16
    }

    /// The definitions of the columns and the end of them; nobody needs them.
    async fn read_head(&mut self) -> Result<(), mysql_async::Error> {
        let packet = self.packet().await?;
        if packet.first().is_none_or(|first| *first == 0) {
            return Err(unexpected("an answer without rows"));
        }
        while !is_end(&self.packet().await?) {}
        Ok(())
    }

    async fn send_query(&mut self, sql: &[u8]) -> Result<(), mysql_async::Error> {
        self.sequence = 0;
        let mut payload = Vec::with_capacity(sql.len() + 1);
        payload.push(COM_QUERY);
        payload.extend_from_slice(sql);
        self.send(&payload).await
    }

    /// Sends one packet.
    async fn send(&mut self, payload: &[u8]) -> Result<(), mysql_async::Error> {
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
    async fn packet(&mut self) -> Result<Vec<u8>, mysql_async::Error> {
        self.packet_within(SMALL_ANSWER_BYTES).await
    }

    async fn packet_within(&mut self, limit_bytes: usize) -> Result<Vec<u8>, mysql_async::Error> {
        let mut payload = Vec::new();
        self.packet_into(&mut payload, limit_bytes).await?;
        Ok(payload)
    }

    /// Reads one packet whole into a buffer, in place of what it held. Nothing is lost if the waiting is given up: what has come is kept for the next call.
    async fn packet_into(
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
    async fn buffered(&mut self, count: usize) -> Result<(), mysql_async::Error> {
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

/// The packet that ends columns or rows; without the flag that abolished it, which not every server knows.
fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

fn io_error(error: io::Error) -> mysql_async::Error {
    mysql_async::Error::Io(mysql_async::IoError::Io(error))
}

/// The server broke the protocol, which no second try mends.
fn unexpected(what: &str) -> mysql_async::Error {
    io_error(io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server sent {what}"),
    ))
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
