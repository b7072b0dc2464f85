//! What the operator wants of a stream, and what the process that runs it last said: one row beside the checkpoint.
//!
//! As in the other engine ([`crate::mysql::state::operation`]): it has no part in what makes the stream right. Whoever pauses also raises the epoch, which
//! shuts the running process out whether it reads this row or not.

use super::{StreamState, prepare_tables, stream_name};
use crate::claim::Claim;
use crate::error::ReplicateError;
use crate::operation::{Operation, Row};
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;
use crate::progress::Progress;
use crate::stream::Direction;

/// The table.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS reberth.operation (
        stream text PRIMARY KEY, paused_at timestamptz, paused_by text, paused_epoch bigint, report text, reported_at timestamptz) WITH (fillfactor = 20)";

/// Reads what is known of a stream. Nothing, where the table is missing.
pub async fn read(
    session: &mut Session,
    direction: Direction,
    database: &str,
) -> Result<Operation, ReplicateError> {
    let name = quote_text(&stream_name(direction, database));
    let age_ms = |moment: &str| {
        format!(
            "greatest(0, floor(extract(epoch FROM clock_timestamp() - {moment}) * 1000))::bigint"
        )
    };
    let sql = format!(
        "SELECT to_char(paused_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), {}, paused_by, report, {}, \
         paused_epoch = (SELECT epoch FROM reberth.stream WHERE name = {name}) FROM reberth.operation WHERE stream = {name}",
        age_ms("paused_at"),
        age_ms("reported_at"),
    );
    let row = match session
        .row::<Row>("reading what is known of the stream", sql)
        .await
    {
        Err(error) if is_missing(&error) => None,
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
        Some(text) => (quote_text(&text), "clock_timestamp()"),
        None => ("NULL".to_owned(), "NULL"),
    };
    // From the stream's own row: a stream that was stopped for good leaves no trace here.
    let sql = format!(
        "INSERT INTO reberth.operation (stream, report, reported_at) SELECT name, {report}, {at} FROM reberth.stream WHERE name = {} \
         ON CONFLICT (stream) DO UPDATE SET report = excluded.report, reported_at = excluded.reported_at",
        quote_text(&stream_name(direction, database))
    );
    match session
        .run("telling how far the stream has come", sql)
        .await
    {
        Err(error) if is_missing(&error) => Ok(()),
        told => told.map(drop),
    }
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
    prepare_tables(session).await?;
    let name = quote_text(&stream_name(direction, database));
    let sql = format!(
        "INSERT INTO reberth.operation AS o (stream, paused_at, paused_by) SELECT name, clock_timestamp(), {} FROM reberth.stream WHERE name = {name} \
         ON CONFLICT (stream) DO UPDATE SET paused_by = CASE WHEN o.paused_at IS NULL THEN excluded.paused_by ELSE o.paused_by END, \
           paused_at = coalesce(o.paused_at, excluded.paused_at)",
        quote_text(by),
    );
    session.run("holding the stream", sql).await?;
    let closed = StreamState::take_over(session, direction, database, &mut Claim::new()?).await?;
    let sql = format!(
        "UPDATE reberth.operation SET paused_epoch = {} WHERE stream = {name}",
        closed.epoch()
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
        Err(error) if is_missing(&error) => Ok(false),
        changed => Ok(changed? > 0),
    }
}

/// No such table, or no such schema.
fn is_missing(error: &ReplicateError) -> bool {
    matches!(error, ReplicateError::Refused { source, .. } if matches!(source.sql_state(), Some("42P01" | "3F000")))
}
