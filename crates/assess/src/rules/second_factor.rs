use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Flags people of the team who sign in with a password alone. Of people who only collaborate on an application the API does not tell.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-01",
    problem: "Some people sign in with a password alone",
    reads: &["member"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Member(member) => {
                let (result, value) = match (member.second_factor, member.federated) {
                    (_, Some(true)) => (CheckResult::Pass, "through the identity provider"),
                    (Some(true), _) => (CheckResult::Pass, "with a second factor"),
                    (Some(false), _) => (CheckResult::Fail, "without a second factor"),
                    (None, _) => (CheckResult::Unknown, "the API does not tell"),
                };
                Some(evidence(
                    resource,
                    result,
                    "second_factor, federated",
                    value,
                ))
            }
            _ => None,
        })
        .collect()
}
