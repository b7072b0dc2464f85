//! Reads a design and notes what is wrong with it, whoever made it.

mod edge;
mod platform;

use ipnet::Ipv4Net;
use reberth_model::design::{Design, Peer, SecurityGroup, Tier};
use std::collections::BTreeSet;

/// Rules that a security group takes in each direction until its quota is raised.
const GROUP_RULES_MAX: usize = 60;

/// Something that is wrong with a design.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The item, for example `database lms-core`.
    pub item: String,
    /// What is wrong with it.
    pub message: String,
}

/// Everything that is wrong with a design, ordered; empty for a sound one.
pub fn notes(design: &Design) -> Vec<Note> {
    let mut notes = Vec::new();
    hash(design, &mut notes);
    blocks(design, &mut notes);
    zones(design, &mut notes);
    databases(design, &mut notes);
    services(design, &mut notes);
    traffic(design, &mut notes);
    edge::check(design, &mut notes);
    platform::check(design, &mut notes);
    notes.sort();
    notes.dedup();
    notes
}

fn note(notes: &mut Vec<Note>, item: impl Into<String>, message: impl Into<String>) {
    notes.push(Note {
        item: item.into(),
        message: message.into(),
    });
}

fn hash(design: &Design, notes: &mut Vec<Note>) {
    if design.content_hash().ok().as_deref() != Some(&design.hash) {
        note(
            notes,
            "design",
            "its hash is not the hash of its content: it was edited",
        );
    }
}

/// Every block lies in the network, and no two of them overlap.
fn blocks(design: &Design, notes: &mut Vec<Note>) {
    let Some(network) = block(&design.network.cidr, "network", notes) else {
        return;
    };
    let mut seen: Vec<(String, Ipv4Net)> = Vec::new();
    for subnet in &design.network.subnets {
        let item = format!("subnet {}-{}", subnet.tier.word(), subnet.zone);
        let Some(cidr) = block(&subnet.cidr, &item, notes) else {
            continue;
        };
        if !network.contains(&cidr) {
            note(
                notes,
                &item,
                format!("{cidr} lies outside the network {network}"),
            );
        }
        for (other, taken) in &seen {
            if overlap(*taken, cidr) {
                note(notes, &item, format!("{cidr} overlaps {other}"));
            }
        }
        seen.push((item, cidr));
    }
    for reserved in &design.network.reserved {
        let item = format!("reserved block {}", reserved.cidr);
        if let Some(cidr) = block(&reserved.cidr, &item, notes)
            && let Some((other, _)) = seen.iter().find(|(_, taken)| overlap(*taken, cidr))
        {
            note(notes, &item, format!("it overlaps {other}"));
        }
    }
    for avoided in &design.network.avoided {
        if let Some(cidr) = block(&avoided.cidr, "avoided block", notes)
            && overlap(cidr, network)
        {
            note(
                notes,
                "network",
                format!("{network} overlaps {cidr} ({})", avoided.why),
            );
        }
    }
}

fn block(text: &str, item: &str, notes: &mut Vec<Note>) -> Option<Ipv4Net> {
    let parsed = text
        .parse::<Ipv4Net>()
        .ok()
        .filter(|block| block.trunc() == *block);
    if parsed.is_none() {
        note(notes, item, format!("{text:?} is not an IPv4 block"));
    }
    parsed
}

fn overlap(left: Ipv4Net, right: Ipv4Net) -> bool {
    left.contains(&right) || right.contains(&left)
}

/// Two zones at least, and one subnet of every tier in each.
fn zones(design: &Design, notes: &mut Vec<Note>) {
    if design.network.zones.len() < 2 {
        note(
            notes,
            "network",
            "load balancers and databases need two zones at least",
        );
    }
    for zone in &design.network.zones {
        for tier in Tier::ALL {
            let count = design
                .network
                .subnets
                .iter()
                .filter(|subnet| subnet.tier == tier && subnet.zone == zone.key)
                .count();
            if count != 1 {
                let message = format!(
                    "{count} subnets of the {} tier where one is needed",
                    tier.word()
                );
                note(notes, format!("zone {}", zone.key), message);
            }
        }
    }
}

