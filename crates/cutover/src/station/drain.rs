//! Everything that the fenced side ever acknowledged is on the other side, and what changed last is compared.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::{Claim, StreamState};
use reberth_replicate::mysql::touched::Touched;
use serde_json::json;

use super::Station;
use super::verified::require_equal;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Drains to a barrier taken after the fence.
pub(crate) struct Drained {
    pub(crate) name: &'static str,
}

impl Station for Drained {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(120))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let barrier = passage.log_end().await?;
        let schema = passage.schema().await?;
        if !passage.running().drain(&barrier).await? {
            return Err(CutoverError::StreamEnded {
                goal: format!("it had drained to {barrier}"),
            });
        }
        let base = passage.proven_until()?;
        let touched = Touched::read(&passage.stream, &schema, base, &barrier).await?;
        let report = touched.compare(&passage.stream, &schema).await?;
        require_equal(passage, &report)?;
        // The log, read past the barrier, must carry no change in scope (rule 38).
        let behind = Touched::read(
            &passage.stream,
            &schema,
            barrier.clone(),
            &passage.log_end().await?,
        )
        .await?;
        if behind.changes > 0 {
            return Err(CutoverError::WrittenBehindBarrier {
                changes: behind.changes,
                barrier: barrier.to_string(),
            });
        }
        if let Some(stream) = passage.running.take() {
            stream.stop().await?;
        }
        // Nobody else may go on applying either: the epoch is raised once more and left to nobody.
        let mut session = server::writer(&passage.stream.to).await?;
        let closed = StreamState::take_over(
            &mut session,
            passage.stream.direction,
            &passage.database,
            &mut Claim::new()?,
        )
        .await?;
        passage.noted = json!({
            "barrier": barrier, "changes_since_ready": touched.changes, "keys_compared": report.rows, "differences": 0,
            "changes_behind_barrier": 0, "log_read_until": behind.until.to_string(), "stream_closed_at_epoch": closed.epoch(),
        });
        passage.equal_until = Some(barrier);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}
