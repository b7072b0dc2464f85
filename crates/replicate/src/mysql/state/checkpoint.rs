//! The checkpoint: read, and moved only together with the rows that it speaks of.

use super::{Checkpoint, Phase, StreamState};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::gtid::GtidSet;
use crate::mysql::server::Flavour;
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

    /// The statement that locks the checkpoint for a transaction which applies log events, and changes one row exactly if it stands where
    /// we think, under our epoch. This change is also the mark by which the other direction knows the transaction as ours.
    pub(crate) fn lock_checkpoint(&self, expected: &LogPosition) -> String {
        format!(
            "UPDATE reberth.stream SET turn = turn + 1 WHERE name = {} AND epoch = {} AND log_file = {} AND log_offset = {}",
            quote_text(&self.name),
            self.epoch,
            quote_text(expected.file()),
            expected.offset()
        )
    }

    /// The statement that moves the checkpoint, in the same transaction as the rows.
    pub(crate) fn move_checkpoint(&self, end: &LogPosition, executed: Option<&GtidSet>) -> String {
        format!(
            "UPDATE reberth.stream SET log_file = {}, log_offset = {}, executed = {} WHERE name = {} AND epoch = {}",
            quote_text(end.file()),
            end.offset(),
            executed_literal(executed),
            quote_text(&self.name),
            self.epoch
        )
    }

    /// Goes on in the log of another server, which holds all that was applied. From here on nothing is left that names a place in the log
    /// before: the stream follows, so what was read at one moment lies behind it.
    pub async fn change_source(
        &self,
        session: &mut Session,
        position: &LogPosition,
        identity: &str,
    ) -> Result<(), ReplicateError> {
        let name = quote_text(&self.name);
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        let (file, offset) = (quote_text(position.file()), position.offset());
        let sql = format!(
            "UPDATE reberth.stream SET log_file = {file}, log_offset = {offset}, certain_file = {file}, certain_offset = {offset}, \
             source_identity = {}, turn = turn + 1 WHERE name = {name} AND epoch = {} AND phase = '{}'",
            quote_text(identity),
            self.epoch,
            Phase::Following.word()
        );
        if session.run("changing the source", sql).await? != 1 {
            session.run("closing the transaction", "ROLLBACK").await?;
            return Err(ReplicateError::Superseded { epoch: self.epoch });
        }
        let sql = format!(
            "UPDATE reberth.chunk SET end_file = NULL, end_offset = NULL WHERE stream = {name}"
        );
        session
            .run("forgetting places in the log before", sql)
            .await?;
        session.run("committing", "COMMIT").await?;
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

/// The names of what is executed, as SQL.
pub(super) fn executed_literal(executed: Option<&GtidSet>) -> String {
    executed.map_or("NULL".to_owned(), |set| quote_text(&set.to_string()))
}

/// Reads the checkpoint of the stream of that name. `None`: it was never begun.
pub(super) async fn read(
    session: &mut Session,
    name: &str,
) -> Result<Option<Checkpoint>, ReplicateError> {
    type Row = (
        String,
        String,
        u64,
        String,
        u64,
        String,
        Option<String>,
        String,
    );
    let sql = format!(
        "SELECT phase, log_file, log_offset, certain_file, certain_offset, source_identity, executed, definition \
         FROM reberth.stream JOIN reberth.source_schema ON stream = name WHERE name = {}",
        quote_text(name)
    );
    let Some((
        phase,
        file,
        offset,
        certain_file,
        certain_offset,
        source_identity,
        executed,
        schema,
    )) = session.row::<Row>("reading the checkpoint", sql).await?
    else {
        return Ok(None);
    };
    let checkpoint = || {
        Some(Checkpoint {
            phase: Phase::from_word(&phase)?,
            position: LogPosition::new(&file, offset)?,
            certain_from: LogPosition::new(&certain_file, certain_offset)?,
            executed: match executed {
                Some(text) => Some(GtidSet::parse(Flavour::of(&source_identity), &text)?),
                None => None,
            },
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
