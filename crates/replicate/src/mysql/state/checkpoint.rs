//! The checkpoint: read, and moved only together with the rows that it speaks of.

use super::{Checkpoint, Phase, StreamState};
use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;

impl StreamState {
    /// The checkpoint as it stands.
    pub async fn checkpoint(&self, session: &mut Session) -> Result<Checkpoint, ReplicateError> {
        let missing = || ReplicateError::NotStarted {
            database: self.name.clone(),
        };
        read(session, &self.name).await?.ok_or_else(missing)
    }

    /// Opens a transaction that applies log events: locks the checkpoint and proves that it stands where we think.
    /// This change is also the mark by which the other direction knows the transaction as ours.
    pub async fn open_batch(
        &self,
        session: &mut Session,
        expected: &LogPosition,
    ) -> Result<(), ReplicateError> {
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        let sql = format!(
            "UPDATE reberth.stream SET turn = turn + 1 WHERE name = {} AND epoch = {} AND log_file = {} AND log_offset = {}",
            quote_text(&self.name),
            self.epoch,
            quote_text(expected.file()),
            expected.offset()
        );
        if session.run("locking the checkpoint", sql).await? == 1 {
            return Ok(());
        }
        session.run("closing the transaction", "ROLLBACK").await?;
        Err(ReplicateError::Superseded { epoch: self.epoch })
    }

    /// Moves the checkpoint and commits it together with the rows.
    pub async fn commit_batch(
        &self,
        session: &mut Session,
        end: &LogPosition,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.stream SET log_file = {}, log_offset = {} WHERE name = {} AND epoch = {}",
            quote_text(end.file()),
            end.offset(),
            quote_text(&self.name),
            self.epoch
        );
        session.run("moving the checkpoint", sql).await?;
        session
            .run_within(LONG_STATEMENT_LIMIT, "committing", "COMMIT")
            .await?;
        Ok(())
    }

    /// Moves the stream into its next phase.
    pub async fn enter(
        &self,
        session: &mut Session,
        phase: Phase,
        certain_from: &LogPosition,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.stream SET phase = '{}', certain_file = {}, certain_offset = {}, turn = turn + 1 WHERE name = {} AND epoch = {}",
            phase.word(),
            quote_text(certain_from.file()),
            certain_from.offset(),
            quote_text(&self.name),
            self.epoch
        );
        match session.run("entering the next phase", sql).await? {
            1 => Ok(()),
            _ => Err(ReplicateError::Superseded { epoch: self.epoch }),
        }
    }
}

/// Reads the checkpoint of the stream of that name. `None`: it was never begun.
pub(super) async fn read(
    session: &mut Session,
    name: &str,
) -> Result<Option<Checkpoint>, ReplicateError> {
    type Row = (String, String, u64, String, u64, String, String);
    let sql = format!(
        "SELECT phase, log_file, log_offset, certain_file, certain_offset, source_identity, definition \
         FROM reberth.stream JOIN reberth.source_schema ON stream = name WHERE name = {}",
        quote_text(name)
    );
    let Some((phase, file, offset, certain_file, certain_offset, source_identity, schema)) =
        session.row::<Row>("reading the checkpoint", sql).await?
    else {
        return Ok(None);
    };
    let checkpoint = || {
        Some(Checkpoint {
            phase: Phase::from_word(&phase)?,
            position: LogPosition::new(&file, offset)?,
            certain_from: LogPosition::new(&certain_file, certain_offset)?,
            source_identity,
            schema: serde_json::from_str(&schema).ok()?,
        })
    };
    checkpoint().map(Some).ok_or_else(|| {
        ReplicateError::Blocked(vec![
            "the checkpoint on the target cannot be read by this build".to_owned(),
        ])
    })
}
