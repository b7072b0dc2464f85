use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};

/// Lists the buckets whose access rules only the object store tells, and it was not asked.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-13",
    problem: "Buckets can be listed or written by everyone",
    reads: &["bucket"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter(|resource| matches!(resource.attributes, Attributes::Bucket(_)))
        .map(|resource| {
            let value = "GetBucketAcl and GetBucketPolicy were not asked: they need a key of the object store";
            evidence(resource, CheckResult::Unknown, "access", value)
        })
        .collect()
}
