use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence, fail_if};

/// Flags address records that resolvers may keep for longer than a minute: after the switch, clients would go on to the old place.
///
/// Mail, text and delegation records do not move with the application and are left out.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-06",
    problem: "Resolvers may keep the old address for longer than a minute after the switch",
    reads: &["dns_record"],
    check,
};

const TTL_SECONDS_MAX: u64 = 60;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::DnsRecord(record)
                if matches!(
                    record.record_type.as_str(),
                    "A" | "AAAA" | "CNAME" | "ALIAS"
                ) =>
            {
                let (result, told) = match record.ttl_seconds {
                    Some(seconds) => (fail_if(seconds > TTL_SECONDS_MAX), format!("{seconds} s")),
                    None => (CheckResult::Unknown, "not told".to_owned()),
                };
                let value = format!("{told}, {} {}", record.record_type, record.domain);
                Some(evidence(resource, result, "ttl_seconds", value))
            }
            _ => None,
        })
        .collect()
}
