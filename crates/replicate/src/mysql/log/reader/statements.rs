//! Statements in the log: what each means for the transaction being read.

use super::LogReader;
use super::transaction::Transaction;
use crate::error::ReplicateError;
use crate::mysql::log::LogEntry;
use crate::mysql::log::statement::{self, Statement};
use crate::position::LogPosition;

impl LogReader {
    pub(super) fn take_statement(
        &mut self,
        schema: &str,
        query: &str,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let meaning = match statement::read(&self.schema, schema, query) {
            Statement::Truncate { .. } | Statement::SchemaChange | Statement::DataChange
                if self.is_passed_over() =>
            {
                Statement::OutOfScope
            }
            meaning => meaning,
        };
        match meaning {
            Statement::Begin => {
                let prepares = self.transaction.prepares.take();
                self.begin(prepares, begin);
            }
            Statement::BeginPrepared { xid } => self.begin(Some(xid), begin),
            Statement::Commit => self.finish(end),
            Statement::Rollback if self.transaction.is_handed_on => {
                return Err(self
                    .unreadable("a transaction was logged and rolled back at its end".to_owned()));
            }
            Statement::Rollback => {
                self.transaction = Transaction {
                    gtid: self.transaction.gtid.take(),
                    ..Transaction::default()
                };
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
                self.tell_name();
                self.position = end.clone();
                self.transaction = Transaction::default();
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
