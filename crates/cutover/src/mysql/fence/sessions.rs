//! Sessions of a server: which could still write, and their end.

use std::collections::BTreeSet;
use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::Session;

use super::writers::Roster;
use crate::error::CutoverError;

/// How often sessions are listed and ended before the fence is given up: a killed session first rolls back what it has open.
const ROUNDS: usize = 400;
const ROUND: Duration = Duration::from_millis(50);
/// How often transactions are looked at. The server answers from a cache that it renews only when nobody has asked for a tenth of a second: asked
/// more often, it tells the same for ever.
const ORPHAN_LOOKS: usize = 40;
const ORPHAN_LOOK: Duration = Duration::from_millis(150);
/// What the server runs itself. Replication and events are looked at apart; who has not logged in yet meets the lock.
const OF_THE_SERVER: [&str; 3] = ["system user", "event_scheduler", "unauthenticated user"];

/// A session that runs.
pub(super) struct Running {
    pub(super) id: u64,
    pub(super) user: String,
    host: String,
}

impl Running {
    /// Whether it is known that this session may stay: it cannot write, or may.
    pub(super) fn is_spared(&self, roster: &Roster, exempt: &[String]) -> bool {
        let host = self
            .host
            .rsplit_once(':')
            .map_or(self.host.as_str(), |(host, _)| host);
        if OF_THE_SERVER.contains(&self.user.as_str())
            || exempt.contains(&format!("{}@{host}", self.user))
        {
            return true;
        }
        roster.users.contains(&self.user)
            && roster
                .writers
                .iter()
                .all(|writer| writer.account.user != self.user)
    }
}

/// What MySQL says of a statement whose bytes are no text in the list's character set (`ER_CANNOT_CONVERT_STRING`).
const CANNOT_CONVERT_STRING: u16 = 3854;
/// How often a list of sessions is asked for.
const LOOKS: usize = 40;

/// Asks for sessions: number, account, host. MySQL refuses the whole list while one of them runs a statement whose text it cannot print, so it is asked again.
pub(super) async fn look(
    session: &mut Session,
    doing: &str,
    sql: &str,
) -> Result<Vec<(u64, String, String)>, ReplicateError> {
    for _ in 0..LOOKS {
        match session.rows(doing, sql).await {
            Err(error) if error.mysql_code() == Some(CANNOT_CONVERT_STRING) => {}
            answer => return answer,
        }
        tokio::time::sleep(ROUND).await;
    }
    session.rows(doing, sql).await
}

/// All sessions.
pub(super) async fn running(session: &mut Session) -> Result<Vec<Running>, CutoverError> {
    let rows: Vec<(u64, String, String)> = look(
        session,
        "listing sessions",
        "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST",
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, user, host)| Running { id, user, host })
        .collect())
}

/// Ends sessions until none that is meant is left, nor a transaction of one that is gone. Returns how many were ended.
pub(super) async fn end(
    session: &mut Session,
    side: &'static str,
    is_meant: impl Fn(&Running) -> bool,
) -> Result<u64, CutoverError> {
    let mut ended = BTreeSet::new();
    let mut left = String::new();
    for _ in 0..ROUNDS {
        let running = running(session).await?;
        let meant: Vec<&Running> = running.iter().filter(|running| is_meant(running)).collect();
        if meant.is_empty() {
            no_orphan_transaction(session, side).await?;
            return Ok(ended.len() as u64);
        }
        let names: BTreeSet<&str> = meant.iter().map(|running| running.user.as_str()).collect();
        left = format!(
            "{} session(s) of {} do not end",
            meant.len(),
            names.into_iter().collect::<Vec<_>>().join(", ")
        );
        for running in meant {
            end_one(session, running.id).await?;
            ended.insert(running.id);
        }
        tokio::time::sleep(ROUND).await;
    }
    Err(CutoverError::NotFenced { side, reason: left })
}

/// Ends sessions that are there now; those that come meanwhile are left alone.
pub(super) async fn end_those_there(
    session: &mut Session,
    side: &'static str,
    is_meant: impl Fn(&Running) -> bool,
) -> Result<u64, CutoverError> {
    let there: BTreeSet<u64> = running(session)
        .await?
        .iter()
        .filter(|running| is_meant(running))
        .map(|running| running.id)
        .collect();
    end(session, side, |running| there.contains(&running.id)).await
}

/// Ends the other sessions of the account that this one is logged in as: the right to end those is everybody's.
pub(super) async fn end_own(session: &mut Session) -> Result<u64, CutoverError> {
    let sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = SUBSTRING_INDEX(USER(), '@', 1)";
    let others: Vec<u64> = session.rows("listing our own sessions", sql).await?;
    for id in &others {
        end_one(session, *id).await?;
    }
    Ok(others.len() as u64)
}

async fn end_one(session: &mut Session, id: u64) -> Result<(), CutoverError> {
    match session
        .run("ending a session", format!("KILL CONNECTION {id}"))
        .await
    {
        // It ended by itself meanwhile.
        Ok(_) | Err(ReplicateError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses transactions whose session is gone: they would still be rolled back, or decided by somebody.
async fn no_orphan_transaction(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let mut orphans = 0;
    for _ in 0..ORPHAN_LOOKS {
        // The transactions first: one that begins in between is then not seen as one without a session.
        let open: Vec<u64> = session.rows("listing open transactions", "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> 0").await?;
        let running = running(session).await?;
        orphans = open
            .iter()
            .filter(|id| running.iter().all(|running| running.id != **id))
            .count();
        if orphans == 0 {
            return Ok(());
        }
        tokio::time::sleep(ORPHAN_LOOK).await;
    }
    Err(CutoverError::NotFenced {
        side,
        reason: format!("{orphans} open transaction(s) of sessions that are gone do not end"),
    })
}
