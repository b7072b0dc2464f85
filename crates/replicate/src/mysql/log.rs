//! The source's log, read as row changes in commit order.
//!
//! What comes out is whole transactions: their changes in order, then the position after their commit. What cannot be
//! carried exactly (schema changes, changes logged as statements, incidents) comes out as an error at its position, after
//! everything before it. Transactions that bear the mark of a Reberth applier (a change in the schema `reberth`) are
//! dropped whole, so that nothing loops between the two directions (rule 32); the mark is always the first change of such a transaction.

mod decode;
mod statement;
pub(crate) mod visible;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::StreamExt;
use mysql_async::binlog::events::{Event, EventData, RowsEventData};
use mysql_async::{BinlogStream, BinlogStreamRequest};
use serde::{Deserialize, Serialize};

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::row::{Image, read_rows};
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;

/// The schema of Reberth's own tables on either server.
pub const OWN_SCHEMA: &str = "reberth";
/// The server sends a sign of life this often when its log is quiet.
const HEARTBEAT_S: u64 = 1;
/// Silence for this long means that the connection is dead, whatever the network says.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);
/// Rows handed on at once.
const ROWS_AT_ONCE: usize = 500;

/// One row change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowChange {
    /// The table's name.
    pub table: String,
    /// The row before; `None` for an insert.
    pub before: Option<Image>,
    /// The row after; `None` for a delete.
    pub after: Option<Image>,
}

/// What the log says next.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEntry {
    /// Changes of the open transaction, in order.
    Changes {
        /// Where the transaction begins.
        start: LogPosition,
        /// Its next changes.
        changes: Vec<RowChange>,
    },
    /// All rows of a table go, as one step of its own.
    Truncate {
        /// Where the statement begins.
        start: LogPosition,
        /// The table's name.
        table: String,
    },
    /// A transaction was prepared and waits for its decision.
    Prepared {
        /// The transaction's name.
        xid: String,
        /// Its changes, which nobody may see yet.
        changes: Vec<RowChange>,
        /// Position after it.
        end: LogPosition,
    },
    /// A prepared transaction was decided.
    Decided {
        /// The transaction's name.
        xid: String,
        /// Whether it was committed.
        committed: bool,
        /// Position after the decision.
        end: LogPosition,
    },
    /// The open transaction is complete. Also sent, without changes before it, when the log moved on without a change
    /// in scope.
    Commit {
        /// Position after it.
        end: LogPosition,
    },
}

/// A reader of the log of one server, for the tables of one database.
pub struct LogReader {
    stream: BinlogStream,
    address: Address,
    schema: Schema,
    position: LogPosition,
    /// The highest offset read in this file.
    reached: u64,
    transaction: Open,
    ready: std::collections::VecDeque<LogEntry>,
    tables: HashMap<u64, Option<String>>,
    /// The server has described its format; before that a checksum at an event's end cannot be told from its content.
    is_described: bool,
}

/// What is known of the transaction being read.
#[derive(Debug, Default)]
struct Open {
    /// Where it begins; `None` between transactions.
    start: Option<LogPosition>,
    /// Rows not handed on yet.
    changes: Vec<RowChange>,
    /// It bears the mark of an applier.
    is_own: bool,
    /// It has had a change in scope.
    has_changes: bool,
    /// It has begun and its end is an event of its own; otherwise the next statement is all of it.
    is_begun: bool,
    /// Some of its changes have been handed on.
    is_handed_on: bool,
    /// It ends with a prepare, under this name: its changes are held back until then.
    prepares: Option<String>,
}

