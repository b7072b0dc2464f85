use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Notes load balancers that tie a user to one server. Where the session is really kept, only the application knows.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-06",
    problem: "Requests are tied to one server",
    reads: &["load_balancer"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::LoadBalancer(balancer) => Some(match &balancer.sticky_cookie {
                None => evidence(
                    resource,
                    CheckResult::Pass,
                    "sticky_cookie",
                    "requests are not tied to a server",
                ),
                Some(cookie) => {
                    let value = format!("{cookie}; where the session is kept is not visible");
                    evidence(resource, CheckResult::Unknown, "sticky_cookie", value)
                }
            }),
            _ => None,
        })
        .collect()
}
