//! The door leads to the other side: from here on the way back carries data.

use std::time::Duration;

use reberth_journal::{Evidence, Observation, Policy, Retry};
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Switches the front door.
pub(crate) struct Switched {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Switched {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::one_way(Duration::from_secs(30)).with_retry(Retry::times(5))
    }

    async fn observe(&self, passage: &mut Passage<E>) -> Result<Observation, CutoverError> {
        let state = passage.edge.state().await?;
        if state.is_held || state.leads_to != passage.to.name {
            // The decision may have taken hours: what was proven before it is proven again, while there is still a way back without data.
            passage.prove_still_fenced().await?;
            return Ok(Observation::NotYet);
        }
        Ok(Observation::AlreadySo(
            json!({ "front_door": format!("leads to {}", state.leads_to) }),
        ))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        passage.edge.open(passage.to.name).await
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        let state = passage.edge.state().await?;
        // Unknown when another process raised the fence: a clock that stops with its process is not to be trusted.
        let shut_ms = passage.fenced_at.map(|at| at.elapsed().as_millis() as u64);
        Ok(json!({ "front_door": format!("leads to {}", state.leads_to), "door_shut_ms": shut_ms }))
    }
}