impl LogReader {
    /// Opens the log at a position. `server_id` must differ from every replica of that server.
    pub async fn open(
        address: &Address,
        flavour: Flavour,
        schema: Schema,
        from: LogPosition,
        server_id: u32,
    ) -> Result<LogReader, ReplicateError> {
        let mut session = server::reader(address).await?;
        if !server::log_files(&mut session)
            .await?
            .iter()
            .any(|(file, _)| file == from.file())
        {
            return Err(ReplicateError::LogPurged { position: from });
        }
        session
            .run(
                "asking for heartbeats",
                format!(
                    "SET @master_heartbeat_period = {}, @source_heartbeat_period = {}",
                    HEARTBEAT_S * 1_000_000_000,
                    HEARTBEAT_S * 1_000_000_000
                ),
            )
            .await?;
        if flavour == Flavour::MariaDb {
            // 4: we understand MariaDB's own events; without it the server rewrites them.
            session
                .run(
                    "announcing what we understand",
                    "SET @mariadb_slave_capability = 4",
                )
                .await?;
        }
        let request = BinlogStreamRequest::new(server_id)
            .with_filename(from.file().as_bytes())
            .with_pos(from.offset());
        let stream = session
            .into_conn()
            .get_binlog_stream(request)
            .await
            .map_err(|error| log_error(address, &from, error))?;
        Ok(LogReader {
            stream,
            address: address.clone(),
            schema,
            reached: from.offset(),
            position: from,
            transaction: Open::default(),
            ready: std::collections::VecDeque::new(),
            tables: HashMap::new(),
            is_described: false,
        })
    }

