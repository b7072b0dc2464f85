use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Flags applications whose logs go nowhere. How long the receiver keeps them is not visible, nor what agents on servers send.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-10",
    problem: "The logs of some applications are kept nowhere",
    reads: &["app", "log_drain", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let apps = estate.apps().map(|(resource, _)| {
        let hosts: Vec<&str> = estate
            .resources
            .iter()
            .filter_map(|other| match &other.attributes {
                Attributes::LogDrain(drain) if drain.app_id == resource.id => {
                    Some(drain.host.as_deref().unwrap_or("a host not told"))
                }
                _ => None,
            })
            .collect();
        match hosts.is_empty() {
            true => evidence(resource, CheckResult::Fail, "log_drain", "no drain"),
            false => {
                let value = format!(
                    "{}; how long they are kept is not visible",
                    hosts.join(", ")
                );
                evidence(resource, CheckResult::Unknown, "log_drain", value)
            }
        }
    });
    let servers = estate.servers().map(|(resource, _)| {
        let value = "where its logs go is not visible from outside";
        evidence(resource, CheckResult::Unknown, "agents", value)
    });
    apps.chain(servers).collect()
}
