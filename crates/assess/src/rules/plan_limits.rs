use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate};

use super::{Context, Rule, evidence};

/// Flags databases that are near a limit of their plan at the moment of discovery. One look is no 95th percentile, so what is below the limit
/// stays unknown until it was sampled.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-09",
    problem: "Some databases are near a limit of their plan",
    reads: &["database", "cache"],
    check,
};

const PERCENT_MAX: u64 = 80;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| match connections(database) {
            Some((used, limit)) if used * 100 >= limit * PERCENT_MAX => {
                let value = format!("{used} of {limit} connections");
                evidence(resource, CheckResult::Fail, "settings.Connections", value)
            }
            Some((used, limit)) => {
                let value = format!("{used} of {limit} connections at one look");
                evidence(
                    resource,
                    CheckResult::Unknown,
                    "settings.Connections",
                    value,
                )
            }
            None => evidence(
                resource,
                CheckResult::Unknown,
                "connections, storage",
                "not sampled",
            ),
        })
        .collect()
}

/// Of `62/500`.
fn connections(database: &Database) -> Option<(u64, u64)> {
    let told = database.settings.as_ref()?.get("Connections")?.as_str()?;
    let (used, limit) = told.split_once('/')?;
    let limit: u64 = limit.trim().parse().ok()?;
    (limit > 0).then_some((used.trim().parse().ok()?, limit))
}
