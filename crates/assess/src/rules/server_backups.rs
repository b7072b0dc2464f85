use reberth_model::assessment::Evidence;
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};

/// Flags servers that the provider takes no backups of.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-13",
    problem: "Some servers are not backed up",
    reads: &["server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .servers()
        .map(|(resource, server)| {
            let value = if server.backups { "on" } else { "off" };
            evidence(resource, fail_if(!server.backups), "backups", value)
        })
        .collect()
}
