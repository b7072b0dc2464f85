//! The edge: names, delivery, and what is switched.

use reberth_design::design;
use reberth_model::design::{
    Delivered, Design, Front, OriginAccess, Peer, SwitchTarget, TrailLock,
};
use reberth_model::estate::Attributes;
use reberth_model::policy::Scalar;

use crate::decisions::{overriding, word};
use crate::estates::small;

fn made(overrides: &[(&str, Scalar)]) -> Design {
    design(&small(), &overriding(overrides), "", None).unwrap()
}

fn group<'a>(design: &'a Design, key: &str) -> Vec<&'a Peer> {
    let mut groups = design.security_groups.iter();
    let group = groups.find(|group| group.key == key).unwrap();
    group.ingress.iter().map(|rule| &rule.peer).collect()
}

#[test]
fn names_that_lead_to_what_moves_are_switched_and_the_others_stay() {
    let design = made(&[]);
    let zone = &design.edge.zones[0];
    let switched: Vec<_> = zone
        .switched
        .iter()
        .map(|name| {
            (
                name.source.name.as_str(),
                name.source.ttl_seconds,
                &name.target,
            )
        })
        .collect();
    let to = |key: &str| SwitchTarget::Distribution(key.to_owned());
    assert_eq!(
        switched,
        [
            ("school.example", 60, &to("school-lb")),
            ("media.school.example", 60, &to("school-media")),
        ]
    );
    let kept: Vec<_> = zone
        .records
        .iter()
        .map(|set| (set.key.as_str(), set.values.join(",")))
        .collect();
    assert_eq!(
        kept,
        [
            (
                "apex-caa",
                "0 issue \"amazon.com\",0 issue \"letsencrypt.org\"".to_owned()
            ),
            ("apex-mx", "1 mail.example.".to_owned()),
            ("blog-a", "203.0.113.18".to_owned()),
            ("www-cname", "school.example.".to_owned()),
        ]
    );
}

/// A zone holds the proofs of its certificates by the certificates themselves; a proof that others wait for stays.
#[test]
fn proofs_of_own_certificates_are_not_carried_as_records() {
    let mut estate = small();
    let proof = |name: &str| {
        let mut record = estate.of_kind("dns_record").nth(2).unwrap().clone();
        record.id = format!("proof-{name}");
        record.name = format!("_{}.{name}", "a".repeat(32));
        if let Attributes::DnsRecord(own) = &mut record.attributes {
            own.record_type = "CNAME".to_owned();
            own.data = "_b.acm-validations.aws.".to_owned();
        }
        record
    };
    let planted = [
        "school.example",
        "media.school.example",
        "status.school.example",
    ]
    .map(proof);
    estate.resources.extend(planted);
    let design = design(&estate, &overriding(&[]), "", None).unwrap();
    let kept: Vec<&str> = design.edge.zones[0]
        .records
        .iter()
        .filter(|set| set.values == ["_b.acm-validations.aws."])
        .flat_map(|set| set.origin.from.iter().map(String::as_str))
        .collect();
    assert_eq!(kept, ["proof-status.school.example"]);
    let why = |id: &str| {
        let mut items = design.not_carried.iter();
        let item = items.find(|item| item.id == id).unwrap();
        item.why.clone()
    };
    assert!(why("proof-school.example").contains("it proves a certificate"));
}

#[test]
fn distributions_stand_before_private_load_balancers_unless_the_policy_says_otherwise() {
    let design = made(&[]);
    assert_eq!(design.edge.front, Front::Distributions);
    assert!(design.ingresses[0].is_private);
    assert_eq!(group(&design, "alb-school-lb"), [&Peer::Distributions]);
    let open = made(&[
        ("edge.front", word("load_balancers")),
        ("edge.origin_access", word("identity")),
    ]);
    assert!(!open.ingresses[0].is_private);
    assert_eq!(
        group(&open, "alb-school-lb"),
        [&Peer::Internet, &Peer::Internet]
    );
    assert_eq!(open.edge.origin_access, OriginAccess::Identity);
    let delivered: Vec<_> = open
        .edge
        .distributions
        .iter()
        .map(|one| &one.delivers)
        .collect();
    assert_eq!(delivered, [&Delivered::Bucket("school-media".to_owned())]);
    assert_eq!(
        open.edge.zones[0].switched[0].target,
        SwitchTarget::Ingress("school-lb".to_owned())
    );
}

#[test]
fn a_lock_that_nobody_can_take_back_is_set_only_when_asked_for() {
    assert_eq!(made(&[]).safeguards.trail_lock, TrailLock::Governance);
    let asked = made(&[("security.trail_lock", word("compliance"))]);
    assert_eq!(asked.safeguards.trail_lock, TrailLock::Compliance);
    assert_eq!(reberth_design::notes(&asked), []);
    let mut unasked = made(&[]);
    unasked.safeguards.trail_lock = TrailLock::Compliance;
    unasked.hash = unasked.content_hash().unwrap();
    let notes = reberth_design::notes(&unasked);
    assert!(notes[0].message.contains("needs a reason"), "{notes:?}");
}

#[test]
fn caches_are_reached_by_those_the_source_trusts() {
    let design = made(&[]);
    let cache = &design.caches[0];
    assert_eq!((cache.engine.value.as_str(), cache.nodes), ("valkey", 2));
    assert_eq!(cache.parameters[0].name, "maxmemory-policy");
    assert_eq!(cache.parameters[0].value, "allkeys-lru");
    assert_eq!(cache.settings_not_copied[0].name, "redis_ssl");
    assert_eq!(
        group(&design, "cache-school-sessions"),
        [&Peer::Group("app-school-web".to_owned())]
    );
}

#[test]
fn copies_of_backups_stay_in_the_country_and_never_in_the_own_region() {
    assert_eq!(
        made(&[]).operations.copy_region.as_deref(),
        Some("ap-south-2")
    );
    let policy = overriding(&[("operations.copy_region", word("ap-south-1"))]);
    let error = design(&small(), &policy, "", None).unwrap_err();
    assert_eq!(error.code(), "RB-DSG-009");
}
