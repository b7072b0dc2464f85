use reberth_model::assessment::Evidence;
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};

/// Flags database clusters of a single node: if it fails, the data are away until the provider has built another.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-02",
    problem: "Some databases have no standby",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            evidence(
                resource,
                fail_if(database.nodes < 2),
                "nodes",
                database.nodes.to_string(),
            )
        })
        .collect()
}
