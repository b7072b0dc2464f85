//! What may be wrong with a platform.

use ipnet::Ipv4Net;
use reberth_model::design::{
    Application, Design, Fate, Platform, SettingFate, Workload, WorkloadKind,
};
use reberth_model::estate::REDACTED;
use std::collections::BTreeSet;

use super::{Note, has_group, note};
use crate::platform::is_reserved;

/// Addresses that AWS keeps in every subnet.
const SUBNET_KEEPS: u64 = 5;
/// Names of a certificate, and of the distribution that shows it, until a quota is raised.
const CERTIFICATE_NAMES_MAX: usize = 10;

/// Everything that is named exists, every pod has a place, and no two things have one name.
pub(super) fn check(design: &Design, notes: &mut Vec<Note>) {
    let Some(platform) = &design.platform else {
        return;
    };
    applications(design, platform, notes);
    workloads(platform, notes);
    node_groups(design, platform, notes);
    addresses(design, platform, notes);
    certificates(design, notes);
}

/// Whether a workload of that key answers requests.
pub(super) fn takes_requests(design: &Design, key: &str) -> bool {
    let workload = design
        .platform
        .as_ref()
        .and_then(|platform| platform.workload(key));
    workload.is_some_and(|own| matches!(own.kind, WorkloadKind::Web(_)))
}

fn applications(design: &Design, platform: &Platform, notes: &mut Vec<Note>) {
    let mut namespaces = BTreeSet::new();
    for own in &platform.applications {
        let item = format!("application {}", own.key);
        if !namespaces.insert(&own.namespace) {
            note(
                notes,
                &item,
                format!("two applications share the namespace {}", own.namespace),
            );
        }
        if is_reserved(&own.namespace) {
            note(
                notes,
                &item,
                format!("the namespace {} belongs to the cluster", own.namespace),
            );
        }
        if platform.identity(&own.identity).is_none() {
            note(
                notes,
                &item,
                format!("there is no identity {}", own.identity),
            );
        }
        if !platform
            .repositories
            .iter()
            .any(|one| one.key == own.repository)
        {
            note(
                notes,
                &item,
                format!("there is no repository {}", own.repository),
            );
        }
        settings(design, own, &item, notes);
    }
    for fate in platform
        .addon_fates
        .iter()
        .filter(|fate| fate.fate == Fate::Undecided)
    {
        note(
            notes,
            format!("added service {}", fate.name),
            format!("{}: {}", fate.service, fate.why),
        );
    }
}

/// Settings name stores that are part of the design.
fn settings(design: &Design, own: &Application, item: &str, notes: &mut Vec<Note>) {
    let Some(settings) = &own.settings.settings else {
        let message = "its settings were not visible: name them before the first release";
        return note(notes, item, message);
    };
    for setting in settings {
        let is_there = match &setting.fate {
            SettingFate::Database(key) => design.databases.iter().any(|one| one.key == *key),
            SettingFate::Cache(key) => design.caches.iter().any(|one| one.key == *key),
            SettingFate::Carried | SettingFate::Dropped | SettingFate::Undecided => true,
        };
        if !is_there {
            let message = format!(
                "setting {} names a store that is not part of this design",
                setting.name
            );
            note(notes, item, message);
        }
    }
}

fn workloads(platform: &Platform, notes: &mut Vec<Note>) {
    let mut keys = BTreeSet::new();
    let mut names = BTreeSet::new();
    for own in &platform.workloads {
        let item = format!("workload {}", own.key);
        if !keys.insert(&own.key) || !names.insert((&own.application, &own.name)) {
            note(notes, &item, "two workloads have this name");
        }
        if platform.application(&own.application).is_none() {
            note(
                notes,
                &item,
                format!("there is no application {}", own.application),
            );
        }
        if platform.node_group(&own.node_group).is_none() {
            note(
                notes,
                &item,
                format!("there is no node group {}", own.node_group),
            );
        }
        if own.command.contains(REDACTED) {
            let message = "a secret stood in its command and was left out: write it anew so that it reads the secret from a setting";
            note(notes, &item, message);
        }
        numbers(own, &item, notes);
    }
}

