//! The other side lets the application in, and the application's own account proves it; the door still leads nowhere.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Undo};
use serde_json::json;

use super::Station;
use crate::error::CutoverError;
use crate::fence::canary::{self, Answer};
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
        // One writer: the one side is proven shut before the other is opened, also by a process that did not fence it itself.
        let refusal = passage.prove_still_fenced().await?;
        let side = passage.to.name;
        passage
            .fence_of_destination()
            .await?
            .lift(&passage.opens)
            .await?;
        let schema = passage.schema().await?;
        if let Answer::Refused(reason) = canary::send(&passage.to.app, &schema).await? {
            return Err(CutoverError::NotOpen { side, reason });
        }
        passage.noted = json!({
            "other_side_still_refuses": refusal,
            "accounts_unlocked": passage.opens.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "canary": "the application logged in and a write that changes no row was accepted",
            "smoke_rows": "not built: no rows of a test tenant are written",
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        // Also when they are locked already: a process that died in between may have left their sessions.
        let ended = passage
            .fence_of_destination()
            .await?
            .shut(&passage.opens)
            .await?;
        let locked: Vec<String> = passage.opens.iter().map(ToString::to_string).collect();
        Ok(Undo::Reverted(
            json!({ "accounts_locked": locked, "sessions_ended": ended }),
        ))
    }

    fn inspection(&self) -> Vec<String> {
        vec![
            "SELECT User, Host, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv"
                .to_owned(),
            "SHOW PROCESSLIST".to_owned(),
        ]
    }
}
