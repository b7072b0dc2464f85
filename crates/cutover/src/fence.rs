//! The fence: every account that can write is locked, its sessions are ended, and then it is *proven* that nothing writes.
//!
//! Locking alone leaves open sessions writing (measured), so: lock, list, kill, and again until the list is empty (rule 37). Then the canaries (rule 38): a
//! session of the application opened before the fence must be cut or refused, and a new one must be refused. Their statement would change no row
//! if it were accepted, so that the proof itself does no harm.

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::{Address, Session};
use reberth_replicate::mysql::server::{self, Flavour};
use reberth_replicate::mysql::value::{quote_name, quote_text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::error::CutoverError;

/// How often sessions are listed and ended before the fence is given up.
const ROUNDS: usize = 60;
const ROUND: Duration = Duration::from_millis(50);
/// Rights that change rows or tables.
const WRITING: &str = "'INSERT','UPDATE','DELETE','CREATE','DROP','ALTER','INDEX','TRIGGER','CREATE ROUTINE','ALTER ROUTINE','EXECUTE','EVENT','DELETE HISTORY'";

/// An account of a database server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// From where.
    pub host: String,
}

impl Account {
    fn quoted(&self) -> String {
        format!("{}@{}", quote_text(&self.user), quote_text(&self.host))
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.user, self.host)
    }
}

/// Lists the accounts that can write to the database and are not locked: directly, by a pattern, by a table, or by a role.
pub(crate) async fn open_writers(session: &mut Session, database: &str) -> Result<Vec<Account>, CutoverError> {
    let flavour = server::version(session).await?.flavour;
    let database = quote_text(database);
    let granted = format!(
        "SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) \
         UNION SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND {database} LIKE TABLE_SCHEMA \
         UNION SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND TABLE_SCHEMA = {database} \
         UNION SELECT GRANTEE FROM information_schema.COLUMN_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND TABLE_SCHEMA = {database}"
    );
    let granted: Vec<String> = session.rows("listing who can write", granted).await?;
    let holds = |user: &str, host: &str| granted.iter().any(|grantee| *grantee == format!("'{user}'@'{host}'") || *grantee == format!("'{user}'@''"));
    let (users, roles) = match flavour {
        Flavour::MariaDb => (
            "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.account_locked'), 'false') IN ('1', 'true'), COALESCE(JSON_VALUE(Priv, '$.is_role'), 'false') IN ('1', 'true') FROM mysql.global_priv",
            "SELECT User, Host, Role, '' FROM mysql.roles_mapping",
        ),
        Flavour::MySql => ("SELECT User, Host, account_locked = 'Y', FALSE FROM mysql.user", "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges"),
    };
    let users: Vec<(String, String, bool, bool)> = session.rows("listing accounts", users).await?;
    let roles: Vec<(String, String, String, String)> = session.rows("listing roles", roles).await?;
    let mut writers: Vec<Account> = Vec::new();
    for (user, host, is_locked, is_role) in users {
        let by_role = roles.iter().any(|(to_user, to_host, role, role_host)| *to_user == user && *to_host == host && holds(role, role_host));
        if !is_locked && !is_role && (holds(&user, &host) || by_role) {
            writers.push(Account { user, host });
        }
    }
    writers.sort();
    Ok(writers)
}

/// Locks accounts and ends their sessions until none is left, then proves that nothing else writes behind their back.
pub(crate) async fn raise(session: &mut Session, side: &'static str, accounts: &[Account]) -> Result<Value, CutoverError> {
    for account in accounts {
        session.run("locking an account", format!("ALTER USER {} ACCOUNT LOCK", account.quoted())).await?;
    }
    let ended = end_sessions(session, side, accounts).await?;
    let undecided = server::undecided_transactions(session).await?;
    if undecided.is_none_or(|count| count > 0) {
        let reason = undecided.map_or("prepared transactions (XA) cannot be listed".to_owned(), |count| format!("{count} prepared transaction(s) wait for their decision"));
        return Err(CutoverError::NotFenced { side, reason });
    }
    let scheduler: Option<(String, u64)> = session
        .row("asking for scheduled events", "SELECT @@global.event_scheduler, (SELECT COUNT(*) FROM information_schema.EVENTS WHERE STATUS = 'ENABLED')")
        .await?;
    if let Some((scheduler, events)) = scheduler.filter(|(scheduler, events)| scheduler.eq_ignore_ascii_case("on") && *events > 0) {
        return Err(CutoverError::NotFenced { side, reason: format!("the event scheduler is {scheduler} with {events} enabled event(s)") });
    }
    let open: Option<u64> = session
        .row(
            "listing open transactions",
            format!(
                "SELECT COUNT(*) FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE {}",
                of_accounts(accounts)
            ),
        )
        .await?;
    if open != Some(0) {
        return Err(CutoverError::NotFenced { side, reason: format!("{open:?} transaction(s) of locked accounts are still open") });
    }
    Ok(json!({ "accounts_locked": accounts.iter().map(ToString::to_string).collect::<Vec<_>>(), "sessions_ended": ended, "prepared_transactions": 0, "open_transactions": 0 }))
}

fn of_accounts(accounts: &[Account]) -> String {
    let users: Vec<String> = accounts.iter().map(|account| quote_text(&account.user)).collect();
    if users.is_empty() { "FALSE".to_owned() } else { format!("p.USER IN ({})", users.join(",")) }
}

async fn end_sessions(session: &mut Session, side: &'static str, accounts: &[Account]) -> Result<u64, CutoverError> {
    let list = format!("SELECT p.ID FROM information_schema.PROCESSLIST p WHERE {}", of_accounts(accounts));
    let mut ended = std::collections::BTreeSet::new();
    for _ in 0..ROUNDS {
        let ids: Vec<u64> = session.rows("listing sessions", list.as_str()).await?;
        if ids.is_empty() {
            return Ok(ended.len() as u64);
        }
        for id in ids {
            match session.run("ending a session", format!("KILL CONNECTION {id}")).await {
                // It ended by itself meanwhile.
                Ok(_) | Err(ReplicateError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            ended.insert(id);
        }
        tokio::time::sleep(ROUND).await;
    }
    Err(CutoverError::NotFenced { side, reason: "sessions of locked accounts do not end".to_owned() })
}

/// Unlocks accounts; doing it twice is harmless.
pub(crate) async fn lift(session: &mut Session, accounts: &[Account]) -> Result<(), CutoverError> {
    for account in accounts {
        session.run("unlocking an account", format!("ALTER USER {} ACCOUNT UNLOCK", account.quoted())).await?;
    }
    Ok(())
}

/// Tries to write with the application's account on an open session. `Err` holds the server's words: the write was refused.
pub(crate) async fn try_write(session: &mut Session, database: &str, table: &str) -> Result<(), String> {
    let sql = format!("DELETE FROM {}.{} WHERE FALSE", quote_name(database), quote_name(table));
    session.run("trying to write as the application", sql).await.map(drop).map_err(words)
}

/// Opens a session as the application. `Err` holds the server's words.
pub(crate) async fn try_login(app: &Address) -> Result<Session, String> {
    server::reader(app).await.map_err(words)
}

fn words(error: ReplicateError) -> String {
    match std::error::Error::source(&error) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}
