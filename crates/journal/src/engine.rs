//! Carries out the steps of a run.
//!
//! The engine holds no state of its own: each turn of its loop replays the run from the journal, decides the next move
//! from that alone ([`next_move`]), carries it out and appends what came of it. A crash at any point therefore needs no
//! repair: the next process replays the same events and decides the same move, and the step at hand is observed before
//! it acts. An error of the journal ends the loop at once, without another effect on the world.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::approval::content_hash;
use crate::error::JournalError;
use crate::event::{EventKind, RunId};
use crate::history::{RunHistory, check_step_names};
use crate::lease::Lease;
use crate::next_move::{Move, next_move};
use crate::state::RunState;
use crate::step::{BoxFuture, Observation, Policy, Reversibility, Step, StepError};
use crate::store::Journal;

/// Lets the engine wait without knowing the executor.
pub trait Timer: Send + Sync {
    /// A future that is ready after this time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// How far a run came before the engine handed it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// Where it stands: waiting, stuck, or final.
    pub state: RunState,
}

/// Carries out runs on a journal.
///
/// Its futures write to the journal from the thread that polls them: a few milliseconds per event, until it is on disk.
pub struct Engine<'a> {
    pub(crate) journal: &'a Journal,
    timer: &'a dyn Timer,
}

/// How one attempt of a step ended: in which phase it failed, and why.
type Attempt = Result<(), (&'static str, StepError)>;

/// One run at work: its lease, its steps, and the world.
pub(crate) struct Work<'w, C> {
    pub(crate) lease: Lease,
    pub(crate) steps: &'w [Box<dyn Step<C>>],
    pub(crate) context: &'w mut C,
}

impl<'a> Engine<'a> {
    /// An engine on a journal; the timer gives it time limits and waits.
    pub fn new(journal: &'a Journal, timer: &'a dyn Timer) -> Self {
        Self { journal, timer }
    }

    /// Creates a run and carries it out until it is final, waits or is stuck.
    pub async fn start<C: Send>(
        &self,
        kind: &str,
        steps: &[Box<dyn Step<C>>],
        context: &mut C,
    ) -> Result<Outcome, JournalError> {
        let names = names(steps);
        check_new_list(kind, &names)?;
        let run = self.journal.create_run(kind, &names)?;
        self.resume(&run, steps, context).await
    }

    /// Goes on with the newest run of a kind when that is not final, and starts one otherwise.
    pub async fn start_or_resume<C: Send>(
        &self,
        kind: &str,
        steps: &[Box<dyn Step<C>>],
        context: &mut C,
    ) -> Result<Outcome, JournalError> {
        self.start_or_resume_about(kind, None, steps, context).await
    }

    /// [`Engine::start_or_resume`] among the runs about one subject: each of several databases has its own cutover.
    pub async fn start_or_resume_about<C: Send>(
        &self,
        kind: &str,
        subject: Option<&str>,
        steps: &[Box<dyn Step<C>>],
        context: &mut C,
    ) -> Result<Outcome, JournalError> {
        let names = names(steps);
        check_new_list(kind, &names)?;
        let run = {
            // Two processes started at once must not both find no run and create two.
            let _creating = self.journal.lock_creation(kind)?;
            let latest = match subject {
                Some(subject) => self.journal.latest_run_about(kind, subject)?,
                None => self.journal.latest_run(kind)?,
            };
            match latest {
                Some(run) if !self.journal.history(&run)?.state().is_final() => run,
                _ => self.journal.create_run_about(kind, subject, &names)?,
            }
        };
        self.resume(&run, steps, context).await
    }

    /// Goes on with a run, in this or another process than the one that began it.
    ///
    /// The list may be that of a newer Reberth as long as all steps that were begun stand first, in their order; what
    /// comes behind them is taken from the new list.
    pub async fn resume<C: Send>(
        &self,
        run: &RunId,
        steps: &[Box<dyn Step<C>>],
        context: &mut C,
    ) -> Result<Outcome, JournalError> {
        let lease = self.journal.lease(run)?;
        let history = self.journal.history(run)?;
        if !history.state().is_final() {
            self.agree_on_steps(&lease, &history, names(steps))?;
        }
        let mut work = Work {
            lease,
            steps,
            context,
        };
        loop {
            let history = self.journal.history(run)?;
            let go_on = match next_move(&history, steps) {
                Move::Advance(step) => self.advance(&mut work, &history, &step).await?,
                Move::UndoStep(step) => self.undo_step(&mut work, &history, &step).await?,
                Move::Record(kind, payload) => {
                    self.record(&work.lease, kind, None, &payload)?;
                    true
                }
                Move::HandBack => false,
            };
            if !go_on {
                let state = self.journal.history(run)?.state().clone();
                return Ok(Outcome {
                    run: run.clone(),
                    state,
                });
            }
        }
    }

