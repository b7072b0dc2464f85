//! The run engine: the generic checks on the example run, and what they do not cover.

use std::time::Duration;

use reberth_journal::testing::{
    Patience, Scenario, ScratchJournal, block_on, check_cancel_at_each_step, check_each_step_twice,
    check_failure_at_each_step, check_failure_of_each_undo, check_kill_at_each_append,
    check_newer_binary,
};
use reberth_journal::{
    BoxFuture, Engine, Evidence, Journal, JournalError, Observation, Outcome, Policy, Retry,
    RunState, Step, StepError, StepStatus, Timer,
};
use serde_json::{Value, json};

use crate::harbour::{Fact, Harbour, HarbourFile};

#[test]
fn each_step_twice() {
    check_each_step_twice(&block_on, &Harbour::new);
}

#[test]
fn kill_at_each_append() {
    check_kill_at_each_append(&block_on, &Harbour::new);
}

#[test]
fn failure_at_each_step() {
    check_failure_at_each_step(&block_on, &Harbour::new);
}

#[test]
fn failure_of_each_undo() {
    check_failure_of_each_undo(&block_on, &Harbour::new);
}

#[test]
fn cancel_at_each_step() {
    check_cancel_at_each_step(&block_on, &Harbour::new);
}

#[test]
fn newer_binary() {
    check_newer_binary(&block_on, &Harbour::new);
}

/// What a made-up step does; its context is a number that a test can look at.
struct Scripted {
    name: &'static str,
    policy: Policy,
    observe: fn(&u32) -> Observation,
    act: fn(&mut u32) -> BoxFuture<'_, Result<(), StepError>>,
}

impl Step<u32> for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn observe<'a>(&'a self, number: &'a mut u32) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async { Ok((self.observe)(number)) })
    }

    fn act<'a>(&'a self, number: &'a mut u32) -> BoxFuture<'a, Result<(), StepError>> {
        (self.act)(number)
    }

    fn verify<'a>(&'a self, number: &'a mut u32) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async { Ok(json!(*number)) })
    }

    fn approval_content<'a>(
        &'a self,
        number: &'a mut u32,
    ) -> BoxFuture<'a, Result<Value, StepError>> {
        Box::pin(async { Ok(json!({ "number": *number })) })
    }
}

const LIMIT: Duration = Duration::from_secs(5);

fn scripted(name: &'static str, observe: fn(&u32) -> Observation) -> Scripted {
    Scripted {
        name,
        policy: Policy::reversible(LIMIT),
        observe,
        act: |number| {
            Box::pin(async {
                *number += 1;
                Ok(())
            })
        },
    }
}

fn go_on<C: Send>(
    journal: &Journal,
    timer: &dyn Timer,
    steps: &[Box<dyn Step<C>>],
    context: &mut C,
) -> Result<Outcome, JournalError> {
    let mut outcome = None;
    block_on(Box::pin(async {
        let engine = Engine::new(journal, timer);
        outcome = Some(engine.start_or_resume("test", steps, context).await);
    }));
    outcome.unwrap()
}

#[test]
fn what_is_not_built_or_does_not_apply_is_never_done() {
    let steps: Vec<Box<dyn Step<u32>>> = vec![
        Box::new(scripted("rehearse", |_| Observation::NotBuilt {
            reason: "rehearsal comes later".to_owned(),
        })),
        Box::new(scripted("move_jobs", |_| Observation::NotApplicable {
            reason: "the source runs no jobs".to_owned(),
        })),
    ];
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let mut number = 0;
    let outcome = go_on(&journal, &Patience, &steps, &mut number).unwrap();
    assert_eq!((outcome.state, number), (RunState::Done, 0));
    let history = journal.history(&outcome.run).unwrap();
    let statuses: Vec<_> = history.steps().iter().map(|step| step.status).collect();
    assert_eq!(statuses, [StepStatus::NotBuilt, StepStatus::NotApplicable]);
    assert_eq!(history.steps()[0].detail["reason"], "rehearsal comes later");
}

#[test]
fn an_approval_is_for_the_content_that_was_shown() {
    let mut step = scripted("apply", |_| Observation::NotYet);
    step.policy = step.policy.with_approval();
    let steps: Vec<Box<dyn Step<u32>>> = vec![Box::new(step)];
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let mut number = 1;
    let wait = |number: &mut u32| match go_on(&journal, &Patience, &steps, number) {
        Ok(Outcome { state, .. }) => state,
        Err(error) => panic!("{error}"),
    };
    let RunState::Waiting { hash: first, .. } = wait(&mut number) else {
        panic!("the step acted without approval");
    };
    // Asking again is the same question, and writes nothing.
    let events = journal.audit_head().unwrap().count;
    assert!(matches!(wait(&mut number), RunState::Waiting { hash, .. } if hash == first));
    assert_eq!(journal.audit_head().unwrap().count, events);
    // The content changes after the approval: a new question.
    journal.approve(&first, "Ada").unwrap();
    number = 7;
    let RunState::Waiting { hash: second, .. } = wait(&mut number) else {
        panic!("the step acted on a changed content");
    };
    assert_ne!(first, second);
    assert_eq!(number, 7);
    journal.approve(&second, "Ada").unwrap();
    assert_eq!((wait(&mut number), number), (RunState::Done, 8));
}

