//! The run that applies one root: its steps, and what they prove.

use std::time::Duration;

use reberth_journal::{BoxFuture, Evidence, Observation, Policy, Step, StepError, Timer};
use serde_json::json;

use crate::apply::Applying;
use crate::bootstrap::StateMoved;
use crate::error::ProvisionError;

/// Kind of the run; its subject is the root.
pub const PROVISION: &str = "provision";
/// A database of some terabytes takes hours to be made from a snapshot.
const APPLY_LIMIT: Duration = Duration::from_secs(12 * 3600);
const READY_LIMIT: Duration = Duration::from_secs(900);
const DISCARD_LIMIT: Duration = Duration::from_secs(60);

/// The engine's timer on this runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clockwork;

impl Timer for Clockwork {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The steps of an apply. There is no undo: what Terraform made is taken back by a new plan that a person approves, never by itself.
pub fn steps() -> Vec<Box<dyn Step<Applying>>> {
    vec![
        Box::new(Ready),
        Box::new(Applied),
        Box::new(StateMoved),
        Box::new(PlanDiscarded),
    ]
}

/// All is as it was when the plan was approved. Only a look: a plan that cannot be applied any more leaves a run undone, not one stuck.
struct Ready;

impl Step<Applying> for Ready {
    fn name(&self) -> &str {
        "ready"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(READY_LIMIT)
    }

    fn observe<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            applying
                .observe_ready()
                .await
                .map_err(ProvisionError::into_step_error)
        })
    }

    fn act<'a>(&'a self, _applying: &'a mut Applying) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async { Ok(()) })
    }

    fn verify<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async { Ok(applying.as_approved()) })
    }
}

/// Terraform carried out the plan, and a second plan is empty.
struct Applied;

impl Step<Applying> for Applied {
    fn name(&self) -> &str {
        "applied"
    }

    fn policy(&self) -> Policy {
        Policy::one_way(APPLY_LIMIT)
    }

    fn observe<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            applying
                .observe()
                .await
                .map_err(ProvisionError::into_step_error)
        })
    }

    fn act<'a>(&'a self, applying: &'a mut Applying) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async {
            applying
                .carry_out()
                .await
                .map_err(ProvisionError::into_step_error)
        })
    }

    fn verify<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async {
            applying
                .prove()
                .await
                .map_err(ProvisionError::into_step_error)
        })
    }

    fn inspection(&self) -> Vec<String> {
        vec![
            "reberth provision plan".to_owned(),
            "reberth provision drift".to_owned(),
        ]
    }
}

/// The plan file is gone: it holds secrets in the clear.
struct PlanDiscarded;

impl Step<Applying> for PlanDiscarded {
    fn name(&self) -> &str {
        "plan_discarded"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(DISCARD_LIMIT)
    }

    fn observe<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            let store = &applying.site.store;
            let plan = store
                .plan_sha256()
                .map_err(ProvisionError::into_step_error)?;
            Ok(match plan {
                Some(_) => Observation::NotYet,
                None => Observation::AlreadySo(json!({ "plan_file": "gone" })),
            })
        })
    }

    fn act<'a>(&'a self, applying: &'a mut Applying) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async {
            applying
                .site
                .store
                .discard()
                .map_err(ProvisionError::into_step_error)
        })
    }

    fn verify<'a>(
        &'a self,
        _applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async { Ok(json!({ "plan_file": "gone" })) })
    }
}

impl Applying {
    /// A plan that is being applied, or was, is past this.
    async fn observe_ready(&self) -> Result<Observation, ProvisionError> {
        let is_past = self.site.is_being_applied()? || self.earlier()?.is_some();
        if !is_past {
            self.check_ready().await?;
        }
        Ok(Observation::AlreadySo(self.as_approved()))
    }

    /// What is going to be applied, and on whose word.
    fn as_approved(&self) -> Evidence {
        let record = &self.plan.record;
        json!({
            "plan": self.plan.hash,
            "approved_by": self.plan.by,
            "approved_at": self.plan.at,
            "changes": record.changeset.summary(),
            "findings": record.findings,
            "files": record.files_sha256,
            "state": record.state,
        })
    }

    /// Already so only when an attempt with this very plan is over and nothing is left to do, also where a person did the rest by hand.
    async fn observe(&self) -> Result<Observation, ProvisionError> {
        if self.site.is_being_applied()? || self.earlier()?.is_none() {
            return Ok(Observation::NotYet);
        }
        match self.prove().await {
            Err(ProvisionError::NotSettled { .. }) => Ok(Observation::NotYet),
            proven => proven.map(Observation::AlreadySo),
        }
    }

    /// A second plan is empty: the root is as its files say.
    async fn prove(&self) -> Result<Evidence, ProvisionError> {
        let (site, record) = (&self.site, &self.plan.record);
        let (has_changes, messages) = site.plan(&[]).await?;
        if has_changes {
            return Err(ProvisionError::NotSettled {
                root: record.root.clone(),
                left: crate::message::planned(&messages).max(1),
            });
        }
        Ok(json!({
            "plan": self.plan.hash,
            "tool": site.tool.described(),
            "state_before": record.state,
            "state_after": site.state().await?,
            "second_plan": "empty",
        }))
    }
}
