//! Reads the events of one server's log and puts them together to entries.

mod rows;
mod statements;
mod transaction;

use std::collections::{BTreeSet, HashMap, VecDeque};

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
use crate::mysql::spool::SpoolReader;
use crate::position::LogPosition;

/// Where the events come from.
enum Feed {
    /// From the server.
    Live(Box<LiveLog>),
    /// From our own disk, and behind its end from the server.
    Spool(SpoolReader),
}

/// What of the log is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything about the tables.
    Everything,
    /// What begins at that position or behind it.
    From(LogPosition),
    /// Only where transactions end.
    Nothing,
}

/// Whose log it is.
pub(crate) struct LogOwner {
    pub(crate) address: Address,
    pub(crate) flavour: Flavour,
    /// With an identity, the log of that server and no other.
    pub(crate) identity: Option<String>,
    /// The number under which we register; it must differ from every replica of that server.
    pub(crate) server_id: u32,
}

impl LogOwner {
    async fn open(&self, from: &LogPosition) -> Result<LiveLog, ReplicateError> {
        let identity = self.identity.as_deref();
        LiveLog::open(&self.address, self.flavour, identity, from, self.server_id).await
    }
}

/// A reader of the log of one server, for the tables of one database.
pub struct LogReader {
    feed: Feed,
    owner: LogOwner,
    scope: Scope,
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
    /// Changes of the schema that the schema holds already.
    done_changes: BTreeSet<LogPosition>,
}

impl LogReader {
    /// Opens the log at a position.
    pub(crate) async fn open(
        owner: LogOwner,
        schema: Schema,
        from: LogPosition,
    ) -> Result<LogReader, ReplicateError> {
        let feed = Feed::Live(Box::new(owner.open(&from).await?));
        Ok(LogReader::new(feed, owner, Scope::Everything, schema, from))
    }

    /// Reads the spool, and behind its end the log itself, from a position on that the spool holds.
    pub(crate) fn open_spool(
        spool: SpoolReader,
        owner: LogOwner,
        schema: Schema,
        from: LogPosition,
    ) -> LogReader {
        let start = spool.start().clone();
        let feed = Feed::Spool(spool);
        let mut reader = LogReader::new(feed, owner, Scope::From(from), schema, start);
        reader.is_described = true;
        reader
    }

    fn new(
        feed: Feed,
        owner: LogOwner,
        scope: Scope,
        schema: Schema,
        from: LogPosition,
    ) -> LogReader {
        LogReader {
            feed,
            owner,
            scope,
            schema,
            reached: from.offset(),
            position: from,
            transaction: Transaction::default(),
            payload: None,
            ready: VecDeque::new(),
            tables: HashMap::new(),
            is_described: false,
            done_changes: BTreeSet::new(),
        }
    }

    /// The server has described its log.
    pub(super) fn is_described(&self) -> bool {
        self.is_described
    }

    pub(super) fn with_scope(self, scope: Scope) -> LogReader {
        LogReader { scope, ..self }
    }

    /// Complete transactions have been read up to here.
    pub(super) fn position(&self) -> &LogPosition {
        &self.position
    }

    /// How far events have been read, also inside a transaction.
    pub(crate) fn reached(&self) -> LogPosition {
        self.position.at(self.reached)
    }

    /// The next event; waits for it. Nothing is lost if the waiting is given up.
    pub(super) async fn next_event(&mut self) -> Result<LogEvent, ReplicateError> {
        loop {
            match &mut self.feed {
                Feed::Live(log) => return log.next(&self.position).await,
                Feed::Spool(spool) => {
                    if let Some(event) = spool.next().await? {
                        return Ok(event);
                    }
                    self.feed = Feed::Live(Box::new(self.owner.open(&self.position).await?));
                    self.is_described = false;
                }
            }
        }
    }

    /// Takes an event for its place only, and returns what it ended.
    pub(super) fn pass_over(
        &mut self,
        event: LogEvent,
    ) -> Result<VecDeque<LogEntry>, ReplicateError> {
        self.take_logged(event)?;
        Ok(std::mem::take(&mut self.ready))
    }

    /// Whether what is being read is not wanted.
    pub(super) fn is_passed_over(&self) -> bool {
        match &self.scope {
            Scope::Everything => false,
            Scope::From(from) => self.transaction.start.as_ref().unwrap_or(&self.position) < from,
            Scope::Nothing => true,
        }
    }

    /// Whether an entry is wanted.
    fn is_wanted(&self, entry: &LogEntry) -> bool {
        match (&self.scope, entry) {
            (
                Scope::From(from),
                LogEntry::Commit { end }
                | LogEntry::Prepared { end, .. }
                | LogEntry::Decided { end, .. },
            ) => end > from,
            _ => true,
        }
    }

    /// Passes over the changes of the schema at these places: the schema given is the one after them.
    pub(crate) fn without_changes(mut self, done_changes: BTreeSet<LogPosition>) -> LogReader {
        self.done_changes = done_changes;
        self
    }

    /// The next entry; waits for it. An error ends the reader.
    pub async fn next(&mut self) -> Result<LogEntry, ReplicateError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                if self.is_wanted(&entry) {
                    return Ok(entry);
                }
                continue;
            }
            if let Some((payload, end)) = &mut self.payload {
                let (next, end) = (payload.next(), end.clone());
                self.take_unpacked(next, end)?;
                continue;
            }
            let event = self.next_event().await?;
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
            Kind::Commit => self.finish_undelayed(true, end),
            Kind::Query {
                extra,
                is_compressed,
            } => {
                let query = self.read_query(&event.body, extra, is_compressed)?;
                return self.take_statement(query, event.seconds, begin, end);
            }
            // A compressed transaction is whole.
            Kind::Payload if self.scope == Scope::Nothing => self.finish(end),
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
            } => self.finish_undelayed(true, end),
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

    fn read_query(
        &self,
        body: &[u8],
        extra: usize,
        is_compressed: bool,
    ) -> Result<Query, ReplicateError> {
        if is_compressed {
            let plain = self.whole(compressed::unpack_query(body))?;
            return self.whole(Query::read(&plain, extra));
        }
        self.whole(Query::read(body, extra))
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
