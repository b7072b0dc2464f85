use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence_of_all};

/// Asks who owns the API tokens of the account. DigitalOcean lists them nowhere, and a token that only reads may not list Heroku's.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-02",
    problem: "API tokens without owner or expiry are left",
    reads: &[],
    check,
};

fn check(_: &Estate, _: &Context) -> Vec<Evidence> {
    let value = "no call that a read-only token may make lists the tokens of the account";
    vec![evidence_of_all(CheckResult::Unknown, "tokens", value)]
}
