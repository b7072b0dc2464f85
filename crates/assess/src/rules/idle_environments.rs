use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};
use crate::waves::environment;

/// Flags applications made for a change under review that still run. Whether staging may sleep at night is for people to say.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SUS-01",
    problem: "Applications for changes under review run all day",
    reads: &["app", "process", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let apps = estate.apps().filter_map(|(resource, app)| {
        let running: u32 = estate
            .processes()
            .filter(|(_, process)| process.app_id == resource.id)
            .map(|(_, process)| process.instances)
            .sum();
        let value = format!("{running} instance(s)");
        match app.stage.as_deref() {
            Some("review") => Some(evidence(resource, fail_if(running > 0), "stage", value)),
            Some("production") | None => None,
            Some(stage) => {
                let value = format!("{stage}, {value}; when it is needed is for people to say");
                Some(evidence(resource, CheckResult::Unknown, "stage", value))
            }
        }
    });
    let servers = estate.servers().filter_map(|(resource, server)| {
        let stage = environment(&server.tags).filter(|stage| !stage.starts_with("prod"))?;
        let value = format!("{stage}; when it is needed is for people to say");
        Some(evidence(resource, CheckResult::Unknown, "tags", value))
    });
    apps.chain(servers).collect()
}
