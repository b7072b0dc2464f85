//! What Reberth keeps on the server that it writes to, in a schema of its own: the checkpoint, the chunks, the epoch.
//!
//! Everything here is changed in the same transaction as the rows it speaks of. The **epoch** shuts out a predecessor that is still alive (rule 18):
//! whoever starts raises it by updating the stream's row, which waits for every open transaction that holds the row, after ending the sessions that
//! the predecessor left; and every transaction of ours first locks the row, shared for a chunk, by an update for a batch, where it bears our
//! epoch. So once the epoch is raised, nothing of an older one can commit any more.

pub(crate) mod beginning;
mod chunks;
mod epoch;
pub mod operation;

use serde::{Deserialize, Serialize};

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::table::Tables;
use crate::postgres::value::quote_text;
use crate::stream::{Direction, Phase};

pub use beginning::{begin, take_turn};
pub use chunks::{Chunk, CopyTotals, copy_totals};

/// The schema that holds what we keep.
pub const OWN_SCHEMA: &str = "reberth";

/// How a stream learns what changes on its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A replication slot: the source's log, decoded by the source.
    Logical,
    /// Triggers that note the keys of what changes.
    TriggerCapture,
    /// Not at all: nobody writes there while it is moved.
    DumpWindow,
}

impl Method {
    /// The word in the state tables and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Method::Logical => "logical",
            Method::TriggerCapture => "trigger capture",
            Method::DumpWindow => "dump window",
        }
    }

    fn from_word(word: &str) -> Option<Method> {
        [Method::Logical, Method::TriggerCapture, Method::DumpWindow]
            .into_iter()
            .find(|method| method.word() == word)
    }
}

/// The checkpoint of a stream.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// How far it has come.
    pub phase: Phase,
    /// How changes are learnt.
    pub method: Method,
    /// Everything up to here is on the target: an LSN, or the snapshot whose visible changes are applied (rule 26).
    pub position: String,
    /// From here on the tables stand at one moment: an LSN.
    pub certain_from: String,
    /// Identity of the server and its history.
    pub source_identity: String,
    /// The tables as of the beginning.
    pub tables: Tables,
}

impl Checkpoint {
    /// The word for how far it has come. A window has nothing to replay or to follow.
    pub fn stage(&self) -> &'static str {
        match (self.method, self.phase) {
            (Method::DumpWindow, Phase::Replaying) => "completing",
            (Method::DumpWindow, Phase::Following) => "copied",
            (_, phase) => phase.word(),
        }
    }
}

/// The state of one stream, owned under one epoch.
#[derive(Clone, Debug)]
pub struct StreamState {
    name: String,
    epoch: u64,
    address: Address,
}

const TABLES: &[&str] = &[
    "CREATE SCHEMA IF NOT EXISTS reberth",
    "CREATE TABLE IF NOT EXISTS reberth.stream (
        name text PRIMARY KEY, epoch bigint NOT NULL, raised_by text, phase text NOT NULL, method text NOT NULL, position text NOT NULL,
        certain_from text NOT NULL, source_identity text NOT NULL, definition text NOT NULL) WITH (fillfactor = 20)",
    "CREATE TABLE IF NOT EXISTS reberth.chunk (
        stream text NOT NULL, table_path text NOT NULL, number integer NOT NULL, first_page bigint NOT NULL, end_page bigint, is_done boolean NOT NULL DEFAULT false,
        row_count bigint NOT NULL DEFAULT 0, byte_count bigint NOT NULL DEFAULT 0, PRIMARY KEY (stream, table_path, number))",
    "CREATE TABLE IF NOT EXISTS reberth.reading (
        stream text NOT NULL, table_path text NOT NULL, snapshot text NOT NULL, PRIMARY KEY (stream, table_path))",
    "CREATE TABLE IF NOT EXISTS reberth.session (
        stream text NOT NULL, process_id integer NOT NULL, begun_at text NOT NULL, epoch bigint NOT NULL, PRIMARY KEY (stream, process_id))",
    operation::TABLE,
    super::base::TABLE,
];

