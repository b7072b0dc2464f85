//! The fence by the provider, where our accounts may neither lock others nor set the server read-only, as with managed servers: whoever can write gets another
//! password from the provider, by a program that the policy names or by a person, and then sessions are ended and the same is proven as for every fence.
//!
//! **What proves it of an account whose password we never knew** is the server's own record of when it was changed: noted before, and found changed
//! behind. An account that is locked or gone is shut too. One that logs in without a password, or whose old password is kept valid beside the new one (MySQL's
//! `RETAIN CURRENT PASSWORD`), has no such record here, and is refused. A firewall alone proves nothing: it lets in where Reberth runs, so the canary
//! would pass, and of other places it tells nothing.
//!
//! **Who ends the sessions.** The account that fences, if it may; else the application's own account ends its own, by a session that is opened
//! before its password is changed. So with neither right nor such a session the fence is refused rather than believed.

use std::time::{Duration, Instant};

use reberth_replicate::connection::Address;
use reberth_replicate::mysql::schema::Schema;
use serde_json::{Value, json};
use tokio::process::Command;

use super::canary::{self, Canary};
use super::{Account, Fence, Writer, list};
use crate::engine::Answer;
use crate::error::CutoverError;
use crate::passage::{Herald, ProviderFence};

/// How often it is asked whether the provider has done it.
const LOOK: Duration = Duration::from_millis(500);

/// Who has to be shut out, and who tells it.
pub(crate) struct Change<'a> {
    pub(crate) provider: &'a ProviderFence,
    /// The application's account.
    pub(crate) app: &'a Address,
    pub(crate) schema: &'a Schema,
    pub(crate) herald: &'a Herald,
}

impl Fence {
    /// Refuses accounts of which the server does not tell whether their password was changed.
    pub(crate) fn require_change_would_show(&self, writers: &[Writer]) -> Result<(), CutoverError> {
        let hidden = writers
            .iter()
            .filter(|writer| !writer.is_locked && writer.account.password_changed.is_none());
        let names = list(hidden.map(|writer| &writer.account));
        if names.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "a new password would not shut out {names}: it logs in without one, or an old one is valid beside it; lock it, or ALTER USER ... DISCARD OLD PASSWORD, or list it under exempt_accounts"
        )))
    }

    /// Refuses a side that an earlier passage shut, and whose accounts got back what they had.
    pub(crate) async fn require_changed(&mut self, noted: &[Account]) -> Result<(), CutoverError> {
        let open = self.still_open(noted).await?;
        if open.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "{open} can write there before it is opened; lock it, or change its password at the provider"
        )))
    }

    /// Has the provider shut those accounts out, ends their sessions, and proves it. `noted` were read while they could log in.
    pub(crate) async fn raise_by_provider(
        &mut self,
        noted: &[Account],
        change: &Change<'_>,
    ) -> Result<Value, CutoverError> {
        let before = self.let_in(change).await?;
        if before.is_some() || !self.still_open(noted).await?.is_empty() {
            self.have_done(&change.provider.shut, change, &format!(
                "now change the password of {} at the provider, or lock these accounts, and end their use: the {} is being fenced",
                list(noted), self.side
            ))
            .await?;
            self.wait_until_shut(noted, change).await?;
        }
        let mut ended = match before {
            Some(session) => session.end_its_own_kind().await?,
            None => 0,
        };
        ended += self.end_sessions().await?;
        self.prove_silent(|writer| writer.is_locked || is_changed(writer, noted))
            .await?;
        Ok(json!({
            "by": self.by.name(), "passwords_changed": noted.iter().map(ToString::to_string).collect::<Vec<_>>(), "sessions_ended": ended,
            "prepared_transactions": 0, "open_transactions": 0, "scheduled_events": 0, "incoming_replication": 0, "accounts_open": 0,
        }))
    }

    /// Has the provider let the application's account in again, and waits until its write is accepted.
    pub(crate) async fn lift_by_provider(&self, change: &Change<'_>) -> Result<(), CutoverError> {
        let provider = change.provider;
        if provider.open.is_empty() && self.let_in(change).await?.is_some() {
            return Ok(());
        }
        let account = change.app.user();
        self.have_done(
            &provider.open,
            change,
            &format!(
                "now give {account}, and the other accounts that were shut out of the {}, the passwords at the provider with which the application logs in",
                self.side
            ),
        )
        .await?;
        let deadline = Instant::now() + provider.wait;
        while self.let_in(change).await?.is_none() {
            if Instant::now() > deadline {
                return Err(CutoverError::NotOpen {
                    side: self.side,
                    reason: format!(
                        "{account} was not let in again within {} s; give it the password that its reference holds, or the reference its new one",
                        provider.wait.as_secs()
                    ),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// A session of the application whose write was accepted, if it is let in.
    async fn let_in(&self, change: &Change<'_>) -> Result<Option<Canary>, CutoverError> {
        Ok(match canary::send(change.app, change.schema).await? {
            Answer::Accepted(canary) => Some(canary),
            Answer::Refused(_) => None,
        })
    }

    /// Runs the policy's program, or tells a person.
    async fn have_done(
        &self,
        program: &[String],
        change: &Change<'_>,
        words: &str,
    ) -> Result<(), CutoverError> {
        let Some((name, arguments)) = program.split_first() else {
            let wait_s = change.provider.wait.as_secs();
            change
                .herald
                .tell(&format!("{words}. Waiting for it, {wait_s} s at the most."));
            return Ok(());
        };
        // What it prints may hold a new password, so nobody reads it.
        let mut command = Command::new(name);
        command
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(change.provider.wait, command.status()).await;
        let reason = match ended {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => format!("the policy's program {name} ended with {status}"),
            Ok(Err(error)) => format!("the policy's program {name} cannot be run: {error}"),
            Err(_) => format!("the policy's program {name} did not end in time"),
        };
        Err(self.refuse(reason))
    }

    /// Waits until none of those accounts can log in with what it had, and the application is not let in.
    async fn wait_until_shut(
        &mut self,
        noted: &[Account],
        change: &Change<'_>,
    ) -> Result<(), CutoverError> {
        let deadline = Instant::now() + change.provider.wait;
        loop {
            let open = self.still_open(noted).await?;
            if open.is_empty() && self.let_in(change).await?.is_none() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(self.refuse(format!(
                    "within {} s the provider did not shut out {}",
                    change.provider.wait.as_secs(),
                    if open.is_empty() {
                        change.app.user().to_owned()
                    } else {
                        open
                    }
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Names of those accounts that can still log in with what they had.
    async fn still_open(&mut self, noted: &[Account]) -> Result<String, CutoverError> {
        let writers = self.writers().await?;
        let open = writers
            .iter()
            .filter(|writer| !writer.is_locked && !is_changed(writer, noted));
        Ok(list(open.map(|writer| &writer.account)))
    }
}

/// Whether its password is another one than when it was noted.
fn is_changed(writer: &Writer, noted: &[Account]) -> bool {
    let Account {
        user,
        host,
        password_changed: Some(now),
    } = &writer.account
    else {
        return false;
    };
    let before = noted
        .iter()
        .find(|account| account.user == *user && account.host == *host);
    before.is_some_and(|before| {
        before
            .password_changed
            .as_ref()
            .is_some_and(|before| before != now)
    })
}
