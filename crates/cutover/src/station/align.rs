//! Counters of the side that opens are put past those of the side that was fenced, and what the stream does not carry is brought level.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Retry, Undo};

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Aligns the side that opens. The counters stay when the run turns back: higher ones on a side that is shut harm nobody. What would hinder the
/// stream does not: it goes on there.
pub(crate) struct Aligned {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Aligned {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        // The application is shut out of both sides: a wire that broke is tried again before the run turns back, or gets stuck on the way.
        Policy::reversible(Duration::from_secs(300)).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        passage.noted = E::align(passage).await?;
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        let undone = E::unalign(passage).await?;
        Ok(undone.map_or(Undo::NothingToUndo, Undo::Reverted))
    }
}