/// A timer on which all time passes at once.
struct Hurry;

impl Timer for Hurry {
    fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

#[test]
fn a_step_that_takes_too_long_is_dropped_tried_again_and_unwound() {
    let mut step = scripted("wait_for_ever", |_| Observation::NotYet);
    step.policy = step.policy.with_retry(Retry::times(3));
    step.act = |number| {
        *number += 1;
        Box::pin(std::future::pending())
    };
    let steps: Vec<Box<dyn Step<u32>>> = vec![Box::new(step)];
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let mut number = 0;
    let outcome = go_on(&journal, &Hurry, &steps, &mut number).unwrap();
    assert_eq!((outcome.state, number), (RunState::Undone, 3));
    let events = journal.events(&outcome.run).unwrap();
    let failures = events.iter().filter(|event| event.kind == "step_failed");
    let codes: Vec<_> = failures
        .map(|event| &event.payload["error"]["code"])
        .collect();
    assert_eq!(codes, ["RB-JRN-018"; 3]);
}

#[test]
fn an_error_that_must_not_be_retried_is_not() {
    let mut step = scripted("refused", |_| Observation::NotYet);
    step.policy = step.policy.with_retry(Retry::times(3));
    step.act = |number| {
        *number += 1;
        let error = StepError {
            code: "RB-CUT-001",
            what: "the database refused".to_owned(),
            why: "no right".to_owned(),
            hint: "grant it".to_owned(),
            retry: false,
        };
        Box::pin(async { Err(error) })
    };
    let steps: Vec<Box<dyn Step<u32>>> = vec![Box::new(step)];
    let scratch = ScratchJournal::new();
    let mut number = 0;
    let outcome = go_on(&scratch.open(), &Hurry, &steps, &mut number).unwrap();
    assert_eq!((outcome.state, number), (RunState::Undone, 1));
}

#[test]
fn what_was_already_so_is_left_as_it_was_found() {
    let harbour = Harbour::new();
    let policy = Policy::reversible(LIMIT);
    let moor = || Fact::boxed("moor", policy);
    let mut context = harbour.context();
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let outcome = go_on(&journal, &Patience, &[moor()], &mut context).unwrap();
    assert_eq!(outcome.state, RunState::Done);
    // A second run finds `moor` done, does `load`, and fails at a step that cannot be observed.
    let steps = [moor(), Fact::boxed("load", policy), Box::new(Blind)];
    let outcome = go_on(&journal, &Patience, &steps, &mut context).unwrap();
    assert_eq!(outcome.state, RunState::Undone);
    assert_eq!(harbour.effects(), ["+moor", "+load", "-load"]);
}

/// A step that cannot see the world.
struct Blind;

impl Step<HarbourFile> for Blind {
    fn name(&self) -> &str {
        "blind"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(LIMIT)
    }

    fn observe<'a>(
        &'a self,
        _harbour: &'a mut HarbourFile,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        let error = StepError {
            code: "RB-CUT-002",
            what: "nothing can be seen".to_owned(),
            why: "fog".to_owned(),
            hint: "wait".to_owned(),
            retry: false,
        };
        Box::pin(async { Err(error) })
    }

    fn act<'a>(&'a self, _harbour: &'a mut HarbourFile) -> BoxFuture<'a, Result<(), StepError>> {
        panic!("a step that was not observed must not act")
    }

    fn verify<'a>(
        &'a self,
        _harbour: &'a mut HarbourFile,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        panic!("a step that did not act must not be verified")
    }
}

#[test]
fn a_list_of_steps_that_cannot_be_a_run_is_refused() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let twice: Vec<Box<dyn Step<u32>>> = vec![
        Box::new(scripted("one", |_| Observation::NotYet)),
        Box::new(scripted("one", |_| Observation::NotYet)),
    ];
    for steps in [&twice[..], &[]] {
        let refused = go_on(&journal, &Patience, steps, &mut 0).unwrap_err();
        assert_eq!(refused.code(), "RB-JRN-013");
    }
    assert!(journal.runs().unwrap().is_empty());
}
