//! Reads the events of one server's log and puts them together to entries.

mod rows;
mod statements;
mod transaction;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures_util::StreamExt;
use mysql_async::binlog::events::{Event, EventData, RotateEvent};
use mysql_async::{BinlogStream, BinlogStreamRequest};

use self::transaction::Transaction;
use super::{LogEntry, decode};
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::schema::Schema;
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;

/// The server sends a sign of life this often when its log is quiet.
const HEARTBEAT_S: u64 = 1;
/// Silence for this long means that the connection is dead, whatever the network says.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// A reader of the log of one server, for the tables of one database.
pub struct LogReader {
    stream: BinlogStream,
    address: Address,
    schema: Schema,
    position: LogPosition,
    /// The highest offset read in this file.
    reached: u64,
    transaction: Transaction,
    ready: VecDeque<LogEntry>,
    tables: HashMap<u64, Option<String>>,
    /// The server has described its format; before that a checksum at an event's end cannot be told from its content.
    is_described: bool,
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
            transaction: Transaction::default(),
            ready: VecDeque::new(),
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
        let end = self.position.at(end_offset.max(self.position.offset()));
        let begin = self
            .position
            .at(end_offset.saturating_sub(u64::from(header.event_size())));
        match decode::kind(event) {
            decode::Kind::MariaDbGtid {
                stands_alone,
                prepares,
            } => {
                self.transaction = Transaction {
                    prepares,
                    start: (!stands_alone).then_some(begin),
                    is_begun: !stands_alone,
                    ..Transaction::default()
                };
            }
            decode::Kind::MySqlGtid => {
                self.transaction.start.get_or_insert(begin);
            }
            decode::Kind::XaPrepare {
                one_phase: true, ..
            } => {
                self.transaction.prepares = None;
                self.finish(end);
            }
            decode::Kind::XaPrepare { xid, .. } => return self.finish_prepared(xid, end),
            decode::Kind::Unreadable(reason) => return Err(self.unreadable(reason)),
            decode::Kind::Ignorable => self.pass(end),
            decode::Kind::Known => return self.take_known(event, begin, end),
        }
        Ok(())
    }

    /// Takes an event of a kind that the library reads.
    fn take_known(
        &mut self,
        event: &Event,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let data = event
            .read_data()
            .map_err(|error| self.unreadable(error.to_string()))?;
        match data {
            Some(EventData::FormatDescriptionEvent(_)) => {
                self.is_described = true;
                self.pass(end);
            }
            Some(EventData::RotateEvent(rotate)) => return self.enter_file(&rotate),
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

    /// The log goes on in another file.
    fn enter_file(&mut self, rotate: &RotateEvent<'_>) -> Result<(), ReplicateError> {
        // The greeting repeats the file that was asked for.
        if !self.is_described {
            return Ok(());
        }
        if self.transaction.is_begun {
            return Err(self.unreadable(
                "the log file ends inside a transaction: the source lost the end of its log in a crash".to_owned(),
            ));
        }
        let file = rotate.name().into_owned();
        self.position = LogPosition::new(&file, rotate.position())
            .ok_or_else(|| self.unreadable(format!("log file {file} has no number")))?;
        self.reached = rotate.position();
        if !rotate.is_fake() {
            self.ready.push_back(LogEntry::Commit {
                end: self.position.clone(),
            });
        }
        Ok(())
    }

    fn unreadable(&self, reason: String) -> ReplicateError {
        ReplicateError::LogUnreadable {
            position: self.position.clone(),
            reason,
        }
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
