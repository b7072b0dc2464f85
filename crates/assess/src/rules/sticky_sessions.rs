use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Notes load balancers that tie a user to one server. Where the session is really kept, only the application knows.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-06",
    problem: "Requests are tied to one server",
    reads: &["load_balancer", "app"],
    check,
};

/// The platform's feature that ties a user to one instance.
const AFFINITY: &str = "http-session-affinity";

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
                    let value = format!("tied by the cookie {cookie}; where the session is kept is not visible");
                    evidence(resource, CheckResult::Fail, "sticky_cookie", value)
                }
            }),
            Attributes::App(app) => Some(match app.features.iter().any(|name| name == AFFINITY) {
                true => {
                    let value = "requests are tied to an instance; where the session is kept is not visible";
                    evidence(resource, CheckResult::Fail, "features", value)
                }
                false => evidence(
                    resource,
                    CheckResult::Pass,
                    "features",
                    "requests are not tied to an instance",
                ),
            }),
            _ => None,
        })
        .collect()
}
