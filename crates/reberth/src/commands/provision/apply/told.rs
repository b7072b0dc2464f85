//! An apply as it goes on, and how it failed.

use reberth_journal::{Journal, RunId};
use reberth_provision::Message;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;

/// Tells a message of Terraform.
pub(super) fn tell(root: &str, message: &Message, output: &Output) {
    output.event("applying", &json!({ "root": root, "message": message }));
    match message {
        Message::Began { address, action } => {
            output.progress(format!("  …  {root}: {action} {address}"));
        }
        Message::Working { address, elapsed_s } => {
            output.progress(format!("  …  {root}: {address}, {elapsed_s} s"));
        }
        Message::Finished {
            address,
            action,
            elapsed_s,
        } => output.note(format!("  ok {root}: {action} {address}, {elapsed_s} s")),
        Message::Failed { address, action } => {
            output.note(format!("  XX {root}: {action} {address}"));
        }
        Message::Diagnostic(diagnostic) => {
            let detail = diagnostic.detail.trim_end().replace('\n', "\n     ");
            let lines = format!(
                "  {}: {}\n     {detail}",
                diagnostic.severity,
                diagnostic.headline()
            );
            output.note(lines.trim_end());
        }
        Message::Planned { .. } | Message::Summary { .. } => {}
    }
}

/// Why a step failed for good, as the journal has it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct StepFailure {
    what: String,
}

/// The newest failure of a run. Its code is one of the stage or of the engine.
pub(super) fn failure(journal: &Journal, run: &RunId) -> Result<Failure, Failure> {
    let events = journal.events(run)?;
    let failed = events.iter().rfind(|event| event.kind == "step_failed");
    let error = failed.map_or(Value::Null, |event| event.payload["error"].clone());
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    let what = match text("why").as_str() {
        "" => text("what"),
        why => format!("{}: {why}", text("what")),
    };
    Ok(Failure::recorded(
        &text("code"),
        StepFailure { what },
        text("hint"),
    ))
}
