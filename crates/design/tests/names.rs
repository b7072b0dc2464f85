//! Names and numbers that AWS refuses: whatever the source calls things, the target's names are legal and apart.

use reberth_design::{design, notes};
use reberth_model::design::Design;
use reberth_model::estate::{Attributes, Bucket, FirewallRule, Resource};
use std::collections::BTreeSet;

use crate::estates::{estate, policy, resource, server, small};

/// Too long, empty, Unicode, equal after cleaning, reserved, full of marks.
const HOSTILE: [&str; 14] = [
    "",
    "-",
    "aws",
    "Müller & Söhne",
    "muller---sohne",
    "日本語",
    "a",
    "A",
    "0",
    "web.example.com",
    "web_example_com",
    "xn--bcher-kva",
    "../../etc/passwd",
    "a-name-of-a-server-that-nobody-should-have-given-it-but-somebody-has-and-now-it-must-be-cut-off",
];

fn renamed(kind: &str) -> Vec<Resource> {
    let mut resources = small().resources;
    for (index, name) in HOSTILE.iter().enumerate() {
        let id = format!("{kind}-{index}");
        let attributes = match kind {
            "server" => Attributes::Server(server("s-1vcpu-1gb", 1024, &["env:prod"])),
            "bucket" => Attributes::Bucket(Bucket::default()),
            _ => {
                let mut like = small().resources.into_iter();
                like.find(|one| one.attributes.kind() == kind)
                    .unwrap()
                    .attributes
            }
        };
        resources.push(resource(&id, name, attributes));
    }
    resources
}

fn keys(design: &Design) -> Vec<String> {
    let services = design
        .services
        .iter()
        .map(|one| format!("service {}", one.key));
    let databases = design
        .databases
        .iter()
        .map(|one| format!("database {}", one.key));
    let caches = design
        .caches
        .iter()
        .map(|one| format!("cache {}", one.name));
    let buckets = design
        .buckets
        .iter()
        .map(|one| format!("bucket {}", one.name));
    services
        .chain(databases)
        .chain(caches)
        .chain(buckets)
        .collect()
}

fn is_legal(name: &str, length_max: usize) -> bool {
    (1..=length_max).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[test]
fn every_name_is_legal_and_stands_once() {
    for kind in ["server", "database", "cache", "bucket", "load_balancer"] {
        let made = design(&estate(renamed(kind)), &policy(), "", None).unwrap();
        assert_eq!(notes(&made), [], "{kind}");
        let keys = keys(&made);
        let apart: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(apart.len(), keys.len(), "{kind}: {keys:?}");
        for key in &keys {
            let (what, name) = key.split_once(' ').unwrap();
            let length_max = match what {
                "cache" => 40,
                "bucket" => 50,
                _ => 32,
            };
            assert!(is_legal(name, length_max), "{key}");
        }
        for ingress in &made.ingresses {
            assert!(is_legal(&ingress.name, 32), "{}", ingress.name);
        }
    }
}

#[test]
fn four_hundred_rules_are_carried_and_the_quota_is_named() {
    let mut resources = small().resources;
    for resource in &mut resources {
        if let Attributes::Firewall(firewall) = &mut resource.attributes {
            let rule = |port: u16| FirewallRule {
                protocol: "tcp".to_owned(),
                ports: port.to_string(),
                tags: vec!["cron".to_owned()],
                ..FirewallRule::default()
            };
            firewall.inbound.extend((20_000..20_400).map(rule));
        }
    }
    let made = design(&estate(resources), &policy(), "", None).unwrap();
    let mut groups = made.security_groups.iter();
    let web = groups.find(|group| group.key == "app-school-web").unwrap();
    assert!(web.ingress.len() > 400, "{}", web.ingress.len());
    let notes = notes(&made);
    assert!(notes[0].message.contains("AWS takes 60"), "{notes:?}");
}

/// No measured use, no prices, nothing but names and sizes.
#[test]
fn an_estate_that_says_little_is_designed_all_the_same() {
    let one = vec![resource(
        "1",
        "web",
        Attributes::Server(server("s-1vcpu-1gb", 1024, &[])),
    )];
    let made = design(&estate(one), &policy(), "", None).unwrap();
    assert_eq!(made.services.len(), 1);
    assert!(made.databases.is_empty() && made.edge.distributions.is_empty());
    assert_eq!(notes(&made), []);
}

#[test]
fn a_thousand_services_are_designed_apart() {
    let servers = (0..1000).map(|index| {
        let name = format!("service-{index}-of-many-01");
        let attributes = Attributes::Server(server("s-1vcpu-1gb", 1024, &["env:prod"]));
        resource(&index.to_string(), &name, attributes)
    });
    let made = design(&estate(servers.collect()), &policy(), "", None).unwrap();
    assert_eq!(made.services.len(), 1000);
    assert_eq!(made.network.cidr.split('/').next_back(), Some("16"));
    assert_eq!(notes(&made), []);
}
