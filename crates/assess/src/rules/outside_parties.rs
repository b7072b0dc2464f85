use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Resource};

use super::{Context, Rule, evidence};

/// Flags what gives the application a fixed address, since somebody outside has allowed that address and must be told the new one. Other
/// parties that call in are listed: who they are is for people to say.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-08",
    problem: "Somebody outside allows an address that changes with the move",
    reads: &["addon", "address", "dns_record"],
    check,
};

/// Beginnings of the names of services that give applications a fixed address to go out from.
const FIXED_ADDRESS_SERVICES: &[&str] = &["quotaguard", "fixie", "statica", "ipburger", "proximo"];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate.resources.iter().filter_map(look).collect()
}

fn look(resource: &Resource) -> Option<Evidence> {
    let (result, attribute, value) = match &resource.attributes {
        Attributes::Addon(addon)
            if FIXED_ADDRESS_SERVICES
                .iter()
                .any(|service| addon.service.starts_with(service)) =>
        {
            (
                CheckResult::Fail,
                "service",
                format!("{}: outside parties allow its addresses", addon.service),
            )
        }
        Attributes::Address(address) if address.server_id.is_some() => (
            CheckResult::Unknown,
            "ip",
            format!("{}: who allows or calls it is not visible", address.ip),
        ),
        Attributes::Other(other) if other.word == "space" => (
            CheckResult::Unknown,
            "addresses",
            "goes out from fixed addresses; who allows them is not visible".to_owned(),
        ),
        Attributes::Other(other) if other.word == "webhook" => (
            CheckResult::Unknown,
            "host",
            "is told of releases; whether it must know the new place is for people".to_owned(),
        ),
        Attributes::Other(other) if other.word == "telemetry_drain" => (
            CheckResult::Unknown,
            "host",
            "receives telemetry; whether it must know the new place is for people".to_owned(),
        ),
        Attributes::Other(other) if other.word == "third_party" => (
            CheckResult::Unknown,
            "host",
            "is called by applications; whether it allows by address is for people".to_owned(),
        ),
        Attributes::DnsRecord(record) if matters(&record.record_type, &record.data) => (
            CheckResult::Unknown,
            "data",
            format!("{} {}", record.record_type, record.data),
        ),
        _ => return None,
    };
    Some(evidence(resource, result, attribute, value))
}

/// Mail is received by somebody, and who may send it stands in TXT records.
fn matters(record_type: &str, data: &str) -> bool {
    record_type == "MX" || (record_type == "TXT" && data.to_lowercase().contains("v=spf1"))
}
