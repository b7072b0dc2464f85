//! `reberth provision drift`: what was changed at the provider since the last apply.

use reberth_provision::{Drift, Site, Tool, drift};
use serde_json::{Value, json};

use super::shown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::record::Record;

/// Looks at every root; exits 4 when one has drifted.
pub(super) async fn run(
    sites: &[Site],
    tool: &Tool,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let record = Record::begin(
        project,
        "provision_drift",
        &json!({ "tool": tool.described() }),
    )?;
    let looked = look(sites, output).await;
    let outputs = |found: Vec<(String, Drift)>| {
        let documents: Vec<Value> = found.iter().map(document).collect();
        (found, json!({ "roots": documents }))
    };
    let found = record.end(looked.map(outputs))?;
    let texts: Vec<String> = found.iter().map(text).collect();
    let documents: Vec<Value> = found.iter().map(document).collect();
    output.report(texts.join("\n"), &json!({ "roots": documents }))?;
    let has_drifted = found
        .iter()
        .any(|(_, drift)| matches!(drift, Drift::Found(_)));
    Ok(if has_drifted {
        Exit::Differences
    } else {
        Exit::Done
    })
}

async fn look(sites: &[Site], output: &Output) -> Result<Vec<(String, Drift)>, Failure> {
    let mut found = Vec::new();
    for site in sites {
        let name = site.root().name.clone();
        output.progress(format!("looking at {name}"));
        found.push((name, drift(site).await?));
    }
    Ok(found)
}

fn text((name, drift): &(String, Drift)) -> String {
    match drift {
        Drift::NotApplied => format!("{name}: not applied yet"),
        Drift::None => format!("{name}: as it was applied"),
        Drift::Found(changeset) => format!(
            "{name}: {} changed since the last apply (from what was applied to what is there)\n{}",
            changeset.changes.len(),
            shown::changes(changeset).join("\n")
        ),
    }
}

fn document((name, drift): &(String, Drift)) -> Value {
    match drift {
        Drift::NotApplied => json!({ "root": name, "drift": "not_applied" }),
        Drift::None => json!({ "root": name, "drift": "none" }),
        Drift::Found(changeset) => {
            json!({ "root": name, "drift": "found", "changes": changeset.changes })
        }
    }
}
