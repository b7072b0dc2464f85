//! What Reberth keeps on the server that it writes to: the checkpoint, the chunks, the epoch.
//!
//! Everything here is changed in the same transaction as the rows it speaks of. The **epoch** shuts out a predecessor that is
//! still alive (rule 18): whoever starts raises it under a row lock, which waits for every open transaction that holds the row
//! shared (chunks) or exclusive (batches), after ending the sessions that the predecessor left; and every transaction of ours
//! first checks it while locking the row. So once the epoch is raised, nothing of an older one can commit any more.

use crate::connection::{Address, LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::chunk::Chunk;
use crate::mysql::log::{OWN_SCHEMA, RowChange};
use crate::mysql::schema::Schema;
use crate::mysql::server;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;

/// Which way the data flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From source to target.
    Forward,
    /// From target back to source.
    Reverse,
}

impl Direction {
    /// The word in the state tables.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Forward => "forward",
            Direction::Reverse => "reverse",
        }
    }
}

/// How far a stream has come. Stored; a restart goes on in the stored phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Chunks are being copied; no event of the log has been applied.
    Copying,
    /// Everything is copied; events are replayed over it until it is consistent.
    Replaying,
    /// The target is a committed state of the source, with all its indexes, and follows it.
    Following,
}

impl Phase {
    /// The word in the state tables and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Copying => "copying",
            Phase::Replaying => "replaying",
            Phase::Following => "following",
        }
    }

    fn from_word(word: &str) -> Option<Phase> {
        [Phase::Copying, Phase::Replaying, Phase::Following]
            .into_iter()
            .find(|phase| phase.word() == word)
    }
}

/// The checkpoint of a stream.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// How far it has come.
    pub phase: Phase,
    /// Everything up to here is on the target.
    pub position: LogPosition,
    /// From here on the copied rows are certain: the highest end of any chunk's reading (rule 3).
    pub certain_from: LogPosition,
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
        name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, turn BIGINT UNSIGNED NOT NULL DEFAULT 0,
        phase VARCHAR(20) NOT NULL, log_file VARCHAR(255) NOT NULL, log_offset BIGINT UNSIGNED NOT NULL,
        certain_file VARCHAR(255) NOT NULL, certain_offset BIGINT UNSIGNED NOT NULL,
        source_identity VARCHAR(255) NOT NULL) ENGINE=InnoDB",
    // Apart from the checkpoint, which changes with every batch and is logged whole each time.
    "CREATE TABLE IF NOT EXISTS reberth.source_schema (
        stream VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, definition LONGTEXT CHARACTER SET utf8mb4 NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.chunk (
        stream VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        number INT UNSIGNED NOT NULL, bounds LONGTEXT CHARACTER SET utf8mb4 NOT NULL, is_done BOOLEAN NOT NULL DEFAULT FALSE,
        row_count BIGINT UNSIGNED NOT NULL DEFAULT 0, byte_count BIGINT UNSIGNED NOT NULL DEFAULT 0, end_file VARCHAR(255) NULL, end_offset BIGINT UNSIGNED NULL,
        PRIMARY KEY (stream, table_name, number)) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.session (
        stream VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, connection_id BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (stream, connection_id)) ENGINE=InnoDB",
    "CREATE TABLE IF NOT EXISTS reberth.prepared (
        stream VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, xid VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, part INT UNSIGNED NOT NULL,
        changes LONGTEXT CHARACTER SET utf8mb4 NOT NULL, PRIMARY KEY (stream, xid, part)) ENGINE=InnoDB",
];

