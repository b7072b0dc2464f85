//! What may be wrong with the edge and the stores beside it.

use reberth_model::design::{Delivered, Design, SwitchTarget, TrailLock};

use super::{Note, has_group, note};

/// Everything that is named exists; nothing that cannot be taken back was chosen by a rule.
pub(super) fn check(design: &Design, notes: &mut Vec<Note>) {
    distributions(design, notes);
    names(design, notes);
    for cache in &design.caches {
        if !has_group(design, &cache.security_group) {
            let message = format!("there is no security group {}", cache.security_group);
            note(notes, format!("cache {}", cache.key), message);
        }
    }
    let lock = design.decision("security.trail_lock");
    if design.safeguards.trail_lock == TrailLock::Compliance
        && lock.is_none_or(|decision| decision.overridden.is_none())
    {
        let message = "a lock that nobody can take back needs a reason in the policy";
        note(notes, "audit trail", message);
    }
}

fn distributions(design: &Design, notes: &mut Vec<Note>) {
    for distribution in &design.edge.distributions {
        let is_there = match &distribution.delivers {
            Delivered::Ingress(key) => design.ingresses.iter().any(|one| one.key == *key),
            Delivered::Bucket(key) => design.buckets.iter().any(|one| one.key == *key),
        };
        if !is_there {
            let item = format!("distribution {}", distribution.key);
            note(notes, item, "what it delivers is not part of this design");
        }
    }
}

fn names(design: &Design, notes: &mut Vec<Note>) {
    let zones = design.edge.zones.iter();
    for name in zones.flat_map(|zone| &zone.switched) {
        let is_there = match &name.target {
            SwitchTarget::Distribution(key) => {
                let mut all = design.edge.distributions.iter();
                all.any(|one| one.key == *key)
            }
            SwitchTarget::Ingress(key) => design.ingresses.iter().any(|one| one.key == *key),
        };
        if !is_there {
            let item = format!("name {}", name.source.name);
            note(
                notes,
                item,
                "what it is switched to is not part of this design",
            );
        }
    }
}
