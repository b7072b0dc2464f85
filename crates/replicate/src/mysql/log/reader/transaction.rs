//! The transaction being read, from its first event to the entry that completes it.

use super::{LogReader, Scope};
use crate::error::ReplicateError;
use crate::mysql::gtid::Gtid;
use crate::mysql::log::{LogEntry, RowChange};
use crate::position::LogPosition;

/// What is known of the transaction being read.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// Where it begins; `None` between transactions.
    pub(super) start: Option<LogPosition>,
    /// Rows not handed on yet.
    pub(super) changes: Vec<RowChange>,
    /// Roughly the bytes of those rows.
    pub(super) bytes: usize,
    /// It bears the mark of an applier.
    pub(super) is_own: bool,
    /// It has had a change in scope.
    pub(super) has_changes: bool,
    /// It has begun and its end is an event of its own; otherwise the next statement is all of it.
    pub(super) is_begun: bool,
    /// Some of its changes have been handed on.
    pub(super) is_handed_on: bool,
    /// Its name, where the server gives names.
    pub(super) gtid: Option<Gtid>,
    /// It ends with a prepare, under this name: its changes are held back until then.
    pub(super) prepares: Option<String>,
}

impl LogReader {
    /// Between transactions the position moves on over events that change nothing, so that a barrier behind them is reached.
    pub(super) fn pass(&mut self, end: LogPosition) {
        if self.transaction.start.is_none() && end > self.position {
            self.position = end.clone();
            self.ready.push_back(LogEntry::Commit { end });
        }
    }

    /// A transaction begins here, unless an event before has said where.
    pub(super) fn begin(&mut self, prepares: Option<String>, begin: LogPosition) {
        let start = self.transaction.start.take().unwrap_or(begin);
        self.transaction = Transaction {
            prepares,
            gtid: self.transaction.gtid.take(),
            start: Some(start),
            is_begun: true,
            ..Transaction::default()
        };
    }

    /// Hands on the changes read so far.
    pub(super) fn flush(&mut self) {
        if self.transaction.changes.is_empty() {
            return;
        }
        self.transaction.is_handed_on = true;
        self.transaction.bytes = 0;
        let changes = std::mem::take(&mut self.transaction.changes);
        let entry = match &self.transaction.prepares {
            Some(xid) => LogEntry::PreparedPart {
                xid: xid.clone(),
                changes,
            },
            None => LogEntry::Changes {
                start: self
                    .transaction
                    .start
                    .clone()
                    .unwrap_or_else(|| self.position.clone()),
                changes,
            },
        };
        self.ready.push_back(entry);
    }

    /// Tells the name of the transaction that is complete now.
    pub(super) fn tell_name(&mut self) {
        let gtid = self.transaction.gtid.take();
        // Its end is not told either, and a name without an end would look like an open transaction.
        let is_before = matches!(self.scope, Scope::From(_)) && self.is_passed_over();
        let gtid = gtid.filter(|_| !is_before);
        self.ready
            .extend(gtid.map(|gtid| LogEntry::Executed { gtid }));
    }

    /// The transaction is complete.
    pub(super) fn finish(&mut self, end: LogPosition) {
        self.flush();
        self.tell_name();
        self.position = end.clone();
        self.transaction = Transaction::default();
        self.ready.push_back(LogEntry::Commit { end });
    }

    /// The transaction is decided without being prepared. What was handed on of it under a name takes effect, or is forgotten.
    pub(super) fn finish_undelayed(&mut self, committed: bool, end: LogPosition) {
        let Some(xid) = self
            .transaction
            .prepares
            .clone()
            .filter(|_| self.transaction.is_handed_on)
        else {
            self.transaction.prepares = None;
            if !committed {
                self.transaction.changes.clear();
            }
            return self.finish(end);
        };
        self.flush();
        self.finish_decided(xid, committed, end);
    }

    /// A prepared transaction is decided.
    pub(super) fn finish_decided(&mut self, xid: String, committed: bool, end: LogPosition) {
        self.tell_name();
        self.position = end.clone();
        self.transaction = Transaction::default();
        self.ready.push_back(LogEntry::Decided {
            xid,
            committed,
            end,
        });
    }

    /// The transaction is prepared, and waits for its decision under its name.
    pub(super) fn finish_prepared(
        &mut self,
        xid: Option<String>,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let xid = xid.or_else(|| self.transaction.prepares.clone());
        let xid =
            xid.ok_or_else(|| self.unreadable("a prepared transaction has no name".to_owned()))?;
        if self.transaction.is_handed_on && self.transaction.prepares.as_ref() != Some(&xid) {
            return Err(self.unreadable(format!(
                "a transaction was begun under another name than {xid}, under which it is prepared"
            )));
        }
        self.tell_name();
        let changes = std::mem::take(&mut self.transaction).changes;
        self.position = end.clone();
        self.ready
            .push_back(LogEntry::Prepared { xid, changes, end });
        Ok(())
    }
}
