use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};

/// Flags database engines whose maker's support has ended or ends within 180 days.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-11",
    problem: "Some database engines have lost their maker's support, or lose it within 180 days",
    reads: &["database"],
    check,
};

const DAYS_LEFT_MIN: i64 = 180;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            let engine = format!("{} {}", database.engine, database.version);
            match context
                .catalog
                .end_of_support(&database.engine, &database.version)
            {
                None => {
                    let value = format!("{engine}: not in the table of ends of support");
                    evidence(resource, CheckResult::Unknown, "version", value)
                }
                Some(entry) => {
                    let days_left = context.today.days_until(entry.ends);
                    let value = format!("{engine}: support ends {} ({})", entry.ends, entry.source);
                    evidence(
                        resource,
                        fail_if(days_left <= DAYS_LEFT_MIN),
                        "version",
                        value,
                    )
                }
            }
        })
        .collect()
}
