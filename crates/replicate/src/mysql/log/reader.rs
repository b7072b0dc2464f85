//! Reads the events of one server's log and puts them together to entries.

mod rows;
mod statements;
mod transaction;

use std::collections::{HashMap, VecDeque};

use self::rows::KnownTable;
use self::transaction::Transaction;
use super::LogEntry;
use super::compressed::{self, Payload};
use super::decode::{self, Kind};
use super::event::{LogEvent, Query, Rotation};
use super::live::LiveLog;
use super::table::LoggedTable;
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::schema::Schema;
use crate::mysql::server::Flavour;
use crate::position::LogPosition;

/// A reader of the log of one server, for the tables of one database.
pub struct LogReader {
    log: LiveLog,
    schema: Schema,
    position: LogPosition,
    /// The highest offset read in this file.
    reached: u64,
    transaction: Transaction,
    /// The compressed transaction being read, and the position after it.
    payload: Option<(Payload, LogPosition)>,
    ready: VecDeque<LogEntry>,
    tables: HashMap<u64, KnownTable>,
    /// The server has described its log: what came before is a greeting.
    is_described: bool,
}

impl LogReader {
    /// Opens the log at a position; with an identity, of that server only. `server_id` must differ from every replica of that server.
    pub async fn open(
        address: &Address,
        flavour: Flavour,
        identity: Option<&str>,
        schema: Schema,
        from: LogPosition,
        server_id: u32,
    ) -> Result<LogReader, ReplicateError> {
        Ok(LogReader {
            log: LiveLog::open(address, flavour, identity, &from, server_id).await?,
            schema,
            reached: from.offset(),
            position: from,
            transaction: Transaction::default(),
            payload: None,
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
            if let Some((payload, end)) = &mut self.payload {
                let (next, end) = (payload.next(), end.clone());
                self.take_unpacked(next, end)?;
                continue;
            }
            let event = self.log.next(&self.position).await?;
            self.take_logged(event)?;
        }
    }

    /// Takes the next event of a compressed transaction. All of them end where it ends.
    fn take_unpacked(
        &mut self,
        next: Result<Option<LogEvent>, String>,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        if let Some(event) = next.map_err(|reason| self.unreadable(reason))? {
            return self.take(event, self.position.clone(), end);
        }
        self.payload = None;
        if self.transaction.is_begun {
            return Err(self.unreadable("a compressed transaction has no end".to_owned()));
        }
        Ok(())
    }

    /// Takes the next event of the log.
    fn take_logged(&mut self, event: LogEvent) -> Result<(), ReplicateError> {
        if has_begun_anew(self.reached, event.end_offset) {
            return Err(self.unreadable("the log file has grown beyond 4 GiB, where its positions end: set max_binlog_size to 1 GiB at most and keep transactions smaller".to_owned()));
        }
        self.reached = self.reached.max(event.end_offset);
        // Events that the server makes up for the stream have no position of their own.
        let end = self
            .position
            .at(event.end_offset.max(self.position.offset()));
        let begin = self
            .position
            .at(event.end_offset.saturating_sub(event.size));
        self.take(event, begin, end)
    }

    fn take(
        &mut self,
        event: LogEvent,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        match decode::kind(&event) {
            Kind::Format => {
                self.is_described = true;
                self.pass(end);
            }
            Kind::Rotate => {
                let rotation = self.whole(Rotation::read(&event))?;
                return self.enter_file(rotation);
            }
            Kind::TableMap => {
                let table = self.whole(LoggedTable::read(&event.body))?;
                self.describe(table)?;
            }
            Kind::Rows {
                action,
                version,
                is_compressed,
            } => return self.take_rows(&event.body, action, version, is_compressed),
            Kind::Commit => self.finish(end),
            Kind::Query {
                extra,
                is_compressed,
            } => return self.take_query(&event.body, extra, is_compressed, begin, end),
            Kind::Payload => {
                let payload = Payload::open(event.body);
                let payload = payload.map_err(|reason| self.unreadable(reason))?;
                self.payload = Some((payload, end));
            }
            Kind::MariaDbGtid {
                stands_alone,
                prepares,
                gtid,
            } => {
                self.transaction = Transaction {
                    prepares,
                    gtid: Some(gtid),
                    start: (!stands_alone).then_some(begin),
                    is_begun: !stands_alone,
                    ..Transaction::default()
                };
            }
            Kind::MySqlGtid { gtid } => {
                self.transaction.start.get_or_insert(begin);
                self.transaction.gtid = gtid;
            }
            Kind::XaPrepare {
                one_phase: true, ..
            } => {
                self.transaction.prepares = None;
                self.finish(end);
            }
            Kind::XaPrepare { xid, .. } => return self.finish_prepared(xid, end),
            Kind::Incident => {
                return Err(self.unreadable(
                    "the source says that its log has a gap (incident event)".to_owned(),
                ));
            }
            Kind::Unreadable(reason) => return Err(self.unreadable(reason)),
            Kind::Ignorable | Kind::ExecutedBefore(_) => self.pass(end),
        }
        Ok(())
    }

    /// Reads a statement and takes it.
    fn take_query(
        &mut self,
        body: &[u8],
        extra: usize,
        is_compressed: bool,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let query = if is_compressed {
            let plain = self.whole(compressed::unpack_query(body))?;
            self.whole(Query::read(&plain, extra))?
        } else {
            self.whole(Query::read(body, extra))?
        };
        self.take_statement(&query.database, &query.text, begin, end)
    }

    /// The log goes on in another file.
    fn enter_file(&mut self, rotation: Rotation) -> Result<(), ReplicateError> {
        // The greeting repeats the file that was asked for.
        if !self.is_described {
            return Ok(());
        }
        if self.transaction.is_begun {
            return Err(self.unreadable(
                "the log file ends inside a transaction: the source lost the end of its log in a crash".to_owned(),
            ));
        }
        let file = rotation.file;
        self.position = LogPosition::new(&file, rotation.offset)
            .ok_or_else(|| self.unreadable(format!("log file {file} has no number")))?;
        self.reached = rotation.offset;
        if !rotation.is_fake {
            self.tables.clear();
            self.ready.push_back(LogEntry::Commit {
                end: self.position.clone(),
            });
        }
        Ok(())
    }

    /// What was read of an event, or an error that it is cut short.
    fn whole<T>(&self, read: Option<T>) -> Result<T, ReplicateError> {
        read.ok_or_else(|| self.unreadable("an event is cut short or damaged".to_owned()))
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
