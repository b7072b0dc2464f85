//! The rules that judge the target: what a design shows, and what the estimate shows. What only a plan of Terraform, a live account or a rehearsal
//! shows has no rule here, and stays unknown until that stage.

mod cluster;
mod databases;
mod estimate;
mod network;
mod servers;
mod traffic;

use reberth_model::assessment::{CheckResult, CostLine, Evidence, ResourceName};
use reberth_model::design::Design;
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

/// Every rule there is, by what it looks at.
static GROUPS: [&[TargetRule]; 6] = [
    cluster::RULES,
    databases::RULES,
    estimate::RULES,
    network::RULES,
    servers::RULES,
    traffic::RULES,
];

/// The rule of a check.
pub(crate) fn of(check: &str) -> Option<&'static TargetRule> {
    GROUPS
        .iter()
        .copied()
        .flatten()
        .find(|rule| rule.id == check)
}

/// How one check of the target is decided.
pub(crate) struct TargetRule {
    /// Id of the check in the catalog.
    pub(crate) id: &'static str,
    /// What is wrong when it fails, as a sentence without a full stop.
    pub(crate) problem: &'static str,
    /// Looks; `None` when what it looks at is not there yet.
    pub(crate) check: fn(&Target) -> Option<Vec<Evidence>>,
}

/// What the rules of the target may look at.
pub(crate) struct Target<'a> {
    /// The design, once there is one.
    pub(crate) design: Option<&'a Design>,
    /// The estimate.
    pub(crate) costs: &'a [CostLine],
    /// Where it all comes from.
    pub(crate) estate: &'a Estate,
    /// What the person decided.
    pub(crate) policy: &'a Policy,
}

/// Evidence of one item of the design.
fn item(kind: &str, key: &str, result: CheckResult, attribute: &str, value: String) -> Evidence {
    Evidence {
        result,
        resource: Some(ResourceName {
            kind: kind.to_owned(),
            name: key.to_owned(),
            id: key.to_owned(),
        }),
        attribute: attribute.to_owned(),
        value,
        query: format!("design.json: {attribute} of {kind} {key}"),
    }
}

/// Fail when `failed`, else pass.
fn fail_if(failed: bool) -> CheckResult {
    if failed {
        CheckResult::Fail
    } else {
        CheckResult::Pass
    }
}

/// An environment that users depend on. One without a name counts as such: it is the safer mistake.
fn is_production(environment: &str) -> bool {
    environment.is_empty() || environment.starts_with("prod")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn each_rule_decides_one_check_of_the_target() {
        let catalog = Catalog::with(&[]);
        let rules: Vec<&TargetRule> = GROUPS.iter().copied().flatten().collect();
        for rule in &rules {
            let entry = catalog.checks.iter().find(|check| check.id == rule.id);
            assert_eq!(
                entry.map(|check| check.scope.as_str()),
                Some("target"),
                "{}",
                rule.id
            );
            let same = rules.iter().filter(|other| other.id == rule.id).count();
            assert_eq!(same, 1, "{} is decided twice", rule.id);
        }
    }
}
