//! What can go wrong at a cutover, and what to do about it.

use reberth_journal::StepError;
use reberth_replicate::ReplicateError;

/// An error of a cutover.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CutoverError {
    /// Replication said no.
    #[error(transparent)]
    Replicate(#[from] ReplicateError),
    /// The front door did not obey.
    #[error("the front door at {address} did not do `{command}`: {reason}")]
    Edge {
        /// Where it is steered.
        address: String,
        /// What it was told.
        command: String,
        /// What happened.
        reason: String,
    },
    /// Something can still write to the side that was fenced.
    #[error("the {side} is not fenced: {reason}")]
    NotFenced {
        /// `source` or `target`.
        side: &'static str,
        /// Who or what can still write.
        reason: String,
    },
    /// The two sides differ.
    #[error("{count} row(s) differ between the sides: {named}")]
    Different {
        /// How many.
        count: u64,
        /// The first of them.
        named: String,
    },
    /// The log carried changes after the barrier.
    #[error(
        "{changes} change(s) stand in the log behind the barrier {barrier}, which was taken after the fence"
    )]
    WrittenBehindBarrier {
        /// How many.
        changes: u64,
        /// The barrier.
        barrier: String,
    },
    /// The stream stopped before it came where it had to.
    #[error("the stream ended before {goal}")]
    StreamEnded {
        /// What it had to reach.
        goal: String,
    },
    /// The application's account does not work on the side that was opened.
    #[error("the application's account cannot write on the {side}: {reason}")]
    NotOpen {
        /// `source` or `target`.
        side: &'static str,
        /// The server's words.
        reason: String,
    },
    /// What takes back how a side was shut or opened did not come to its end in time. Passing.
    #[error("{doing} on the {side} did not end: {reason}")]
    Unfinished {
        /// `source` or `target`.
        side: &'static str,
        /// What was being taken back.
        doing: &'static str,
        /// Why it was given up.
        reason: String,
    },
    /// Something that an earlier state must have left is missing.
    #[error("the journal does not hold {what}")]
    NothingToGoBackFrom {
        /// What is missing.
        what: &'static str,
    },
}

impl CutoverError {
    /// The code, which is also the name of the page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            CutoverError::Replicate(error) => error.code(),
            CutoverError::Edge { .. } => "RB-CUT-001",
            CutoverError::NotFenced { .. } => "RB-CUT-002",
            CutoverError::Different { .. } => "RB-CUT-003",
            CutoverError::WrittenBehindBarrier { .. } => "RB-CUT-004",
            CutoverError::StreamEnded { .. } => "RB-CUT-005",
            CutoverError::NotOpen { .. } => "RB-CUT-006",
            CutoverError::NothingToGoBackFrom { .. } => "RB-CUT-007",
            CutoverError::Unfinished { .. } => "RB-CUT-008",
        }
    }

    /// What the operator does now.
    pub fn hint(&self) -> &'static str {
        match self {
            CutoverError::Replicate(error) => error.hint(),
            CutoverError::Edge { .. } => {
                "check that the front door runs and that reberth.yaml names its control address; then run the same command again"
            }
            CutoverError::NotFenced { .. } => {
                "stop, lock or remove what the message names, or list the account under exempt_accounts if it may write; then run the same command again"
            }
            CutoverError::Different { .. } => {
                "nothing was switched; run `reberth replicate verify`, keep its report, and do not cut over before it is equal"
            }
            CutoverError::WrittenBehindBarrier { .. } => {
                "somebody wrote through the fence: find the account in the source's log at that position, and fence it too"
            }
            CutoverError::StreamEnded { .. } => {
                "run `reberth replicate status`, mend what it names, then run the same command again"
            }
            CutoverError::NotOpen { .. } => {
                "check the application's account and rights on that side, then run the same command again"
            }
            CutoverError::Unfinished { .. } => {
                "look at what that server, or its provider, is busy with, then run the same command again: what is taken back already is left as it is"
            }
            CutoverError::NothingToGoBackFrom { .. } => {
                "a way back exists only after a cutover that was run from this project folder"
            }
        }
    }

    /// Whether the same attempt may succeed later by itself: what is out of reach now may come back.
    fn may_retry(&self) -> bool {
        match self {
            CutoverError::Replicate(error) => error.may_retry(),
            CutoverError::Edge { .. } | CutoverError::Unfinished { .. } => true,
            CutoverError::NotFenced { .. }
            | CutoverError::Different { .. }
            | CutoverError::WrittenBehindBarrier { .. }
            | CutoverError::StreamEnded { .. }
            | CutoverError::NotOpen { .. }
            | CutoverError::NothingToGoBackFrom { .. } => false,
        }
    }

    /// The same as the run engine records it.
    pub(crate) fn into_step_error(self) -> StepError {
        let mut why = Vec::new();
        let mut cause = std::error::Error::source(&self);
        while let Some(error) = cause {
            why.push(error.to_string());
            cause = error.source();
        }
        StepError {
            code: self.code(),
            what: self.to_string(),
            why: why.join(": "),
            hint: self.hint().to_owned(),
            retry: self.may_retry(),
        }
    }
}
