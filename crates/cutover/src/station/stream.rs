//! The stream runs in this process and keeps up.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::ReplicateError;
use reberth_replicate::stream::Direction;
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// A stream further behind than this is not let into a cutover.
const LAG_MS_MAX: u64 = 2_000;

/// Waits until the stream follows closely.
pub(crate) struct Streaming {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Streaming {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(24 * 3600))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        E::require_followed(&passage.stream)?;
        require_begun(passage).await?;
        let keeps_up = passage
            .running()
            .wait_until(|progress| {
                progress.phase == "following"
                    && progress.lag_ms.is_some_and(|lag_ms| lag_ms <= LAG_MS_MAX)
            })
            .await;
        match keeps_up {
            Ok(true) => Ok(()),
            Ok(false) => Err(CutoverError::StreamEnded {
                goal: "it kept up".to_owned(),
            }),
            Err(error) => {
                passage.running = None;
                Err(error.into())
            }
        }
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        let progress = passage.running().progress();
        Ok(
            json!({ "epoch": progress.epoch, "applied": progress.applied.map(|at| at.to_string()), "lag_ms": progress.lag_ms, "lag_bytes": progress.lag_bytes }),
        )
    }
}

/// A way back is begun by the cutover that armed it; from anywhere else it would begin by copying everything back.
async fn require_begun<E: Engine>(passage: &Passage<E>) -> Result<(), CutoverError> {
    if E::direction(&passage.stream) == Direction::Forward || E::is_begun(&passage.stream).await? {
        return Ok(());
    }
    Err(ReplicateError::NotStarted {
        database: format!("the way back of {}", passage.database),
    }
    .into())
}
