//! `reberth provision plan`: what would change, root by root.

use reberth_provision::{PlanRecord, Planned, ProvisionError, Site, Tool, plan};
use serde_json::{Value, json};

use super::shown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::record::Record;

/// What became of one root.
enum Standing {
    UpToDate,
    Changes(Box<PlanRecord>),
    /// It only takes things out, which roots behind it may use: they come first.
    PutOff(Box<PlanRecord>),
    /// A root before it changes outputs.
    After(String),
}

impl Standing {
    fn record(&self) -> Option<&PlanRecord> {
        match self {
            Standing::Changes(record) | Standing::PutOff(record) => Some(record),
            Standing::UpToDate | Standing::After(_) => None,
        }
    }
}

/// Plans every root that can be planned truthfully, shows all, and fails if the rules refuse one.
pub(super) async fn run(
    sites: &[Site],
    tool: &Tool,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let names: Vec<&str> = sites.iter().map(|site| site.root().name.as_str()).collect();
    let inputs = json!({ "roots": names, "tool": tool.described() });
    let record = Record::begin(project, "provision_plan", &inputs)?;
    let mut found = Vec::new();
    let planned = plan_all(sites, output, &mut found).await;
    let documents: Vec<Value> = found.iter().map(document).collect();
    let texts: Vec<String> = found.iter().map(text).collect();
    let hashes: Vec<Value> = documents
        .iter()
        .map(|root| json!({ "root": root["root"], "standing": root["standing"], "hash": root["hash"] }))
        .collect();
    if !found.is_empty() {
        output.report(texts.join("\n\n"), &json!({ "roots": documents }))?;
        note_shown(sites, &found)?;
    }
    record.end(planned.map(|()| ((), json!({ "roots": hashes }))))?;
    check_not_refused(&found)?;
    if found
        .iter()
        .any(|(_, standing)| standing.record().is_some())
    {
        output.note(
            "\nnothing was changed. Read it, run `reberth approve HASH --by NAME` for each root that is right, then `reberth provision apply`",
        );
    }
    Ok(Exit::Done)
}

async fn plan_all(
    sites: &[Site],
    output: &Output,
    found: &mut Vec<(String, Standing)>,
) -> Result<(), Failure> {
    let mut gate: Option<String> = None;
    for (index, site) in sites.iter().enumerate() {
        let name = site.root().name.clone();
        if let Some(after) = &gate {
            found.push((name, Standing::After(after.clone())));
            continue;
        }
        output.progress(format!("planning {name}"));
        let standing = match plan(site).await? {
            Planned::UpToDate => Standing::UpToDate,
            Planned::Changes(record) => {
                if record.changeset.holds_up() {
                    gate = Some(name.clone());
                }
                let has_others_behind = index + 1 < sites.len();
                match has_others_behind && record.changeset.takes_out_only() {
                    true => Standing::PutOff(record),
                    false => Standing::Changes(record),
                }
            }
        };
        found.push((name, standing));
    }
    Ok(())
}

/// Every root that was looked at stands in the order of the sites.
fn note_shown(sites: &[Site], found: &[(String, Standing)]) -> Result<(), ProvisionError> {
    for (site, (_, standing)) in sites.iter().zip(found) {
        if let Some(record) = standing.record() {
            site.keep_shown(record)?;
        }
    }
    Ok(())
}

fn check_not_refused(found: &[(String, Standing)]) -> Result<(), ProvisionError> {
    for (_, standing) in found {
        if let Some(record) = standing.record() {
            record.check_not_refused()?;
        }
    }
    Ok(())
}

fn text((name, standing): &(String, Standing)) -> String {
    match standing {
        Standing::UpToDate => format!("{name}: up to date"),
        Standing::Changes(record) => shown::plan(record),
        Standing::PutOff(record) => shown::put_off(record),
        Standing::After(before) => format!(
            "{name}: planned after {before} is applied, because outputs change there that it may read"
        ),
    }
}

fn document((name, standing): &(String, Standing)) -> Value {
    match standing {
        Standing::UpToDate => json!({ "root": name, "standing": "up_to_date" }),
        Standing::Changes(record) => {
            json!({ "root": name, "standing": "changes", "hash": record.hash(), "plan": record })
        }
        Standing::PutOff(record) => {
            json!({ "root": name, "standing": "changes", "put_off": true, "hash": record.hash(), "plan": record })
        }
        Standing::After(before) => json!({ "root": name, "standing": "waiting", "after": before }),
    }
}
