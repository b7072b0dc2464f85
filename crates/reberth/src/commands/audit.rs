//! `reberth audit verify`: is the journal as it was written?

use reberth_journal::{AuditFinding, AuditHead};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Walks the chain; with `known`, it must also lead through that head.
pub(crate) fn verify(
    known: Option<&AuditHead>,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    project.policy()?;
    let Some(journal) = project.journal_to_read()? else {
        output.report(
            "the journal is empty: nothing was recorded yet",
            &json!({ "result": "empty" }),
        )?;
        return Ok(if known.is_some() {
            Exit::Failed
        } else {
            Exit::Done
        });
    };
    let finding = match known {
        Some(head) => journal.audit_verify_since(head)?,
        None => journal.audit_verify()?,
    };
    match finding {
        AuditFinding::Intact(head) => {
            let text = format!(
                "intact: {} events, head {}:{}\n  keep the head elsewhere; `reberth audit verify --since` checks against it",
                head.count, head.count, head.hash
            );
            output.report(
                text,
                &json!({ "result": "intact", "count": head.count, "hash": head.hash }),
            )?;
            Ok(Exit::Done)
        }
        AuditFinding::Broken(broken) => Err(Failure::new(
            broken.code(),
            broken,
            "keep the file as it is, and compare it with the last backup",
        )),
    }
}
