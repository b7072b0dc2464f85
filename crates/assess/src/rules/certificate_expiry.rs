use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Certificate, Domain, Estate, LoadBalancer, Resource};

use super::{Context, Rule, evidence};
use crate::date::Date;

/// Flags certificates that have ended or end within thirty days, host names that have none or whose renewal fails, and load balancers that answer plain HTTP
/// only. What a host name really serves is for a handshake to tell, so a
/// certificate that the provider renews stays unknown until then.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-08",
    problem: "A host name is served without a certificate, or with one that ends within 30 days",
    reads: &["certificate", "domain", "load_balancer"],
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
            Attributes::Domain(domain) => of_name(resource, domain),
            Attributes::LoadBalancer(balancer) => of_listeners(resource, balancer),
            _ => None,
        })
        .collect()
}

/// A host name that a platform serves. A DNS zone has no target and serves nothing itself.
fn of_name(resource: &Resource, domain: &Domain) -> Option<Evidence> {
    domain.target.as_ref()?;
    let status = domain.certificate_status.as_deref().unwrap_or_default();
    let is_failing = status.to_lowercase().contains("fail");
    let value = match (is_failing, &domain.certificate_id, status.is_empty()) {
        (true, _, _) => format!("the platform says: {status}"),
        (false, None, true) => "no certificate".to_owned(),
        _ => return None,
    };
    Some(evidence(
        resource,
        CheckResult::Fail,
        "certificate_status",
        value,
    ))
}

/// A load balancer for the web that has no encrypted listener.
fn of_listeners(resource: &Resource, balancer: &LoadBalancer) -> Option<Evidence> {
    let speaks = |protocol: &str| {
        balancer
            .listeners
            .iter()
            .any(|listener| listener.protocol == protocol)
    };
    let is_plain = speaks("http") && !["https", "http2", "http3"].into_iter().any(speaks);
    is_plain.then(|| {
        let value = "listens for plain HTTP only";
        evidence(resource, CheckResult::Fail, "listeners", value)
    })
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
    let when = if days_left < 0 {
        format!("ended {ends}, {} days ago", -days_left)
    } else {
        format!("ends {ends}, in {days_left} days")
    };
    let value = format!("{names} {when}{by_hand}");
    if days_left < DAYS_LEFT_MIN {
        return (CheckResult::Fail, value);
    }
    (
        CheckResult::Unknown,
        format!("{value}; what the host names serve was not asked"),
    )
}
