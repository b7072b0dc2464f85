//! What Reberth keeps on the server that it writes to: the checkpoint, the chunks, the epoch.
//!
//! Everything here is changed in the same transaction as the rows it speaks of. The **epoch** shuts out a predecessor that is
//! still alive (rule 18): whoever starts raises it under a row lock, which waits for every open transaction that holds the row
//! shared (chunks) or exclusive (batches), after ending the sessions that the predecessor left; and every transaction of ours
//! first checks it while locking the row. So once the epoch is raised, nothing of an older one can commit any more.

mod added;
mod checkpoint;
mod chunks;
mod epoch;
mod kept_changes;
pub mod operation;
pub(crate) mod own_schema;
mod prepared;
mod recopies;
mod schema_changes;

use std::error::Error;

use crate::connection::{Address, Session};
use crate::error::ReplicateError;
use crate::mysql::gtid::GtidSet;
use crate::mysql::log::OWN_SCHEMA;
use crate::mysql::schema::Schema;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;
use crate::sealed;

pub use crate::claim::Claim;
pub use crate::stream::{Direction, Phase};

pub use chunks::copy_totals;
pub use own_schema::prepare_tables;
pub use schema_changes::allow_past;
pub(crate) use schema_changes::{Progressed, has_schema_changed_since};

/// The checkpoint of a stream.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// How far it has come.
    pub phase: Phase,
    /// Everything up to here is on the target.
    pub position: LogPosition,
    /// From here on the copied rows are certain: the highest end of any chunk's reading (rule 3).
    pub certain_from: LogPosition,
    /// Names of the transactions up to here, and, until the stream follows, of some that come after; `None` where the source gives none.
    pub executed: Option<GtidSet>,
    /// Identity of the server whose log it is.
    pub source_identity: String,
    /// The schema as of the first position.
    pub schema: Schema,
}

/// The state of one stream, owned under one epoch.
#[derive(Clone, Debug)]
pub struct StreamState {
    name: String,
    epoch: u64,
    address: Address,
}

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS reberth.stream (
        name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, raised_by CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL, turn BIGINT UNSIGNED NOT NULL DEFAULT 0,
        phase VARCHAR(20) NOT NULL, log_file VARCHAR(255) NOT NULL, log_offset BIGINT UNSIGNED NOT NULL,
        certain_file VARCHAR(255) NOT NULL, certain_offset BIGINT UNSIGNED NOT NULL,
        source_identity VARCHAR(255) NOT NULL, executed LONGTEXT CHARACTER SET ascii NULL) ENGINE=InnoDB",
    // Apart from the checkpoint, which changes with every batch and is logged whole each time.
    "CREATE TABLE IF NOT EXISTS reberth.source_schema (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, definition LONGTEXT CHARACTER SET utf8mb4 NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.chunk (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        number INT UNSIGNED NOT NULL, bounds LONGTEXT CHARACTER SET utf8mb4 NOT NULL, is_done BOOLEAN NOT NULL DEFAULT FALSE,
        row_count BIGINT UNSIGNED NOT NULL DEFAULT 0, byte_count BIGINT UNSIGNED NOT NULL DEFAULT 0, end_file VARCHAR(255) NULL, end_offset BIGINT UNSIGNED NULL,
        PRIMARY KEY (stream, table_name, number)) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.session (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, connection_id BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (stream, connection_id)) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.prepared_part (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, xid VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, part INT UNSIGNED NOT NULL,
        changes LONGBLOB NOT NULL, PRIMARY KEY (stream, xid, part)) ENGINE=InnoDB",
    operation::TABLE,
    // The key of the spool lives here, beside the rows that it protects, and not on the disk that the spool is on.
    "CREATE TABLE IF NOT EXISTS reberth.spool (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, spool_key CHAR(64) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.schema_change (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, log_file VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, log_offset BIGINT UNSIGNED NOT NULL,
        source_identity VARCHAR(255) NOT NULL, progressed VARCHAR(20) NOT NULL, hash CHAR(64) CHARACTER SET ascii NOT NULL, steps_done INT UNSIGNED NOT NULL,
        definitions LONGTEXT CHARACTER SET utf8mb4 NOT NULL, statement LONGTEXT CHARACTER SET utf8mb4 NOT NULL, PRIMARY KEY (stream, log_file, log_offset)) ENGINE=InnoDB",
];

