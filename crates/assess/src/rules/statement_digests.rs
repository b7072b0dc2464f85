use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the databases whose slow statements nobody saved yet: the set to compare the target with.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-PERF-02",
    problem: "Slow statements are not known",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .databases()
        .filter(|(_, database)| Family::of(&database.engine).is_relational())
        .map(|(resource, _)| {
            evidence(
                resource,
                CheckResult::Unknown,
                "statements",
                "no digest of slow statements was taken; the server keeps them",
            )
        })
        .collect()
}
