//! Checks of the network of a design.

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::design::{Design, NatPlacement, Subnet, Tier};
use reberth_model::estate::Attributes;

use super::{Target, TargetRule, fail_if, item};
use crate::network_reach::Block;

pub(super) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "RB-T-REL-04",
        problem: "Subnets leave too little room",
        check: room,
    },
    TargetRule {
        id: "RB-T-REL-05",
        problem: "The network overlaps another one",
        check: overlap,
    },
    TargetRule {
        id: "RB-T-REL-06",
        problem: "One NAT gateway serves all zones",
        check: way_out,
    },
    TargetRule {
        id: "RB-T-SEC-14",
        problem: "Servers or databases have no private subnet",
        check: private_tiers,
    },
];

/// Addresses that AWS keeps for itself in each subnet.
const KEPT_BY_AWS: u64 = 5;
/// Addresses that a load balancer may take in each subnet while it grows.
const PER_LOAD_BALANCER: u64 = 8;
/// Widest prefix of a subnet that load balancers are put into.
const LOAD_BALANCER_PREFIX_MAX: u8 = 27;
/// Share of the addresses that may be in use at the highest scale.
const USED_PERCENT_MAX: u64 = 70;

fn room(target: &Target) -> Option<Vec<Evidence>> {
    let design = target.design?;
    Some(
        design
            .network
            .subnets
            .iter()
            .map(|subnet| {
                let (result, value) = room_in(design, subnet);
                let key = format!("{}-{}", subnet.tier.word(), subnet.zone);
                item("subnet", &key, result, "cidr", value)
            })
            .collect(),
    )
}

/// Addresses that private or public load balancers may take in each of their subnets.
fn load_balancers(design: &Design, private: bool) -> u64 {
    let ingresses = design.ingresses.iter();
    ingresses
        .filter(|ingress| ingress.is_private == private)
        .count() as u64
        * PER_LOAD_BALANCER
}

fn room_in(design: &Design, subnet: &Subnet) -> (CheckResult, String) {
    let Some(block) = Block::parse(&subnet.cidr) else {
        return (
            CheckResult::Unknown,
            format!("{} is no IPv4 block", subnet.cidr),
        );
    };
    let usable = (1_u64 << (32 - block.prefix())).saturating_sub(KEPT_BY_AWS);
    let zones = design.network.zones.len().max(1) as u64;
    let needed = match subnet.tier {
        Tier::Public => load_balancers(design, false) + 1,
        Tier::App => {
            let servers = design
                .services
                .iter()
                .map(|service| u64::from(service.capacity.max));
            servers.sum::<u64>().div_ceil(zones)
                + of_cluster(design, zones)
                + load_balancers(design, true)
        }
        Tier::Data => {
            let nodes = |replicas: usize| 2 + replicas as u64;
            design
                .databases
                .iter()
                .map(|database| nodes(database.replicas.len()))
                .sum()
        }
    };
    let too_small = subnet.tier == Tier::Public && block.prefix() > LOAD_BALANCER_PREFIX_MAX;
    let value = format!(
        "{}: {needed} of {usable} addresses at the highest scale",
        subnet.cidr
    );
    (
        fail_if(too_small || needed * 100 > usable * USED_PERCENT_MAX),
        value,
    )
}

/// Addresses that nodes and their pods may hold in one zone; nodes alone, where pods have subnets of their own.
fn of_cluster(design: &Design, zones: u64) -> u64 {
    let Some(platform) = &design.platform else {
        return 0;
    };
    let groups = platform.node_groups.iter();
    let nodes: u64 = groups.map(|own| u64::from(own.size.max)).sum();
    match platform.pod_network.secondary_cidr {
        Some(_) => nodes.div_ceil(zones),
        None => platform.pod_network.addresses_needed_per_zone,
    }
}

fn overlap(target: &Target) -> Option<Vec<Evidence>> {
    let network = &target.design?.network;
    let own = Block::parse(&network.cidr);
    let of_source =
        target
            .estate
            .resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Network(other) => Some((resource.name.clone(), other.cidr.clone())),
                _ => None,
            });
    let avoided = target.policy.target.avoid_cidrs.iter();
    let avoided = avoided.map(|cidr| ("reberth.yaml".to_owned(), cidr.clone()));
    let look = |(owner, cidr): (String, String)| {
        let result = match (own, Block::parse(&cidr)) {
            (Some(own), Some(other)) => fail_if(own.overlaps(other)),
            _ => CheckResult::Unknown,
        };
        let value = format!("{} beside {cidr} of {owner}", network.cidr);
        item("network", &network.cidr, result, "cidr", value)
    };
    let found: Vec<Evidence> = of_source.chain(avoided).map(look).collect();
    if found.is_empty() {
        let value = "no other network is known".to_owned();
        return Some(vec![item(
            "network",
            &network.cidr,
            CheckResult::Pass,
            "cidr",
            value,
        )]);
    }
    Some(found)
}

fn way_out(target: &Target) -> Option<Vec<Evidence>> {
    let network = &target.design?.network;
    let (result, value) = match network.nat {
        NatPlacement::PerZone => (CheckResult::Pass, "one gateway in each zone"),
        NatPlacement::Single => (
            CheckResult::Fail,
            "one gateway for all zones: its zone takes the others' way out with it",
        ),
    };
    Some(vec![item(
        "network",
        &network.cidr,
        result,
        "nat",
        value.to_owned(),
    )])
}

fn private_tiers(target: &Target) -> Option<Vec<Evidence>> {
    let network = &target.design?.network;
    let zones = network.zones.iter();
    Some(
        zones
            .flat_map(|zone| [Tier::App, Tier::Data].map(|tier| (zone.key.clone(), tier)))
            .map(|(zone, tier)| {
                let has = |subnet: &&Subnet| subnet.zone == zone && subnet.tier == tier;
                let found = network.subnets.iter().find(has);
                let value = found
                    .map_or("none", |subnet| subnet.cidr.as_str())
                    .to_owned();
                let key = format!("{}-{zone}", tier.word());
                item("subnet", &key, fail_if(found.is_none()), "cidr", value)
            })
            .collect(),
    )
}
