//! The point of decision: a person says go, for exactly what they were shown.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Waits for the approval of the switch.
pub(crate) struct Decided;

impl<E: Engine> Station<E> for Decided {
    fn name(&self) -> &'static str {
        "point_of_decision"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(60)).with_approval()
    }

    async fn act(&self, _passage: &mut Passage<E>) -> Result<(), CutoverError> {
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Station::<E>::approval_content(self, passage).await
    }

    async fn approval_content(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(json!({
            "switch": passage.database, "from": passage.from.name, "to": passage.to.name,
            "equal_until": passage.equal_until, "way_back": "armed",
        }))
    }
}
