//! Changes of the schema: intended, done, or left to a person. What they mean stands at the head of [`crate::mysql::ddl`].

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::document::sha256_hex;

use super::{Checkpoint, Direction, Phase, StreamState, peek, prepare_tables, stream_name};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::ddl::LoggedStatement;
use crate::mysql::log::OWN_SCHEMA;
use crate::mysql::schema::Schema;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progressed {
    /// Some of its steps may be done.
    Intended,
    /// A person has taken care of it.
    AllowedPast,
    /// The schema of the stream is the one after it.
    Done,
}

/// What is noted of a change.
#[derive(Clone, Debug)]
pub(crate) struct NotedChange {
    pub(crate) progressed: Progressed,
    /// SHA-256 of the statement.
    pub(crate) hash: String,
    /// Steps that are known to be done.
    pub(crate) steps_done: usize,
    /// The definitions of all tables before it.
    pub(crate) before: BTreeMap<String, String>,
}

const INTENDED: &str = "intended";
const ALLOWED_PAST: &str = "allowed";
const DONE: &str = "done";

impl StreamState {
    /// What is noted of the change at that place.
    pub(crate) async fn schema_change(
        &self,
        session: &mut Session,
        position: &LogPosition,
    ) -> Result<Option<NotedChange>, ReplicateError> {
        let sql = format!(
            "SELECT progressed, hash, steps_done, definitions FROM reberth.schema_change WHERE {}",
            place(&self.name, position)
        );
        let row: Option<(String, String, u32, String)> =
            session.row("looking for a schema change", sql).await?;
        let Some((word, hash, steps_done, before)) = row else {
            return Ok(None);
        };
        let progressed = match word.as_str() {
            DONE => Progressed::Done,
            ALLOWED_PAST => Progressed::AllowedPast,
            _ => Progressed::Intended,
        };
        let unreadable = |_| {
            ReplicateError::Blocked(vec![
                "the intent of a schema change cannot be read by this build".to_owned(),
            ])
        };
        Ok(Some(NotedChange {
            progressed,
            hash,
            steps_done: steps_done as usize,
            before: if before.is_empty() {
                BTreeMap::new()
            } else {
                serde_json::from_str(&before).map_err(unreadable)?
            },
        }))
    }

