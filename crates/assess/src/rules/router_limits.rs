use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Lists the processes that take requests from the platform's router, whose time-outs and long connections only its log tells.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-12",
    problem: "Requests run into the router's time limit",
    reads: &["process"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .processes()
        .filter(|(resource, process)| process.instances > 0 && resource.name.ends_with("/web"))
        .map(|(resource, _)| {
            let value = "no sample of the router log (H12, H15, H27, websocket upgrades) was read";
            evidence(resource, CheckResult::Unknown, "router log", value)
        })
        .collect()
}
