//! The fence: triggers on every table refuse all writes but ours, roles in reach may not log in, and every session that was open before is ended.
//!
//! Making a trigger waits for the transactions that write its table, so nothing that was under way can commit behind the fence; sessions are ended first,
//! so that there is little to wait for. A role that cannot be locked may open new sessions all the time: they meet the triggers. So what has to end
//! is only what began before the triggers stood.

use std::time::Duration;

use reberth_replicate::postgres::capture::fence as triggers;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::value::quote_text;
use reberth_replicate::stream::Direction;
use serde_json::{Value, json};

use super::{Postgres, roles};
use crate::error::CutoverError;
use crate::passage::{Passage, Side};

/// How often sessions are listed and ended before the fence is given up.
const ROUNDS: usize = 400;
const ROUND: Duration = Duration::from_millis(50);

/// Shuts a side, and ends what could still write.
pub(super) async fn raise(
    side: &Side,
    writers: &[String],
    exempt: &[String],
) -> Result<Value, CutoverError> {
    let mut session = Session::open(&side.fence).await?;
    refuse_obstacles(&mut session, side.name).await?;
    roles::let_log_in(&mut session, writers, false).await?;
    let now = moment(&mut session).await?;
    let mut ended = end_sessions(&mut session, side.name, &now, exempt).await?;
    triggers::raise(&mut session).await?;
    let stands = moment(&mut session).await?;
    ended += end_sessions(&mut session, side.name, &stands, exempt).await?;
    refuse_obstacles(&mut session, side.name).await?;
    let open = triggers::read(&mut session).await?.open;
    if !open.is_empty() {
        return Err(refuse(
            side.name,
            format!("{} came while the fence was made", list(&open)),
        ));
    }
    Ok(json!({
        "tables_open": 0, "roles_without_login": writers, "sessions_ended": ended, "prepared_transactions": 0, "incoming_subscriptions": 0,
        "refuses": "every write but those of the stream, by a trigger on each table",
    }))
}

/// Undoes [`raise`], or opens a side that an earlier passage shut.
pub(super) async fn lift(side: &Side, roles: &[String]) -> Result<(), CutoverError> {
    let mut session = Session::open(&side.fence).await?;
    triggers::lift(&mut session).await?;
    roles::let_log_in(&mut session, roles, true).await
}

/// Shuts the side that this passage opened, as it was shut before.
pub(super) async fn shut_again(passage: &Passage<Postgres>) -> Result<Value, CutoverError> {
    let (side, opens) = (&passage.to, &passage.opens);
    let is_locked_enough = passage.stream.direction == Direction::Forward
        && opens.iter().any(|role| role == side.app.user());
    if !is_locked_enough {
        return raise(side, opens, &passage.exempt).await;
    }
    let mut session = Session::open(&side.fence).await?;
    roles::let_log_in(&mut session, opens, false).await?;
    let now = moment(&mut session).await?;
    let ended = end_sessions(&mut session, side.name, &now, &passage.exempt).await?;
    Ok(json!({ "roles_without_login": opens, "sessions_ended": ended }))
}

/// Refuses what would write past triggers or past us: prepared transactions that somebody decides later, and a subscription whose worker would fail on and on.
pub(super) async fn refuse_obstacles(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let prepared = triggers::undecided(session).await?;
    if !prepared.is_empty() {
        return Err(refuse(
            side,
            format!(
                "{} prepared transaction(s) wait for their decision (pg_prepared_xacts): {}",
                prepared.len(),
                list(&prepared)
            ),
        ));
    }
    let sql = "SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE s.subenabled AND d.datname = current_database() ORDER BY 1";
    let subscriptions: Vec<(String,)> = session.rows("asking for subscriptions", sql).await?;
    if !subscriptions.is_empty() {
        let names: Vec<String> = subscriptions.into_iter().map(|(name,)| name).collect();
        return Err(refuse(
            side,
            format!(
                "it takes in what another server sends by the subscription(s) {}; disable them",
                list(&names)
            ),
        ));
    }
    Ok(())
}

/// The server's clock.
async fn moment(session: &mut Session) -> Result<String, CutoverError> {
    let row: Option<(String,)> = session
        .row("asking for the time", "SELECT clock_timestamp()::text")
        .await?;
    Ok(row.map(|(now,)| now).unwrap_or_default())
}

/// Ends sessions that began before a moment until none is left that we may end. Those of others meet the triggers. Returns how many were ended.
async fn end_sessions(
    session: &mut Session,
    side: &'static str,
    before: &str,
    exempt: &[String],
) -> Result<u64, CutoverError> {
    let spared: Vec<String> = exempt.iter().map(|role| quote_text(role)).collect();
    let spared = match spared.is_empty() {
        true => "true".to_owned(),
        false => format!("a.usename NOT IN ({})", spared.join(", ")),
    };
    let which = format!(
        "FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid CROSS JOIN (SELECT rolsuper, pg_has_role('pg_signal_backend', 'USAGE') AS signals FROM pg_roles WHERE rolname = current_user) me \
         WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name <> 'reberth' AND a.backend_type = 'client backend' \
           AND a.backend_start < {}::timestamptz AND {spared} AND (me.rolsuper OR NOT r.rolsuper AND (me.signals OR pg_has_role(r.oid, 'MEMBER')))",
        quote_text(before)
    );
    let mut most = 0;
    for _ in 0..ROUNDS {
        let sql = format!("SELECT count(pg_terminate_backend(a.pid)) {which}");
        let row: Option<(u64,)> = session.row("ending sessions", sql).await?;
        let left = row.map_or(0, |(left,)| left);
        if left == 0 {
            return Ok(most);
        }
        most = most.max(left);
        tokio::time::sleep(ROUND).await;
    }
    Err(refuse(
        side,
        "sessions that began before it do not end".to_owned(),
    ))
}

pub(super) fn refuse(side: &'static str, reason: String) -> CutoverError {
    CutoverError::NotFenced { side, reason }
}

/// The first few names.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().take(5).map(String::as_str).collect();
    names.join(", ")
}
