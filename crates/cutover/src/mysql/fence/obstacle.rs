//! What writes past every lock: prepared transactions that somebody decides later, scheduled events, incoming replication.

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour};

use super::sessions::look;
use crate::error::CutoverError;

/// Refuses prepared transactions: `XA COMMIT` changes rows after the session that prepared them is long gone.
pub(super) async fn prepared_transactions(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let reason = match server::undecided_transactions(session).await? {
        Some(0) => return Ok(()),
        Some(count) => format!(
            "{count} prepared transaction(s) wait for their decision (XA RECOVER lists them)"
        ),
        None => "prepared transactions (XA) cannot be listed; GRANT XA_RECOVER_ADMIN to the account that fences".to_owned(),
    };
    Err(CutoverError::NotFenced { side, reason })
}

/// Enabled events under a running scheduler, each with its schema: they go on after their definer is locked and cut off.
pub(super) async fn running_events(
    session: &mut Session,
    side: &'static str,
) -> Result<Vec<(String, String)>, CutoverError> {
    let flavour = server::version(session).await?.flavour;
    let list = match flavour {
        // The view in information_schema hides events from whoever lacks the right EVENT on their schema; this table does not.
        Flavour::MariaDb => {
            "SELECT db, CONVERT(name USING utf8mb4) FROM mysql.event WHERE status = 'ENABLED' AND @@global.event_scheduler = 'ON' ORDER BY 1, 2"
        }
        Flavour::MySql => {
            "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS WHERE STATUS = 'ENABLED' AND @@global.event_scheduler = 'ON' ORDER BY 1, 2"
        }
    };
    if flavour == Flavour::MySql {
        require_sight_of_events(session, side).await?;
    }
    Ok(session.rows("asking for scheduled events", list).await?)
}

/// Refuses a running scheduler whose events this account cannot see: MySQL has no table of them that may be read without the right EVENT.
async fn require_sight_of_events(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let hidden: Option<bool> = session
        .row(
            "asking whether events can be seen",
            "SELECT @@global.event_scheduler = 'ON' AND NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'EVENT' \
             AND REPLACE(GRANTEE, '\\'', '') = CURRENT_USER())",
        )
        .await?;
    if hidden == Some(false) {
        return Ok(());
    }
    Err(CutoverError::NotFenced {
        side,
        reason: format!(
            "the event scheduler runs and {} may not see the events; GRANT EVENT ON *.* to it, or turn the scheduler off",
            session.address().user()
        ),
    })
}

/// Refuses a server that takes in the writes of another one. Its threads are asked for, not its settings: a replication that is stopped writes
/// nothing.
pub(super) async fn incoming_replication(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let threads = look(session, "looking for incoming replication", "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST WHERE USER = 'system user' AND COMMAND <> 'Daemon'").await?;
    if threads.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "{} thread(s) of incoming replication run there; stop it (STOP ALL SLAVES, or STOP REPLICA)",
        threads.len()
    );
    Err(CutoverError::NotFenced { side, reason })
}
