use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Estate, Utilisation};

use super::{Context, Rule, evidence, fail_if};

/// Flags servers whose use was measured too briefly or too coarsely to choose a size from.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-COST-02",
    problem: "Use was not measured long or densely enough to choose a size from",
    reads: &["server", "process"],
    check,
};

const WINDOW_HOURS_MIN: u64 = 14 * 24;
const SAMPLES_PER_HOUR: u64 = 12;
const COVERAGE_PERCENT_MIN: u64 = 90;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let servers = estate
        .servers()
        .map(|(resource, server)| match &server.utilisation {
            None => evidence(
                resource,
                CheckResult::Fail,
                "utilisation",
                "no measurements",
            ),
            Some(measured) => evidence(
                resource,
                fail_if(!is_long_and_dense(measured)),
                "utilisation",
                format!(
                    "{} samples in {} h",
                    measured.samples, measured.window_hours
                ),
            ),
        });
    let processes = estate.processes().map(|(resource, _)| {
        let value = "the API has no measurements of processes";
        evidence(resource, CheckResult::Fail, "utilisation", value)
    });
    servers.chain(processes).collect()
}

/// A window of hourly samples has one step less than samples, so an hour may be missing at its end.
fn is_long_and_dense(measured: &Utilisation) -> bool {
    let wanted = measured.window_hours * SAMPLES_PER_HOUR * COVERAGE_PERCENT_MIN / 100;
    measured.window_hours + 1 >= WINDOW_HOURS_MIN && measured.samples >= wanted
}
