//! Everything that the fenced side ever acknowledged is on the other side, and what changed last is compared.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use serde_json::json;

use super::Station;
use super::verified::require_equal;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Drains to a barrier taken after the fence.
pub(crate) struct Drained {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Drained {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(120))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        let barrier = E::log_end(passage).await?;
        passage.drain_to(&barrier).await?;
        let base = passage.proven_until()?;
        let compared = E::compare_changed(passage, &base, &barrier).await?;
        require_equal(passage, &compared.report)?;
        if let Some(stream) = passage.running.take() {
            stream.stop().await?;
        }
        let read_until = passage.prove_silent(&barrier).await?;
        let epoch = E::close(&passage.stream).await?;
        passage.noted = json!({
            "barrier": barrier, "changes_since_ready": compared.changes, "keys_compared": compared.keys, "tables_compared_whole": compared.report.tables.len(), "differences": 0,
            "changes_behind_barrier": 0, "log_read_until": read_until, "stream_closed_at_epoch": epoch,
        });
        passage.equal_until = Some(barrier);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}
