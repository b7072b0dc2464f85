//! The checks themselves.

mod newer_binary;

pub use newer_binary::check_newer_binary;

use super::disturbance::{ATTEMPTS, Disturbance, Phase, disturb};
use super::drive::{KillPoint, ScratchJournal, live};
use super::{BlockOn, Scenario};
use crate::audit::AuditFinding;
use crate::engine::Outcome;
use crate::error::JournalError;
use crate::event::RunId;
use crate::history::RunHistory;
use crate::state::{RunState, UnwindCause};
use crate::step::Reversibility;

/// A run that appends more events than this under one kill sweep is not meant for these checks.
const APPENDS_MAX: u64 = 1000;

/// All checks of this module, one after another.
pub fn check_every<S: Scenario<Context: 'static>>(block_on: BlockOn<'_>, fresh: &dyn Fn() -> S) {
    check_each_step_twice(block_on, fresh);
    check_kill_at_each_append(block_on, fresh);
    check_failure_at_each_step(block_on, fresh);
    check_failure_of_each_undo(block_on, fresh);
    check_cancel_at_each_step(block_on, fresh);
    check_newer_binary(block_on, fresh);
}

/// A world with its journal, and what it looked like before anything ran.
struct Bench<'e, S: Scenario> {
    block_on: BlockOn<'e>,
    scratch: ScratchJournal,
    scenario: S,
    before: serde_json::Value,
}

impl<'e, S: Scenario<Context: 'static>> Bench<'e, S> {
    fn new(block_on: BlockOn<'e>, fresh: &dyn Fn() -> S) -> Self {
        let scenario = fresh();
        let before = scenario.world();
        let scratch = ScratchJournal::new();
        Self {
            block_on,
            scratch,
            scenario,
            before,
        }
    }

    fn live(
        &self,
        kill: Option<KillPoint>,
        disturbance: impl Fn(usize) -> Disturbance,
    ) -> Result<Outcome, JournalError> {
        let steps = disturb(self.scenario.steps(), disturbance);
        live(self.block_on, &self.scratch, &self.scenario, &steps, kill)
    }

    fn live_well(&self, disturbance: impl Fn(usize) -> Disturbance) -> Outcome {
        self.live(None, disturbance)
            .expect("the journal takes every event of this run")
    }

    fn run(&self) -> RunId {
        let run = self.scratch.open().latest_run(self.scenario.kind());
        run.expect("the journal can be read")
            .expect("a run was created")
    }

    fn history(&self) -> RunHistory {
        let history = self.scratch.open().history(&self.run());
        history.expect("the events of the run can be replayed")
    }

    /// Whether the killed life had written its last event already.
    fn has_ended(&self) -> bool {
        let journal = self.scratch.open();
        let run = journal.latest_run(self.scenario.kind());
        let run = run.expect("the journal can be read");
        run.is_some_and(|_| self.history().state().is_final())
    }

    fn is_unchanged(&self, what: &str) {
        assert_eq!(
            self.scenario.world(),
            self.before,
            "{what}: the world must be as before"
        );
    }

    fn chain_is_intact(&self, what: &str) {
        let finding = self.scratch.open().audit_verify();
        let finding = finding.expect("the chain can be read");
        assert!(
            matches!(finding, AuditFinding::Intact(_)),
            "{what}: {finding:?}"
        );
    }

    /// The first step without a way back; the number of steps when there is none.
    fn first_one_way(&self) -> usize {
        let steps = self.scenario.steps();
        let mut policies = steps.iter().map(|step| step.policy());
        let first = policies.position(|policy| policy.reversibility == Reversibility::OneWay);
        first.unwrap_or(steps.len())
    }
}

fn undisturbed(_place: usize) -> Disturbance {
    Disturbance::None
}

fn only(at: usize, disturbance: Disturbance) -> impl Fn(usize) -> Disturbance {
    move |place| match place == at {
        true => disturbance.clone(),
        false => Disturbance::None,
    }
}

/// The world and the effects after a run that nothing disturbed.
fn calm<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) -> (serde_json::Value, Vec<String>) {
    let bench = Bench::new(block_on, fresh);
    let outcome = bench.live_well(undisturbed);
    assert_eq!(
        outcome.state,
        RunState::Done,
        "the undisturbed run must end as done"
    );
    bench.chain_is_intact("undisturbed run");
    (bench.scenario.world(), bench.scenario.effects())
}

