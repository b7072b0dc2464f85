//! The fence by `read_only`: the server itself refuses every write, but of those who hold a right that goes past it.
//!
//! **What it stops.** The server looks at `read_only` before each statement that writes, and once more when a transaction commits; setting it waits for
//! the statements that write at that moment. So behind the setting nothing commits, except by accounts that hold MySQL's `CONNECTION_ADMIN` or
//! `SUPER` or MariaDB's `READ_ONLY ADMIN`; [`super::Fence::require_none_beyond_read_only`] names those that can write. Which rights a session has
//! was decided when it logged in, so every session that is there when the setting stands is ended; one that comes later is bound by it from its birth.
//! Sessions are known by their numbers, which the server never gives twice.
//!
//! **What it does not stop.** A routine that runs with the rights of its definer writes past it if the definer may, whoever calls it (seen on both
//! families). Such routines are named too, and refused; so are scheduled events and prepared transactions, as for every fence.
//!
//! `super_read_only` would also stop the stream back, and the schema that it keeps on the source; it is not used. On MySQL the setting is persisted, so that
//! it outlives a restart of the server; MariaDB has no such statement, and its operator writes it into the server's own file.

use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour};
use serde_json::{Value, json};

use super::{Fence, list, sessions};
use crate::error::CutoverError;

/// How often the setting is tried, each time for a second: a table lock or a long statement makes it wait, and with it everybody who writes.
const TRIES: usize = 20;
/// `ER_LOCK_WAIT_TIMEOUT`.
const LOCK_WAIT_TIMEOUT: u16 = 1205;
const BETWEEN: Duration = Duration::from_millis(100);

impl Fence {
    /// Sets the server read-only, ends every session that was there before, and refuses whatever could write in spite of it.
    pub(crate) async fn raise_read_only(&mut self) -> Result<Value, CutoverError> {
        let mut ended = 0;
        for attempt in 1.. {
            if try_to_set(&mut self.session).await? {
                break;
            }
            if attempt == TRIES {
                return Err(self.refuse(
                    "read_only cannot be set: statements or table locks of others do not end"
                        .to_owned(),
                ));
            }
            ended += self.end_sessions_there().await?;
            tokio::time::sleep(BETWEEN).await;
        }
        ended += self.end_sessions_there().await?;
        self.prove_silent(|writer| writer.is_locked || !writer.is_beyond_read_only)
            .await?;
        self.require_none_beyond_read_only().await?;
        Ok(json!({
            "by": self.by.name(), "read_only": true, "sessions_ended": ended, "prepared_transactions": 0, "open_transactions": 0, "scheduled_events": 0,
            "incoming_replication": 0, "accounts_open": 0, "routines_that_write_past_it": 0,
        }))
    }

    async fn end_sessions_there(&mut self) -> Result<u64, CutoverError> {
        let roster = self.roster().await?;
        let exempt = &self.exempt;
        sessions::end_those_there(&mut self.session, self.side, |running| {
            !running.is_spared(&roster, exempt)
        })
        .await
    }

    /// Makes the server writable again; doing it twice is harmless.
    pub(crate) async fn lift_read_only(&mut self) -> Result<(), CutoverError> {
        let doing = "making the server writable again";
        if server::version(&mut self.session).await?.flavour == Flavour::MySql {
            self.session
                .run(doing, "RESET PERSIST IF EXISTS read_only")
                .await?;
        }
        self.session
            .run(doing, "SET GLOBAL read_only = OFF")
            .await?;
        Ok(())
    }

    /// Refuses a server that is not read-only although a passage has left it so.
    pub(crate) async fn require_read_only(&mut self) -> Result<(), CutoverError> {
        if is_set(&mut self.session).await? {
            return Ok(());
        }
        Err(self.refuse(
            "it is not read-only any more, as after a restart without read_only in its own file; SET GLOBAL read_only = ON, and compare what was written since"
                .to_owned(),
        ))
    }

    /// Refuses accounts that read-only does not stop, and routines that anybody may run with such an account's rights.
    pub(crate) async fn require_none_beyond_read_only(&mut self) -> Result<(), CutoverError> {
        let roster = self.roster().await?;
        let writers = roster
            .writers
            .iter()
            .filter(|writer| writer.is_beyond_read_only && !writer.is_locked);
        let names = list(writers.map(|writer| &writer.account));
        if !names.is_empty() {
            return Err(self.refuse(format!(
                "read_only does not stop {names}: revoke READ_ONLY ADMIN (MariaDB), or CONNECTION_ADMIN and SUPER (MySQL), or lock the account, or list it under exempt_accounts"
            )));
        }
        let routines: Vec<String> = routines_by_definer(&mut self.session)
            .await?
            .into_iter()
            .filter(|(_, definer)| roster.beyond_read_only.contains(definer))
            .map(|(name, definer)| format!("{name} (of {definer})"))
            .collect();
        if routines.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "read_only does not stop what runs with the rights of its definer: {}; make it SQL SECURITY INVOKER, or give it another definer, or fence by accounts",
            routines.join(", ")
        )))
    }

    /// Refuses a stream back that read-only would stop: `writer` is the account that writes it.
    pub(crate) async fn require_writer_beyond_read_only(
        &mut self,
        writer: &mut Session,
    ) -> Result<(), CutoverError> {
        let own: Option<String> = writer
            .row("asking for our own account", "SELECT CURRENT_USER()")
            .await?;
        let own = own.unwrap_or_default();
        if self.roster().await?.beyond_read_only.contains(&own) {
            return Ok(());
        }
        Err(self.refuse(format!(
            "read_only would stop {own} too, which writes the way back; GRANT READ_ONLY ADMIN (MariaDB) or CONNECTION_ADMIN (MySQL) ON *.* to it, or fence by accounts"
        )))
    }
}

/// Sets it, once. `false`: a lock was in the way for a second.
async fn try_to_set(session: &mut Session) -> Result<bool, CutoverError> {
    let sql = match server::version(session).await?.flavour {
        Flavour::MariaDb => "SET GLOBAL read_only = ON",
        Flavour::MySql => "SET PERSIST read_only = ON",
    };
    let doing = "making the server read-only";
    session
        .run(doing, "SET SESSION lock_wait_timeout = 1")
        .await?;
    match session.run(doing, sql).await {
        Ok(_) => is_set(session).await,
        Err(error) if is_lock_wait(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the server is read-only.
async fn is_set(session: &mut Session) -> Result<bool, CutoverError> {
    let set: Option<bool> = session
        .row("asking for read_only", "SELECT @@global.read_only = 1")
        .await?;
    Ok(set == Some(true))
}

/// Routines that run with their definers' rights, each with its definer, `user@host`.
async fn routines_by_definer(session: &mut Session) -> Result<Vec<(String, String)>, CutoverError> {
    let sql = match server::version(session).await?.flavour {
        // The view hides routines from whoever may not run them; this table does not.
        Flavour::MariaDb => {
            "SELECT CONCAT(CONVERT(db USING utf8mb4), '.', CONVERT(name USING utf8mb4)), CONVERT(definer USING utf8mb4) FROM mysql.proc \
             WHERE security_type = 'DEFINER' ORDER BY 1"
        }
        Flavour::MySql => {
            "SELECT CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME), DEFINER FROM information_schema.ROUTINES WHERE SECURITY_TYPE = 'DEFINER' ORDER BY 1"
        }
    };
    Ok(session.rows("listing routines", sql).await?)
}

fn is_lock_wait(error: &ReplicateError) -> bool {
    error.mysql_code() == Some(LOCK_WAIT_TIMEOUT)
}
