//! A connection that hands rows over as they lie on the wire, for copying them without looking into them.
//!
//! The driver that everything else uses makes a value of each field of each row. A copy needs no values: a row of the text protocol is a
//! sequence of length-prefixed fields, and [`RowText`] writes each straight into the text that the target loads. Rows pass in pieces of the
//! read buffer, so a row of hundreds of megabytes, which the protocol cuts into packets of 16 MiB, is never held.
//!
//! The rules of [`Address`] hold here too: verified TLS unless it is turned off by name, every wait bounded, errors sorted alike.

mod log_packets;
mod login;
mod packets;
mod row_text;

use std::io;

use crate::connection::tls::Socket;
use crate::connection::{Address, CONNECT_LIMIT, QUERY_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};

use packets::{Coming, FULL_PACKET, io_error};

pub(crate) use row_text::{RowText, row_fields};

/// Bytes that are read from the socket at once.
const READ_BYTES: usize = 256 * 1024;
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
}

/// The packet that ends columns or rows; without the flag that abolished it, which not every server knows.
fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// The server broke the protocol, which no second try mends.
fn unexpected(what: &str) -> mysql_async::Error {
    io_error(io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server sent {what}"),
    ))
}
