//! What the operator wants of a stream, and what the process that runs it last said: one row beside the checkpoint.
//!
//! It stands on the server that is written to, so every machine that reaches that server sees the same, and a process that has died is known by its
//! silence on that server's own clock. It has no part in what makes the stream right: whoever pauses also raises the epoch, which shuts the
//! running process out whether it reads this row or not.

use super::own_schema::is_absent;
use super::{Claim, Direction, StreamState, stream_name};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::value::quote_text;
use crate::operation::{Operation, Row};
use crate::progress::Progress;

/// The table. A time is that of the server, in UTC.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS reberth.operation (
        stream VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, paused_at DATETIME(3) NULL, paused_by VARCHAR(190) CHARACTER SET utf8mb4 NULL, paused_epoch BIGINT UNSIGNED NULL,
        report LONGTEXT CHARACTER SET utf8mb4 NULL, reported_at DATETIME(3) NULL) ENGINE=InnoDB";

/// Reads what is known of a stream. Nothing, where the table is missing.
pub async fn read(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Operation, ReplicateError> {
    let name = quote_text(&stream_name(direction, database));
    let sql = format!(
        "SELECT CAST(paused_at AS CHAR), CAST(TIMESTAMPDIFF(MICROSECOND, paused_at, UTC_TIMESTAMP(3)) DIV 1000 AS UNSIGNED), paused_by, \
         report, CAST(GREATEST(0, TIMESTAMPDIFF(MICROSECOND, reported_at, UTC_TIMESTAMP(3)) DIV 1000) AS UNSIGNED), \
         paused_epoch = (SELECT epoch FROM reberth.stream WHERE name = {name}) FROM reberth.operation WHERE stream = {name}"
    );
    let row = match session
        .row::<Row>("reading what is known of the stream", sql)
        .await
    {
        Err(error) if is_absent(&error) => None,
        row => row?,
    };
    Ok(Operation::of_row(row))
}

/// Tells how far a stream has come, if it has begun. `None`: its process ends in order.
pub async fn report(
    session: &mut Session,
    direction: Direction,
    database: &str,
    progress: Option<&Progress>,
) -> Result<(), ReplicateError> {
    let text = progress.and_then(|progress| serde_json::to_string(progress).ok());
    let (report, at) = match text {
        Some(text) => (quote_text(&text), "UTC_TIMESTAMP(3)"),
        None => ("NULL".to_owned(), "NULL"),
    };
    // From the stream's own row: a stream that was stopped for good leaves no trace here.
    let sql = format!(
        "INSERT INTO reberth.operation (stream, report, reported_at) SELECT name, {report}, {at} FROM reberth.stream WHERE name = {} \
         ON DUPLICATE KEY UPDATE report = VALUES(report), reported_at = VALUES(reported_at)",
        quote_text(&stream_name(direction, database))
    );
    session
        .run("telling how far the stream has come", sql)
        .await?;
    Ok(())
}

/// Holds the stream, from now on and over restarts. A stream that is held already stays held by who did it first.
///
/// The wish is written first, then the epoch is raised: whoever applied commits nothing more once this returns. The epoch is noted, by which
/// a process that was shut out and let go again before it looked knows that no other process has taken its place.
pub async fn pause(
    session: &mut Session,
    direction: Direction,
    database: &str,
    by: &str,
) -> Result<StreamState, ReplicateError> {
    super::prepare_tables(session, direction, database).await?;
    let sql = format!(
        "INSERT INTO reberth.operation (stream, paused_at, paused_by) SELECT name, UTC_TIMESTAMP(3), {} FROM reberth.stream WHERE name = {} \
         ON DUPLICATE KEY UPDATE paused_by = IF(paused_at IS NULL, VALUES(paused_by), paused_by), paused_at = COALESCE(paused_at, VALUES(paused_at))",
        quote_text(by),
        quote_text(&stream_name(direction, database))
    );
    session.run("holding the stream", sql).await?;
    let closed = StreamState::take_over(session, direction, database, &mut Claim::new()?).await?;
    let sql = format!(
        "UPDATE reberth.operation SET paused_epoch = {} WHERE stream = {}",
        closed.epoch(),
        quote_text(&stream_name(direction, database))
    );
    session.run("noting the epoch of the pause", sql).await?;
    Ok(closed)
}

/// Lets a held stream go on. `false`: nobody held it.
pub async fn resume(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<bool, ReplicateError> {
    let sql = format!(
        "UPDATE reberth.operation SET paused_at = NULL, paused_by = NULL WHERE stream = {} AND paused_at IS NOT NULL",
        quote_text(&stream_name(direction, database))
    );
    match session.run("letting the stream go on", sql).await {
        Err(error) if is_absent(&error) => Ok(false),
        changed => Ok(changed? > 0),
    }
}
