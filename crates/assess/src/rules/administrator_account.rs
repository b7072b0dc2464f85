use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Flags databases that have no account beside the administrator's, so the application must be using that one.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-10",
    problem: "Some databases know only the administrator",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            let others: Vec<&str> = database
                .users
                .iter()
                .filter(|user| user.role != "primary")
                .map(|user| user.name.as_str())
                .collect();
            let (result, value) = match (database.users.is_empty(), others.is_empty()) {
                (true, _) => (
                    CheckResult::Unknown,
                    "the accounts are not visible".to_owned(),
                ),
                (false, true) => (
                    CheckResult::Fail,
                    "only the administrator's account exists".to_owned(),
                ),
                (false, false) => (
                    CheckResult::Unknown,
                    format!(
                        "{}; which one the application uses is not visible",
                        others.join(", ")
                    ),
                ),
            };
            evidence(resource, result, "users", value)
        })
        .collect()
}