fn databases(design: &Design, notes: &mut Vec<Note>) {
    let mut keys = BTreeSet::new();
    for database in &design.databases {
        let item = format!("database {}", database.key);
        if !keys.insert(&database.key) {
            note(notes, &item, "two databases have this key");
        }
        if !has_group(design, &database.security_group) {
            note(
                notes,
                &item,
                format!("there is no security group {}", database.security_group),
            );
        }
        if !design
            .network
            .subnets
            .iter()
            .any(|subnet| subnet.tier == Tier::Data)
        {
            note(notes, &item, "there is no data subnet to put it in");
        }
        if database.backup_retention_days == 0 {
            note(
                notes,
                &item,
                "without backups it can be neither restored nor replicated",
            );
        }
        if database.storage_gib_max < database.storage_gib {
            note(
                notes,
                &item,
                "it may grow to less storage than it starts with",
            );
        }
    }
}

fn services(design: &Design, notes: &mut Vec<Note>) {
    let mut keys = BTreeSet::new();
    for service in &design.services {
        let item = format!("service {}", service.key);
        let capacity = &service.capacity;
        if !keys.insert(&service.key) {
            note(notes, &item, "two services have this key");
        }
        if !(capacity.min <= capacity.desired
            && capacity.desired <= capacity.max
            && capacity.max > 0)
        {
            note(
                notes,
                &item,
                "its capacity is not in the order min, desired, max",
            );
        }
        if !has_group(design, &service.security_group) {
            note(
                notes,
                &item,
                format!("there is no security group {}", service.security_group),
            );
        }
    }
    for ingress in &design.ingresses {
        let item = format!("load balancer {}", ingress.key);
        let service = design
            .services
            .iter()
            .find(|service| service.key == ingress.service);
        let takes_requests = service.is_some_and(|service| service.target_group.is_some())
            || platform::takes_requests(design, &ingress.service);
        if !takes_requests {
            note(
                notes,
                &item,
                format!("service {} takes no requests", ingress.service),
            );
        }
        if !has_group(design, &ingress.security_group) {
            note(
                notes,
                &item,
                format!("there is no security group {}", ingress.security_group),
            );
        }
    }
}

fn has_group(design: &Design, key: &str) -> bool {
    design.security_groups.iter().any(|group| group.key == key)
}

/// Rules name groups that exist, and the internet reaches load balancers only.
fn traffic(design: &Design, notes: &mut Vec<Note>) {
    for group in &design.security_groups {
        let item = format!("security group {}", group.key);
        for rule in group.ingress.iter().chain(&group.egress) {
            if let Peer::Group(peer) = &rule.peer
                && !has_group(design, peer)
            {
                note(
                    notes,
                    &item,
                    format!("rule {} names the missing group {peer}", rule.key),
                );
            }
        }
        for (direction, rules) in [("in", &group.ingress), ("out", &group.egress)] {
            let count: usize = rules.iter().map(|rule| weight(&rule.peer)).sum();
            if count > GROUP_RULES_MAX {
                let message = format!(
                    "{count} rules {direction}; AWS takes {GROUP_RULES_MAX} until its quota is raised"
                );
                note(notes, &item, message);
            }
        }
        if is_open(group)
            && !design
                .ingresses
                .iter()
                .any(|ingress| ingress.security_group == group.key)
        {
            note(
                notes,
                &item,
                "it is open to the internet and protects no load balancer",
            );
        }
    }
}

/// How many rules AWS counts for one peer: a list of prefixes counts with the most entries it may have.
fn weight(peer: &Peer) -> usize {
    match peer {
        Peer::Distributions => 55,
        Peer::Internet | Peer::Group(_) => 1,
    }
}

fn is_open(group: &SecurityGroup) -> bool {
    group.ingress.iter().any(|rule| rule.peer == Peer::Internet)
}
