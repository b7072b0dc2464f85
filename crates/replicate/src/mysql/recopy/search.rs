//! Looks in the log for the change of the schema that a copy may have met.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Meaning, meaning};
use crate::error::ReplicateError;
use crate::mysql::ddl::LoggedStatement;
use crate::mysql::log::{LogEntry, LogReader};
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Recopied;
use crate::mysql::server;
use crate::mysql::spool::Spool;
use crate::mysql::state::Checkpoint;
use crate::position::LogPosition;
use crate::progress::Progress;
use crate::running::{Retries, tell_retry};

/// A log that moves on by nothing for so long, although its end was not met, has no more: the server gives a sign of life every second.
const LOG_SILENCE: Duration = Duration::from_secs(20);

type Found = Option<(Box<LoggedStatement>, Meaning)>;

/// The first schema change in the log behind the stream's position that the copy does not hold, but for those that are carried over it. A connection that breaks
/// is made again, for as long as one of them now and then reads further than those before.
pub(super) async fn find(
    plan: &StreamPlan,
    checkpoint: &Checkpoint,
    spool: Option<&Spool>,
    publish: &watch::Sender<Progress>,
) -> Result<Found, ReplicateError> {
    let mut search = Search {
        plan,
        spool,
        reached: checkpoint.position.clone(),
        checkpoint: checkpoint.clone(),
        passed: BTreeSet::new(),
        end: None,
    };
    let mut retries = Retries::default();
    loop {
        let before = search.reached.clone();
        let error = match search.go_on().await {
            Err(error) if error.may_retry() => error,
            found => return found,
        };
        let Some(wait) = retries.wait_after(search.reached > before, Instant::now()) else {
            return Err(error);
        };
        tell_retry(publish, &error);
        tokio::time::sleep(wait).await;
    }
}

/// A search that goes on where it was cut off.
struct Search<'a> {
    plan: &'a StreamPlan,
    spool: Option<&'a Spool>,
    /// The stream's, with the position up to which whole transactions have been looked through.
    checkpoint: Checkpoint,
    /// Changes of the schema behind that position that are not the one.
    passed: BTreeSet<LogPosition>,
    /// The end of the log when the copy had failed: what the copy has met stands before it.
    end: Option<LogPosition>,
    /// How far any connection has read, also inside a transaction.
    reached: LogPosition,
}

impl Search<'_> {
    async fn go_on(&mut self) -> Result<Found, ReplicateError> {
        let end = self.end().await?;
        if self.checkpoint.position >= end {
            return Ok(None);
        }
        let mut reader = self.open().await?;
        while let Some(entry) = self.next_before_silence(&mut reader).await? {
            match entry {
                LogEntry::SchemaChange(statement) => {
                    let meaning = meaning(self.plan, &self.checkpoint.schema, &statement);
                    let is_carried = statement.leaves_copies_alone(&self.plan.database);
                    if meaning != Meaning::Done && !is_carried {
                        return Ok(Some((statement, meaning)));
                    }
                    self.pass(&statement, &end);
                    // A reader ends at a change of the schema; another one goes on behind it.
                    reader = self.open().await?;
                }
                LogEntry::Commit { end: read }
                | LogEntry::Prepared { end: read, .. }
                | LogEntry::Decided { end: read, .. } => {
                    if read >= end {
                        return Ok(None);
                    }
                    self.checkpoint.position = read;
                }
                _ => {}
            }
        }
        Ok(None)
    }

    async fn end(&mut self) -> Result<LogPosition, ReplicateError> {
        if let Some(end) = &self.end {
            return Ok(end.clone());
        }
        let mut source = server::reader(&self.plan.from).await?;
        let flavour = server::version(&mut source).await?.flavour;
        let end = server::log_end(&mut source, flavour).await?;
        Ok(self.end.insert(end).clone())
    }

    async fn open(&self) -> Result<LogReader, ReplicateError> {
        let reader = self.plan.open_stream_log(&self.checkpoint, self.spool);
        Ok(reader.await?.without_changes(self.passed.clone()))
    }

    /// Leaves a change of the schema behind. The rows of a new table are not looked at here, so it need not be known.
    fn pass(&mut self, statement: &LoggedStatement, end: &LogPosition) {
        let tables = statement.tables(&self.plan.database).unwrap_or_default();
        for table in tables {
            let unread = Recopied {
                from: end.clone(),
                is_made: true,
            };
            let recopied = &mut self.checkpoint.schema.recopied;
            recopied.entry(table).or_insert(unread);
        }
        self.passed.insert(statement.position.clone());
    }

    /// The next entry. A reader of a log that stands still waits for ever, so its silence counts as the end: then the copy's own error is told. A transaction
    /// that concerns nobody here has no entry before its end, however large it is, so what counts is how far its events have been read.
    async fn next_before_silence(
        &mut self,
        reader: &mut LogReader,
    ) -> Result<Option<LogEntry>, ReplicateError> {
        loop {
            let before = reader.reached();
            let entry = tokio::time::timeout(LOG_SILENCE, reader.next()).await;
            let reached = reader.reached();
            self.reached = self.reached.clone().max(reached.clone());
            match entry {
                Ok(entry) => return entry.map(Some),
                Err(_) if reached == before => return Ok(None),
                Err(_) => {}
            }
        }
    }
}
