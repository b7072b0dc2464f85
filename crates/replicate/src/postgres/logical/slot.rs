//! The slots and the publication on the source: the only things that following by logical decoding writes there, all named after the stream.
//!
//! There are two slots at the most: the stream's own, and one that holds the log since a verification ([`crate::postgres::base`]).

use std::time::Duration;

use crate::connection::STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::snapshot::Snapshot;
use crate::postgres::table::{ReplicaIdentity, Table, Tables};
use crate::postgres::value::{quote_name, quote_text};
use crate::stream::Direction;

/// Whether a table's changes can be followed. One whose old rows the log does not tell must not be published: its UPDATE and DELETE would be refused
/// to the application at once (rule 25).
pub fn can_follow(table: &Table) -> bool {
    let tells_nothing = matches!(
        table.replica_identity,
        ReplicaIdentity::Unset | ReplicaIdentity::Nothing
    );
    !table.is_unlogged && !tells_nothing
}

/// What must be done by people before the stream can begin.
pub fn blockers(tables: &Tables) -> Vec<String> {
    let unfollowed = tables
        .values()
        .filter(|table| !table.is_unlogged && !can_follow(table));
    unfollowed
        .map(|table| {
            let path = table.path();
            format!("the source's log does not tell which rows of {path} change: give it a primary key, or run ALTER TABLE {path} REPLICA IDENTITY FULL on the source; from PostgreSQL 18 on that does not help a table with stored generated columns, which then needs a primary key without them")
        })
        .collect()
}

/// Makes the publication and then the slot, and returns where the slot begins, with its snapshot. What an earlier try left half done is made anew: nothing
/// may have been read from it. Whoever calls this has the turn, and has seen that there is no checkpoint or that nobody goes on from it.
pub async fn make(
    plan: &StreamPlan,
    tables: &Tables,
) -> Result<(LogPosition, Snapshot), ReplicateError> {
    let blockers = blockers(tables);
    if !blockers.is_empty() {
        return Err(ReplicateError::Blocked(blockers));
    }
    let mut session = Session::open(&plan.from).await?;
    remove(plan, &mut session).await?;
    let mut published: Vec<String> = tables
        .values()
        .filter(|table| can_follow(table))
        .map(|table| format!("ONLY {}", table.path()))
        .collect();
    if plan.direction == Direction::Reverse {
        // So that what the forward stream applied is known in the log.
        published.push("ONLY reberth.stream".to_owned());
    }
    let list = match published.is_empty() {
        true => String::new(),
        false => format!(" FOR TABLE {}", published.join(", ")),
    };
    let mark = plan.mark();
    let sql = format!("CREATE PUBLICATION {}{list}", quote_name(&mark));
    session.run("making the publication", sql).await?;
    let mut keeper = Session::open_with(&plan.from, &[("replication", "database")]).await?;
    let doing = "making the slot";
    let sql = format!("CREATE_REPLICATION_SLOT {mark} LOGICAL pgoutput EXPORT_SNAPSHOT");
    // It waits for every transaction that is open now, prepared ones too.
    let made: Vec<(String, String, String, String)> = keeper
        .rows_within(crate::connection::LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    let begun = made.into_iter().next().and_then(|(_, place, snapshot, _)| {
        let place: LogPosition = place.parse().ok()?;
        Some((place, snapshot))
    });
    let (place, name) = begun.ok_or_else(|| {
        ReplicateError::Blocked(vec![
            "the source made a slot and did not say where it begins".to_owned(),
        ])
    })?;
    let snapshot = Snapshot::kept_by(keeper, name, &plan.from).await?;
    Ok((place, snapshot))
}

/// Copies the stream's slot, as it stands, into that of a base: both begin where the target has committed everything.
pub(crate) async fn copy(plan: &StreamPlan, session: &mut Session) -> Result<(), ReplicateError> {
    copy_as(plan, session, &plan.base_slot(), false).await
}

/// Copies the stream's slot, as it stands, into another. A temporary one ends with the session.
pub(crate) async fn copy_as(
    plan: &StreamPlan,
    session: &mut Session,
    name: &str,
    is_temporary: bool,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT pg_copy_logical_replication_slot({}, {}, {is_temporary})",
        quote_text(&plan.mark()),
        quote_text(name)
    );
    session.run("copying the slot", sql).await.map(drop)
}

/// Moves a slot that nobody reads up to a place, unless it is there. The server reads its log for that from where the slot's oldest transaction began, and gives up after `limit`.
pub(crate) async fn move_up(
    session: &mut Session,
    name: &str,
    to: &str,
    limit: Duration,
) -> Result<(), ReplicateError> {
    let (name, to) = (quote_text(name), quote_text(to));
    let sql = format!(
        "SET statement_timeout = {}; SELECT pg_replication_slot_advance(slot_name, {to}::pg_lsn) FROM pg_replication_slots \
         WHERE slot_name = {name} AND confirmed_flush_lsn < {to}::pg_lsn; RESET statement_timeout",
        limit.as_millis()
    );
    // The server tells first that it is over.
    let moved = session.run_within(limit + STATEMENT_LIMIT, "moving a slot up", sql);
    moved.await.map(drop)
}

/// An error if a slot has let go of more than a place: the server would begin later than it was asked to, without a word.
pub(crate) async fn refuse_later(
    session: &mut Session,
    name: &str,
    from: &LogPosition,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT confirmed_flush_lsn <= '{from}'::pg_lsn FROM pg_replication_slots WHERE slot_name = {}",
        quote_text(name)
    );
    let is_whole: Option<(bool,)> = session.row("asking where the slot begins", sql).await?;
    match is_whole {
        Some((true,)) => Ok(()),
        _ => Err(ReplicateError::LogPurged {
            position: from.clone(),
        }),
    }
}

/// Removes all of them, whatever is there. Returns what was removed.
pub async fn remove(
    plan: &StreamPlan,
    session: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let mark = plan.mark();
    let mut removed = Vec::new();
    for slot in [mark.as_str(), &plan.base_slot()] {
        removed.extend(remove_slot(session, slot).await?);
    }
    let quoted = quote_text(&mark);
    let sql = format!("SELECT 1 FROM pg_publication WHERE pubname = {quoted}");
    let there: Vec<(u32,)> = session.rows("looking for the publication", sql).await?;
    if !there.is_empty() {
        let sql = format!("DROP PUBLICATION {}", quote_name(&mark));
        session.run("removing the publication", sql).await?;
        removed.push(format!("the publication {mark}"));
    }
    Ok(removed)
}

/// How often, and how long, it is looked whether the reader of a slot has gone.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS_MOST: usize = 200;

/// Removes a slot, if it is there. Returns what was removed.
pub(crate) async fn remove_slot(
    session: &mut Session,
    name: &str,
) -> Result<Option<String>, ReplicateError> {
    let quoted = quote_text(name);
    let doing = "removing a slot";
    // A reader of ours that is still connected keeps it, and goes a moment after it was told to.
    let sql = format!(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = {quoted} AND active_pid IS NOT NULL"
    );
    for _ in 0..LOOKS_MOST {
        if session.run(doing, &sql).await? == 0 {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let sql = format!(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {quoted}"
    );
    let is_removed = session.run(doing, sql).await? > 0;
    Ok(is_removed.then(|| format!("the replication slot {name}")))
}
