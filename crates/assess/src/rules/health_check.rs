use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, LoadBalancer};

use super::{Context, Rule, evidence};

/// Flags load balancers that do not ask the application for its health. What the answer rests on is for a probe to find out.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-10",
    problem: "A load balancer does not ask the application for its health",
    reads: &["load_balancer"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::LoadBalancer(balancer) => {
                let (result, value) = question(balancer);
                Some(evidence(resource, result, "health_check", value))
            }
            _ => None,
        })
        .collect()
}

fn question(balancer: &LoadBalancer) -> (CheckResult, String) {
    let Some(health) = &balancer.health_check else {
        return (CheckResult::Fail, "none".to_owned());
    };
    match &health.path {
        Some(path) if health.protocol.starts_with("http") => (
            CheckResult::Unknown,
            format!("{path}; whether it looks at the database is not visible"),
        ),
        _ => (
            CheckResult::Fail,
            format!(
                "only a {} connection to port {}",
                health.protocol, health.port
            ),
        ),
    }
}