/// Makes Reberth's schema where it is missing.
pub async fn prepare_tables(session: &mut Session) -> Result<(), ReplicateError> {
    let doing = "making Reberth's tables";
    // Two processes that make the same thing at once would refuse each other.
    let mut sql = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('reberth'), 0)".to_owned();
    for statement in TABLES {
        sql += ";";
        sql += statement;
    }
    sql += "; COMMIT";
    session
        .run(doing, "SET client_min_messages = warning")
        .await?;
    session.run(doing, sql).await.map(drop)
}

/// The stream's name in the state tables.
pub(crate) fn stream_name(direction: Direction, database: &str) -> String {
    format!("{}:{database}", direction.word())
}

/// Reads the checkpoint of a stream without owning it. `None`: it was never begun.
pub async fn peek(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Option<Checkpoint>, ReplicateError> {
    let doing = "reading the checkpoint";
    let is_there: Option<(bool,)> = session
        .row(doing, "SELECT to_regclass('reberth.stream') IS NOT NULL")
        .await?;
    if is_there != Some((true,)) {
        return Ok(None);
    }
    read(session, &stream_name(direction, database)).await
}

async fn read(session: &mut Session, name: &str) -> Result<Option<Checkpoint>, ReplicateError> {
    let sql = format!(
        "SELECT phase, method, position, certain_from, source_identity, definition FROM reberth.stream WHERE name = {}",
        quote_text(name)
    );
    type Row = (String, String, String, String, String, String);
    let row: Option<Row> = session.row("reading the checkpoint", sql).await?;
    let Some((phase, method, position, certain_from, source_identity, definition)) = row else {
        return Ok(None);
    };
    let read = || {
        Some(Checkpoint {
            phase: Phase::from_word(&phase)?,
            method: Method::from_word(&method)?,
            position,
            certain_from,
            source_identity,
            tables: serde_json::from_str(&definition).ok()?,
        })
    };
    read().map(Some).ok_or_else(|| {
        ReplicateError::Blocked(vec![
            "the checkpoint on the target was written by another version of Reberth".to_owned(),
        ])
    })
}

impl StreamState {
    /// The stream's name in the state tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The epoch that this process holds.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The checkpoint as it stands.
    pub async fn checkpoint(&self, session: &mut Session) -> Result<Checkpoint, ReplicateError> {
        read(session, &self.name)
            .await?
            .ok_or_else(|| ReplicateError::NotStarted {
                database: self.name.clone(),
            })
    }

    /// A statement for the head of a transaction that fails unless the stream is ours, and holds the epoch until the transaction ends.
    ///
    /// It divides by the number of rows found, so that it fails together with all statements sent behind it: see [`StreamState::or_superseded`].
    pub fn hold(&self) -> String {
        format!(
            "SELECT 1 / count(*) FROM (SELECT FROM reberth.stream WHERE name = {} AND epoch = {} FOR SHARE) AS held",
            quote_text(&self.name),
            self.epoch
        )
    }

    /// A statement for the head of a transaction that moves the checkpoint, and fails unless the stream is ours and stands where it is expected to stand.
    pub fn advance(&self, from: &str, to: &str) -> String {
        format!(
            "WITH held AS (UPDATE reberth.stream SET position = {} WHERE name = {} AND epoch = {} AND position = {} RETURNING 1) SELECT 1 / count(*) FROM held",
            quote_text(to),
            quote_text(&self.name),
            self.epoch,
            quote_text(from),
        )
    }

    /// The same error, unless it says that the stream is no longer ours.
    pub fn or_superseded(&self, error: ReplicateError) -> ReplicateError {
        match error {
            ReplicateError::Refused { source, .. } if source.sql_state() == Some("22012") => {
                ReplicateError::Superseded { epoch: self.epoch }
            }
            error => error,
        }
    }

    /// Enters a phase, and says from where on the tables stand at one moment.
    pub async fn enter(
        &self,
        session: &mut Session,
        phase: Phase,
        certain_from: &str,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.stream SET phase = '{}', certain_from = {} WHERE name = {} AND epoch = {}",
            phase.word(),
            quote_text(certain_from),
            quote_text(&self.name),
            self.epoch
        );
        match session.run("entering a phase", sql).await? {
            1 => Ok(()),
            _ => Err(ReplicateError::Superseded { epoch: self.epoch }),
        }
    }
}

