//! `reberth approve`: a named person's consent to exactly one content.

use serde_json::json;

use crate::cli::ApproveArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Records the approval; doing it twice is harmless.
pub(crate) fn run(args: &ApproveArgs, project: &Project, output: &Output) -> Result<Exit, Failure> {
    project.policy()?;
    let event = project.journal()?.approve(&args.hash, &args.by)?;
    output.report(
        format!(
            "approved {} by {} (event {})",
            args.hash, args.by, event.seq
        ),
        &json!({ "hash": args.hash, "by": args.by, "at": event.at, "event": event.seq }),
    )?;
    Ok(Exit::Done)
}
