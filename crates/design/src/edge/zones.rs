//! Hosted zones: every record of the present ones, and a second answer for each name that the cutover switches.

use reberth_model::design::{
    Delivered, Distribution, DnsRecordSet, DnsZone, Front, Ingress, Origin, SwitchTarget,
    SwitchedName,
};
use reberth_model::estate::{Attributes, DnsRecord, Estate, Resource};
use std::collections::{BTreeMap, BTreeSet};

use super::{distributions, platform_zones, record_sets};
use crate::{ingress, name};

/// Longest key of a zone or record.
const KEY_LENGTH_MAX: usize = 60;
/// Time to live of records whose own is not known.
const TTL_SECONDS: u64 = 300;
/// Time to live of names that are switched: the switch takes that long to reach everybody.
pub(super) const SWITCHED_TTL_SECONDS: u64 = 60;
/// The authority that AWS certificates are signed by.
const AWS_AUTHORITY: &str = "0 issue \"amazon.com\"";

pub(super) fn list(
    estate: &Estate,
    front: Front,
    ingresses: &[Ingress],
    distributions: &[Distribution],
) -> Vec<DnsZone> {
    let targets = Targets {
        estate,
        front,
        ingresses,
        distributions,
    };
    let mut taken = BTreeSet::new();
    let mut zones: Vec<DnsZone> = estate
        .of_kind("domain")
        .filter(|resource| records(estate, &resource.name).next().is_some())
        .map(|resource| zone(estate, resource, &targets, &mut taken))
        .collect();
    zones.extend(platform_zones::list(estate, front, ingresses));
    zones.sort_by(|left, right| left.name.cmp(&right.name));
    zones
}

fn zone(
    estate: &Estate,
    resource: &Resource,
    targets: &Targets<'_>,
    taken: &mut BTreeSet<String>,
) -> DnsZone {
    let mut records = Vec::new();
    let mut switched = Vec::new();
    let sets = sets(estate, &resource.name);
    for set in sets.into_iter().filter(|set| !targets.is_own_proof(set)) {
        match targets.of(&set) {
            Some(target) => switched.push(SwitchedName {
                source: DnsRecordSet {
                    ttl_seconds: set.ttl_seconds.min(SWITCHED_TTL_SECONDS),
                    ..set
                },
                target,
            }),
            None => records.push(set),
        }
    }
    DnsZone {
        key: name::unique_key(&resource.name, &resource.id, KEY_LENGTH_MAX, taken),
        name: resource.name.clone(),
        records,
        switched,
        origin: Origin {
            from: vec![resource.id.clone()],
            why: "the same records as at the present DNS host; it answers once the registrar names its name servers".to_owned(),
        },
    }
}

/// Records of a zone that are carried.
fn records<'a>(
    estate: &'a Estate,
    zone: &'a str,
) -> impl Iterator<Item = (&'a Resource, &'a DnsRecord)> {
    estate
        .resources
        .iter()
        .filter_map(move |resource| match &resource.attributes {
            Attributes::DnsRecord(record) if record.domain == zone => Some((resource, record)),
            _ => None,
        })
        .filter(|(resource, record)| record_sets::is_carried(record, &resource.name))
}

/// The records of a zone, all of one name and type together, ordered.
fn sets(estate: &Estate, zone: &str) -> Vec<DnsRecordSet> {
    let mut groups: BTreeMap<(String, String), Vec<(&Resource, &DnsRecord)>> = BTreeMap::new();
    for (resource, record) in records(estate, zone) {
        let name = record_sets::whole_name(&resource.name, zone);
        let key = (name, record.record_type.clone());
        groups.entry(key).or_default().push((resource, record));
    }
    let mut taken = BTreeSet::new();
    let mut sets: Vec<DnsRecordSet> = groups
        .into_iter()
        .map(|((name, record_type), members)| {
            let mut values: Vec<String> = members
                .iter()
                .map(|(_, record)| record_sets::value(record, zone))
                .collect();
            let why = explained(&record_type, &mut values);
            values.sort();
            values.dedup();
            let mut from: Vec<String> = members.iter().map(|(one, _)| one.id.clone()).collect();
            from.sort();
            let relative = name
                .strip_suffix(zone)
                .unwrap_or(&name)
                .trim_end_matches('.');
            let short = if relative.is_empty() {
                "apex"
            } else {
                relative
            };
            let id = from.first().cloned().unwrap_or_default();
            DnsRecordSet {
                key: name::unique_key(
                    &format!("{short}-{record_type}"),
                    &id,
                    KEY_LENGTH_MAX,
                    &mut taken,
                ),
                ttl_seconds: members
                    .iter()
                    .filter_map(|(_, record)| record.ttl_seconds)
                    .min()
                    .unwrap_or(TTL_SECONDS),
                name,
                record_type,
                values,
                origin: Origin { from, why },
            }
        })
        .collect();
    sets.sort_by(|left, right| left.key.cmp(&right.key));
    sets
}

