//! The other side lets the application in, and the application's own account proves it; the door still leads nowhere.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Undo};
use reberth_replicate::mysql::server;
use serde_json::json;

use super::Station;
use crate::error::CutoverError;
use crate::fence::{Account, lift, open_writers, raise, try_login, try_write};
use crate::passage::Passage;

/// Opens the side that gets the writes.
pub(crate) struct Opened {
    pub(crate) name: &'static str,
}

impl Station for Opened {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(60))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let side = passage.to.name;
        let mut session = server::reader(&passage.to.fence).await?;
        let accounts = accounts_to_open(passage);
        lift(&mut session, &accounts).await?;
        let table = passage.schema().await?.tables.keys().next().cloned().unwrap_or_default();
        let mut canary = try_login(&passage.to.app).await.map_err(|reason| CutoverError::NotOpen { side, reason })?;
        try_write(&mut canary, &passage.database, &table).await.map_err(|reason| CutoverError::NotOpen { side, reason })?;
        passage.noted = json!({
            "accounts_unlocked": accounts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "canary": "the application logged in and a write that changes no row was accepted",
            "smoke_rows": "not built: no rows of a test tenant are written",
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        let mut session = server::reader(&passage.to.fence).await?;
        let app = passage.to.app.user();
        let open: Vec<Account> = open_writers(&mut session, &passage.database).await?.into_iter().filter(|account| account.user == app).collect();
        if open.is_empty() {
            return Ok(Undo::AlreadyGone);
        }
        raise(&mut session, passage.to.name, &open).await.map(Undo::Reverted)
    }
}

/// On the side that was fenced by a passage: those whom it locked. On a fresh target: the application's account.
fn accounts_to_open(passage: &Passage) -> Vec<Account> {
    if passage.locked_at_destination.is_empty() {
        return vec![Account { user: passage.to.app.user().to_owned(), host: "%".to_owned() }];
    }
    passage.locked_at_destination.clone()
}
