use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Lists whose repository was not searched for credentials. The provider's API holds no code.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-05",
    problem: "Credentials stand in the code",
    reads: &["app", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::App(_) => Some((resource, "its repository was not read")),
            Attributes::Server(_) => Some((resource, "its code and cloud-init were not read")),
            _ => None,
        })
        .map(|(resource, value)| evidence(resource, CheckResult::Unknown, "repository", value))
        .collect()
}
