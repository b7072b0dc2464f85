//! Empties the parts of the change table that are needed no longer.
//!
//! A part goes when the snapshot that the target has committed shows every row in it (rule 29). Emptying wants the part's strongest lock, which waits for every transaction that has
//! noted something in it, prepared ones too; under that lock no row of the part is uncommitted, so a look at all of them is a look at all that will ever be. The part of the
//! present minute and that of the next are left alone, so that nobody waits for us.

use super::install::PARTS;
use super::{Cut, short_lock};
use crate::error::ReplicateError;
use crate::postgres::session::Session;

/// Empties what `committed`, and every snapshot of another reader, shows whole. Returns the number of parts that were emptied.
pub async fn prune(session: &mut Session, committed: &[&Cut]) -> Result<u32, ReplicateError> {
    let doing = "asking for the minute";
    let sql = "SELECT date_part('minute', clock_timestamp())::int";
    let minute: Option<(u32,)> = session.row(doing, sql).await?;
    let (minute,) = minute.unwrap_or_default();
    let mut emptied = 0;
    for part in 0..PARTS {
        let is_idle = part != minute % PARTS && part != (minute + 1) % PARTS;
        if is_idle && is_done(session, part, committed).await? {
            emptied += u32::from(empty(session, part, committed).await?);
        }
    }
    Ok(emptied)
}

/// A condition that finds rows of a part which are still needed.
fn is_needed(committed: &[&Cut]) -> String {
    let unseen: Vec<String> = committed.iter().map(|cut| cut.unseen()).collect();
    match unseen.is_empty() {
        true => "true".to_owned(),
        false => unseen.join(" OR "),
    }
}

/// Whether a part holds something, all of it done with. Without a lock, so that a part which is not done with is never locked.
async fn is_done(
    session: &mut Session,
    part: u32,
    committed: &[&Cut],
) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM reberth.change_{part}) AND NOT EXISTS (SELECT FROM reberth.change_{part} WHERE {})",
        is_needed(committed)
    );
    let row: Option<(bool,)> = session.row("looking for noted changes", sql).await?;
    Ok(row == Some((true,)))
}

async fn empty(
    session: &mut Session,
    part: u32,
    committed: &[&Cut],
) -> Result<bool, ReplicateError> {
    let table = format!("reberth.change_{part}");
    // The statement behind the lock has a snapshot of its own, taken under the lock. It divides by zero if something in the part is needed.
    let sql = format!(
        "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 1 / (NOT EXISTS (SELECT FROM {table} WHERE {}))::int; TRUNCATE {table}",
        is_needed(committed)
    );
    let emptied =
        short_lock::run_patiently(session, "emptying noted changes", &table, &sql, 1).await;
    match emptied {
        Ok(()) => Ok(true),
        // A long transaction has noted something here: the part's turn comes again.
        Err(ReplicateError::TableBusy { .. }) => Ok(false),
        Err(ReplicateError::Refused { source, .. }) if source.sql_state() == Some("22012") => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
