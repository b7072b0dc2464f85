use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Bucket, Estate, Resource};

use super::{Context, Rule, evidence};

/// Flags buckets whose access list or policy lets everyone, or every account of the provider, list, read or write.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-13",
    problem: "Buckets can be listed or written by everyone",
    reads: &["bucket"],
    check,
};

const TOLD: &str = "settings.access_list, settings.policy";

/// How rights of more than single accounts begin.
const OPEN: [&str; 2] = ["everyone: ", "every account of the provider: "];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let buckets = estate.resources.iter();
    let buckets = buckets.filter_map(|resource| match &resource.attributes {
        Attributes::Bucket(bucket) => Some((resource, bucket)),
        _ => None,
    });
    buckets
        .map(|(resource, bucket)| look(resource, bucket))
        .collect()
}

fn look(resource: &Resource, bucket: &Bucket) -> Evidence {
    let Some(settings) = &bucket.settings else {
        let value =
            "GetBucketAcl and GetBucketPolicy were not asked: they need a key of the object store";
        return evidence(resource, CheckResult::Unknown, "access", value);
    };
    let told = [&settings.access_list, &settings.policy];
    let rights = told.into_iter().flatten().flatten();
    let open = rights.filter(|right| OPEN.iter().any(|start| right.starts_with(start)));
    let open: Vec<&str> = open.map(String::as_str).collect();
    if !open.is_empty() {
        return evidence(resource, CheckResult::Fail, TOLD, open.join("; "));
    }
    if told.contains(&&None) {
        let value = "the key may not read the access list or the policy";
        return evidence(resource, CheckResult::Unknown, TOLD, value);
    }
    let value = "no right for everyone, by access list and policy; single objects may have lists of their own";
    evidence(resource, CheckResult::Pass, TOLD, value)
}
