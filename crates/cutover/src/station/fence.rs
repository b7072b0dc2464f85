//! One writer: the side that has the writes is fenced, and proven fenced.

use std::time::{Duration, Instant};

use reberth_journal::{Evidence, Policy, Undo};
use reberth_replicate::mysql::server;
use serde_json::json;

use super::Station;
use crate::error::CutoverError;
use crate::fence::{lift, raise, try_login, try_write};
use crate::passage::Passage;

/// Fences the side that has the writes.
pub(crate) struct Fenced {
    pub(crate) name: &'static str,
}

impl Station for Fenced {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(60))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let side = passage.from.name;
        let table = passage.schema().await?.tables.keys().next().cloned().unwrap_or_default();
        // Opened before the fence; after a restart the fence may stand already, and then there is none to open.
        let before = try_login(&passage.from.app).await;
        let mut session = server::reader(&passage.from.fence).await?;
        passage.fenced_at.get_or_insert_with(Instant::now);
        passage.edge.hold().await?;
        let raised = raise(&mut session, side, &passage.writers).await?;
        let old_session = match before {
            Err(words) => format!("no session could be opened before, the fence stood already: {words}"),
            Ok(mut canary) => match try_write(&mut canary, &passage.database, &table).await {
                Ok(()) => return Err(CutoverError::NotFenced { side, reason: "a session of the application that was open before the fence can still write".to_owned() }),
                Err(words) => words,
            },
        };
        let new_session = match try_login(&passage.from.app).await {
            Ok(mut canary) => match try_write(&mut canary, &passage.database, &table).await {
                Ok(()) => return Err(CutoverError::NotFenced { side, reason: "a new session of the application can still write".to_owned() }),
                Err(words) => words,
            },
            Err(words) => words,
        };
        passage.noted = json!({ "fence": raised, "canary_opened_before": old_session, "canary_opened_after": new_session, "front_door": "held" });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        let mut session = server::reader(&passage.from.fence).await?;
        lift(&mut session, &passage.writers).await?;
        passage.edge.open(passage.from.name).await?;
        passage.fenced_at = None;
        Ok(Undo::Reverted(json!({ "accounts_unlocked": passage.writers.len(), "front_door": format!("leads to {}", passage.from.name) })))
    }

    fn inspection(&self) -> Vec<String> {
        vec!["SELECT User, Host, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv".to_owned(), "SHOW PROCESSLIST".to_owned()]
    }
}
