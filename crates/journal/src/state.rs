//! Where a run stands, and the one function that says what may follow.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::event::EventKind;

/// Why a run turned back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnwindCause {
    /// A step failed for good.
    Failed,
    /// A person asked for it.
    Cancelled,
}

impl UnwindCause {
    /// The word that stands for it in a payload.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|cause| cause.as_str() == text)
    }
}

/// Where a run stands. Never stored: always derived by replaying the events of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunState {
    /// Going forward. Set by the creation of the run, by each step event, and by a retry of a run that was stuck going
    /// forward. A restart observes the step named here first, then acts; between steps (`None`) it takes the next.
    Running {
        /// The step that was begun and is not settled.
        step: Option<String>,
    },
    /// A step must not act before a person approves its content. Set by the engine. A restart looks for the approval,
    /// and stays here without it. When the content has changed meanwhile, it asks anew with the new hash.
    Waiting {
        /// The step that waits.
        step: String,
        /// The hash to approve.
        hash: String,
    },
    /// Going back: a step failed for good or a person cancelled, and no step without a way back is behind. A restart
    /// repeats the undo named here, then goes on with the step before.
    Undoing {
        /// The step whose undo was begun.
        step: Option<String>,
        /// Why the run turned back.
        cause: UnwindCause,
    },
    /// Half done, and the engine must not guess: an undo failed, or a step failed behind a step without a way back. A
    /// restart changes nothing until a person asks for a retry.
    Stuck {
        /// What is half done and how to look at it.
        text: String,
        /// Set when the run was going back; a retry goes on in the same direction.
        undoing: Option<UnwindCause>,
    },
    /// All steps are behind. Final.
    Done,
    /// A step failed, and everything this run did is undone. Final.
    Undone,
    /// A person cancelled, and everything this run did is undone. Final.
    Cancelled,
}

impl RunState {
    /// Whether nothing can follow any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done | Self::Undone | Self::Cancelled)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running { step: Some(step) } => write!(formatter, "running (at step `{step}`)"),
            Self::Running { step: None } => formatter.write_str("running (between steps)"),
            Self::Waiting { step, hash } => {
                write!(
                    formatter,
                    "waiting for the approval of {hash} (step `{step}`)"
                )
            }
            Self::Undoing {
                step: Some(step), ..
            } => write!(formatter, "going back (undoing step `{step}`)"),
            Self::Undoing { step: None, .. } => formatter.write_str("going back (between steps)"),
            Self::Stuck { .. } => formatter.write_str("stuck"),
            Self::Done => formatter.write_str("done"),
            Self::Undone => formatter.write_str("undone"),
            Self::Cancelled => formatter.write_str("cancelled"),
        }
    }
}

/// The state after an event, or `None` when the event must not follow. Total over all states and events; `None` as the
/// state stands for a run that does not exist yet. What depends on the single steps (their order, that all are settled)
/// is checked by [`crate::RunHistory::apply`].
pub(crate) fn transition(
    state: Option<&RunState>,
    event: &EventKind,
    step: Option<&str>,
    payload: &Value,
) -> Option<RunState> {
    let Some(state) = state else {
        return (*event == EventKind::RunCreated).then_some(RunState::Running { step: None });
    };
    if event.is_note() {
        return Some(state.clone());
    }
    match state {
        RunState::Running { step: current } => running(current.as_deref(), event, step, payload),
        RunState::Waiting {
            step: current,
            hash,
        } => waiting(current, hash, event, step, payload),
        RunState::Undoing {
            step: current,
            cause,
        } => undoing(current.as_deref(), *cause, event, step, payload),
        RunState::Stuck { undoing, .. } => stuck(*undoing, event),
        RunState::Done | RunState::Undone | RunState::Cancelled => None,
    }
}

fn running(
    current: Option<&str>,
    event: &EventKind,
    step: Option<&str>,
    payload: &Value,
) -> Option<RunState> {
    use EventKind as E;
    let at = |step: Option<&str>| RunState::Running {
        step: step.map(str::to_owned),
    };
    let is_current = step.is_some() && step == current;
    match event {
        E::StepStarted => step.map(|_| at(step)),
        E::ActStarted | E::StepFailed | E::StepApproved if is_current => Some(at(step)),
        E::StepObserved | E::StepDone | E::StepNotBuilt | E::StepNotApplicable if is_current => {
            Some(at(None))
        }
        E::ApprovalRequested if is_current => requested(step?, payload),
        E::StepsChanged | E::CancelRequested | E::CancelRefused => Some(at(current)),
        E::UnwindStarted => unwinding(payload),
        E::RunStuck => Some(stopped(payload, None)),
        E::RunDone => current.is_none().then_some(RunState::Done),
        _ => None,
    }
}

