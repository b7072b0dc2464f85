//! The journal's account of one command: begun with the hashes of its inputs, ended with those of its outputs.
//!
//! A command that makes documents is a run without steps: it replaces each file at once or not at all, so there is
//! nothing to resume and nothing to undo.

use reberth_journal::{Journal, JournalError, Lease, RunState};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::project::Project;

/// A run that this process leads.
pub(crate) struct Record {
    journal: Journal,
    lease: Lease,
}

impl Record {
    /// Begins a run of `kind`. When the journal cannot be written, the command does not begin.
    pub(crate) fn begin(project: &Project, kind: &str, inputs: &Value) -> Result<Record, Failure> {
        let journal = project.journal()?;
        close_abandoned(&journal, kind)?;
        let run = journal.create_run(kind, &[])?;
        let lease = journal.lease(&run)?;
        journal.append_as(&lease, "inputs", None, inputs)?;
        Ok(Record { journal, lease })
    }

    /// Ends the run with what the command came to.
    pub(crate) fn end<T>(self, result: Result<(T, Value), Failure>) -> Result<T, Failure> {
        match result {
            Ok((value, outputs)) => {
                self.journal
                    .append_as(&self.lease, "outputs", None, &outputs)?;
                self.journal
                    .append_as(&self.lease, "run_done", None, &json!({}))?;
                Ok(value)
            }
            Err(failure) => {
                // The command's own failure is the one to report, also when the journal fails as well.
                undone(&self.journal, &self.lease, &failure.to_json()).ok();
                Err(failure)
            }
        }
    }
}

fn undone(journal: &Journal, lease: &Lease, why: &Value) -> Result<(), JournalError> {
    journal.append_as(lease, "failed", None, why)?;
    journal.append_as(lease, "unwind_started", None, &json!({ "cause": "failed" }))?;
    journal.append_as(lease, "run_undone", None, &json!({}))?;
    Ok(())
}

/// Ends the newest run of this kind when its process died: its lease can be taken.
fn close_abandoned(journal: &Journal, kind: &str) -> Result<(), JournalError> {
    let Some(run) = journal.latest_run(kind)? else {
        return Ok(());
    };
    if !matches!(journal.history(&run)?.state(), RunState::Running { .. }) {
        return Ok(());
    }
    match journal.lease(&run) {
        Ok(lease) => undone(
            journal,
            &lease,
            &json!({ "why": "its process ended before it did" }),
        ),
        Err(JournalError::RunIsLed { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