/// Why a record is as it is. Where certificates are bound to authorities, Amazon's is added.
fn explained(record_type: &str, values: &mut Vec<String>) -> String {
    let binds = record_type == "CAA" && values.iter().any(|value| value.contains(" issue"));
    if binds && !values.iter().any(|value| value.contains("amazon")) {
        values.push(AWS_AUTHORITY.to_owned());
        return "as at the source, and Amazon's authority besides: without it no certificate is issued. Add it at the present DNS host before the first apply"
            .to_owned();
    }
    "as at the source".to_owned()
}

/// Where the records point to by which AWS proves the names of a certificate.
pub(crate) const PROOFS: &str = ".acm-validations.aws";

/// What may take over a name.
struct Targets<'a> {
    estate: &'a Estate,
    front: Front,
    ingresses: &'a [Ingress],
    distributions: &'a [Distribution],
}

impl Targets<'_> {
    /// What answers for a name after the switch; `None` for a name that stays as it is.
    fn of(&self, set: &DnsRecordSet) -> Option<SwitchTarget> {
        match set.record_type.as_str() {
            "A" => self.ingress(set),
            "CNAME" => self.delivery(set),
            _ => None,
        }
    }

    /// Whether a record proves a name of this design's certificates: the zone holds that record by the certificate itself.
    fn is_own_proof(&self, set: &DnsRecordSet) -> bool {
        let mut values = set.values.iter().map(|value| value.trim_end_matches('.'));
        let proves = values.all(|value| value.ends_with(PROOFS));
        let proven = set.name.split_once('.').map_or("", |(_, rest)| rest);
        let names = self
            .ingresses
            .iter()
            .flat_map(|own| own.alternative_names.iter().chain([&own.domain]))
            .chain(
                self.distributions
                    .iter()
                    .flat_map(|own| own.alternative_names.iter().chain([&own.domain])),
            );
        let mut names = names.map(|name| name.strip_prefix("*.").unwrap_or(name));
        set.record_type == "CNAME" && proves && names.any(|name| name == proven)
    }

    /// The load balancer at that address, if its certificate holds the name.
    fn ingress(&self, set: &DnsRecordSet) -> Option<SwitchTarget> {
        let (resource, _) = ingress::load_balancers(self.estate).find(|(_, balancer)| {
            let address = balancer.address.as_ref();
            address.is_some_and(|address| set.values.contains(address))
        })?;
        let ingress = self.ingresses.iter().find(|ingress| {
            ingress.origin.from.contains(&resource.id) && is_served(ingress, &set.name)
        })?;
        Some(match self.front {
            Front::Distributions => SwitchTarget::Distribution(ingress.key.clone()),
            Front::LoadBalancers => SwitchTarget::Ingress(ingress.key.clone()),
        })
    }

    /// The distribution that replaces the delivery endpoint of that host name.
    fn delivery(&self, set: &DnsRecordSet) -> Option<SwitchTarget> {
        let (resource, _) = distributions::endpoints(self.estate).find(|(_, cdn)| {
            let endpoint = format!("{}.", cdn.endpoint.trim_end_matches('.'));
            set.values.contains(&endpoint)
        })?;
        let distribution = self.distributions.iter().find(|distribution| {
            matches!(distribution.delivers, Delivered::Bucket(_))
                && distribution.origin.from.contains(&resource.id)
                && distribution.domain == set.name
        })?;
        Some(SwitchTarget::Distribution(distribution.key.clone()))
    }
}

/// Whether one of the names of a load balancer's certificate is good for a host name.
fn is_served(ingress: &Ingress, host: &str) -> bool {
    let mut names = ingress.alternative_names.iter().chain([&ingress.domain]);
    names.any(|name| match name.strip_prefix("*.") {
        None => name == host,
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
    })
}
