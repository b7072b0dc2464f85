//! States that this build does not carry out: recorded as such, with the reason, never as passed.

use std::time::Duration;

use reberth_journal::{Evidence, Observation, Policy};

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// A state without an act.
pub(crate) struct Unbuilt {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

impl<E: Engine> Station<E> for Unbuilt {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(1))
    }

    async fn observe(&self, _passage: &mut Passage<E>) -> Result<Observation, CutoverError> {
        Ok(Observation::NotBuilt {
            reason: self.reason.to_owned(),
        })
    }

    async fn act(&self, _passage: &mut Passage<E>) -> Result<(), CutoverError> {
        Ok(())
    }

    async fn verify(&self, _passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(Evidence::Null)
    }
}
