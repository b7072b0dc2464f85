//! One writer: the side that has the writes is fenced, and proven fenced.

use std::time::{Duration, Instant};

use reberth_journal::{Evidence, Policy, Retry, Undo};
use serde_json::json;

use super::Station;
use crate::error::CutoverError;
use crate::fence::canary::{self, Answer};
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
        Policy::reversible(Duration::from_secs(60)).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let side = passage.from.name;
        let schema = passage.schema().await?;
        // Opened before the fence; after a restart the fence may stand already, and then there is none to open.
        let before = canary::send(&passage.from.app, &schema).await?;
        let mut fence = passage.fence_of_origin().await?;
        passage.fenced_at.get_or_insert_with(Instant::now);
        passage.edge.hold().await?;
        let raised = fence.raise(&passage.writers).await?;
        let old_session = match before {
            Answer::Refused(words) => {
                format!("no session could be opened before, the fence stood already: {words}")
            }
            Answer::Accepted(mut canary) => match canary.write_again().await {
                Ok(()) => return Err(fence.refuse(
                    "a session of the application that was open before the fence can still write"
                        .to_owned(),
                )),
                Err(words) => words,
            },
        };
        let new_session = canary::prove_shut(&passage.from.app, side, &schema).await?;
        passage.noted = json!({ "fence": raised, "canary_opened_before": old_session, "canary_opened_after": new_session, "front_door": "held" });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        passage
            .fence_of_origin()
            .await?
            .lift(&passage.writers)
            .await?;
        passage.edge.open(passage.from.name).await?;
        passage.fenced_at = None;
        Ok(Undo::Reverted(
            json!({ "accounts_unlocked": passage.writers.len(), "front_door": format!("leads to {}", passage.from.name) }),
        ))
    }

    fn inspection(&self) -> Vec<String> {
        vec![
            "SELECT User, Host, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv (MariaDB)".to_owned(),
            "SELECT User, Host, account_locked FROM mysql.user (MySQL)".to_owned(),
            "SHOW PROCESSLIST".to_owned(),
        ]
    }
}
