//! One line of the journal, and the canonical form over which its hash is taken.

use std::fmt;

use reberth_model::document::sha256_hex;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::JournalError;

/// The name of a run: its kind and its number among the runs of that kind, such as `cutover-2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The id of the `number`th run of a kind.
    pub(crate) fn of(kind: &str, number: u64) -> Self {
        Self(format!("{kind}-{number}"))
    }

    /// The pseudo run of events that belong to the journal as a whole, such as approvals.
    pub(crate) fn journal() -> Self {
        Self("journal".to_owned())
    }

    /// Reads a run id as a person or a database wrote it. It is checked, because it becomes part of a file name.
    pub fn parse(text: &str) -> Result<Self, JournalError> {
        let shaped = text
            .rsplit_once('-')
            .is_some_and(|(kind, number)| is_name(kind) && number.parse::<u64>().is_ok());
        if shaped || text == "journal" {
            return Ok(Self(text.to_owned()));
        }
        Err(JournalError::InvalidName {
            what: "run id",
            text: text.to_owned(),
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a text is a legal kind of run or event: lower-case letters, digits and underscores, a letter first.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A kind of run becomes part of a file name, and `journal` is taken.
pub(crate) fn check_run_kind(kind: &str) -> Result<(), JournalError> {
    if is_name(kind) && kind != "journal" {
        return Ok(());
    }
    Err(JournalError::InvalidName {
        what: "kind of run",
        text: kind.to_owned(),
    })
}

/// What an event means to the state of a run. Every kind that is not listed is a [`EventKind::Note`]: it is
/// recorded and chained, and changes no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A run exists; its payload holds `run_kind` and `steps`. The first event of every run.
    RunCreated,
    /// A newer binary goes on with another list of the steps that are still to come.
    StepsChanged,
    /// The engine turned to a step; nothing was done yet.
    StepStarted,
    /// The world was found to be already as the step wants it.
    StepObserved,
    /// From here on the step may have changed the world.
    ActStarted,
    /// The step acted and its result was verified.
    StepDone,
    /// This step is not built in this version; the payload says why. Never the same as done.
    StepNotBuilt,
    /// This step has nothing to do here; the payload says why. Never the same as done.
    StepNotApplicable,
    /// One attempt failed; `final` in the payload says whether it was the last.
    StepFailed,
    /// The step waits until a person approves the hash in the payload.
    ApprovalRequested,
    /// The approval that the run waited for was found.
    StepApproved,
    /// A person asked for the run to be cancelled.
    CancelRequested,
    /// The run could not be cancelled any more: a step without a way back is behind it.
    CancelRefused,
    /// The run turned back; `cause` in the payload is `failed` or `cancelled`.
    UnwindStarted,
    /// The undo of a step began.
    UndoStarted,
    /// The step's effect is gone.
    UndoDone,
    /// One attempt of an undo failed; `final` in the payload says whether it was the last.
    UndoFailed,
    /// The run cannot go on by itself; the payload says what is half done.
    RunStuck,
    /// A person looked at a stuck run and asked for another attempt.
    RetryRequested,
    /// All steps are behind.
    RunDone,
    /// A failure was unwound completely.
    RunUndone,
    /// A cancelled run was unwound completely.
    RunCancelled,
    /// Recorded, chained, and without meaning for the state of the run.
    Note(String),
}

/// Every kind the engine understands, with the text that stands for it in the journal.
pub(crate) const KINDS: [(&str, EventKind); 22] = [
    ("run_created", EventKind::RunCreated),
    ("steps_changed", EventKind::StepsChanged),
    ("step_started", EventKind::StepStarted),
    ("step_observed", EventKind::StepObserved),
    ("act_started", EventKind::ActStarted),
    ("step_done", EventKind::StepDone),
    ("step_not_built", EventKind::StepNotBuilt),
    ("step_not_applicable", EventKind::StepNotApplicable),
    ("step_failed", EventKind::StepFailed),
    ("approval_requested", EventKind::ApprovalRequested),
    ("step_approved", EventKind::StepApproved),
    ("cancel_requested", EventKind::CancelRequested),
    ("cancel_refused", EventKind::CancelRefused),
    ("unwind_started", EventKind::UnwindStarted),
    ("undo_started", EventKind::UndoStarted),
    ("undo_done", EventKind::UndoDone),
    ("undo_failed", EventKind::UndoFailed),
    ("run_stuck", EventKind::RunStuck),
    ("retry_requested", EventKind::RetryRequested),
    ("run_done", EventKind::RunDone),
    ("run_undone", EventKind::RunUndone),
    ("run_cancelled", EventKind::RunCancelled),
];

impl EventKind {
    /// The kind that a text stands for. Total: an unknown text is a note.
    pub fn parse(text: &str) -> Self {
        KINDS
            .iter()
            .find(|(name, _)| *name == text)
            .map_or_else(|| Self::Note(text.to_owned()), |(_, kind)| kind.clone())
    }

    /// The text that stands for this kind in the journal.
    pub fn as_str(&self) -> &str {
        if let Self::Note(text) = self {
            return text;
        }
        KINDS
            .iter()
            .find(|(_, kind)| kind == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether this kind leaves the state of every run as it is.
    pub fn is_note(&self) -> bool {
        matches!(self, Self::Note(_))
    }
}

/// One event as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its place in the journal, from 1, without gaps.
    pub seq: u64,
    /// The run it belongs to.
    pub run: RunId,
    /// What happened, in one word such as `step_done`.
    pub kind: String,
    /// The step it is about.
    pub step: Option<String>,
    /// When it was appended: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The epoch of the lease under which it was appended; 0 when it needed none.
    pub epoch: u64,
    /// What was seen or decided. Never a secret value.
    pub payload: Value,
    /// The hash of the event before; 64 zeros for the first.
    pub previous_hash: String,
    /// The hash of this event.
    pub hash: String,
}

/// The columns of an event as they are stored. The payload stays text here: the hash covers the stored bytes, not
/// what a JSON library would print today.
#[derive(Debug, Clone)]
pub(crate) struct StoredEvent {
    pub(crate) seq: u64,
    pub(crate) run: String,
    pub(crate) kind: String,
    pub(crate) step: Option<String>,
    pub(crate) at: String,
    pub(crate) epoch: u64,
    pub(crate) payload: String,
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
}

impl StoredEvent {
    /// The hash of everything but the stored hash itself. The fields go through a JSON array, so that no two
    /// different events can run together to the same bytes.
    pub(crate) fn computed_hash(&self) -> String {
        let Self {
            seq,
            run,
            kind,
            step,
            at,
            epoch,
            payload,
            previous_hash,
            hash: _,
        } = self;
        let canonical = json!([seq, run, kind, step, at, epoch, payload, previous_hash]);
        sha256_hex(canonical.to_string().as_bytes())
    }

    pub(crate) fn into_event(self) -> Result<Event, JournalError> {
        let payload = serde_json::from_str(&self.payload).map_err(|source| {
            JournalError::UnreadableEvent {
                seq: self.seq,
                source,
            }
        })?;
        Ok(Event {
            seq: self.seq,
            run: RunId::parse(&self.run)?,
            kind: self.kind,
            step: self.step,
            at: self.at,
            epoch: self.epoch,
            payload,
            previous_hash: self.previous_hash,
            hash: self.hash,
        })
    }
}

/// The hash that stands before the first event.
pub(crate) const GENESIS_HASH: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_texts_stand_for_each_other() {
        for (text, kind) in KINDS {
            assert_eq!(EventKind::parse(text), kind);
            assert_eq!(kind.as_str(), text);
        }
        assert_eq!(
            EventKind::parse("lag_sampled"),
            EventKind::Note("lag_sampled".to_owned())
        );
    }

    #[test]
    fn run_ids_cannot_leave_their_folder() {
        let cases = [
            ("cutover-1", true),
            ("way_back-12", true),
            ("journal", true),
            ("cutover", false),
            ("../etc-1", false),
            ("cutover-1/..", false),
            ("", false),
            ("Cutover-1", false),
        ];
        for (text, legal) in cases {
            assert_eq!(RunId::parse(text).is_ok(), legal, "{text}");
        }
    }

    #[test]
    fn every_field_is_under_the_hash() {
        let event = StoredEvent {
            seq: 1,
            run: "cutover-1".to_owned(),
            kind: "step_done".to_owned(),
            step: None,
            at: "2026-01-01T00:00:00.000Z".to_owned(),
            epoch: 1,
            payload: "{}".to_owned(),
            previous_hash: GENESIS_HASH.to_owned(),
            hash: String::new(),
        };
        let change: [fn(&mut StoredEvent); 8] = [
            |e| e.seq = 2,
            |e| e.run.push('2'),
            |e| e.kind.push('2'),
            |e| e.step = Some(String::new()),
            |e| e.at.push('2'),
            |e| e.epoch = 2,
            |e| e.payload.push(' '),
            |e| e.previous_hash.push('2'),
        ];
        for apply in change {
            let mut changed = event.clone();
            apply(&mut changed);
            assert_ne!(changed.computed_hash(), event.computed_hash());
        }
    }
}
