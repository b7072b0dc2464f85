//! How pods get their addresses, and whether the network has enough of them.
//!
//! Every pod has an address of the network. A node takes more than it uses: one by one it fills whole network interfaces, in prefixes whole blocks
//! of sixteen. So what counts is what nodes may hold, not what pods need. If that is more than half of an application subnet while one zone is lost, pods
//! get subnets of their own in 100.64.0.0/10, which is never routed to anybody: pods leave by the address of their node.

use ipnet::Ipv4Net;
use reberth_model::design::{Design, Network, Origin, PodAddressing, PodNetwork, PodSubnet, Tier};

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::placement::NodeType;

const SHARED_RANGE: &str = "100.64.0.0/10";
const BLOCK_PREFIX: u8 = 16;
const SUBNET_PREFIX: u8 = 18;
/// The decision about where pods live.
const ADDRESSES: &str = "pods.addresses";
const NETWORK: &str = "network";
const OWN_BLOCK: &str = "own_block";
/// Addresses that AWS keeps in every subnet.
const RESERVED_ADDRESSES: u64 = 5;
/// Addresses of a prefix, and prefixes kept ready on a node.
const PREFIX_ADDRESSES: u64 = 16;
const WARM_PREFIXES: u64 = 1;

/// Addresses that nodes of these types may hold in one zone while another is lost.
pub(super) fn needed_per_zone(
    nodes: &[(NodeType, u32, u64)],
    addressing: PodAddressing,
    zones: usize,
) -> u64 {
    let standing = zones.saturating_sub(1).max(1) as u64;
    nodes
        .iter()
        .map(|(node_type, nodes_max, pods_max)| {
            let each = match addressing {
                PodAddressing::SecondaryIps => {
                    node_type.interfaces * node_type.addresses_per_interface
                }
                PodAddressing::Prefixes => {
                    node_type.interfaces
                        + PREFIX_ADDRESSES * (pods_max.div_ceil(PREFIX_ADDRESSES) + WARM_PREFIXES)
                }
            };
            u64::from(*nodes_max).div_ceil(standing) * each
        })
        .sum()
}

/// Addresses of the smallest application subnet.
pub(super) fn in_app_subnet(network: &Network) -> u64 {
    let app = network
        .subnets
        .iter()
        .filter(|subnet| subnet.tier == Tier::App);
    app.filter_map(|subnet| subnet.cidr.parse::<Ipv4Net>().ok())
        .map(|block| (1_u64 << (32 - block.prefix_len())) - RESERVED_ADDRESSES)
        .min()
        .unwrap_or(0)
}

/// Whether pods have subnets of their own. What stands stays: pods that change their network all start anew.
pub(super) fn has_own_block(
    needed: u64,
    network: &Network,
    previous: Option<&Design>,
    decisions: &mut Decisions<'_>,
) -> Result<bool, DesignError> {
    let available = in_app_subnet(network);
    let stands = !decisions.is_overridden(ADDRESSES)
        && earlier(previous).is_some_and(|own| own.secondary_cidr.is_some());
    let is_short = needed * 2 > available;
    let (value, alternative) = if stands || is_short {
        (OWN_BLOCK, NETWORK)
    } else {
        (NETWORK, OWN_BLOCK)
    };
    // The same for a new block and a kept one: a design that changes nothing is the previous design.
    let why = if stands || is_short {
        format!(
            "nodes may hold {needed} addresses in one zone, and an application subnet has {available}: beyond half of it pods get a block of their own, and keep it"
        )
    } else {
        format!(
            "nodes may hold {needed} addresses in one zone, at most half of the {available} of an application subnet; pods can be reached and traced by their own address"
        )
    };
    let choice = decisions.decide(&Question {
        id: ADDRESSES,
        value,
        alternative,
        why: &why,
        may_be: Values::OneOf(&[NETWORK, OWN_BLOCK]),
    })?;
    Ok(choice.value == OWN_BLOCK)
}

/// The pod network.
pub(super) fn design(
    addressing: PodAddressing,
    needed: u64,
    own_block: bool,
    network: &Network,
    previous: Option<&Design>,
) -> Result<PodNetwork, DesignError> {
    let block = match earlier(previous).and_then(|own| own.secondary_cidr.clone()) {
        Some(cidr) if own_block => Some(cidr),
        _ if own_block => Some(free_block(network)?.to_string()),
        _ => None,
    };
    let subnets = block
        .as_deref()
        .and_then(|cidr| cidr.parse::<Ipv4Net>().ok())
        .map(|block| subnets(block, network))
        .unwrap_or_default();
    let why = match &block {
        Some(cidr) => format!(
            "pods have addresses of {cidr}, which nobody else sees: they leave by their node's"
        ),
        None => "pods have addresses of the application subnets".to_owned(),
    };
    Ok(PodNetwork {
        addressing,
        addresses_needed_per_zone: needed,
        addresses_in_app_subnet: in_app_subnet(network),
        secondary_cidr: block,
        subnets,
        origin: Origin {
            from: Vec::new(),
            why,
        },
    })
}

fn earlier(previous: Option<&Design>) -> Option<&PodNetwork> {
    Some(&previous?.platform.as_ref()?.pod_network)
}

fn subnets(block: Ipv4Net, network: &Network) -> Vec<PodSubnet> {
    let slots = block.subnets(SUBNET_PREFIX).into_iter().flatten();
    let zones = network.zones.iter();
    slots
        .zip(zones)
        .map(|(slot, zone)| PodSubnet {
            zone: zone.key.clone(),
            cidr: slot.to_string(),
        })
        .collect()
}

fn free_block(network: &Network) -> Result<Ipv4Net, DesignError> {
    let taken: Vec<Ipv4Net> = network
        .avoided
        .iter()
        .map(|avoided| &avoided.cidr)
        .chain([&network.cidr])
        .filter_map(|cidr| cidr.parse().ok())
        .collect();
    let range = SHARED_RANGE.parse::<Ipv4Net>().ok();
    range
        .and_then(|range| range.subnets(BLOCK_PREFIX).ok())
        .into_iter()
        .flatten()
        .find(|block| {
            !taken
                .iter()
                .any(|taken| taken.contains(block) || block.contains(taken))
        })
        .ok_or_else(|| DesignError::NoFreeBlock {
            prefix: BLOCK_PREFIX,
            blockers: network
                .avoided
                .iter()
                .map(|own| format!("{} ({})", own.cidr, own.why))
                .collect(),
        })
}
