//! Hosted zones of `50-edge`.
//!
//! A zone also holds the records that prove the names of its certificates. At first they are created at the present DNS host; once the registrar
//! names this zone's servers, AWS looks for them here, each time it renews a certificate.

use std::collections::BTreeMap;

use reberth_model::design::{Design, DnsRecordSet, DnsZone, SwitchTarget};

use crate::hcl::{Block, Body, Expression, block, code, list, object};
use crate::live::{arguments, entry, module};

/// `zones.tf`.
pub(super) fn body(design: &Design) -> Body {
    let zones = design
        .edge
        .zones
        .iter()
        .map(|zone| entry(&zone.key, &zone.origin, value(design, zone)));
    Body::new()
        .block(block("locals", &[]).set("zones", Expression::Object(zones.collect())))
        .block(call())
}

fn value(design: &Design, zone: &DnsZone) -> Expression {
    let records = zone
        .records
        .iter()
        .map(|set| entry(&set.key, &set.origin, object(fields(set))));
    let switched = zone.switched.iter().map(|name| {
        let (domain_name, zone_id) = target(&name.target);
        let mut fields = fields(&name.source);
        fields.push(("target_domain_name", code(domain_name)));
        fields.push(("target_zone_id", code(zone_id)));
        entry(&name.source.key, &name.source.origin, object(fields))
    });
    object([
        ("name", Expression::from(&zone.name)),
        ("records", Expression::Object(records.collect())),
        ("switched", Expression::Object(switched.collect())),
        ("proofs", object(proofs(design, zone))),
    ])
}

/// The records that prove the names of certificates in a zone, by the name proven. A name and all below it are proven by one record, and every certificate of an
/// account wants the same one.
fn proofs(design: &Design, zone: &DnsZone) -> Vec<(String, Expression)> {
    let of_ingresses = design.ingresses.iter().map(|own| {
        let names = [&own.domain].into_iter().chain(&own.alternative_names);
        (format!("module.ingress[\"{}\"]", own.key), names)
    });
    let of_distributions = design.edge.distributions.iter().map(|own| {
        let names = [&own.domain].into_iter().chain(&own.alternative_names);
        (format!("module.cdn[\"{}\"]", own.key), names)
    });
    let mut proofs = BTreeMap::new();
    for (module, names) in of_ingresses.chain(of_distributions) {
        for name in names {
            let proven = name.strip_prefix("*.").unwrap_or(name);
            if zone_of(design, proven).is_some_and(|own| own.key == zone.key) {
                let records = format!("{module}.certificate_validation_records");
                let own = object([("records", code(records)), ("name", name.into())]);
                proofs.entry(proven.to_owned()).or_insert(own);
            }
        }
    }
    proofs.into_iter().collect()
}

/// The zone that a name lies in: where one zone lies in another, the inner one.
fn zone_of<'a>(design: &'a Design, name: &str) -> Option<&'a DnsZone> {
    let holds = |zone: &&DnsZone| {
        name.strip_suffix(zone.name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let zones = design.edge.zones.iter().filter(holds);
    zones.max_by_key(|zone| zone.name.len())
}

fn fields(set: &DnsRecordSet) -> Vec<(&'static str, Expression)> {
    vec![
        ("name", (&set.name).into()),
        ("type", (&set.record_type).into()),
        ("ttl", set.ttl_seconds.into()),
        ("values", list(&set.values)),
    ]
}

/// Host name and hosted zone of what answers after the switch.
fn target(target: &SwitchTarget) -> (String, String) {
    match target {
        SwitchTarget::Distribution(key) => (
            format!("module.cdn[\"{key}\"].domain_name"),
            format!("module.cdn[\"{key}\"].hosted_zone_id"),
        ),
        SwitchTarget::Ingress(key) => (
            format!("module.ingress[\"{key}\"].dns_name"),
            format!("module.ingress[\"{key}\"].zone_id"),
        ),
    }
}

fn call() -> Block {
    let call = module("zone", "dns-zone").set("for_each", code("local.zones"));
    arguments(
        call,
        &[
            ("", ""),
            ("domain_name", "each.value.name"),
            ("records", "each.value.records"),
            ("switched", "each.value.switched"),
            (
                "proofs",
                "{ for proven, own in each.value.proofs : proven => own.records[own.name] }",
            ),
        ],
    )
}
