//! The beginning of a stream, which one process at a time does.
//!
//! Whoever begins holds an advisory lock of the target from before it looks for a checkpoint until the first one is written ([`take_turn`]), in the very
//! session that writes it. A server gives such a lock up when the session ends, so a checkpoint that is written says that its writer held the turn all that
//! time: nobody else has begun to make the schema, or made the slot anew, in between. Who waited looks again, finds the checkpoint, and takes the stream over.
//!
//! A process whose session was lost does not know it, and may go on making. So what could destroy another's beginning asks for a checkpoint before:
//! the schema's removal under a lock ([`refuse_begun`]), the slot's in this session, which fails if it is lost ([`require_turn`]). What remains, a slot that
//! was removed in the moment after that, is seen by whoever reads from it: it begins behind the checkpoint ([`crate::postgres::logical::reader`]).

use std::time::Duration;

use super::{Checkpoint, peek, stream_name};
use crate::connection::STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::capture::short_lock::is_lock_not_had;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;
use crate::stream::Direction;

/// How long whoever begins may take before who waits gives up: the schema is made, and the slot waits for every transaction that is open on the source.
pub(crate) const TURN_LIMIT: Duration = Duration::from_secs(1800);

/// Waits until nobody else begins this stream, and keeps others from it for as long as the session lives or until [`end_turn`]. `wait` is told who has the
/// turn, if somebody has. An error if that goes on for longer than `limit`.
pub async fn take_turn(
    session: &mut Session,
    direction: Direction,
    database: &str,
    limit: Duration,
    wait: impl FnOnce(&str),
) -> Result<(), ReplicateError> {
    let doing = "waiting for another process that begins this stream";
    let name = lock(direction, database);
    let [kind, stream] = &name;
    let who = format!(
        "SELECT 'session ' || l.pid || ' on the target' FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
         WHERE l.locktype = 'advisory' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() \
           AND (l.classid, l.objid, l.objsubid) = (({kind})::int8 & 4294967295, ({stream})::int8 & 4294967295, 2)"
    );
    let holder: Option<(String,)> = session.row(doing, who).await?;
    if let Some((holder,)) = &holder {
        wait(holder);
    }
    let sql = format!(
        "SET lock_timeout = {}; SELECT pg_advisory_lock({}); RESET lock_timeout",
        limit.as_millis(),
        name.join(", ")
    );
    // The server tells first that it is over.
    let taken = session.run_within(limit + STATEMENT_LIMIT, doing, sql);
    match taken.await {
        Err(error) if is_lock_not_had(&error) => Err(ReplicateError::TurnNotHad {
            database: database.to_owned(),
            holder: holder.map_or("another process".to_owned(), |(holder,)| holder),
            limit_s: limit.as_secs(),
        }),
        taken => taken.map(drop),
    }
}

/// [`take_turn`] without a wait. `false`: somebody else has it.
pub(crate) async fn try_turn(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<bool, ReplicateError> {
    let name = lock(direction, database).join(", ");
    let sql = format!("SELECT pg_try_advisory_lock({name})");
    let taken: Option<(bool,)> = session.row("asking who begins this stream", sql).await?;
    Ok(taken == Some((true,)))
}

/// Lets others look. What was begun is written down by now.
pub(crate) async fn end_turn(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<(), ReplicateError> {
    let doing = "ending the turn of who begins";
    let name = lock(direction, database).join(", ");
    let sql = format!("SELECT pg_advisory_unlock({name})");
    session.run(doing, sql).await.map(drop)
}

/// The lock's two numbers: what it is, and of which stream.
fn lock(direction: Direction, database: &str) -> [String; 2] {
    let name = quote_text(&stream_name(direction, database));
    ["'reberth.stream'", &name].map(|name| format!("hashtext({name})"))
}

/// An error if the session that held the turn is lost, or if somebody has begun the stream all the same.
pub(crate) async fn require_turn(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<(), ReplicateError> {
    match peek(session, direction, database).await? {
        None => Ok(()),
        Some(_) => Err(ReplicateError::Superseded { epoch: 0 }),
    }
}

/// Within a transaction: keeps streams from beginning until it ends, and is an error if one into this database has begun. Only a forward stream finds
/// its tables made by the schema's items.
pub(crate) async fn refuse_begun(session: &mut Session) -> Result<(), ReplicateError> {
    let doing = "looking whether a stream has begun";
    let is_there = "SELECT to_regclass('reberth.stream') IS NOT NULL";
    if session.row::<(bool,)>(doing, is_there).await? != Some((true,)) {
        return Ok(());
    }
    // Whoever writes the first checkpoint waits; chunks, which lock their stream's row only, do not.
    let lock = "LOCK TABLE reberth.stream IN SHARE ROW EXCLUSIVE MODE";
    session.run(doing, lock).await?;
    let sql = format!(
        "SELECT EXISTS (SELECT FROM reberth.stream WHERE starts_with(name, '{}:'))",
        Direction::Forward.word()
    );
    match session.row::<(bool,)>(doing, sql).await? {
        Some((false,)) => Ok(()),
        _ => Err(ReplicateError::Superseded { epoch: 0 }),
    }
}

/// Begins a stream: writes its first checkpoint. An error if it has one.
pub async fn begin(
    session: &mut Session,
    direction: Direction,
    database: &str,
    checkpoint: &Checkpoint,
) -> Result<(), ReplicateError> {
    let definition = serde_json::to_string(&checkpoint.tables).unwrap_or_default();
    let sql = format!(
        "INSERT INTO reberth.stream (name, epoch, phase, method, position, certain_from, source_identity, definition) \
         VALUES ({}, 0, '{}', '{}', {}, {}, {}, {}) ON CONFLICT (name) DO NOTHING",
        quote_text(&stream_name(direction, database)),
        checkpoint.phase.word(),
        checkpoint.method.word(),
        quote_text(&checkpoint.position),
        quote_text(&checkpoint.certain_from),
        quote_text(&checkpoint.source_identity),
        quote_text(&definition),
    );
    match session.run("writing the first checkpoint", sql).await? {
        1 => Ok(()),
        // Its place is that of another's slot.
        _ => Err(ReplicateError::Superseded { epoch: 0 }),
    }
}

/// Begins a stream anew in its place: what was moved to the target, and how, is still known there. An error if there is none.
pub(crate) async fn renew(
    session: &mut Session,
    direction: Direction,
    database: &str,
    checkpoint: &Checkpoint,
) -> Result<(), ReplicateError> {
    let definition = serde_json::to_string(&checkpoint.tables).unwrap_or_default();
    let sql = format!(
        "UPDATE reberth.stream SET phase = '{}', method = '{}', position = {}, certain_from = {}, source_identity = {}, definition = {} WHERE name = {}",
        checkpoint.phase.word(),
        checkpoint.method.word(),
        quote_text(&checkpoint.position),
        quote_text(&checkpoint.certain_from),
        quote_text(&checkpoint.source_identity),
        quote_text(&definition),
        quote_text(&stream_name(direction, database)),
    );
    match session.run("writing the first checkpoint", sql).await? {
        1 => Ok(()),
        _ => Err(ReplicateError::NotStarted {
            database: database.to_owned(),
        }),
    }
}
