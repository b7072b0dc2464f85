//! Steps that wrap a scenario's own and disturb them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::step::{BoxFuture, Evidence, Observation, Policy, Retry, Step, StepError, Undo};
use crate::store::Journal;

/// Where a step is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Observe,
    BeforeAct,
    AfterAct,
    Verify,
    BeforeUndo,
    AfterUndo,
}

/// What happens there.
#[derive(Debug, Clone)]
pub(super) enum Disturbance {
    /// The step is carried out as it is.
    None,
    /// `act` and `undo` are done twice each time.
    Twice,
    /// The phase fails this many times, and may be tried again.
    Fails { phase: Phase, times: Arc<AtomicU32> },
    /// A person asks for a cancel while the step acts.
    Cancel { journal: PathBuf, kind: String },
}

impl Disturbance {
    pub(super) fn fails(phase: Phase, times: u32) -> Self {
        Self::Fails {
            phase,
            times: Arc::new(AtomicU32::new(times)),
        }
    }
}

/// A step with its disturbance. It is tried twice without waiting, so that "fails once" passes and "fails twice" is a
/// failure for good.
pub(super) struct Disturbed<C> {
    inner: Box<dyn Step<C>>,
    disturbance: Disturbance,
}

pub(super) const ATTEMPTS: u32 = 2;

/// The steps of a scenario with one of them disturbed, or all of them.
pub(super) fn disturb<C: Send + 'static>(
    steps: Vec<Box<dyn Step<C>>>,
    disturbance: impl Fn(usize) -> Disturbance,
) -> Vec<Box<dyn Step<C>>> {
    let wrap = |(place, inner): (usize, Box<dyn Step<C>>)| {
        let disturbance = disturbance(place);
        Box::new(Disturbed { inner, disturbance }) as Box<dyn Step<C>>
    };
    steps.into_iter().enumerate().map(wrap).collect()
}

impl<C> Disturbed<C> {
    fn trip(&self, at: Phase) -> Result<(), StepError> {
        match &self.disturbance {
            Disturbance::Fails { phase, times } if *phase == at => {
                let left = times.load(Ordering::SeqCst);
                times.store(left.saturating_sub(1), Ordering::SeqCst);
                if left == 0 { Ok(()) } else { Err(injected(at)) }
            }
            _ => Ok(()),
        }
    }

    fn request_cancel(&self) {
        if let Disturbance::Cancel { journal, kind } = &self.disturbance {
            let journal = Journal::open(journal).expect("a second process can open the journal");
            let run = journal.latest_run(kind).ok().flatten();
            let run = run.expect("the run that is being carried out exists");
            journal
                .request_cancel(&run, "the test")
                .expect("a cancel can be asked for while the run is led");
        }
    }

    fn times(&self) -> usize {
        match self.disturbance {
            Disturbance::Twice => 2,
            _ => 1,
        }
    }
}

fn injected(phase: Phase) -> StepError {
    StepError {
        code: "RB-JRN-016",
        what: format!("failure injected at {phase:?}"),
        why: "a test asked for it".to_owned(),
        hint: "none is needed".to_owned(),
        retry: true,
    }
}

impl<C: Send + 'static> Step<C> for Disturbed<C> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn policy(&self) -> Policy {
        let retry = Retry {
            attempts_max: ATTEMPTS,
            backoff_first: Duration::ZERO,
            backoff_max: Duration::ZERO,
        };
        self.inner.policy().with_retry(retry)
    }

    fn observe<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async move {
            self.trip(Phase::Observe)?;
            self.inner.observe(context).await
        })
    }

    fn act<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            self.trip(Phase::BeforeAct)?;
            self.request_cancel();
            for _ in 0..self.times() {
                self.inner.act(context).await?;
            }
            self.trip(Phase::AfterAct)
        })
    }

    fn verify<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async move {
            self.trip(Phase::Verify)?;
            self.inner.verify(context).await
        })
    }

    fn undo<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Undo, StepError>> {
        Box::pin(async move {
            self.trip(Phase::BeforeUndo)?;
            for _ in 1..self.times() {
                self.inner.undo(context).await?;
            }
            let undo = self.inner.undo(context).await?;
            self.trip(Phase::AfterUndo)?;
            Ok(undo)
        })
    }

    fn approval_content<'a>(
        &'a self,
        context: &'a mut C,
    ) -> BoxFuture<'a, Result<Value, StepError>> {
        self.inner.approval_content(context)
    }

    fn inspection(&self) -> Vec<String> {
        self.inner.inspection()
    }
}