    fn agree_on_steps(
        &self,
        lease: &Lease,
        history: &RunHistory,
        names: Vec<String>,
    ) -> Result<(), JournalError> {
        let has_changed =
            history
                .accept_steps(&names)
                .map_err(|problem| JournalError::StepList {
                    run: lease.run().clone(),
                    problem,
                })?;
        // A stuck run is not to be touched before a person asks for it.
        if has_changed && !matches!(history.state(), RunState::Stuck { .. }) {
            let payload = json!({ "steps": names });
            self.record(lease, EventKind::StepsChanged, None, &payload)?;
        }
        Ok(())
    }

    /// One attempt of one step. `false` when the run must wait for an approval.
    async fn advance<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        history: &RunHistory,
        name: &str,
    ) -> Result<bool, JournalError> {
        let policy = find(work.steps, name).policy();
        let record = history.step(name);
        let has_acted = record.is_some_and(|record| record.has_acted);
        let failures = record.map_or(0, |record| record.failures);
        if !matches!(history.state(), RunState::Waiting { .. }) {
            let payload = json!({ "attempt": failures + 1 });
            self.record(&work.lease, EventKind::StepStarted, Some(name), &payload)?;
        }
        let attempt = match self.observe(work, name, policy).await {
            Ok(Observation::NotYet) => {
                // An act that was approved and then cut short goes on under the same approval.
                let consent = if policy.needs_approval && !has_acted {
                    self.consent(work, history, name, policy).await?
                } else {
                    Ok(true)
                };
                match consent {
                    Ok(true) => self.act(work, name, policy).await?,
                    Ok(false) => return Ok(false),
                    Err(error) => Err(("approval", error)),
                }
            }
            // What this run did itself is proven by `verify`, also when its process died in between.
            Ok(Observation::AlreadySo(_)) if has_acted => self.verify(work, name, policy).await?,
            Ok(settled) => {
                let (kind, payload) = settlement(settled, policy);
                self.record(&work.lease, kind, Some(name), &payload)?;
                Ok(())
            }
            Err(error) => Err(("observe", error)),
        };
        if let Err((phase, error)) = attempt {
            let kind = EventKind::StepFailed;
            self.record_failure(work, kind, name, (phase, &error), failures + 1)
                .await?;
        }
        Ok(true)
    }

    async fn observe<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        name: &str,
        policy: Policy,
    ) -> Result<Observation, StepError> {
        let step = find(work.steps, name);
        let observing = step.observe(work.context);
        self.within(policy, name, "observe", observing).await
    }

    /// Whether a person approved exactly what the step is about to do; asks for it if not.
    async fn consent<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        history: &RunHistory,
        name: &str,
        policy: Policy,
    ) -> Result<Result<bool, StepError>, JournalError> {
        let asking = find(work.steps, name).approval_content(work.context);
        let content = match self.within(policy, name, "approval", asking).await {
            Ok(content) => content,
            Err(error) => return Ok(Err(error)),
        };
        let run = work.lease.run();
        let hash = content_hash(run, name, &content);
        let is_asked =
            matches!(history.state(), RunState::Waiting { hash: asked, .. } if *asked == hash);
        let approval = self.journal.approval(&hash)?;
        // Also a content that was approved before it was asked for is written down as asked, so that the chain reads
        // in order.
        if !is_asked {
            let payload = json!({ "hash": hash, "content": content });
            let kind = EventKind::ApprovalRequested;
            self.record(&work.lease, kind, Some(name), &payload)?;
        }
        let Some(approval) = approval else {
            return Ok(Ok(false));
        };
        let payload = json!({ "hash": hash, "by": approval.by });
        self.record(&work.lease, EventKind::StepApproved, Some(name), &payload)?;
        Ok(Ok(true))
    }

    /// Acts and verifies, with an event before and after. The outer error is the journal's, the inner one the step's.
    async fn act<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        name: &str,
        policy: Policy,
    ) -> Result<Attempt, JournalError> {
        let payload = json!({ "one_way": is_one_way(policy) });
        self.record(&work.lease, EventKind::ActStarted, Some(name), &payload)?;
        let step = find(work.steps, name);
        let acting = step.act(work.context);
        if let Err(error) = self.within(policy, name, "act", acting).await {
            return Ok(Err(("act", error)));
        }
        self.verify(work, name, policy).await
    }

    /// Proves that a step this run acted on is done.
    async fn verify<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        name: &str,
        policy: Policy,
    ) -> Result<Attempt, JournalError> {
        let verifying = find(work.steps, name).verify(work.context);
        match self.within(policy, name, "verify", verifying).await {
            Ok(evidence) => {
                let payload = json!({ "evidence": evidence });
                self.record(&work.lease, EventKind::StepDone, Some(name), &payload)?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(("verify", error))),
        }
    }

    /// Writes down a failed attempt; waits when another one may follow.
    pub(crate) async fn record_failure<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        kind: EventKind,
        name: &str,
        (phase, error): (&str, &StepError),
        failures: u32,
    ) -> Result<(), JournalError> {
        let retry = find(work.steps, name).policy().retry;
        let is_last = !error.retry || failures >= retry.attempts_max;
        let payload =
            json!({ "attempt": failures, "phase": phase, "final": is_last, "error": error });
        self.record(&work.lease, kind, Some(name), &payload)?;
        let wait = retry.backoff(failures);
        if !is_last && !wait.is_zero() {
            self.timer.sleep(wait).await;
        }
        Ok(())
    }

    pub(crate) fn record(
        &self,
        lease: &Lease,
        kind: EventKind,
        step: Option<&str>,
        payload: &Value,
    ) -> Result<(), JournalError> {
        self.journal
            .append_as(lease, kind.as_str(), step, payload)
            .map(|_| ())
    }

    /// Runs a future of a step for as long as its policy allows, then drops it.
    pub(crate) async fn within<T>(
        &self,
        policy: Policy,
        step: &str,
        phase: &str,
        mut work: BoxFuture<'_, Result<T, StepError>>,
    ) -> Result<T, StepError> {
        let mut limit = self.timer.sleep(policy.time_limit);
        poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            limit
                .as_mut()
                .poll(context)
                .map(|()| Err(StepError::out_of_time(step, phase, policy.time_limit)))
        })
        .await
    }
}

