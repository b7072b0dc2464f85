//! What a run does next: a pure function of its history, so that every process decides the same.

use serde_json::{Value, json};

use crate::event::EventKind;
use crate::history::{RunHistory, StepStatus};
use crate::state::{RunState, UnwindCause};
use crate::step::Step;
use crate::unwind::stuck;

/// What to do next in a run.
pub(crate) enum Move {
    /// Observe and carry out this step.
    Advance(String),
    /// Undo this step.
    UndoStep(String),
    /// Append this; it needs nothing from the world.
    Record(EventKind, Value),
    /// Nothing more can be done by the engine.
    HandBack,
}

/// Decides the next move from the journal alone, so that every process decides the same.
pub(crate) fn next_move<C>(history: &RunHistory, steps: &[Box<dyn Step<C>>]) -> Move {
    match history.state() {
        RunState::Running { .. } | RunState::Waiting { .. } => next_move_forward(history, steps),
        RunState::Undoing { cause, .. } => match history.last_acted() {
            Some(step) if step.has_undo_failed => {
                Move::Record(EventKind::RunStuck, stuck(history, step, steps))
            }
            Some(step) => Move::UndoStep(step.name.clone()),
            None => Move::Record(end_of_unwinding(*cause), json!({})),
        },
        RunState::Stuck { .. } | RunState::Done | RunState::Undone | RunState::Cancelled => {
            Move::HandBack
        }
    }
}

fn next_move_forward<C>(history: &RunHistory, steps: &[Box<dyn Step<C>>]) -> Move {
    if history.is_cancel_requested() {
        return if history.is_past_one_way() {
            let reason = "a step without a way back is behind the run; it goes on to its end";
            Move::Record(EventKind::CancelRefused, json!({ "reason": reason }))
        } else {
            unwind(UnwindCause::Cancelled)
        };
    }
    match history.next_step() {
        None => Move::Record(EventKind::RunDone, json!({})),
        Some(step) if step.status != StepStatus::Failed => Move::Advance(step.name.clone()),
        Some(step) if history.is_past_one_way() => {
            Move::Record(EventKind::RunStuck, stuck(history, step, steps))
        }
        Some(_) => unwind(UnwindCause::Failed),
    }
}

fn unwind(cause: UnwindCause) -> Move {
    Move::Record(EventKind::UnwindStarted, json!({ "cause": cause.as_str() }))
}

fn end_of_unwinding(cause: UnwindCause) -> EventKind {
    match cause {
        UnwindCause::Failed => EventKind::RunUndone,
        UnwindCause::Cancelled => EventKind::RunCancelled,
    }
}
