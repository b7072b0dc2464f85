use reberth_model::assessment::Evidence;
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};

/// Flags servers without the provider's monitoring agent: nothing is known of how busy they are.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-12",
    problem: "Some servers report nothing of their utilisation",
    reads: &["server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .servers()
        .map(|(resource, server)| {
            let value = if server.monitoring { "on" } else { "off" };
            evidence(resource, fail_if(!server.monitoring), "monitoring", value)
        })
        .collect()
}
