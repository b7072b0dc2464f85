//! Hosted zones of `50-edge`.

use reberth_model::design::{Design, DnsRecordSet, DnsZone, SwitchTarget};

use crate::hcl::{Block, Body, Expression, block, code, list, object};
use crate::live::{arguments, entry, module};

/// `zones.tf`.
pub(super) fn body(design: &Design) -> Body {
    let zones = design
        .edge
        .zones
        .iter()
        .map(|zone| entry(&zone.key, &zone.origin, value(zone)));
    Body::new()
        .block(block("locals", &[]).set("zones", Expression::Object(zones.collect())))
        .block(call())
}

fn value(zone: &DnsZone) -> Expression {
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
    ])
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
        ],
    )
}
