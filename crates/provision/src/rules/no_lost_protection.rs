use super::{DATA_STORES, Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange};

/// Refuses to take the protection against deletion off what holds data: the step before its deletion.
pub(super) static RULE: Rule = Rule {
    id: "no-lost-protection",
    title: "Protection against deletion is not taken off what holds data.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    let change = &resource.change;
    if !change.has("update") || !resource.is_one_of(&DATA_STORES) {
        return None;
    }
    let was = change.before["deletion_protection"] == true;
    let stays = matches!(change.afterwards("deletion_protection"), Afterwards::Value(value) if *value == true);
    (was && !stays).then(|| Verdict::Refused("deletion_protection would be taken off".to_owned()))
}
