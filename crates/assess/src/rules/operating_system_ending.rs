use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::operating_system_ended::end_of_support;
use super::{Context, Rule, evidence, fail_if};

/// Flags servers whose operating system loses support within 180 days. Those that have lost it already are
/// `operating_system_ended`'s, and left out here.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-16",
    problem: "Some operating systems lose support within 180 days",
    reads: &["server"],
    check,
};

const DAYS_LEFT_MIN: i64 = 180;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    estate
        .servers()
        .filter_map(|(resource, server)| {
            let Some(entry) = end_of_support(server, context.catalog) else {
                return Some(evidence(
                    resource,
                    CheckResult::Unknown,
                    "operating_system",
                    "not in the table of ends of support",
                ));
            };
            let days_left = context.today.days_until(entry.ends);
            let value = format!("support ends {}, in {days_left} days", entry.ends);
            (days_left >= 0).then(|| {
                evidence(
                    resource,
                    fail_if(days_left <= DAYS_LEFT_MIN),
                    "operating_system",
                    value,
                )
            })
        })
        .collect()
}
