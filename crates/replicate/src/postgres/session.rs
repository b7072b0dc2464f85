//! An open session on a PostgreSQL server: every wait is bounded, and errors say what was being done.

use std::io;
use std::time::Duration;

use super::pooler;
use super::value::FromFields;
use super::wire::{Answer, Wire, WireError, log_in};
use crate::connection::{Address, CONNECT_LIMIT, QUERY_LIMIT, STATEMENT_LIMIT};
use crate::error::ReplicateError;

/// Settings of every session, so that values read alike on every server: what a role or a database sets otherwise does not hold for us.
const SETTINGS: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("application_name", "reberth"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("search_path", "pg_catalog"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    // A policy that hides rows from us makes reading an error; else they would be missing from the copy, and nobody would know.
    ("row_security", "off"),
    ("idle_in_transaction_session_timeout", "0"),
    // The server's side of a wire that is gone holds locks, and the slot, until it is noticed.
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "6"),
];

/// An open session.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
    address: Address,
}

impl Session {
    /// Opens a session in the address's database. Names must be given with their schema: the search path holds the catalogue only.
    pub async fn open(address: &Address) -> Result<Session, ReplicateError> {
        Session::open_with(address, &[]).await
    }

    /// Opens a session with settings of its own besides those of every session.
    pub async fn open_with(
        address: &Address,
        settings: &[(&str, &str)],
    ) -> Result<Session, ReplicateError> {
        let doing = "connecting";
        let database = address.database().unwrap_or(address.user()).to_owned();
        let all: Vec<_> = SETTINGS
            .iter()
            .filter(|(name, _)| settings.iter().all(|(own, _)| own != name))
            .chain(settings)
            .copied()
            .collect();
        let connecting = tokio::time::timeout(CONNECT_LIMIT, log_in(address, &database, &all));
        let wire = connecting
            .await
            .map_err(|_| address.silent(doing, CONNECT_LIMIT))?
            .map_err(|error| match &error {
                WireError::Server(refusal) if pooler::is_told_by(&refusal.message) => {
                    pooler::found(address)
                }
                _ => address.error(doing, error),
            })?;
        Ok(Session {
            wire,
            address: address.clone(),
        })
    }

    /// Runs statements, separated by semicolons; if there are several outside of a transaction, they are one. Returns the rows that the last changed.
    pub async fn run(&mut self, doing: &str, sql: impl AsRef<[u8]>) -> Result<u64, ReplicateError> {
        self.run_within(STATEMENT_LIMIT, doing, sql).await
    }

    /// [`Session::run`] with a time limit of its own.
    pub async fn run_within(
        &mut self,
        limit: Duration,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<u64, ReplicateError> {
        Ok(self.answer(limit, doing, sql).await?.affected())
    }

    /// Runs a query and returns all of its rows.
    pub async fn rows<T: FromFields>(
        &mut self,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Vec<T>, ReplicateError> {
        self.rows_within(QUERY_LIMIT, doing, sql).await
    }

    /// [`Session::rows`] with a time limit of its own.
    pub async fn rows_within<T: FromFields>(
        &mut self,
        limit: Duration,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Vec<T>, ReplicateError> {
        let answer = self.answer(limit, doing, sql).await?;
        let rows = answer.rows.iter().map(|row| T::from_fields(row));
        let rows: Option<Vec<T>> = rows.collect();
        rows.ok_or_else(|| {
            let what = "a row of other fields than were asked for".to_owned();
            self.address.error(doing, WireError::Protocol(what))
        })
    }

    /// Runs a query and returns its first row.
    pub async fn row<T: FromFields>(
        &mut self,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Option<T>, ReplicateError> {
        Ok(self.rows(doing, sql).await?.into_iter().next())
    }

    /// Runs statements and returns all that the server answered.
    pub(crate) async fn answer(
        &mut self,
        limit: Duration,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Answer, ReplicateError> {
        self.wire.set_patience(limit);
        let answer = self.wire.query(sql.as_ref()).await;
        self.wire.set_patience(QUERY_LIMIT);
        answer.map_err(|error| self.told(limit, doing, error))
    }

    /// Runs statements that travel together but are answered one by one. Returns the rows that each changed.
    pub(crate) async fn script(
        &mut self,
        limit: Duration,
        doing: &str,
        statements: &[&[u8]],
    ) -> Result<Vec<u64>, ReplicateError> {
        self.wire.set_patience(limit);
        let affected = self.wire.script(statements).await;
        self.wire.set_patience(QUERY_LIMIT);
        affected.map_err(|error| self.told(limit, doing, error))
    }

    /// Sends a `COPY … TO STDOUT` and waits until its rows begin.
    pub async fn begin_copy_out(&mut self, doing: &str, sql: &str) -> Result<(), ReplicateError> {
        let begun = self.wire.begin_copy_out(sql.as_bytes()).await;
        begun.map_err(|error| self.told(QUERY_LIMIT, doing, error))
    }

    /// Appends messages of rows as they are, until `out` holds at least `enough` bytes. `None`: there is more; else the number of rows in all.
    pub async fn copy_out_piece(
        &mut self,
        doing: &str,
        out: &mut Vec<u8>,
        enough: usize,
    ) -> Result<Option<u64>, ReplicateError> {
        let piece = self.wire.copy_out_piece(out, enough).await;
        piece.map_err(|error| self.told(QUERY_LIMIT, doing, error))
    }

    /// Sends a `COPY … FROM STDIN`, perhaps behind other statements, and waits until the server takes rows.
    pub async fn begin_copy_in(&mut self, doing: &str, sql: &str) -> Result<(), ReplicateError> {
        let begun = self.wire.begin_copy_in(sql.as_bytes()).await;
        begun.map_err(|error| self.told(QUERY_LIMIT, doing, error))
    }

    /// Sends messages of rows as another server's copy gave them.
    pub async fn copy_in_piece(
        &mut self,
        doing: &str,
        messages: &[u8],
    ) -> Result<(), ReplicateError> {
        let sent = self.wire.copy_in_piece(messages).await;
        sent.map_err(|error| self.told(QUERY_LIMIT, doing, error))
    }

    /// Sends bytes of rows in the copy's format.
    pub async fn copy_in_data(&mut self, doing: &str, data: &[u8]) -> Result<(), ReplicateError> {
        let sent = self.wire.copy_in_data(data).await;
        sent.map_err(|error| self.told(QUERY_LIMIT, doing, error))
    }

    /// Ends a copy into the server, and returns the number of rows that it took. `limit` bounds what the server still has to do.
    pub async fn end_copy_in(
        &mut self,
        limit: Duration,
        doing: &str,
    ) -> Result<u64, ReplicateError> {
        self.wire.set_patience(limit);
        let ended = self.wire.end_copy_in().await;
        self.wire.set_patience(QUERY_LIMIT);
        ended.map_err(|error| self.told(limit, doing, error))
    }

    /// The server's number for this session.
    pub fn id(&self) -> u32 {
        self.wire.process_id()
    }

    /// Where this session is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The connection itself, for the replication protocol.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// What went wrong, as all of the engine tells it.
    pub(crate) fn told(&self, limit: Duration, doing: &str, error: WireError) -> ReplicateError {
        match &error {
            WireError::Io(io) if io.kind() == io::ErrorKind::TimedOut => {
                self.address.silent(doing, limit)
            }
            _ => self.address.error(doing, error),
        }
    }
}
