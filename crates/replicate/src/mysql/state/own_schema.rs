//! Reberth's own schema on a server: made where it is missing, removed with the last that needs it.
//!
//! Several databases may move to one server at once, each by a process of its own. One that finds no stream left and removes the schema must not take along what
//! another writes in between: the first row of a stream, or a definition of what is about to be dropped. So a named lock of the server is held around
//! both: by whoever looks and removes, and by whoever writes what the schema is kept for, who makes the tables again with the lock held. It ends with its session.

use std::time::Duration;

use super::{Direction, TABLES, added, stream_name};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::log::OWN_SCHEMA;
use crate::mysql::objects::keep;
use crate::mysql::value::quote_text;

/// How long another process is waited for that makes or removes the schema.
const LOCK_WAIT: Duration = Duration::from_secs(20);
const LOCK: &str = "reberth:own-schema";

/// Makes Reberth's schema where it is missing, for this stream. One that has begun waits for nobody: its row keeps the schema from being removed, and
/// what is made is made only where it is missing.
pub async fn prepare_tables(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<(), ReplicateError> {
    if has_begun(session, direction, database).await? {
        return make_tables(session).await;
    }
    lock(session).await?;
    let made = make_tables(session).await;
    unlock(session, made).await
}

/// Whether the stream has a row; older builds may have made the table that it stands in.
async fn has_begun(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<bool, ReplicateError> {
    let name = quote_text(&stream_name(direction, database));
    let sql = format!("SELECT COUNT(*) FROM reberth.stream WHERE name = {name}");
    match session.row("looking for the stream", sql).await {
        Err(error) if is_absent(&error) => Ok(false),
        count => Ok(count? == Some(1_u64)),
    }
}

/// The same where the schema cannot be removed meanwhile.
pub(super) async fn make_tables(session: &mut Session) -> Result<(), ReplicateError> {
    prepare_database(session).await?;
    for table in TABLES {
        session.run("making Reberth's tables", table).await?;
    }
    added::add_columns(session).await
}

/// Makes Reberth's database, with the session standing in none that moves: a reader of this server's log takes a statement made there for one about it.
pub(crate) async fn prepare_database(session: &mut Session) -> Result<(), ReplicateError> {
    session
        .run("leaving the database", "USE information_schema")
        .await?;
    session
        .run(
            "making Reberth's schema",
            "CREATE DATABASE IF NOT EXISTS reberth CHARACTER SET utf8mb4",
        )
        .await?;
    Ok(())
}

/// Removes the schema if no stream and nothing that is kept is left in it. Returns what was removed, or not, for the report.
pub(super) async fn remove_unused(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    lock(session).await?;
    let removed = remove_if_unused(session).await;
    unlock(session, removed).await
}

async fn remove_if_unused(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let left = match tables(session).await?.iter().any(|name| name == "stream") {
        true => {
            let sql = "SELECT COUNT(*) FROM reberth.stream";
            session.row("looking for other streams", sql).await?
        }
        false => Some(0_u64),
    };
    let mut removed = Vec::new();
    let kept = keep::count(session).await?;
    if kept > 0 {
        removed.push(format!(
            "nothing of reberth.kept_program, which holds {kept} trigger(s) or event(s) that this server lacks: the way back puts them back"
        ));
    }
    if left == Some(0) && kept == 0 {
        let sql = "DROP DATABASE IF EXISTS reberth";
        session.run("removing Reberth's schema", sql).await?;
        removed.push("the schema reberth".to_owned());
    }
    Ok(removed)
}

/// The tables in it; none, if it is not there.
pub(super) async fn tables(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}'"
    );
    session.rows("looking for Reberth's tables", sql).await
}

/// Waits until nobody else makes, fills or removes the schema, and keeps others from it.
pub(crate) async fn lock(session: &mut Session) -> Result<(), ReplicateError> {
    let what = "another process that makes, fills or removes Reberth's schema";
    session.lock_named(LOCK, LOCK_WAIT, what).await
}

/// Lets others at it, whether what was done went well or not, and hands its result on.
pub(crate) async fn unlock<T>(
    session: &mut Session,
    done: Result<T, ReplicateError>,
) -> Result<T, ReplicateError> {
    let sql = format!("DO RELEASE_LOCK('{LOCK}')");
    let let_go = session.run("letting others at Reberth's schema", sql).await;
    let done = done?;
    let_go.map(|_| done)
}

/// Whether the server says that there is no such table, or no such database.
pub(super) fn is_absent(error: &ReplicateError) -> bool {
    matches!(error, ReplicateError::Refused { source, .. } if matches!(source.mysql_code(), Some(1146 | 1049)))
}
