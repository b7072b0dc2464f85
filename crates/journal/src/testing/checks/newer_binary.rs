//! A run that is resumed by a binary with other steps.

use super::{Bench, calm, undisturbed};
use crate::engine::Outcome;
use crate::error::JournalError;
use crate::history::StepStatus;
use crate::state::RunState;
use crate::step::{BoxFuture, Evidence, Observation, Policy, Step, StepError};
use crate::testing::drive::{KillPoint, live};
use crate::testing::{BlockOn, Scenario};

/// A newer binary may add steps behind those begun; it may not lose a begun step or put one before it.
pub fn check_newer_binary<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let (world, _) = calm(block_on, fresh);
    // After the fourth append the first step is done, observed, or set aside.
    let begun = || {
        let bench = Bench::new(block_on, fresh);
        let killed = bench.live(Some(KillPoint::After(4)), undisturbed);
        assert!(matches!(killed, Err(JournalError::Killed(_))), "{killed:?}");
        bench
    };
    let appended = begun();
    let mut steps = appended.scenario.steps();
    steps.push(Box::new(AddedStep));
    let outcome = resume(&appended, &steps).expect("a step behind those begun is accepted");
    assert_eq!(outcome.state, RunState::Done);
    assert_eq!(
        appended.scenario.world(),
        world,
        "with a step added at the end"
    );
    let added = appended.history().step(ADDED).map(|step| step.status);
    assert_eq!(added, Some(StepStatus::Done), "the added step must run");

    let before = begun();
    let mut steps = before.scenario.steps();
    steps.insert(0, Box::new(AddedStep));
    is_refused(&before, &steps, "a step inserted before one begun");

    let lost = begun();
    let mut steps = lost.scenario.steps();
    steps[0] = Box::new(AddedStep);
    is_refused(&lost, &steps, "a begun step that the binary does not know");
}

fn resume<S: Scenario>(
    bench: &Bench<'_, S>,
    steps: &[Box<dyn Step<S::Context>>],
) -> Result<Outcome, JournalError> {
    live(bench.block_on, &bench.scratch, &bench.scenario, steps, None)
}

fn is_refused<S: Scenario>(bench: &Bench<'_, S>, steps: &[Box<dyn Step<S::Context>>], what: &str) {
    let effects = bench.scenario.effects();
    let refused = resume(bench, steps);
    assert!(
        matches!(refused, Err(JournalError::StepList { .. })),
        "{what}: {refused:?}"
    );
    assert_eq!(
        bench.scenario.effects(),
        effects,
        "{what}: the world was changed"
    );
}

const ADDED: &str = "added_by_a_newer_binary";

/// A step of a newer binary that changes nothing.
struct AddedStep;

impl<C: Send> Step<C> for AddedStep {
    fn name(&self) -> &str {
        ADDED
    }

    fn policy(&self) -> Policy {
        Policy::reversible(std::time::Duration::from_secs(1))
    }

    fn observe<'a>(&'a self, _context: &'a mut C) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async { Ok(Observation::NotYet) })
    }

    fn act<'a>(&'a self, _context: &'a mut C) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async { Ok(()) })
    }

    fn verify<'a>(&'a self, _context: &'a mut C) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async { Ok(Evidence::Null) })
    }
}
