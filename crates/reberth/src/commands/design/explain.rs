//! `reberth design --explain`: why the present design is as it is.

use reberth_model::design::Decision;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;

/// Means every decision.
const ALL: &str = "all";

/// Prints the decision of that name, or all whose name begins with it.
pub(crate) fn explain(id: &str, project: &Project, output: &Output) -> Result<Exit, Failure> {
    let design = project.design()?.document;
    let found: Vec<&Decision> = design
        .decisions
        .iter()
        .filter(|decision| id == ALL || is_or_is_under(&decision.id, id))
        .collect();
    if found.is_empty() {
        return Err(CliError::Argument {
            argument: "--explain",
            given: id.to_owned(),
            why: "design.json has no decision of that name; `reberth design --explain all` lists them".to_owned(),
        }
        .into());
    }
    let parts: Vec<String> = found.iter().map(|decision| text(decision)).collect();
    output.report(parts.join("\n\n"), &json!({ "decisions": found }))?;
    Ok(Exit::Done)
}

/// Whether a name is `prefix`, or stands below it; a part in the middle, such as a service's key, will do.
fn is_or_is_under(name: &str, prefix: &str) -> bool {
    name == prefix
        || name.starts_with(&format!("{prefix}."))
        || name.contains(&format!(".{prefix}."))
}

fn text(decision: &Decision) -> String {
    let Decision {
        id,
        value,
        alternative,
        why,
        may_be,
        overridden,
    } = decision;
    let by = match overridden {
        Some(reason) => {
            format!("  decided by the policy: {reason}\n  the design's own rule says: {why}")
        }
        None => format!("  because: {why}"),
    };
    format!("{id} = {value}\n  and not: {alternative}\n{by}\n  may be: {may_be}")
}
