use super::{DATA_STORES, Rule, Surroundings, Verdict};
use crate::plan_document::ResourceChange;

/// Refuses to delete or replace what holds data: databases, buckets, volumes, file systems, keys, zones, clusters.
pub(super) static RULE: Rule = Rule {
    id: "data-store-kept",
    title: "Nothing that holds data is deleted or replaced.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    if !resource.is_managed() || !resource.removes() || !resource.is_one_of(&DATA_STORES) {
        return None;
    }
    let how = if resource.change.has("create") {
        "replaced"
    } else {
        "deleted"
    };
    let kind = &resource.kind;
    Some(Verdict::Refused(format!(
        "the {kind} would be {how}, and its data with it"
    )))
}
