use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Estate, TrustedSource};

use super::{Context, Rule, evidence};
use crate::network_reach::is_whole_internet;

/// Flags databases that accept connections from any address.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-06",
    problem: "Some databases accept connections from any address",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            let (result, value) = who_may_connect(database.trusted_sources.as_deref());
            evidence(resource, result, "trusted_sources", value)
        })
        .collect()
}

fn who_may_connect(sources: Option<&[TrustedSource]>) -> (CheckResult, String) {
    let Some(sources) = sources else {
        return (CheckResult::Unknown, "the list is not visible".to_owned());
    };
    if sources.is_empty() {
        return (
            CheckResult::Fail,
            "the list is empty: any address may connect".to_owned(),
        );
    }
    if let Some(open) = sources
        .iter()
        .find(|source| is_whole_internet(&source.value))
    {
        return (
            CheckResult::Fail,
            format!("{}: any address may connect", open.value),
        );
    }
    let listed: Vec<String> = sources
        .iter()
        .map(|source| format!("{} {}", source.kind, source.value))
        .collect();
    (CheckResult::Pass, listed.join(", "))
}