/// How an observation that ends a step is written down.
fn settlement(observation: Observation, policy: Policy) -> (EventKind, Value) {
    match observation {
        Observation::NotYet => (EventKind::StepObserved, Value::Null),
        Observation::AlreadySo(evidence) => (
            EventKind::StepObserved,
            json!({ "evidence": evidence, "one_way": is_one_way(policy) }),
        ),
        Observation::NotBuilt { reason } => (EventKind::StepNotBuilt, json!({ "reason": reason })),
        Observation::NotApplicable { reason } => {
            (EventKind::StepNotApplicable, json!({ "reason": reason }))
        }
    }
}

fn is_one_way(policy: Policy) -> bool {
    policy.reversibility == Reversibility::OneWay
}

/// A list without a run yet is named after the run it would begin.
fn check_new_list(kind: &str, names: &[String]) -> Result<(), JournalError> {
    check_step_names(names).map_err(|problem| JournalError::StepList {
        run: RunId::of(kind, 0),
        problem,
    })
}

fn names<C>(steps: &[Box<dyn Step<C>>]) -> Vec<String> {
    steps.iter().map(|step| step.name().to_owned()).collect()
}

pub(crate) fn find<'s, C>(steps: &'s [Box<dyn Step<C>>], name: &str) -> &'s dyn Step<C> {
    steps
        .iter()
        .find(|step| step.name() == name)
        .map(AsRef::as_ref)
        .expect("the list of steps was checked against the history before the first move")
}
