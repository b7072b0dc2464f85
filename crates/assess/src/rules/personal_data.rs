use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the databases whose columns nobody labelled yet.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-12",
    problem: "Personal data is not labelled",
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
                "columns",
                "names and types of columns were not read; a person confirms the labels",
            )
        })
        .collect()
}