/// Every `act` done twice gives the same world; a second run on the finished world changes nothing.
pub fn check_each_step_twice<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let (world, _) = calm(block_on, fresh);
    let bench = Bench::new(block_on, fresh);
    assert_eq!(
        bench.live_well(|_| Disturbance::Twice).state,
        RunState::Done
    );
    assert_eq!(bench.scenario.world(), world, "each step acted twice");
    let effects = bench.scenario.effects();
    assert_eq!(bench.live_well(undisturbed).state, RunState::Done);
    assert_eq!(bench.scenario.world(), world, "the whole run a second time");
    assert_eq!(
        bench.scenario.effects(),
        effects,
        "the second run changed the world"
    );
}

/// Killed before and after each append, forward and on the way back: the world ends as in the undisturbed run, each
/// effect exactly once.
pub fn check_kill_at_each_append<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let forward = sweep_kills(block_on, fresh, &undisturbed, &RunState::Done);
    assert_eq!(
        forward,
        calm(block_on, fresh),
        "the sweep compares with the undisturbed run"
    );
    let bench = Bench::new(block_on, fresh);
    let at = bench.first_one_way().min(bench.scenario.steps().len() - 1);
    let failing = |place| match place == at {
        true => Disturbance::fails(Phase::Observe, u32::MAX),
        false => Disturbance::None,
    };
    let (world, _) = sweep_kills(block_on, fresh, &failing, &RunState::Undone);
    assert_eq!(
        world, bench.before,
        "an unwound run must leave the world as before"
    );
}

/// Kills one life at every append in turn; returns the world and the effects of the life that nobody killed.
fn sweep_kills<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
    disturbance: &dyn Fn(usize) -> Disturbance,
    end: &RunState,
) -> (serde_json::Value, Vec<String>) {
    let unkilled = Bench::new(block_on, fresh);
    assert_eq!(unkilled.live_well(disturbance).state, *end);
    let expected = (unkilled.scenario.world(), unkilled.scenario.effects());
    let mut kills = 0;
    for append in 1..APPENDS_MAX {
        let kills_before = kills;
        for point in [KillPoint::Before(append), KillPoint::After(append)] {
            let bench = Bench::new(block_on, fresh);
            match bench.live(Some(point), disturbance) {
                Err(JournalError::Killed(_)) => kills += 1,
                Ok(_) => continue,
                Err(error) => panic!("killed {point:?}: {error}"),
            }
            if !bench.has_ended() {
                bench.live_well(disturbance);
            }
            assert_eq!(bench.history().state(), end, "killed {point:?}");
            let found = (bench.scenario.world(), bench.scenario.effects());
            assert_eq!(found, expected, "killed {point:?}");
            bench.chain_is_intact(&format!("killed {point:?}"));
        }
        if kills == kills_before {
            break;
        }
    }
    assert!(kills > 0, "the sweep killed nothing");
    expected
}

/// A failure that passes is overcome; one that stays unwinds to the world before, or, behind a step without a way back,
/// stops as stuck and goes on when a person asks for it.
pub fn check_failure_at_each_step<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let (world, effects) = calm(block_on, fresh);
    for phase in [
        Phase::Observe,
        Phase::BeforeAct,
        Phase::AfterAct,
        Phase::Verify,
    ] {
        for place in 0..fresh().steps().len() {
            let what = format!("step {place} fails at {phase:?}");
            let once = Bench::new(block_on, fresh);
            let outcome = once.live_well(only(place, Disturbance::fails(phase, 1)));
            assert_eq!(outcome.state, RunState::Done, "{what}, once");
            assert_eq!(once.scenario.world(), world, "{what}, once");
            assert_eq!(once.scenario.effects(), effects, "{what}, once");

            let lasting = Bench::new(block_on, fresh);
            let outcome = lasting.live_well(only(place, Disturbance::fails(phase, u32::MAX)));
            check_lasting_failure(&lasting, &outcome, phase, place, &world, &what);
        }
    }
}

