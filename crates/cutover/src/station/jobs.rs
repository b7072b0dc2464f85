//! What writes by the clock: switched off on the side that is left, before its fence, and switched on where the application runs after the switch.
//!
//! Two servers must not do one job twice. Which jobs ran stands in the journal too, so that the side that opens starts them even if the other one is
//! gone by then.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Retry, Undo};
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Switches the jobs off on the side that is left.
pub(crate) struct JobsStopped {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for JobsStopped {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(60))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        passage.jobs = E::stop_jobs(passage).await?;
        passage.noted = json!({ "events": passage.jobs, "job_runners": "the policy names none" });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        let started = E::start_jobs_again(passage).await?;
        Ok(match started.as_slice() {
            [] => Undo::NothingToUndo,
            started => Undo::Reverted(json!({ "events_started": started })),
        })
    }
}

/// Switches the jobs on where the application is now.
pub(crate) struct JobsStarted {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for JobsStarted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::one_way(Duration::from_secs(60)).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        passage.noted = E::start_jobs(passage).await?;
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}
