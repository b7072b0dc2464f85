use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence_of_all};

/// Asks for the two numbers that decide backups and standbys: how long the application may be gone, and how much work may be lost.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-11",
    problem: "Recovery objectives are not written down",
    reads: &[],
    check,
};

fn check(_: &Estate, context: &Context) -> Vec<Evidence> {
    let promises = &context.policy.promises;
    let told = |minutes: Option<u64>| {
        minutes.map_or_else(|| "not set".to_owned(), |minutes| format!("{minutes} min"))
    };
    let (time, point) = (
        promises.recovery_time_minutes,
        promises.recovery_point_minutes,
    );
    let result = if time.is_some() && point.is_some() {
        CheckResult::Pass
    } else {
        CheckResult::Unknown
    };
    let value = format!(
        "recovery_time_minutes {}, recovery_point_minutes {}: the operator's answer in reberth.yaml under promises",
        told(time),
        told(point)
    );
    vec![evidence_of_all(result, "promises", value)]
}