fn check_lasting_failure<S: Scenario<Context: 'static>>(
    bench: &Bench<'_, S>,
    outcome: &Outcome,
    phase: Phase,
    place: usize,
    world: &serde_json::Value,
    what: &str,
) {
    let one_way = bench.first_one_way();
    let is_behind = one_way < place || (one_way == place && phase != Phase::Observe);
    match &outcome.state {
        // Found already so on the second attempt, or a step that never acts.
        RunState::Done => {
            assert_eq!(bench.scenario.world(), *world, "{what}");
            let is_unproven = phase == Phase::Verify && bench.history().steps()[place].has_acted;
            assert!(!is_unproven, "{what}: the run went on without proof");
        }
        RunState::Undone if !is_behind => bench.is_unchanged(what),
        RunState::Stuck {
            text,
            undoing: None,
        } if is_behind => {
            let name = bench.history().step_names()[place].clone();
            assert!(
                text.contains(&name),
                "{what}: the text must name the step: {text}"
            );
            retry_stuck(bench, &RunState::Done, what);
            assert_eq!(bench.scenario.world(), *world, "{what}, after the retry");
        }
        other => panic!("{what}: the run ended as {other}"),
    }
}

/// A stuck run stays as it is until a person asks, then comes to its end.
fn retry_stuck<S: Scenario<Context: 'static>>(bench: &Bench<'_, S>, end: &RunState, what: &str) {
    let effects = bench.scenario.effects();
    let still = bench.live_well(undisturbed).state;
    assert!(matches!(still, RunState::Stuck { .. }), "{what}: {still}");
    assert_eq!(
        bench.scenario.effects(),
        effects,
        "{what}: a stuck run acted unasked"
    );
    let asked = bench.scratch.open().request_retry(&bench.run(), "the test");
    asked.expect("a stuck run takes a retry");
    assert_eq!(
        bench.live_well(undisturbed).state,
        *end,
        "{what}, after the retry"
    );
}

/// An undo that fails once is repeated; one that fails for good stops the run as stuck, and a retry undoes the rest.
pub fn check_failure_of_each_undo<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let last = fresh().steps().len() - 1;
    let turn = Bench::new(block_on, fresh).first_one_way().min(last);
    for phase in [Phase::BeforeUndo, Phase::AfterUndo] {
        for (place, times) in (0..turn).flat_map(|place| [(place, 1), (place, ATTEMPTS)]) {
            let what = format!("undo of step {place} fails {times} times at {phase:?}");
            let bench = Bench::new(block_on, fresh);
            let undo_failure = Disturbance::fails(phase, times);
            let outcome = bench.live_well(|at| match at {
                at if at == turn => Disturbance::fails(Phase::Observe, u32::MAX),
                at if at == place => undo_failure.clone(),
                _ => Disturbance::None,
            });
            match outcome.state {
                RunState::Undone => {}
                RunState::Stuck {
                    undoing: Some(UnwindCause::Failed),
                    ..
                } if times >= ATTEMPTS => {
                    retry_stuck(&bench, &RunState::Undone, &what);
                }
                other => panic!("{what}: the run ended as {other}"),
            }
            bench.is_unchanged(&what);
        }
    }
}

/// A cancel during each step unwinds, or is refused behind a step without a way back.
pub fn check_cancel_at_each_step<S: Scenario<Context: 'static>>(
    block_on: BlockOn<'_>,
    fresh: &dyn Fn() -> S,
) {
    let (world, _) = calm(block_on, fresh);
    for place in 0..fresh().steps().len() {
        let what = format!("cancelled during step {place}");
        let bench = Bench::new(block_on, fresh);
        let cancel = Disturbance::Cancel {
            journal: bench.scratch.path(),
            kind: bench.scenario.kind().to_owned(),
        };
        let outcome = bench.live_well(only(place, cancel));
        let events = bench.scratch.open().events(&bench.run());
        let events = events.expect("the events can be read");
        let was_asked = events.iter().any(|event| event.kind == "cancel_requested");
        if was_asked && place < bench.first_one_way() {
            assert_eq!(outcome.state, RunState::Cancelled, "{what}");
            bench.is_unchanged(&what);
        } else {
            let was_refused = events.iter().any(|event| event.kind == "cancel_refused");
            assert_eq!(was_refused, was_asked, "{what}: a refusal must be recorded");
            assert_eq!(outcome.state, RunState::Done, "{what}");
            assert_eq!(bench.scenario.world(), world, "{what}");
        }
    }
}