/// Reads the checkpoint of a stream without owning it. `None`: it was never begun.
pub async fn peek(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Option<Checkpoint>, ReplicateError> {
    let exists: Option<u64> = session
        .row("looking for Reberth's tables", format!("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}' AND TABLE_NAME = 'stream'"))
        .await?;
    if exists != Some(1) {
        return Ok(None);
    }
    read_checkpoint(session, &stream_name(direction, database)).await
}

fn stream_name(direction: Direction, database: &str) -> String {
    format!("{}:{database}", direction.word())
}

async fn read_checkpoint(
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

/// Makes Reberth's schema where it is missing.
pub async fn prepare_tables(session: &mut Session) -> Result<(), ReplicateError> {
    session
        .run(
            "making Reberth's schema",
            "CREATE DATABASE IF NOT EXISTS reberth CHARACTER SET utf8mb4",
        )
        .await?;
    for table in TABLES {
        session.run("making Reberth's tables", table).await?;
    }
    Ok(())
}

/// Begins a stream: writes its first checkpoint, unless it has one already.
pub async fn begin(
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
        "INSERT IGNORE INTO reberth.stream (name, epoch, phase, log_file, log_offset, certain_file, certain_offset, source_identity) \
         VALUES ({name}, 0, '{}', {}, {}, {}, {}, {})",
        checkpoint.phase.word(),
        quote_text(position.file()),
        position.offset(),
        quote_text(certain.file()),
        certain.offset(),
        quote_text(&checkpoint.source_identity),
    );
    session.run("writing the first checkpoint", sql).await?;
    let sql = format!(
        "INSERT IGNORE INTO reberth.source_schema (stream, definition) VALUES ({name}, {})",
        quote_text(&schema)
    );
    session.run("writing the source's schema", sql).await?;
    session.run("committing", "COMMIT").await?;
    Ok(())
}

/// Forgets a stream and its chunks, and removes Reberth's schema with the last stream. Returns what was removed, for the report: nothing, if
/// nothing is there. A process may have died while it made or removed these tables, so each of them may be missing.
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
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}'"
    );
    let present: Vec<String> = session.rows("looking for Reberth's tables", sql).await?;
    for (table, column) in [
        ("chunk", "stream"),
        ("session", "stream"),
        ("prepared", "stream"),
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
    let left: Option<u64> = match present.iter().any(|present| present == "stream") {
        true => {
            session
                .row(
                    "looking for other streams",
                    "SELECT COUNT(*) FROM reberth.stream",
                )
                .await?
        }
        false => Some(0),
    };
    if left == Some(0) {
        session
            .run(
                "removing Reberth's schema",
                "DROP DATABASE IF EXISTS reberth",
            )
            .await?;
        removed.push("the schema reberth".to_owned());
    }
    Ok(removed)
}

impl StreamState {
    /// Takes the stream over: ends the predecessor's sessions and raises the epoch.
    ///
    /// `held` is the epoch that this process held before it lost its sessions: if another process has raised it meanwhile, that one is the
    /// successor, and this one ends instead of taking the stream back.
    pub async fn take_over(
        session: &mut Session,
        direction: Direction,
        database: &str,
        held: Option<u64>,
    ) -> Result<StreamState, ReplicateError> {
        let name = stream_name(direction, database);
        let quoted = quote_text(&name);
        let stored: Option<u64> = session
            .row(
                "reading the epoch",
                format!("SELECT epoch FROM reberth.stream WHERE name = {quoted}"),
            )
            .await?;
        let stored = stored.ok_or_else(|| ReplicateError::NotStarted {
            database: database.to_owned(),
        })?;
        if let Some(epoch) = held.filter(|held| *held != stored) {
            return Err(ReplicateError::Superseded { epoch });
        }
        let old: Vec<u64> = session
            .rows(
                "listing a predecessor's sessions",
                format!("SELECT connection_id FROM reberth.session WHERE stream = {quoted}"),
            )
            .await?;
        let own_id = u64::from(session.id());
        for id in old.into_iter().filter(|id| *id != own_id) {
            // The number may have gone to somebody else's session since; only sessions of our own account are ended.
            let sql = format!(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND CONCAT(USER, '@') = CONCAT(SUBSTRING_INDEX(USER(), '@', 1), '@')"
            );
            if session
                .row::<u64>("looking for a predecessor's session", sql)
                .await?
                == Some(1)
            {
                // It may end by itself between the two statements.
                let _ = session
                    .run("ending a predecessor's session", format!("KILL {id}"))
                    .await;
            }
        }
        let raise = format!(
            "UPDATE reberth.stream SET epoch = epoch + 1 WHERE name = {quoted} AND epoch = {stored}"
        );
        if session.run("raising the epoch", raise).await? != 1 {
            return Err(ReplicateError::Superseded { epoch: stored });
        }
        session
            .run(
                "forgetting a predecessor's sessions",
                format!("DELETE FROM reberth.session WHERE stream = {quoted}"),
            )
            .await?;
        Ok(StreamState {
            name,
            epoch: stored + 1,
            address: session.address().clone(),
        })
    }

