//! The log as it stands, for keeping it: every event, and where it is between two transactions.

use tokio::time::Instant;

use super::LogEntry;
use super::decode;
use super::event::LogEvent;
use super::reader::{LogReader, Scope};
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::position::LogPosition;

/// A log that is read to be kept.
pub(crate) struct RawLog {
    reader: LogReader,
    boundary: Option<LogPosition>,
}

impl RawLog {
    /// Opens the log of the server of that identity.
    pub(crate) async fn open(
        plan: &StreamPlan,
        identity: &str,
        from: LogPosition,
    ) -> Result<RawLog, ReplicateError> {
        let reader = plan.open_log_of(identity, from).await?;
        Ok(RawLog {
            reader: reader.with_scope(Scope::Nothing),
            boundary: None,
        })
    }

    /// The next event that stands in the log; `None` if there is none by then.
    pub(crate) async fn next_by(
        &mut self,
        deadline: Option<Instant>,
    ) -> Result<Option<LogEvent>, ReplicateError> {
        loop {
            let next = self.reader.next_event();
            let event = match deadline {
                None => next.await?,
                Some(deadline) => match tokio::time::timeout_at(deadline, next).await {
                    Ok(event) => event?,
                    Err(_) => return Ok(None),
                },
            };
            if decode::is_heartbeat(&event) {
                continue;
            }
            let is_greeting = !self.reader.is_described();
            let ended = self.reader.pass_over(event.clone())?;
            // Before the server has described its log, what it says cannot be read to the end, and is not in the log.
            if is_greeting {
                continue;
            }
            let is_boundary = ended.iter().any(|entry| {
                matches!(
                    entry,
                    LogEntry::Commit { .. } | LogEntry::Prepared { .. } | LogEntry::Decided { .. }
                )
            });
            self.boundary = is_boundary.then(|| self.reader.position().clone());
            return Ok(Some(event));
        }
    }

    /// The position behind the last event, if it ended a transaction.
    pub(crate) fn boundary(&self) -> Option<LogPosition> {
        self.boundary.clone()
    }
}
