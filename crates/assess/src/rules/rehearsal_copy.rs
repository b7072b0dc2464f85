use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, evidence_of_all};
use crate::waves::environment;

/// Looks for a copy of the application that is not production. That it runs the same release cannot be seen from outside.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-09",
    problem: "There is no copy to rehearse the move with",
    reads: &["server", "app"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let mut copies: Vec<Evidence> = estate
        .servers()
        .filter_map(|(resource, server)| {
            let found = environment(&server.tags).filter(|environment| {
                matches!(*environment, "staging" | "stage" | "test" | "qa" | "uat")
            })?;
            let value = format!("{found}; whether it runs the same release is not visible");
            Some(evidence(resource, CheckResult::Unknown, "tags", value))
        })
        .collect();
    copies.extend(estate.apps().filter_map(|(resource, app)| {
        let stage = app.stage.as_deref().filter(|stage| *stage == "staging")?;
        let value = format!("{stage}; whether its data resembles production is not visible");
        Some(evidence(resource, CheckResult::Unknown, "stage", value))
    }));
    if !copies.is_empty() || estate.servers().next().is_none() {
        return copies;
    }
    vec![evidence_of_all(
        CheckResult::Fail,
        "tags of servers",
        "no server is labelled as staging or test",
    )]
}