    /// Commits that the statement will be executed next.
    pub(crate) async fn intend_schema_change(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
        statement: &LoggedStatement,
        before: &BTreeMap<String, String>,
        steps_done: usize,
    ) -> Result<(), ReplicateError> {
        self.open_note(session, &checkpoint.position).await?;
        let sql = format!(
            "REPLACE INTO reberth.schema_change (stream, log_file, log_offset, source_identity, progressed, hash, steps_done, definitions, statement) VALUES ({}, {}, {}, {}, '{INTENDED}', '{}', {steps_done}, {}, {})",
            quote_text(&self.name),
            quote_text(statement.position.file()),
            statement.position.offset(),
            identity_of(&self.name),
            sha256_hex(&statement.query),
            quote_text(&serde_json::to_string(before).unwrap_or_default()),
            quote_text(&String::from_utf8_lossy(&statement.query)),
        );
        session
            .run("noting the intent of a schema change", sql)
            .await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Commits that one more step is done.
    pub(crate) async fn note_step(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
        position: &LogPosition,
        steps_done: usize,
    ) -> Result<(), ReplicateError> {
        self.open_note(session, &checkpoint.position).await?;
        let sql = format!(
            "UPDATE reberth.schema_change SET steps_done = {steps_done} WHERE {}",
            place(&self.name, position)
        );
        session.run("noting a step of a schema change", sql).await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Commits that the change is done, together with the schema after it.
    pub(crate) async fn conclude_schema_change(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
        position: &LogPosition,
        after: &Schema,
    ) -> Result<(), ReplicateError> {
        self.open_note(session, &checkpoint.position).await?;
        let schema = serde_json::to_string(after).unwrap_or_default();
        let sql = format!(
            "UPDATE reberth.source_schema SET definition = {} WHERE stream = {}",
            quote_text(&schema),
            quote_text(&self.name)
        );
        session
            .run("writing the schema after a change", sql)
            .await?;
        let sql = format!(
            "UPDATE reberth.schema_change SET progressed = '{DONE}', definitions = '' WHERE {}",
            place(&self.name, position)
        );
        session
            .run("noting that a schema change is done", sql)
            .await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Commits that a change is done without being carried over: the schema holds it already.
    pub(crate) async fn pass_schema_change(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
        statement: &LoggedStatement,
    ) -> Result<(), ReplicateError> {
        self.intend_schema_change(session, checkpoint, statement, &BTreeMap::new(), 0)
            .await?;
        let (position, schema) = (&statement.position, &checkpoint.schema);
        self.conclude_schema_change(session, checkpoint, position, schema)
            .await
    }

    /// Opens a transaction about the change right behind the checkpoint: under the epoch, and not past it (rule 18).
    pub(super) async fn open_note(
        &self,
        session: &mut Session,
        expected: &LogPosition,
    ) -> Result<(), ReplicateError> {
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        let lock = self.lock_checkpoint(expected);
        if session.run("locking the checkpoint", lock).await? == 1 {
            return Ok(());
        }
        session.run("closing the transaction", "ROLLBACK").await?;
        Err(ReplicateError::Superseded {
            epoch: self.epoch(),
        })
    }

    /// The places of the changes that the reader passes over.
    pub(crate) async fn done_schema_changes(
        &self,
        session: &mut Session,
    ) -> Result<BTreeSet<LogPosition>, ReplicateError> {
        done(session, &self.name).await
    }
}

/// Lets the stream pass exactly the statement at that place: a person has done on the target by hand what it did on the source, or it does not
/// matter there. Only a stream that follows can do so: before, rows are a mixture of moments, read under the definitions before the statement.
pub async fn allow_past(
    session: &mut Session,
    direction: Direction,
    database: &str,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    prepare_tables(session, direction, database).await?;
    let checkpoint = peek(session, direction, database).await?;
    let checkpoint = checkpoint.ok_or_else(|| ReplicateError::NotStarted {
        database: database.to_owned(),
    })?;
    if checkpoint.phase != Phase::Following || direction == Direction::Reverse {
        return Err(ReplicateError::Blocked(vec![
            "a statement can be passed only by a stream that follows the source; before that, and on the way back, it must begin anew".to_owned(),
        ]));
    }
    if *position < checkpoint.position {
        return Err(ReplicateError::Blocked(vec![format!(
            "the stream stands at {}, which is past {position}",
            checkpoint.position
        )]));
    }
    let name = stream_name(direction, database);
    let sql = format!(
        "INSERT INTO reberth.schema_change (stream, log_file, log_offset, source_identity, progressed, hash, steps_done, definitions, statement) VALUES ({}, {}, {}, {}, '{ALLOWED_PAST}', '', 0, '', '') \
         ON DUPLICATE KEY UPDATE progressed = IF(progressed = '{DONE}' AND source_identity = VALUES(source_identity), progressed, '{ALLOWED_PAST}'), source_identity = VALUES(source_identity)",
        quote_text(&name),
        quote_text(position.file()),
        position.offset(),
        identity_of(&name)
    );
    session
        .run("noting that a statement is passed", sql)
        .await?;
    Ok(())
}

/// Whether the schema changed at that place of the log or after it.
pub(crate) async fn has_schema_changed_since(
    session: &mut Session,
    direction: Direction,
    database: &str,
    from: &LogPosition,
) -> Result<bool, ReplicateError> {
    // Two servers are also compared before a stream between them exists.
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}' AND TABLE_NAME IN ('stream', 'schema_change')"
    );
    let tables: Option<u64> = session.row("looking for Reberth's tables", sql).await?;
    if tables != Some(2) {
        return Ok(false);
    }
    let changes = done(session, &stream_name(direction, database)).await?;
    Ok(changes.range(from.clone()..).next().is_some())
}

async fn done(session: &mut Session, name: &str) -> Result<BTreeSet<LogPosition>, ReplicateError> {
    let sql = format!(
        "SELECT log_file, log_offset FROM reberth.schema_change WHERE stream = {} AND source_identity = {} AND progressed = '{DONE}'",
        quote_text(name),
        identity_of(name)
    );
    let rows: Vec<(String, u64)> = session.rows("listing schema changes", sql).await?;
    Ok(rows
        .iter()
        .filter_map(|(file, offset)| LogPosition::new(file, *offset))
        .collect())
}

fn place(name: &str, position: &LogPosition) -> String {
    format!(
        "stream = {} AND log_file = {} AND log_offset = {} AND source_identity = {}",
        quote_text(name),
        quote_text(position.file()),
        position.offset(),
        identity_of(name)
    )
}

/// The identity of the server whose log the stream reads now: after a failover the same place is another one.
fn identity_of(name: &str) -> String {
    format!(
        "(SELECT source_identity FROM reberth.stream WHERE name = {})",
        quote_text(name)
    )
}