/// Reads the checkpoint of a stream without owning it. `None`: it was never begun.
pub async fn peek(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Option<Checkpoint>, ReplicateError> {
    // A process may have died between making the one and the other.
    let exist: Option<u64> = session
        .row("looking for Reberth's tables", format!("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}' AND TABLE_NAME IN ('stream', 'source_schema')"))
        .await?;
    if exist != Some(2) {
        return Ok(None);
    }
    match checkpoint::read(session, &stream_name(direction, database)).await {
        // Removed meanwhile, with the last stream.
        Err(error) if own_schema::is_absent(&error) => Ok(None),
        read => read,
    }
}

impl StreamState {
    /// The stream's name in the state tables.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The key of the stream's spool; made when it is asked for first.
    pub(crate) async fn spool_key(&self, session: &mut Session) -> Result<Vec<u8>, ReplicateError> {
        let name = quote_text(&self.name);
        let fresh: String = sealed::new_key()
            .iter()
            .flatten()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let sql = format!(
            "INSERT INTO reberth.spool (stream, spool_key) VALUES ({name}, {}) ON DUPLICATE KEY UPDATE stream = stream",
            quote_text(&fresh)
        );
        session.run("making the spool's key", sql).await?;
        let sql = format!("SELECT spool_key FROM reberth.spool WHERE stream = {name}");
        let text: Option<String> = session.row("reading the spool's key", sql).await?;
        let text = text.unwrap_or_default();
        let bytes = text.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            u8::from_str_radix(pair, 16).unwrap_or_default()
        });
        Ok(bytes.collect())
    }
}

fn stream_name(direction: Direction, database: &str) -> String {
    format!("{}:{database}", direction.word())
}

/// Begins a stream: writes its first checkpoint. It is an error if the stream has one. The tables may have gone since they were made, with another stream that
/// was the last one then.
pub async fn begin(
    session: &mut Session,
    direction: Direction,
    database: &str,
    checkpoint: &Checkpoint,
) -> Result<(), ReplicateError> {
    own_schema::lock(session).await?;
    let begun = match own_schema::make_tables(session).await {
        Ok(()) => write_first(session, direction, database, checkpoint).await,
        Err(error) => Err(error),
    };
    own_schema::unlock(session, begun).await
}

async fn write_first(
    session: &mut Session,
    direction: Direction,
    database: &str,
    checkpoint: &Checkpoint,
) -> Result<(), ReplicateError> {
    let schema = serde_json::to_string(&checkpoint.schema).unwrap_or_default();
    let (name, position, certain) = (
        quote_text(&stream_name(direction, database)),
        &checkpoint.position,
        &checkpoint.certain_from,
    );
    session
        .run("opening a transaction", "START TRANSACTION")
        .await?;
    let sql = format!(
        "INSERT INTO reberth.stream (name, epoch, phase, log_file, log_offset, certain_file, certain_offset, source_identity, executed) \
         VALUES ({name}, 0, '{}', {}, {}, {}, {}, {}, {})",
        checkpoint.phase.word(),
        quote_text(position.file()),
        position.offset(),
        quote_text(certain.file()),
        certain.offset(),
        quote_text(&checkpoint.source_identity),
        checkpoint::executed_literal(checkpoint.executed.as_ref()),
    );
    session.run("writing the first checkpoint", sql).await?;
    let sql = format!(
        "INSERT INTO reberth.source_schema (stream, definition) VALUES ({name}, {})",
        quote_text(&schema)
    );
    session.run("writing the source's schema", sql).await?;
    session.run("committing", "COMMIT").await?;
    Ok(())
}

/// Forgets a stream and its chunks, and removes Reberth's schema with the last stream. Returns what was removed, for the report: nothing, if
/// nothing is there. A process may have died while it made or removed these tables, so each of them may be missing. All rows go in one transaction: a stream
/// without its chunks would copy once more over what it has copied. Once they are gone the stream is, so a schema that cannot be removed is a line of the
/// report, and no error: whoever called again would find no stream, and lose what else there is to tell.
pub async fn forget(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let name = quote_text(&stream_name(direction, database));
    let mut removed = Vec::new();
    let schema: Option<u64> = session
        .row("looking for Reberth's schema", format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{OWN_SCHEMA}'"))
        .await?;
    if schema != Some(1) {
        return Ok(removed);
    }
    let present = own_schema::tables(session).await?;
    session
        .run("opening a transaction", "START TRANSACTION")
        .await?;
    for (table, column) in [
        ("chunk", "stream"),
        ("session", "stream"),
        ("prepared_part", "stream"),
        (prepared::OF_OLDER_BUILDS, "stream"),
        ("operation", "stream"),
        ("spool", "stream"),
        ("schema_change", "stream"),
        ("source_schema", "stream"),
        ("stream", "name"),
    ] {
        if !present.iter().any(|present| present == table) {
            continue;
        }
        let rows = session
            .run(
                "removing Reberth's state",
                format!("DELETE FROM reberth.{table} WHERE {column} = {name}"),
            )
            .await?;
        removed.push(format!("{rows} row(s) of reberth.{table}"));
    }
    session.run("committing", "COMMIT").await?;
    match own_schema::remove_unused(session).await {
        Ok(schema) => removed.extend(schema),
        Err(error) => removed.push(format!(
            "perhaps not the schema {OWN_SCHEMA}, which `reberth replicate stop` removes: {}",
            with_causes(&error)
        )),
    }
    Ok(removed)
}

fn with_causes(error: &ReplicateError) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words += &format!(": {next}");
        cause = next.source();
    }
    words
}
