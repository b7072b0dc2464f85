//! Hosted zones for names that a platform serves.
//!
//! The platform knows the names that lead to it and nothing of the zones they lie in: those are kept by a DNS host of the owner's choice. So a zone here
//! holds the names that the cutover switches, with the answer of today, and everything else of it must be brought along by hand before the registrar names
//! its name servers. `not_carried` says so of each zone.

use reberth_model::design::{
    DnsRecordSet, DnsZone, Front, Ingress, Origin, SwitchTarget, SwitchedName,
};
use reberth_model::estate::{Attributes, Domain, Estate, Resource};
use std::collections::{BTreeMap, BTreeSet};

use super::zones::SWITCHED_TTL_SECONDS;
use crate::name;

const KEY_LENGTH_MAX: usize = 60;
/// Second labels under which registries of two-letter countries sell names.
const REGISTRY_LABELS: [&str; 9] = ["ac", "co", "com", "edu", "gov", "net", "nom", "or", "org"];

/// Names that a platform serves: host name, and what the owner's DNS must point to.
fn served(estate: &Estate) -> impl Iterator<Item = (&Resource, &Domain, &str)> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Domain(domain) => Some((resource, domain, domain.target.as_deref()?)),
            _ => None,
        })
}

/// The zones that these names lie in, ordered by name.
pub(super) fn list(estate: &Estate, front: Front, ingresses: &[Ingress]) -> Vec<DnsZone> {
    let mut groups: BTreeMap<String, Vec<(&Resource, &str, &Ingress)>> = BTreeMap::new();
    let names: Vec<&str> = served(estate)
        .map(|(resource, ..)| resource.name.as_str())
        .collect();
    let zones = zone_names(&names);
    for (resource, _, target) in served(estate) {
        let ingress = ingresses
            .iter()
            .find(|own| own.origin.from.contains(&resource.id));
        let zone = zones.iter().find(|zone| is_in(&resource.name, zone));
        if let (Some(ingress), Some(zone)) = (ingress, zone) {
            groups
                .entry(zone.clone())
                .or_default()
                .push((resource, target, ingress));
        }
    }
    let mut taken = BTreeSet::new();
    groups
        .into_iter()
        .map(|(zone, members)| of_names(zone, &members, front, &mut taken))
        .collect()
}

fn of_names(
    zone: String,
    members: &[(&Resource, &str, &Ingress)],
    front: Front,
    taken: &mut BTreeSet<String>,
) -> DnsZone {
    let mut keys = BTreeSet::new();
    let mut from = Vec::new();
    let mut switched = Vec::new();
    for (resource, target, ingress) in members {
        from.push(resource.id.clone());
        // A name that is the zone itself cannot be an alias of another host: see `not_switched`.
        if resource.name == zone {
            continue;
        }
        switched.push(SwitchedName {
            source: DnsRecordSet {
                key: name::unique_key(
                    &format!(
                        "{}-cname",
                        resource.name.trim_end_matches(&format!(".{zone}"))
                    ),
                    &resource.id,
                    KEY_LENGTH_MAX,
                    &mut keys,
                ),
                name: resource.name.clone(),
                record_type: "CNAME".to_owned(),
                ttl_seconds: SWITCHED_TTL_SECONDS,
                values: vec![format!("{}.", target.trim_end_matches('.'))],
                origin: Origin {
                    from: vec![resource.id.clone()],
                    why: "as the platform wants it".to_owned(),
                },
            },
            target: match front {
                Front::Distributions => SwitchTarget::Distribution(ingress.key.clone()),
                Front::LoadBalancers => SwitchTarget::Ingress(ingress.key.clone()),
            },
        });
    }
    from.sort();
    switched.sort_by(|left, right| left.source.key.cmp(&right.source.key));
    DnsZone {
        key: name::unique_key(&zone, &zone, KEY_LENGTH_MAX, taken),
        records: Vec::new(),
        switched,
        origin: Origin {
            from,
            why: "the names that the platform serves; every other record of the zone must be added from its present DNS host before the registrar names this zone's servers".to_owned(),
        },
        name: zone,
    }
}

/// Names that are a zone themselves, whose switch is left to people: ids of their resources.
pub(crate) fn apex_names<'a>(
    estate: &'a Estate,
    zones: &'a [DnsZone],
) -> impl Iterator<Item = &'a Resource> {
    served(estate)
        .map(|(resource, ..)| resource)
        .filter(|resource| zones.iter().any(|zone| zone.name == resource.name))
}

/// The zones that host names lie in: each name without its first label, unless that is a registry's; of two of which one holds the other, the larger.
fn zone_names(names: &[&str]) -> BTreeSet<String> {
    let candidates: BTreeSet<String> = names.iter().map(|name| zone_of(name)).collect();
    candidates
        .iter()
        .filter(|own| {
            !candidates
                .iter()
                .any(|other| other != *own && is_in(own, other))
        })
        .cloned()
        .collect()
}

fn zone_of(name: &str) -> String {
    let name = name.trim_start_matches("*.");
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [_, second, country] if country.len() == 2 && REGISTRY_LABELS.contains(second) => {
            name.to_owned()
        }
        [_, _] | [_] => name.to_owned(),
        [_, rest @ ..] => rest.join("."),
        [] => name.to_owned(),
    }
}

fn is_in(name: &str, zone: &str) -> bool {
    name == zone || name.ends_with(&format!(".{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_the_largest_that_a_registry_sells() {
        for (names, expected) in [
            (
                vec![
                    "app.school.example",
                    "*.learn.school.example",
                    "www.school.example",
                ],
                vec!["school.example"],
            ),
            (vec!["school.example"], vec!["school.example"]),
            (
                vec!["school.co.uk", "www.school.co.uk"],
                vec!["school.co.uk"],
            ),
            (
                vec!["a.one.example", "b.two.example"],
                vec!["one.example", "two.example"],
            ),
            (vec!["x.y.z.example", "z.example"], vec!["z.example"]),
        ] {
            let zones: Vec<String> = zone_names(&names).into_iter().collect();
            assert_eq!(zones, expected, "{names:?}");
        }
    }
}
