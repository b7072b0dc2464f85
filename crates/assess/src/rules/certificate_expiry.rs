use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Certificate, Estate};

use super::{Context, Rule, evidence};
use crate::date::Date;

/// Flags certificates that have ended or end within thirty days. What a host name really serves is for a handshake to tell, so a
/// certificate that the provider renews stays unknown until then.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-08",
    problem: "A certificate has ended or ends within 30 days",
    reads: &["certificate"],
    check,
};

const DAYS_LEFT_MIN: i64 = 30;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Certificate(certificate) => {
                let (result, value) = validity(certificate, context.today);
                Some(evidence(resource, result, "not_after", value))
            }
            _ => None,
        })
        .collect()
}

fn validity(certificate: &Certificate, today: Date) -> (CheckResult, String) {
    let Some(ends) = certificate.not_after.as_deref().and_then(Date::of_time) else {
        return (
            CheckResult::Unknown,
            "the provider does not tell when it ends".to_owned(),
        );
    };
    let days_left = today.days_until(ends);
    let by_hand = match certificate.issuer.as_deref() {
        Some("custom") => ", renewed by hand",
        _ => "",
    };
    let names = certificate.dns_names.join(", ");
    let value = format!("{names} ends {ends}, in {days_left} days{by_hand}");
    if days_left < DAYS_LEFT_MIN {
        return (CheckResult::Fail, value);
    }
    (
        CheckResult::Unknown,
        format!("{value}; what the host names serve was not asked"),
    )
}
