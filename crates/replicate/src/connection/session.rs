//! An open session on a server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use mysql_async::Conn;
use mysql_async::prelude::{FromRow, Queryable};
use tokio::sync::mpsc;

use super::{Address, QUERY_LIMIT, STATEMENT_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::value::quote_text;

/// What a server answers to a statement that is not a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// Rows changed; in a session that counts what it found, rows found.
    pub(crate) rows: u64,
    /// The server's words about it, in its own language; empty for most statements.
    pub(crate) words: String,
}

/// What a server said about the text that it loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// Rows that it stored.
    pub(crate) rows: u64,
    /// Warnings.
    pub(crate) warnings: u64,
    /// The server's own count, such as `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`.
    pub(crate) words: String,
}

/// An open session on a server: every statement is bounded in time and its errors say what was being done.
#[derive(Debug)]
pub struct Session {
    pub(super) conn: Conn,
    pub(super) address: Address,
}

impl Session {
    /// Runs a statement and forgets its answer. Returns the number of rows it changed.
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
        let answer = tokio::time::timeout(limit, self.conn.query_drop(sql.as_ref())).await;
        answer
            .map_err(|_| self.address.silent(doing, limit))?
            .map_err(|error| self.address.error(doing, error))?;
        Ok(self.conn.affected_rows())
    }

    /// Runs several statements, separated by semicolons and none of them a query, that travel together. Returns their answers up to the first
    /// that failed, and why that one failed. `limit` bounds each of them; `doing` tells what the one of that number does.
    pub(crate) async fn run_together(
        &mut self,
        limit: Duration,
        doing: impl Fn(usize) -> String,
        sql: Vec<u8>,
    ) -> (Vec<Done>, Option<ReplicateError>) {
        let mut done = Vec::new();
        let address = &self.address;
        let failed = |number: usize, error: Option<mysql_async::Error>| match error {
            Some(error) => address.error(&doing(number), error),
            None => address.silent(&doing(number), limit),
        };
        let mut answers = match tokio::time::timeout(limit, self.conn.query_iter(sql)).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return (done, Some(failed(0, Some(error)))),
            Err(_) => return (done, Some(failed(0, None))),
        };
        loop {
            done.push(Done {
                rows: answers.affected_rows(),
                words: answers.info().into_owned(),
            });
            if answers.is_empty() {
                break;
            }
            match tokio::time::timeout(limit, answers.for_each(drop)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let error = failed(done.len(), Some(error));
                    return (done, Some(error));
                }
                Err(_) => {
                    let error = failed(done.len(), None);
                    return (done, Some(error));
                }
            }
        }
        // The driver keeps the error of a statement behind the first until it is asked again.
        match answers.drop_result().await {
            Ok(()) => (done, None),
            Err(error) => {
                done.pop();
                let error = failed(done.len(), Some(error));
                (done, Some(error))
            }
        }
    }

    /// Runs a `LOAD DATA LOCAL` statement over the pieces of text that come out of the channel, to its end. The caller bounds the wait: how long it
    /// takes depends on who fills the channel.
    pub(crate) async fn load(
        &mut self,
        doing: &str,
        sql: &str,
        text: mpsc::Receiver<Bytes>,
    ) -> Result<Loaded, ReplicateError> {
        let pieces = futures_util::stream::unfold(text, async |mut text| {
            let piece = text.recv().await?;
            Some((Ok(piece), text))
        });
        let pieces = Mutex::new(pieces.boxed());
        self.conn.set_infile_handler(async move {
            Ok(pieces.into_inner().unwrap_or_else(PoisonError::into_inner))
        });
        let answer = self.conn.query_drop(sql).await;
        answer.map_err(|error| self.address.error(doing, error))?;
        Ok(Loaded {
            rows: self.conn.affected_rows(),
            warnings: u64::from(self.conn.get_warnings()),
            words: self.conn.info().into_owned(),
        })
    }

    /// Runs a query and returns all of its rows.
    pub async fn rows<T: FromRow + Send + 'static>(
        &mut self,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Vec<T>, ReplicateError> {
        self.rows_within(QUERY_LIMIT, doing, sql).await
    }

    /// [`Session::rows`] with a time limit of its own.
    pub async fn rows_within<T: FromRow + Send + 'static>(
        &mut self,
        limit: Duration,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Vec<T>, ReplicateError> {
        let answer = tokio::time::timeout(limit, self.conn.query::<T, _>(sql.as_ref())).await;
        answer
            .map_err(|_| self.address.silent(doing, limit))?
            .map_err(|error| self.address.error(doing, error))
    }

    /// Runs a query and returns its first row.
    pub async fn row<T: FromRow + Send + 'static>(
        &mut self,
        doing: &str,
        sql: impl AsRef<[u8]>,
    ) -> Result<Option<T>, ReplicateError> {
        Ok(self.rows(doing, sql).await?.into_iter().next())
    }

    /// Takes a lock of that name, which ends with this session. The error tells which session has it; `what` is what that one does.
    pub(crate) async fn lock_named(
        &mut self,
        name: &str,
        limit: Duration,
        what: &str,
    ) -> Result<(), ReplicateError> {
        let (name, doing) = (quote_text(name), format!("waiting for {what}"));
        let sql = format!("SELECT GET_LOCK({name}, {})", limit.as_secs());
        let taken: Option<Option<u64>> = self.row(&doing, sql).await?;
        if taken.flatten() == Some(1) {
            return Ok(());
        }
        let sql = format!("SELECT IS_USED_LOCK({name})");
        let holder: Option<Option<u64>> = self.row(&doing, sql).await?;
        let holder = holder.flatten().map(|id| format!(" (its session {id})"));
        let doing = doing + &holder.unwrap_or_default();
        Err(self.address.silent(&doing, limit))
    }

    /// The server's number for this session.
    pub fn id(&self) -> u32 {
        self.conn.id()
    }

    /// Where this session is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The driver's connection, for what needs it whole: row streams and warnings.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Gives the driver's connection away.
    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }
}