/// Forgets a stream, and removes Reberth's schema with the last one. Returns what was removed, for the report.
///
/// All of it at once: a list of the schema's items that outlived the stream would tell the next start that the target's tables are still to be filled.
pub async fn forget(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let name = quote_text(&stream_name(direction, database));
    let mut removed = Vec::new();
    let doing = "removing Reberth's state";
    session.run(doing, "BEGIN").await?;
    let sql = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = '{OWN_SCHEMA}'"
    );
    let present: Vec<(String,)> = session.rows("looking for Reberth's tables", sql).await?;
    let has = |table: &str| present.iter().any(|(present,)| present == table);
    // Before all else, as whoever writes or reads the schema's items does: in another order each could wait for what the other holds.
    if has("schema_item") {
        let lock = "LOCK TABLE reberth.schema_item IN ACCESS EXCLUSIVE MODE";
        session.run(doing, lock).await?;
    }
    if has("stream") {
        // So that no other stream begins between the look for others and the end.
        let lock = "LOCK TABLE reberth.stream IN SHARE ROW EXCLUSIVE MODE";
        session.run(doing, lock).await?;
    }
    for (table, column) in [
        ("chunk", "stream"),
        ("reading", "stream"),
        ("session", "stream"),
        ("captured", "stream"),
        ("operation", "stream"),
        ("base", "stream"),
        ("stream", "name"),
    ] {
        if has(table) {
            let sql = format!("DELETE FROM reberth.{table} WHERE {column} = {name}");
            let rows = session.run(doing, sql).await?;
            removed.push(format!("{rows} row(s) of reberth.{table}"));
        }
    }
    if has("stream") {
        let left: Option<(u64,)> = session
            .row(
                "looking for other streams",
                "SELECT count(*) FROM reberth.stream",
            )
            .await?;
        if left == Some((0,)) {
            removed.extend(remove_own_tables(session).await?);
        }
    }
    session.run(doing, "COMMIT").await?;
    Ok(removed)
}

/// Removes what the last stream into this server leaves. A capture, a fence or the list of what rests may live in the same schema: they are not a stream's to take, and the schema
/// stays with them.
async fn remove_own_tables(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let doing = "removing Reberth's schema";
    let sql = format!(
        "SELECT format('DROP TABLE %I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = '{OWN_SCHEMA}' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('capture', 'change', 'resting')"
    );
    let drops: Vec<(String,)> = session.rows(doing, sql).await?;
    let mut sql = "SET LOCAL client_min_messages = warning".to_owned();
    for (drop,) in &drops {
        sql += "; ";
        sql += drop;
    }
    session.run(doing, sql).await?;
    Ok(match remove_empty_schema(session).await? {
        true => vec![format!("the schema {OWN_SCHEMA}")],
        false => Vec::new(),
    })
}

/// Drops our schema if nothing is in it. Returns whether it is gone.
pub(crate) async fn remove_empty_schema(session: &mut Session) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid) AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid) \
         FROM pg_namespace n WHERE n.nspname = '{OWN_SCHEMA}'"
    );
    let row: Option<(bool,)> = session.row("looking into our schema", sql).await?;
    if row != Some((true,)) {
        return Ok(false);
    }
    session
        .run("removing our schema", format!("DROP SCHEMA {OWN_SCHEMA}"))
        .await?;
    Ok(true)
}
