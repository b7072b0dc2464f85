//! What writes past every lock: prepared transactions that somebody decides later, scheduled events, incoming replication.

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour};

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
        None => "prepared transactions (XA) cannot be listed".to_owned(),
    };
    Err(CutoverError::NotFenced { side, reason })
}

/// Refuses enabled events under a running scheduler: they go on after their definer is locked and cut off.
pub(super) async fn scheduled_events(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let count = match server::version(session).await?.flavour {
        // The view in information_schema hides events from whoever lacks the right EVENT on their schema.
        Flavour::MariaDb => {
            "SELECT @@global.event_scheduler, (SELECT COUNT(*) FROM mysql.event WHERE status = 'ENABLED')"
        }
        Flavour::MySql => {
            "SELECT @@global.event_scheduler, (SELECT COUNT(*) FROM information_schema.EVENTS WHERE STATUS = 'ENABLED')"
        }
    };
    let found: Option<(String, u64)> = session.row("asking for scheduled events", count).await?;
    match found {
        Some((scheduler, events)) if scheduler.eq_ignore_ascii_case("on") && events > 0 => {
            let reason =
                format!("the event scheduler is {scheduler} with {events} enabled event(s)");
            Err(CutoverError::NotFenced { side, reason })
        }
        _ => Ok(()),
    }
}

/// Refuses a server that takes in the writes of another one. Its threads are asked for, not its settings: a replication that is stopped writes
/// nothing.
pub(super) async fn incoming_replication(
    session: &mut Session,
    side: &'static str,
) -> Result<(), CutoverError> {
    let threads: Option<u64> = session
        .row("looking for incoming replication", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'system user' AND COMMAND <> 'Daemon'")
        .await?;
    match threads {
        Some(0) => Ok(()),
        threads => {
            let reason = format!(
                "{} thread(s) of incoming replication run there; stop it (STOP ALL SLAVES, or STOP REPLICA)",
                threads.unwrap_or_default()
            );
            Err(CutoverError::NotFenced { side, reason })
        }
    }
}
