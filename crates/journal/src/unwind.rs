//! The way back: undoing what a run did, from the last step to the first, and saying what is left when that fails.

use serde_json::{Value, json};

use crate::engine::{Engine, Work};
use crate::error::JournalError;
use crate::event::EventKind;
use crate::history::{RunHistory, StepRecord};
use crate::step::{Step, Undo};

impl Engine<'_> {
    /// One attempt of one undo. Always goes on: a failure for good is turned into `stuck` by the next move.
    pub(crate) async fn undo_step<C: Send>(
        &self,
        work: &mut Work<'_, C>,
        history: &RunHistory,
        name: &str,
    ) -> Result<bool, JournalError> {
        let failures = history.step(name).map_or(0, |step| step.undo_failures);
        let payload = json!({ "attempt": failures + 1 });
        self.record(&work.lease, EventKind::UndoStarted, Some(name), &payload)?;
        let step = crate::engine::find(work.steps, name);
        let undoing = step.undo(work.context);
        match self.within(step.policy(), name, "undo", undoing).await {
            Ok(undo) => {
                let kind = EventKind::UndoDone;
                self.record(&work.lease, kind, Some(name), &undone(undo))?;
            }
            Err(error) => {
                let kind = EventKind::UndoFailed;
                self.record_failure(work, kind, name, ("undo", &error), failures + 1)
                    .await?;
            }
        }
        Ok(true)
    }
}

fn undone(undo: Undo) -> Value {
    match undo {
        Undo::Reverted(evidence) => json!({ "outcome": "reverted", "evidence": evidence }),
        Undo::AlreadyGone => json!({ "outcome": "already_gone" }),
        Undo::NothingToUndo => json!({ "outcome": "nothing_to_undo" }),
    }
}

/// What a stuck run tells a person: what failed, what is half done, and which commands look at it.
pub(crate) fn stuck<C>(
    history: &RunHistory,
    failed: &StepRecord,
    steps: &[Box<dyn Step<C>>],
) -> Value {
    let acted: Vec<&str> = history
        .steps()
        .iter()
        .filter(|step| step.has_acted)
        .map(|step| step.name.as_str())
        .collect();
    let look: Vec<String> = steps
        .iter()
        .filter(|step| acted.contains(&step.name()) || step.name() == failed.name)
        .flat_map(|step| step.inspection())
        .collect();
    let (code, doing, way_on) = if failed.has_undo_failed {
        ("RB-JRN-019", "undoing", "the undo is repeated from there")
    } else {
        (
            "RB-JRN-020",
            "carrying out",
            "the step is observed, then tried again",
        )
    };
    let error = &failed.detail["error"];
    let text = format!(
        "{doing} step `{}` failed ({}: {}). In effect and not taken back: {}. Look with: {}. When the cause is gone, \
         ask for a retry: {way_on}.",
        failed.name,
        error["code"].as_str().unwrap_or("no code"),
        error["what"].as_str().unwrap_or("no reason recorded"),
        list(&acted),
        list(&look),
    );
    json!({ "code": code, "step": failed.name, "half_done": acted, "look": look, "text": text })
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}
