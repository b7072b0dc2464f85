//! What stops the migration until somebody acts: failed checks of weight, and engines that nothing here can carry.

use reberth_model::assessment::{Blocker, Check, CheckResult, Severity};
use reberth_model::estate::Estate;

use crate::engine::Family;
use crate::rules::{hidden, name_of};

/// The check whose failure already stops the load, not only the cutover.
const CHANGE_STREAM_CHECK: &str = "RB-S-OPS-02";

/// The check whose failure is answered by the method that is proposed for each database: triggers or a window in place of logical replication. The
/// finding stands, but nobody has to remove anything before the move.
const ANSWERED_BY_METHOD: &str = "RB-S-OPS-01";

/// The blockers, the earliest step first, then critical before high, then by check.
pub(crate) fn find(estate: &Estate, checks: &[Check]) -> Vec<Blocker> {
    let mut failed: Vec<&Check> = checks.iter().filter(|check| blocks(check)).collect();
    failed.sort_by_key(|check| (check.id != CHANGE_STREAM_CHECK, check.severity));
    unlisted_databases(estate)
        .into_iter()
        .chain(unknown_engines(estate))
        .chain(failed.into_iter().map(of_check))
        .collect()
}

/// A waiver lifts what is high; what is critical blocks all the same.
fn blocks(check: &Check) -> bool {
    if check.id == ANSWERED_BY_METHOD {
        return false;
    }
    match check.result {
        CheckResult::Fail => check.severity <= Severity::High,
        CheckResult::Waived => check.severity == Severity::Critical,
        CheckResult::Unknown | CheckResult::Pass | CheckResult::NotApplicable => false,
    }
}

fn of_check(check: &Check) -> Blocker {
    let stops = if check.id == CHANGE_STREAM_CHECK {
        "replicate"
    } else {
        "cutover"
    };
    Blocker {
        check: Some(check.id.clone()),
        stops: stops.to_owned(),
        what: check.problem.clone().unwrap_or_else(|| check.title.clone()),
        resources: check.resources.clone(),
        remedy: check.remedy.clone(),
        waivable: check.severity != Severity::Critical,
    }
}

fn unlisted_databases(estate: &Estate) -> Option<Blocker> {
    let hidden = hidden(estate, "database")?;
    Some(Blocker {
        check: None,
        stops: "replicate".to_owned(),
        what: format!("The databases could not be listed: {}", hidden.reason),
        resources: Vec::new(),
        remedy: "Give the token the right to read databases and run discover again".to_owned(),
        waivable: false,
    })
}

fn unknown_engines(estate: &Estate) -> Option<Blocker> {
    let resources: Vec<_> = estate
        .data_stores()
        .filter(|(_, database)| {
            !matches!(
                Family::of(&database.engine),
                Family::Mysql | Family::Postgres
            )
        })
        .map(|(resource, _)| name_of(resource))
        .collect();
    (!resources.is_empty()).then(|| Blocker {
        check: None,
        stops: "replicate".to_owned(),
        what: "These databases run an engine that this build does not cut over".to_owned(),
        resources,
        remedy: "Take the method that is proposed for each under methods: they go by hand, or in a later wave".to_owned(),
        waivable: false,
    })
}
