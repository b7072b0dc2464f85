use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the databases whose backups nobody is known to have restored. A person's answer, or a rehearsal, decides.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-04",
    problem: "No restore was proven",
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
                "restore",
                "no restore of the newest backup within 30 days is on record",
            )
        })
        .collect()
}