fn numbers(own: &Workload, item: &str, notes: &mut Vec<Note>) {
    let replicas = &own.replicas;
    if !(replicas.min <= replicas.desired && replicas.desired <= replicas.max && replicas.max > 0) {
        note(
            notes,
            item,
            "its replicas are not in the order min, desired, max",
        );
    }
    if own.resources.memory_limit_mib < own.resources.memory_request_mib {
        note(notes, item, "its limit of memory is below what it asks for");
    }
    if own
        .disruptable_at_once
        .is_some_and(|count| count >= replicas.min)
    {
        note(notes, item, "all of its pods may be taken away at once");
    }
}

fn node_groups(design: &Design, platform: &Platform, notes: &mut Vec<Note>) {
    for own in &platform.node_groups {
        let item = format!("node group {}", own.key);
        if !has_group(design, &own.security_group) {
            note(
                notes,
                &item,
                format!("there is no security group {}", own.security_group),
            );
        }
        if !(own.size.min <= own.size.desired
            && own.size.desired <= own.size.max
            && own.size.min > 0)
        {
            note(
                notes,
                &item,
                "its size is not in the order min, desired, max",
            );
        }
        let placement = platform
            .placements
            .iter()
            .find(|one| one.node_group == own.key);
        match placement {
            None => note(notes, &item, "the placement check says nothing of it"),
            Some(placement) => {
                for scenario in placement.scenarios.iter().filter(|one| !one.fits) {
                    note(notes, &item, format!("it does not fit: {}", scenario.what));
                }
            }
        }
    }
}

/// The services' range lies apart from every network; pods' subnets lie in their block.
fn addresses(design: &Design, platform: &Platform, notes: &mut Vec<Note>) {
    let block = |text: &str| text.parse::<Ipv4Net>().ok();
    let overlap = |left: Ipv4Net, right: Ipv4Net| left.contains(&right) || right.contains(&left);
    let Some(services) = block(&platform.cluster.service_cidr) else {
        return note(
            notes,
            "cluster",
            "the range of its services is not an IPv4 block",
        );
    };
    let pods = platform.pod_network.secondary_cidr.as_deref();
    for other in [Some(design.network.cidr.as_str()), pods]
        .into_iter()
        .flatten()
        .filter_map(block)
    {
        if overlap(services, other) {
            note(
                notes,
                "cluster",
                format!("the range of its services {services} overlaps {other}"),
            );
        }
    }
    let own = &platform.pod_network;
    let has = own
        .subnets
        .iter()
        .filter_map(|subnet| block(&subnet.cidr))
        .map(|subnet| (1_u64 << (32 - subnet.prefix_len())) - SUBNET_KEEPS)
        .min()
        .unwrap_or(own.addresses_in_app_subnet);
    if own.addresses_needed_per_zone > has {
        let message = format!(
            "nodes may hold {} addresses in one zone, and a subnet has {has}: pods would wait for an address",
            own.addresses_needed_per_zone
        );
        note(notes, "pod network", message);
    }
    let within = pods.and_then(block);
    for subnet in &platform.pod_network.subnets {
        let is_within = block(&subnet.cidr)
            .zip(within)
            .is_some_and(|(own, block)| block.contains(&own));
        if !is_within {
            note(
                notes,
                "pod network",
                format!("{} lies outside of its block", subnet.cidr),
            );
        }
    }
}

fn certificates(design: &Design, notes: &mut Vec<Note>) {
    for own in &design.ingresses {
        let names = own.alternative_names.len() + 1;
        if names > CERTIFICATE_NAMES_MAX {
            let message = format!(
                "{names} names; a certificate takes {CERTIFICATE_NAMES_MAX} until its quota is raised"
            );
            note(notes, format!("load balancer {}", own.key), message);
        }
    }
}