    /// Opens a session for writing rows, registered so that a successor can end it.
    pub async fn open_writer(&self) -> Result<Session, ReplicateError> {
        let mut session = server::writer(&self.address).await?;
        let sql = format!(
            "REPLACE INTO reberth.session (stream, connection_id, epoch) VALUES ({}, {}, {})",
            quote_text(&self.name),
            session.id(),
            self.epoch
        );
        session.run("registering a session", sql).await?;
        Ok(session)
    }

    /// The epoch that this process holds.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The checkpoint as it stands.
    pub async fn checkpoint(&self, session: &mut Session) -> Result<Checkpoint, ReplicateError> {
        let missing = || ReplicateError::NotStarted {
            database: self.name.clone(),
        };
        read_checkpoint(session, &self.name)
            .await?
            .ok_or_else(missing)
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

    /// The chunks of the stream, in order of table and number, with whether each is done.
    pub async fn chunks(
        &self,
        session: &mut Session,
    ) -> Result<Vec<(Chunk, bool)>, ReplicateError> {
        let sql = format!(
            "SELECT table_name, number, bounds, is_done FROM reberth.chunk WHERE stream = {} ORDER BY table_name, number",
            quote_text(&self.name)
        );
        let rows: Vec<(String, u32, String, bool)> =
            session.rows("reading the chunks", sql).await?;
        rows.into_iter()
            .map(|(table, number, bounds, is_done)| {
                Ok((Chunk::from_stored(table, number, &bounds)?, is_done))
            })
            .collect()
    }

    /// Stores the chunks of one table; all of them or none.
    pub async fn store_chunks(
        &self,
        session: &mut Session,
        chunks: &[Chunk],
    ) -> Result<(), ReplicateError> {
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        for some in chunks.chunks(200) {
            let values: Vec<String> = some
                .iter()
                .map(|chunk| {
                    format!(
                        "({}, {}, {}, {})",
                        quote_text(&self.name),
                        quote_text(&chunk.table),
                        chunk.number,
                        quote_text(&chunk.to_stored())
                    )
                })
                .collect();
            session
                .run(
                    "storing chunks",
                    format!(
                        "INSERT INTO reberth.chunk (stream, table_name, number, bounds) VALUES {}",
                        values.join(",")
                    ),
                )
                .await?;
        }
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Opens a transaction that writes the rows of a chunk: holds the epoch shared, so that chunks are written side by
    /// side but none can commit after the epoch was raised, and marks the chunk as done together with the end of its reading.
    /// `false`: the chunk is done already.
    pub async fn open_chunk(
        &self,
        session: &mut Session,
        chunk: &Chunk,
        end: &LogPosition,
    ) -> Result<bool, ReplicateError> {
        session
            .run("opening a transaction", "START TRANSACTION")
            .await?;
        let name = quote_text(&self.name);
        let epoch: Option<u64> = session
            .row(
                "checking the epoch",
                format!("SELECT epoch FROM reberth.stream WHERE name = {name} LOCK IN SHARE MODE"),
            )
            .await?;
        if epoch != Some(self.epoch) {
            session.run("closing the transaction", "ROLLBACK").await?;
            return Err(ReplicateError::Superseded { epoch: self.epoch });
        }
        let sql = format!(
            "UPDATE reberth.chunk SET is_done = TRUE, end_file = {}, end_offset = {} WHERE stream = {name} AND table_name = {} AND number = {} AND NOT is_done",
            quote_text(end.file()),
            end.offset(),
            quote_text(&chunk.table),
            chunk.number
        );
        let is_new = session.run("marking the chunk", sql).await? == 1;
        if !is_new {
            session.run("closing the transaction", "ROLLBACK").await?;
        }
        Ok(is_new)
    }

    /// Commits a chunk's rows with their number and size in bytes.
    pub async fn commit_chunk(
        &self,
        session: &mut Session,
        chunk: &Chunk,
        rows: u64,
        bytes: u64,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.chunk SET row_count = {rows}, byte_count = {bytes} WHERE stream = {} AND table_name = {} AND number = {}",
            quote_text(&self.name),
            quote_text(&chunk.table),
            chunk.number
        );
        session.run("counting the chunk", sql).await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// Where each table's reading ended: the highest end of its chunks.
    pub async fn reading_ends(
        &self,
        session: &mut Session,
    ) -> Result<Vec<(String, LogPosition)>, ReplicateError> {
        let sql = format!(
            "SELECT table_name, end_file, end_offset FROM reberth.chunk WHERE stream = {} AND is_done",
            quote_text(&self.name)
        );
        let rows: Vec<(String, String, u64)> =
            session.rows("reading the ends of chunks", sql).await?;
        let mut ends: std::collections::BTreeMap<String, LogPosition> =
            std::collections::BTreeMap::new();
        for (table, file, offset) in rows {
            if let Some(end) = LogPosition::new(&file, offset) {
                let known = ends.entry(table).or_insert_with(|| end.clone());
                *known = known.clone().max(end);
            }
        }
        Ok(ends.into_iter().collect())
    }

    /// Keeps a part of a prepared transaction until it is decided.
    pub async fn keep_prepared(
        &self,
        session: &mut Session,
        xid: &str,
        part: usize,
        changes: &[RowChange],
    ) -> Result<(), ReplicateError> {
        let changes = serde_json::to_string(changes).unwrap_or_default();
        let sql = format!(
            "INSERT INTO reberth.prepared (stream, xid, part, changes) VALUES ({}, {}, {part}, {})",
            quote_text(&self.name),
            quote_text(xid),
            quote_text(&changes)
        );
        session.run("keeping a prepared transaction", sql).await?;
        Ok(())
    }

    /// Takes the changes of a prepared transaction that was decided; `None` if none of that name was kept.
    pub async fn take_prepared(
        &self,
        session: &mut Session,
        xid: &str,
    ) -> Result<Option<Vec<RowChange>>, ReplicateError> {
        let place = format!(
            "stream = {} AND xid = {}",
            quote_text(&self.name),
            quote_text(xid)
        );
        let parts: Vec<String> = session
            .rows(
                "reading a prepared transaction",
                format!("SELECT changes FROM reberth.prepared WHERE {place} ORDER BY part"),
            )
            .await?;
        session
            .run(
                "removing a prepared transaction",
                format!("DELETE FROM reberth.prepared WHERE {place}"),
            )
            .await?;
        let parts: Result<Vec<Vec<RowChange>>, _> = parts
            .iter()
            .map(|part| serde_json::from_str(part))
            .collect();
        parts
            .map(|parts| (!parts.is_empty()).then(|| parts.into_iter().flatten().collect()))
            .map_err(|_| {
                ReplicateError::Blocked(vec![format!(
                    "the kept changes of the prepared transaction {xid} cannot be read"
                )])
            })
    }
}

/// What the copy has done so far, per table: name, chunks, chunks done, rows, bytes.
pub async fn copy_totals(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Vec<(String, u64, u64, u64, u64)>, ReplicateError> {
    let sql = format!(
        "SELECT table_name, COUNT(*), CAST(SUM(is_done) AS UNSIGNED), CAST(SUM(row_count) AS UNSIGNED), CAST(SUM(byte_count) AS UNSIGNED) FROM reberth.chunk WHERE stream = {} GROUP BY table_name ORDER BY table_name",
        quote_text(&stream_name(direction, database))
    );
    session.rows("reading the copy's progress", sql).await
}
