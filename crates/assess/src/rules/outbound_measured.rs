use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Resource};

use super::{Context, Rule, evidence};

/// Lists what sends or stores bytes that the target is paid for by the gigabyte, and whether they were measured. Without a measurement the
/// estimate gives a range.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-COST-03",
    problem: "Traffic and logs that are paid by the gigabyte are not measured",
    reads: &["server", "load_balancer", "cdn", "bucket", "process"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate.resources.iter().filter_map(look).collect()
}

fn look(resource: &Resource) -> Option<Evidence> {
    let (result, attribute, value) = match &resource.attributes {
        Attributes::Bucket(bucket) => match bucket.size_bytes {
            Some(bytes) if bucket.is_counted_in_part => (
                CheckResult::Unknown,
                "size_bytes",
                format!("at least {bytes} bytes held; counting stopped at its bound"),
            ),
            Some(bytes) => (
                CheckResult::Pass,
                "size_bytes",
                format!("{bytes} bytes held"),
            ),
            None => (
                CheckResult::Unknown,
                "size_bytes",
                "the object store was not asked".to_owned(),
            ),
        },
        Attributes::Server(_) | Attributes::LoadBalancer(_) | Attributes::Cdn(_) => (
            CheckResult::Unknown,
            "outbound bytes",
            "not measured: sample a week of bandwidth and log volume".to_owned(),
        ),
        Attributes::Process(process) if process.instances > 0 => (
            CheckResult::Unknown,
            "outbound bytes",
            "not measured: the platform has no meter; a drain of the router log tells".to_owned(),
        ),
        _ => return None,
    };
    Some(evidence(resource, result, attribute, value))
}
