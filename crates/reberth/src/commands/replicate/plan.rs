//! `reberth replicate plan`.

use reberth_replicate::mysql::preflight::{self, Verdict};
use reberth_replicate::mysql::state::Direction;
use serde_json::json;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::scope::Scope;

pub(super) async fn run(
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut blockers = 0;
    for plan in scope.plans(Direction::Forward, environment)? {
        let found = preflight::run(&plan).await?;
        blockers += found.blockers().len();
        let mut lines = Vec::new();
        for finding in &found.findings {
            let (mark, meaning) = match &finding.verdict {
                Verdict::Fine => ("ok", None),
                Verdict::Handled(how) => ("handled", Some(how)),
                Verdict::Blocker(remedy) => ("BLOCKER", Some(remedy)),
            };
            lines.push(format!(
                "  {mark:<8} {:<36} {}",
                finding.subject, finding.seen
            ));
            lines.extend(meaning.map(|meaning| format!("  {:<8}   -> {meaning}", "")));
        }
        let document = json!({ "database": plan.database, "findings": found.findings, "blockers": found.blockers() });
        output.report(
            format!(
                "database {}: {} blocker(s)\n{}",
                plan.database,
                found.blockers().len(),
                lines.join("\n")
            ),
            &document,
        )?;
    }
    Ok(if blockers == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}
