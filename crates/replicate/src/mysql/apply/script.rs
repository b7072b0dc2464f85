//! Statements that travel to the target together, and what each of them must answer.
//!
//! A server that is milliseconds away is asked once for many statements: they stand in one packet and are carried out one after another, until one
//! of them fails. Every answer is held against what the log says before anything is committed, so a statement that was carried out after one
//! with a wrong answer does no harm: the transaction is rolled back, with its session.

use std::time::Duration;

use crate::connection::{Done, LONG_STATEMENT_LIMIT, STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::position::LogPosition;

/// Bytes of statements that travel together, but for a single larger one, which goes alone.
const PACKET_BYTES: usize = 1024 * 1024;

/// What a statement must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything but an error.
    Success,
    /// It found the checkpoint where this process left it, under this epoch (rule 18).
    Checkpoint {
        /// The epoch.
        epoch: u64,
    },
    /// It found so many rows.
    Rows(u64),
    /// It met so many rows and wrote them over. An INSERT of several rows tells that in words.
    WrittenOver(u64),
}

/// A statement of a script, as far as its answer goes.
#[derive(Debug)]
struct Sent {
    table: Option<String>,
    expected: Expected,
    limit: Duration,
}

/// Statements that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Script {
    sql: Vec<u8>,
    sent: Vec<Sent>,
}

impl Script {
    /// Adds a statement that touches rows by key, of a table or of our own state, and sends what stands before it when both are too much for one packet.
    /// `position`: where the log stands, for errors.
    pub(super) async fn add(
        &mut self,
        session: &mut Session,
        position: &LogPosition,
        table: Option<&str>,
        expected: Expected,
        statement: &[u8],
    ) -> Result<(), ReplicateError> {
        if self.sql.len() + statement.len() > PACKET_BYTES {
            self.run(session, position).await?;
        }
        if !self.sql.is_empty() {
            self.sql.push(b';');
        }
        self.sql.extend_from_slice(statement);
        self.sent.push(Sent {
            table: table.map(str::to_owned),
            expected,
            limit: STATEMENT_LIMIT,
        });
        Ok(())
    }

    /// Lets the last statement take the time of one whose work grows with its table.
    pub(super) fn allow_long(&mut self) {
        if let Some(last) = self.sent.last_mut() {
            last.limit = LONG_STATEMENT_LIMIT;
        }
    }

    /// Sends all statements and examines all answers.
    pub(super) async fn run(
        &mut self,
        session: &mut Session,
        position: &LogPosition,
    ) -> Result<(), ReplicateError> {
        let (sql, sent) = (
            std::mem::take(&mut self.sql),
            std::mem::take(&mut self.sent),
        );
        let Some(limit) = sent.iter().map(|sent| sent.limit).max() else {
            return Ok(());
        };
        let doing = |number: usize| sent.get(number).map_or_else(String::new, Sent::doing);
        let (done, failure) = session.run_together(limit, doing, sql).await;
        for (sent, done) in sent.iter().zip(&done) {
            sent.examine(done, position)?;
        }
        match (failure, sent.get(done.len())) {
            (None, _) => Ok(()),
            (
                Some(error),
                Some(Sent {
                    table: Some(table), ..
                }),
            ) => Err(error.or_diverged(table, position)),
            (Some(error), _) => Err(error),
        }
    }
}

impl Sent {
    fn doing(&self) -> String {
        match &self.table {
            Some(table) => format!("applying changes to table {table}"),
            None => "moving the checkpoint".to_owned(),
        }
    }

    /// An error if the answer is another than the log says it must be.
    fn examine(&self, done: &Done, position: &LogPosition) -> Result<(), ReplicateError> {
        let (expected, found) = match self.expected {
            Expected::Success => return Ok(()),
            Expected::Checkpoint { epoch } if done.rows != 1 => {
                return Err(ReplicateError::Superseded { epoch });
            }
            Expected::Checkpoint { .. } => return Ok(()),
            Expected::Rows(rows) => (rows, Some(done.rows)),
            Expected::WrittenOver(rows) => (rows, rows_met(&done.words)),
        };
        if found == Some(expected) {
            return Ok(());
        }
        let found = found.map_or_else(|| "an unknown number".to_owned(), |rows| rows.to_string());
        Err(ReplicateError::Diverged {
            table: self.table.clone().unwrap_or_default(),
            position: position.clone(),
            detail: format!(
                "the log says that {expected} row(s) stood there, the target held {found}"
            ),
        })
    }
}

/// The second number of `Records: 3  Duplicates: 2  Warnings: 0`, whatever language the server says it in: rows that were met.
fn rows_met(words: &str) -> Option<u64> {
    words
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .nth(1)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_met_are_read_in_every_language() {
        for (words, rows) in [
            ("Records: 3  Duplicates: 2  Warnings: 0", Some(2)),
            ("Datensätze: 12  Duplikate: 12  Warnungen: 1", Some(12)),
            ("Records: 3", None),
            ("", None),
        ] {
            assert_eq!(rows_met(words), rows, "{words}");
        }
    }
}
