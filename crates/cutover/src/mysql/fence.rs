//! The fence: nobody who can write gets in or through, every session that could still write is ended, and then it is *proven* that nothing writes.
//!
//! What shuts a side is the policy's choice: its accounts are locked (here), the server is set `read_only` ([`read_only`]), or the provider changes
//! their passwords ([`provider`]). What is ended and proven is the same. Which rights each asks for stands in [`rights`].
//!
//! Locking alone leaves open sessions writing (measured), so: lock, list, kill, and again until the list is empty (rule 37). Whose sessions are
//! ended is decided by who is known to be harmless, never by who was just locked: an account that was locked or dropped yesterday may still have
//! a session that writes. At the end the accounts are listed once more: one that came meanwhile would write too.

pub(crate) mod canary;
mod global_right;
mod obstacle;
pub(crate) mod provider;
mod read_only;
mod rights;
mod sessions;
mod writers;

use std::collections::BTreeSet;

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::value::quote_text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::CutoverError;
use crate::passage::{FencedBy, Side};
use writers::Roster;
pub(crate) use writers::Writer;

/// An account of a database server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// From where.
    pub host: String,
    /// When its password was changed, as its server tells it; unknown of accounts in the journals of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed: Option<String>,
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

/// Names of accounts as a message lists them.
pub(crate) fn list<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> String {
    let names: Vec<String> = accounts.into_iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// The fence of one side, in a session of its own.
pub(crate) struct Fence {
    session: Session,
    side: &'static str,
    database: String,
    /// Names of Reberth's own accounts.
    ours: Vec<String>,
    /// Accounts that may keep writing, `user@host`.
    exempt: Vec<String>,
    by: FencedBy,
}

impl Fence {
    /// Opens the fence's session on that side.
    pub(crate) async fn open(
        side: &Side,
        database: &str,
        ours: &[&str],
        exempt: &[String],
    ) -> Result<Fence, CutoverError> {
        let ours = [side.fence.user(), side.writer.user()]
            .iter()
            .chain(ours)
            .map(|user| (*user).to_owned())
            .collect();
        let session = server::reader(&side.fence).await?;
        Ok(Fence {
            session,
            side: side.name,
            database: database.to_owned(),
            ours,
            exempt: exempt.to_vec(),
            by: side.fenced_by.clone(),
        })
    }

    /// Accounts that can write to the database, locked or not, but for Reberth's own and those that the policy exempts.
    pub(crate) async fn writers(&mut self) -> Result<Vec<Writer>, CutoverError> {
        Ok(self.roster().await?.writers)
    }

    /// Refuses accounts that this session could neither lock nor unlock: the run would get stuck on the way.
    pub(crate) fn require_in_reach<'a>(
        &self,
        writers: impl IntoIterator<Item = &'a Writer>,
    ) -> Result<(), CutoverError> {
        let protected = writers.into_iter().filter(|writer| writer.is_out_of_reach);
        let names = list(protected.map(|writer| &writer.account));
        if names.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "{names} holds SYSTEM_USER, so {} may neither lock nor unlock it: revoke that right, or GRANT SYSTEM_USER ON *.* to {}, or list the account under exempt_accounts",
            self.session.address().user(),
            self.session.address().user()
        )))
    }

    /// Refuses a fence for which this session lacks a right. `only`: the only account that can write, if there is only one.
    pub(crate) async fn require_rights(&mut self, only: Option<&str>) -> Result<(), CutoverError> {
        let by = self.by.clone();
        let others = self
            .writers()
            .await?
            .into_iter()
            .filter(|writer| !writer.is_locked && Some(writer.account.user.as_str()) != only);
        let is_alone = others.count() == 0;
        rights::require(&mut self.session, self.side, &by, is_alone).await
    }

    /// Names of which some account is exempt: what bears such a name is the operator's, not the application's.
    pub(crate) fn exempt_names(&self) -> BTreeSet<&str> {
        self.exempt
            .iter()
            .map(|account| {
                account
                    .rsplit_once('@')
                    .map_or(account.as_str(), |(user, _)| user)
            })
            .collect()
    }

    async fn roster(&mut self) -> Result<Roster, CutoverError> {
        let mut roster = writers::read(&mut self.session, &self.database).await?;
        roster.writers.retain(|writer| {
            !self.ours.contains(&writer.account.user)
                && !self.exempt.contains(&writer.account.to_string())
        });
        Ok(roster)
    }

    /// Refuses what writes without a session of its own, and what no lock stops: scheduled events and incoming replication.
    pub(crate) async fn require_no_other_source(&mut self) -> Result<(), CutoverError> {
        let own = self.own_events().await?;
        if own.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "the event scheduler runs with the enabled event(s) {}",
            own.join(", ")
        )))
    }

    /// The database's enabled events under a running scheduler, which a passage switches off. Refuses those of other databases, which it does not, and
    /// incoming replication.
    pub(crate) async fn own_events(&mut self) -> Result<Vec<String>, CutoverError> {
        obstacle::incoming_replication(&mut self.session, self.side).await?;
        let (own, foreign): (Vec<_>, Vec<_>) =
            obstacle::running_events(&mut self.session, self.side)
                .await?
                .into_iter()
                .partition(|(database, _)| *database == self.database);
        if let Some((database, name)) = foreign.first() {
            return Err(self.refuse(format!(
                "the event scheduler runs with {} enabled event(s) of other databases, such as {database}.{name}, and these may write to this one",
                foreign.len()
            )));
        }
        Ok(own.into_iter().map(|(_, name)| name).collect())
    }

    /// Locks accounts, ends every session that could write until none is left, and refuses whatever else could write.
    pub(crate) async fn raise(&mut self, accounts: &[Account]) -> Result<Value, CutoverError> {
        self.lock(accounts).await?;
        let ended = self.end_sessions().await?;
        self.prove_silent(|writer| writer.is_locked).await?;
        Ok(json!({
            "by": self.by.name(), "accounts_locked": accounts.iter().map(ToString::to_string).collect::<Vec<_>>(), "sessions_ended": ended,
            "prepared_transactions": 0, "open_transactions": 0, "scheduled_events": 0, "incoming_replication": 0, "accounts_open": 0,
        }))
    }

    /// Ends sessions until none is left that is not known to be harmless.
    async fn end_sessions(&mut self) -> Result<u64, CutoverError> {
        let roster = self.roster().await?;
        let exempt = &self.exempt;
        sessions::end(&mut self.session, self.side, |running| {
            !running.is_spared(&roster, exempt)
        })
        .await
    }

    /// Refuses what writes without a session, and accounts that can write and are not shut out.
    async fn prove_silent(
        &mut self,
        is_shut: impl Fn(&Writer) -> bool,
    ) -> Result<(), CutoverError> {
        obstacle::prepared_transactions(&mut self.session, self.side).await?;
        self.require_no_other_source().await?;
        let mut writers = self.roster().await?.writers;
        writers.retain(|writer| !is_shut(writer));
        if writers.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "{} can write, and came or was let in after the list of those to shut out was made",
            list(writers.iter().map(|writer| &writer.account))
        )))
    }

    /// Shuts accounts that a passage had opened: locks them and ends the sessions that bear their names.
    pub(crate) async fn shut(&mut self, accounts: &[Account]) -> Result<u64, CutoverError> {
        self.lock(accounts).await?;
        sessions::end(&mut self.session, self.side, |running| {
            accounts.iter().any(|account| account.user == running.user)
        })
        .await
    }

    /// Number of sessions that bear one of these names.
    pub(crate) async fn sessions_of(
        &mut self,
        users: &BTreeSet<String>,
    ) -> Result<usize, CutoverError> {
        let running = sessions::running(&mut self.session).await?;
        Ok(running
            .iter()
            .filter(|running| users.contains(&running.user))
            .count())
    }

    async fn lock(&mut self, accounts: &[Account]) -> Result<(), CutoverError> {
        for account in accounts {
            self.session
                .run(
                    "locking an account",
                    format!("ALTER USER IF EXISTS {} ACCOUNT LOCK", account.quoted()),
                )
                .await?;
        }
        Ok(())
    }

    /// Unlocks accounts; doing it twice is harmless.
    pub(crate) async fn lift(&mut self, accounts: &[Account]) -> Result<(), CutoverError> {
        for account in accounts {
            self.session
                .run(
                    "unlocking an account",
                    format!("ALTER USER IF EXISTS {} ACCOUNT UNLOCK", account.quoted()),
                )
                .await?;
        }
        Ok(())
    }

    pub(crate) fn refuse(&self, reason: String) -> CutoverError {
        CutoverError::NotFenced {
            side: self.side,
            reason,
        }
    }
}
