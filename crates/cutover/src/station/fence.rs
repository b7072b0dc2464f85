//! One writer: the side that has the writes is fenced, and proven fenced.

use std::time::Instant;

use reberth_journal::{Evidence, Policy, Retry, Undo};
use serde_json::json;

use super::{Station, unfinished, within};
use crate::engine::{Answer, Engine};
use crate::error::CutoverError;
use crate::passage::{LONGEST_WAIT, Passage};

/// Fences the side that has the writes.
pub(crate) struct Fenced {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Fenced {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        // What a provider may take is the policy's; the act itself keeps the limit.
        Policy::reversible(LONGEST_WAIT).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        let (side, limit) = (passage.from.name, passage.from.fenced_by.limit());
        within(limit, fence(passage), |reason| CutoverError::NotFenced {
            side,
            reason,
        })
        .await
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        let too_long = unfinished(&passage.from, "letting the application in again");
        let limit = passage.from.fenced_by.limit();
        within(limit, E::lift(passage), too_long).await?;
        passage.edge.open(passage.from.name).await?;
        passage.fenced_at = None;
        Ok(Undo::Reverted(
            json!({ "accounts_let_in": passage.writers.len(), "front_door": format!("leads to {}", passage.from.name) }),
        ))
    }

    fn inspection(&self) -> Vec<String> {
        E::INSPECTION.iter().map(ToString::to_string).collect()
    }
}

async fn fence<E: Engine>(passage: &mut Passage<E>) -> Result<(), CutoverError> {
    let from = passage.from.clone();
    // Opened before the fence; after a restart the fence may stand already, and then there is none to open.
    let before = E::send_canary(passage, &from.app).await?;
    passage.fenced_at.get_or_insert_with(Instant::now);
    passage.edge.hold().await?;
    let raised = E::raise(passage).await?;
    let old_session = match before {
        Answer::Refused(words) => {
            format!("no session could be opened before, the fence stood already: {words}")
        }
        Answer::Accepted(canary) => match E::write_again(canary).await {
            Ok(()) => return Err(CutoverError::NotFenced {
                side: from.name,
                reason:
                    "a session of the application that was open before the fence can still write"
                        .to_owned(),
            }),
            Err(words) => words,
        },
    };
    let new_session = passage.prove_shut(&from).await?;
    passage.noted = json!({ "fence": raised, "canary_opened_before": old_session, "canary_opened_after": new_session, "front_door": "held" });
    Ok(())
}
