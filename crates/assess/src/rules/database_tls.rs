use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Flags databases that do not ask for TLS. One that asks for it may still take clear text: only its sessions show that.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-09",
    problem: "Some databases do not ask for TLS",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            let (result, value) = if database.tls {
                (
                    CheckResult::Unknown,
                    "asked for; the sessions were not looked at",
                )
            } else {
                (CheckResult::Fail, "not asked for")
            };
            evidence(resource, result, "tls", value)
        })
        .collect()
}