    /// The next entry; waits for it. An error ends the reader.
    pub async fn next(&mut self) -> Result<LogEntry, ReplicateError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(entry);
            }
            let silent = ReplicateError::Silent {
                side: self.address.side(),
                host: self.address.host(),
                doing: "reading the log".to_owned(),
                limit_s: SILENCE_LIMIT.as_secs(),
            };
            match tokio::time::timeout(SILENCE_LIMIT, self.stream.next()).await {
                Err(_) => return Err(silent),
                Ok(Some(Ok(event))) => self.take(&event)?,
                Ok(Some(Err(error))) => {
                    return Err(log_error(&self.address, &self.position, error));
                }
                Ok(None) => {
                    return Err(self.address.error(
                        "reading the log",
                        mysql_async::DriverError::ConnectionClosed.into(),
                    ));
                }
            }
        }
    }

    fn take(&mut self, event: &Event) -> Result<(), ReplicateError> {
        let header = event.header();
        let end_offset = u64::from(header.log_pos());
        if has_begun_anew(self.reached, end_offset) {
            return Err(self.unreadable("the log file has grown beyond 4 GiB, where its positions end: set max_binlog_size to 1 GiB at most and keep transactions smaller".to_owned()));
        }
        self.reached = self.reached.max(end_offset);
        // Events that the server makes up for the stream have no position of their own.
        let end = self
            .position
            .at(u64::from(header.log_pos()).max(self.position.offset()));
        let begin = self
            .position
            .at(u64::from(header.log_pos()).saturating_sub(u64::from(header.event_size())));
        match decode::kind(event) {
            decode::Kind::MariaDbGtid {
                stands_alone,
                prepares,
            } => {
                self.transaction = Open {
                    prepares,
                    start: (!stands_alone).then_some(begin),
                    is_begun: !stands_alone,
                    ..Open::default()
                };
                return Ok(());
            }
            decode::Kind::MySqlGtid => {
                self.transaction.start.get_or_insert(begin);
                return Ok(());
            }
            decode::Kind::XaPrepare {
                one_phase: true, ..
            } => {
                self.transaction.prepares = None;
                self.finish(end);
                return Ok(());
            }
            decode::Kind::XaPrepare { xid, .. } => return self.finish_prepared(xid, end),
            decode::Kind::Unreadable(reason) => return Err(self.unreadable(reason)),
            decode::Kind::Ignorable => {
                self.pass(end);
                return Ok(());
            }
            decode::Kind::Known => {}
        }
        let data = event
            .read_data()
            .map_err(|error| self.unreadable(error.to_string()))?;
        match data {
            // The greeting repeats the file that was asked for.
            Some(EventData::RotateEvent(_)) if !self.is_described => {}
            Some(EventData::RotateEvent(_)) if self.transaction.is_begun => {
                return Err(self.unreadable(
                    "the log file ends inside a transaction: the source lost the end of its log in a crash".to_owned(),
                ));
            }
            Some(EventData::FormatDescriptionEvent(_)) => {
                self.is_described = true;
                self.pass(end);
            }
            Some(EventData::RotateEvent(rotate)) => {
                let file = rotate.name().into_owned();
                self.position = LogPosition::new(&file, rotate.position())
                    .ok_or_else(|| self.unreadable(format!("log file {file} has no number")))?;
                self.reached = rotate.position();
                if !rotate.is_fake() {
                    self.ready.push_back(LogEntry::Commit {
                        end: self.position.clone(),
                    });
                }
            }
            Some(EventData::TableMapEvent(map)) => {
                let table = self.resolve(&map.database_name(), &map.table_name())?;
                self.tables.insert(map.table_id(), table);
            }
            Some(EventData::RowsEvent(rows)) => self.take_rows(&rows)?,
            Some(EventData::XidEvent(_)) => self.finish(end),
            Some(EventData::QueryEvent(query)) => {
                self.take_query(&query.schema(), &query.query(), begin, end)?
            }
            Some(EventData::IncidentEvent(_)) => {
                return Err(self.unreadable(
                    "the source says that its log has a gap (incident event)".to_owned(),
                ));
            }
            _ => self.pass(end),
        }
        Ok(())
    }

    /// Between transactions the position moves on over events that change nothing, so that a barrier behind them is reached.
    fn pass(&mut self, end: LogPosition) {
        if self.transaction.start.is_none() && end > self.position {
            self.position = end.clone();
            self.ready.push_back(LogEntry::Commit { end });
        }
    }

    /// The table's name if it is in scope; marks the transaction if it is an applier's.
    fn resolve(&mut self, database: &str, table: &str) -> Result<Option<String>, ReplicateError> {
        if database == OWN_SCHEMA {
            if self.transaction.has_changes {
                return Err(self.unreadable(
                    "the mark of an applier stands behind other changes of its transaction"
                        .to_owned(),
                ));
            }
            self.transaction.is_own = true;
        }
        Ok(
            (database == self.schema.database && self.schema.tables.contains_key(table))
                .then(|| table.to_owned()),
        )
    }

    fn take_rows(&mut self, rows: &RowsEventData<'_>) -> Result<(), ReplicateError> {
        let Some(name) = self.tables.get(&rows.table_id()).cloned().flatten() else {
            // A table of the database that the schema does not know was made after the schema was read.
            return self.refuse_unknown_table(rows.table_id());
        };
        if self.transaction.is_own {
            return Ok(());
        }
        let Some(table) = self.schema.tables.get(&name) else {
            return Ok(());
        };
        let Some(map) = self.stream.get_tme(rows.table_id()) else {
            return Err(
                self.unreadable(format!("rows of table {name} came without its description"))
            );
        };
        let changes = read_rows(table, rows, map)
            .map_err(|reason| self.unreadable(format!("table {name}: {reason}")))?;
        self.transaction.has_changes = true;
        self.transaction.changes.extend(changes);
        if self.transaction.changes.len() >= ROWS_AT_ONCE {
            self.flush();
        }
        Ok(())
    }

    fn refuse_unknown_table(&mut self, table_id: u64) -> Result<(), ReplicateError> {
        let unknown = self
            .stream
            .get_tme(table_id)
            .filter(|map| map.database_name() == self.schema.database.as_str());
        match unknown {
            Some(map) if !self.transaction.is_own => Err(ReplicateError::SchemaChanged {
                position: self.position.clone(),
                statement: format!(
                    "rows of table {}, which did not exist when the move began",
                    map.table_name()
                ),
            }),
            _ => Ok(()),
        }
    }

    fn take_query(
        &mut self,
        schema: &str,
        query: &str,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        use statement::Statement;
        match statement::read(&self.schema, schema, query) {
            Statement::Begin => {
                let (prepares, start) = (
                    self.transaction.prepares.take(),
                    self.transaction.start.take(),
                );
                self.transaction = Open {
                    prepares,
                    start: start.or(Some(begin)),
                    is_begun: true,
                    ..Open::default()
                };
            }
            Statement::BeginPrepared { xid } => {
                let start = self.transaction.start.take();
                self.transaction = Open {
                    prepares: Some(xid),
                    start: start.or(Some(begin)),
                    is_begun: true,
                    ..Open::default()
                };
            }
            Statement::Commit => self.finish(end),
            Statement::Rollback if self.transaction.is_handed_on => {
                return Err(self
                    .unreadable("a transaction was logged and rolled back at its end".to_owned()));
            }
            Statement::Rollback => {
                self.transaction = Open::default();
                self.finish(end);
            }
            Statement::Savepoint => {}
            // Inside a transaction it is one statement of several.
            Statement::OutOfScope | Statement::Harmless if self.transaction.is_begun => {}
            Statement::OutOfScope | Statement::Harmless => self.finish(end),
            Statement::Truncate { table } => {
                self.flush();
                self.ready.push_back(LogEntry::Truncate {
                    start: begin,
                    table,
                });
                self.finish(end);
            }
            Statement::Decided { xid, committed } => {
                self.position = end.clone();
                self.transaction = Open::default();
                self.ready.push_back(LogEntry::Decided {
                    xid,
                    committed,
                    end,
                });
            }
            Statement::SchemaChange => {
                return Err(ReplicateError::SchemaChanged {
                    position: self.position.clone(),
                    statement: first_words(query),
                });
            }
            Statement::DataChange => {
                return Err(ReplicateError::StatementLogged {
                    position: self.position.clone(),
                    statement: first_words(query),
                });
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.transaction.changes.is_empty() && self.transaction.prepares.is_none() {
            let start = self
                .transaction
                .start
                .clone()
                .unwrap_or_else(|| self.position.clone());
            self.transaction.is_handed_on = true;
            self.ready.push_back(LogEntry::Changes {
                start,
                changes: std::mem::take(&mut self.transaction.changes),
            });
        }
    }

    fn finish(&mut self, end: LogPosition) {
        self.flush();
        self.position = end.clone();
        self.transaction = Open::default();
        self.ready.push_back(LogEntry::Commit { end });
    }

    fn finish_prepared(
        &mut self,
        xid: Option<String>,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let xid = xid.or_else(|| self.transaction.prepares.clone());
        let xid =
            xid.ok_or_else(|| self.unreadable("a prepared transaction has no name".to_owned()))?;
        let changes = std::mem::take(&mut self.transaction).changes;
        self.position = end.clone();
        self.ready
            .push_back(LogEntry::Prepared { xid, changes, end });
        Ok(())
    }

    fn unreadable(&self, reason: String) -> ReplicateError {
        ReplicateError::LogUnreadable {
            position: self.position.clone(),
            reason,
        }
    }

    /// The tables in scope.
    pub fn tables(&self) -> &BTreeMap<String, Table> {
        &self.schema.tables
    }
}

/// Whether the positions of a log file, which have 32 bits, have begun anew after 4 GiB. No event is larger than 1 GiB.
fn has_begun_anew(reached: u64, end_offset: u64) -> bool {
    const GIB: u64 = 1 << 30;
    reached >= 3 * GIB && end_offset > 0 && end_offset < 2 * GIB
}

/// Tells "the log is gone" (final) from "the connection is gone" (passing).
fn log_error(
    address: &Address,
    position: &LogPosition,
    error: mysql_async::Error,
) -> ReplicateError {
    match &error {
        // ER_MASTER_FATAL_ERROR_READING_BINLOG, with the reason in words only.
        mysql_async::Error::Server(server) if server.code == 1236 => {
            let gone = ["could not find", "purged", "not found", "first log file"]
                .iter()
                .any(|words| server.message.to_ascii_lowercase().contains(words));
            if gone {
                ReplicateError::LogPurged {
                    position: position.clone(),
                }
            } else {
                ReplicateError::LogUnreadable {
                    position: position.clone(),
                    reason: server.message.clone(),
                }
            }
        }
        _ => address.error("reading the log", error),
    }
}

fn first_words(query: &str) -> String {
    let mut words: String = query
        .split_whitespace()
        .take(8)
        .collect::<Vec<_>>()
        .join(" ");
    if words.len() > 120 {
        let cut = (0..=120)
            .rev()
            .find(|&at| words.is_char_boundary(at))
            .unwrap_or(0);
        words.truncate(cut);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_that_begin_anew_are_noticed() {
        let gib = 1 << 30;
        for (reached, end_offset, begun_anew) in [
            (4, 300, false),
            (900, 0, false),
            (3 * gib, 0, false),
            (3 * gib + 9, 3 * gib + 900, false),
            (4 * gib - 1, 12, true),
            (3 * gib + 1, gib, true),
        ] {
            assert_eq!(has_begun_anew(reached, end_offset), begun_anew);
        }
    }
}
