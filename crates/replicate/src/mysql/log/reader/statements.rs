//! Statements in the log: what each means for the transaction being read.

use super::LogReader;
use super::transaction::Transaction;
use crate::error::ReplicateError;
use crate::mysql::ddl::LoggedStatement;
use crate::mysql::ddl::settings::Settings;
use crate::mysql::log::LogEntry;
use crate::mysql::log::event::Query;
use crate::mysql::log::statement::{self, Statement};
use crate::position::LogPosition;

impl LogReader {
    pub(super) fn take_statement(
        &mut self,
        query: Query,
        seconds: u32,
        begin: LogPosition,
        end: LogPosition,
    ) -> Result<(), ReplicateError> {
        let text = String::from_utf8_lossy(&query.bytes).into_owned();
        let settings = Settings::read(&query.variables, seconds);
        let quoting = settings.as_ref().map(Settings::quoting);
        let quoting = quoting.unwrap_or_default();
        let meaning = match statement::read(&self.schema, &query.database, &text, quoting) {
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
            Statement::Commit => self.finish_undelayed(true, end),
            Statement::Rollback if self.transaction.prepares.is_some() => {
                self.finish_undelayed(false, end);
            }
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
            Statement::Decided { xid, committed } => self.finish_decided(xid, committed, end),
            // Inside a transaction its rows follow.
            Statement::SchemaChange if self.done_changes.contains(&begin) => {
                if !self.transaction.is_begun {
                    self.finish(end);
                }
            }
            Statement::SchemaChange => {
                let statement = LoggedStatement {
                    position: begin,
                    database: query.database,
                    query: query.bytes,
                    settings,
                    error_code: query.error_code,
                };
                if self.transaction.has_changes {
                    let reason = "it stands behind other changes of its transaction";
                    return Err(statement.refuse(reason.to_owned()));
                }
                self.ready
                    .push_back(LogEntry::SchemaChange(Box::new(statement)));
            }
            Statement::DataChange => {
                return Err(ReplicateError::StatementLogged {
                    position: begin,
                    statement: first_words(&text),
                });
            }
        }
        Ok(())
    }
}

fn first_words(query: &str) -> String {
    let words: Vec<&str> = query.split_whitespace().take(8).collect();
    words.join(" ").chars().take(120).collect()
}