fn waiting(
    current: &str,
    hash: &str,
    event: &EventKind,
    step: Option<&str>,
    payload: &Value,
) -> Option<RunState> {
    use EventKind as E;
    let is_current = step == Some(current);
    match event {
        E::StepApproved if is_current && payload["hash"] == hash => Some(RunState::Running {
            step: Some(current.to_owned()),
        }),
        E::ApprovalRequested if is_current => requested(current, payload),
        E::StepFailed if is_current => Some(RunState::Running {
            step: Some(current.to_owned()),
        }),
        E::StepObserved | E::StepNotBuilt | E::StepNotApplicable if is_current => {
            Some(RunState::Running { step: None })
        }
        E::StepsChanged | E::CancelRequested | E::CancelRefused => Some(RunState::Waiting {
            step: current.to_owned(),
            hash: hash.to_owned(),
        }),
        E::UnwindStarted => unwinding(payload),
        _ => None,
    }
}

fn undoing(
    current: Option<&str>,
    cause: UnwindCause,
    event: &EventKind,
    step: Option<&str>,
    payload: &Value,
) -> Option<RunState> {
    use EventKind as E;
    let at = |step: Option<&str>| RunState::Undoing {
        step: step.map(str::to_owned),
        cause,
    };
    let is_current = step.is_some() && step == current;
    match event {
        E::UndoStarted => step.map(|_| at(step)),
        E::UndoFailed if is_current => Some(at(step)),
        E::UndoDone if is_current => Some(at(None)),
        // A cancel while the run is going back anyway asks for what is already happening.
        E::CancelRequested | E::StepsChanged => Some(at(current)),
        E::RunStuck => Some(stopped(payload, Some(cause))),
        E::RunUndone if current.is_none() && cause == UnwindCause::Failed => Some(RunState::Undone),
        E::RunCancelled if current.is_none() && cause == UnwindCause::Cancelled => {
            Some(RunState::Cancelled)
        }
        _ => None,
    }
}

fn stuck(undoing: Option<UnwindCause>, event: &EventKind) -> Option<RunState> {
    if *event != EventKind::RetryRequested {
        return None;
    }
    Some(match undoing {
        Some(cause) => RunState::Undoing { step: None, cause },
        None => RunState::Running { step: None },
    })
}

fn requested(step: &str, payload: &Value) -> Option<RunState> {
    Some(RunState::Waiting {
        step: step.to_owned(),
        hash: payload["hash"].as_str()?.to_owned(),
    })
}

fn unwinding(payload: &Value) -> Option<RunState> {
    Some(RunState::Undoing {
        step: None,
        cause: UnwindCause::parse(payload["cause"].as_str()?)?,
    })
}

fn stopped(payload: &Value, undoing: Option<UnwindCause>) -> RunState {
    RunState::Stuck {
        text: payload["text"].as_str().unwrap_or_default().to_owned(),
        undoing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::KINDS;

    /// The kinds that may follow a state, when step and payload are as good as they can be.
    fn followers(state: Option<&RunState>) -> Vec<&'static str> {
        let payload = serde_json::json!({ "hash": "h", "cause": "failed", "text": "" });
        let legal = |kind: &EventKind| transition(state, kind, Some("fence"), &payload).is_some();
        let kinds = KINDS.iter().filter(|(_, kind)| legal(kind));
        kinds.map(|(name, _)| *name).collect()
    }

    #[test]
    fn a_run_begins_once_and_ends_once() {
        let stuck = |undoing| RunState::Stuck {
            text: String::new(),
            undoing,
        };
        let cases: [(Option<RunState>, &[&str]); 6] = [
            (None, &["run_created"]),
            (Some(RunState::Done), &[]),
            (Some(RunState::Undone), &[]),
            (Some(RunState::Cancelled), &[]),
            (Some(stuck(None)), &["retry_requested"]),
            (Some(stuck(Some(UnwindCause::Failed))), &["retry_requested"]),
        ];
        for (state, expected) in cases {
            assert_eq!(followers(state.as_ref()), expected, "{state:?}");
        }
    }

    #[test]
    fn a_run_that_turned_back_never_goes_forward_again() {
        let undoing = RunState::Undoing {
            step: Some("fence".to_owned()),
            cause: UnwindCause::Failed,
        };
        let expected = [
            "steps_changed",
            "cancel_requested",
            "undo_started",
            "undo_done",
            "undo_failed",
            "run_stuck",
        ];
        assert_eq!(followers(Some(&undoing)), expected);
    }
}
