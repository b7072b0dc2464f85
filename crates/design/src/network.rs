//! The virtual network: which block it gets, and how it is cut into subnets.

mod allocation;
mod denied;
mod layout;
mod zones;

use ipnet::Ipv4Net;
use reberth_model::design::{
    AvoidedBlock, Design, NatPlacement, Network, Origin, ReservedBlock, Subnet, Tier, Zone,
};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

use crate::error::DesignError;
pub(crate) use denied::DeniedBlock;
use layout::Layout;

/// Zones that are used at first; the layout always keeps room for one more.
const ZONES_USED: usize = 3;
/// Size of the network of an estate with fewer servers than [`SMALL_ESTATE_SERVERS`].
const SMALL_PREFIX: u8 = 18;
/// Size of the network of any other estate.
const LARGE_PREFIX: u8 = 16;
const SMALL_ESTATE_SERVERS: usize = 100;

/// Designs the network. The block and every subnet of `previous` keep their place.
pub(crate) fn design(
    estate: &Estate,
    policy: &Policy,
    servers_max: u32,
    previous: Option<&Design>,
) -> Result<Network, DesignError> {
    let denied = denied::blocks(estate, policy)?;
    let zones = zones_in_use(&policy.target.region, previous)?;
    let earlier = previous.map(|design| &design.network);
    let (block, sibling) = match earlier {
        Some(network) => (kept_block(network, &denied)?, None),
        None => {
            let prefix = wanted_prefix(estate, servers_max, zones.len())?;
            allocation::allocate(prefix, &denied)?
        }
    };
    let layout = Layout::of(block);
    let mut reserved = match earlier {
        Some(network) => kept_reservations(network, block),
        None => sibling_reservation(sibling),
    };
    reserved.extend(layout.reserved(zones.len()));
    Ok(Network {
        cidr: block.to_string(),
        nat: nat_placement(policy),
        subnets: subnets(&layout, &zones, &policy.target.region),
        zones,
        reserved,
        avoided: avoided(&denied),
        origin: origin(estate, block),
    })
}

/// The zones of the previous design in their slots, then zones of the region that are new.
fn zones_in_use(region: &str, previous: Option<&Design>) -> Result<Vec<Zone>, DesignError> {
    let mut ids: Vec<String> = previous
        .filter(|design| design.target.region == region)
        .map(|design| {
            design
                .network
                .zones
                .iter()
                .map(|zone| zone.id.clone())
                .collect()
        })
        .unwrap_or_default();
    for id in zones::of_region(region)? {
        if ids.len() < ZONES_USED && !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(["a", "b", "c", "d"]
        .into_iter()
        .zip(ids)
        .map(|(key, id)| Zone {
            key: key.to_owned(),
            id,
        })
        .collect())
}

fn kept_block(network: &Network, denied: &[DeniedBlock]) -> Result<Ipv4Net, DesignError> {
    let block: Ipv4Net = network.cidr.parse().map_err(|_| DesignError::BadBlock {
        place: "network.cidr of the previous design".to_owned(),
        text: network.cidr.clone(),
    })?;
    match denied.iter().find(|denied| denied.overlaps(block)) {
        Some(blocker) => Err(DesignError::NetworkTaken {
            network: block.to_string(),
            blocker: blocker.to_string(),
        }),
        None => Ok(block),
    }
}

/// Reservations outside the network's own block, which only a fresh allocation makes.
fn kept_reservations(network: &Network, block: Ipv4Net) -> Vec<ReservedBlock> {
    network
        .reserved
        .iter()
        .filter(|reserved| {
            reserved
                .cidr
                .parse::<Ipv4Net>()
                .is_ok_and(|cidr| !block.contains(&cidr))
        })
        .cloned()
        .collect()
}

fn sibling_reservation(sibling: Option<Ipv4Net>) -> Vec<ReservedBlock> {
    sibling
        .map(|cidr| ReservedBlock {
            cidr: cidr.to_string(),
            purpose: "outside this network: a second environment or disaster recovery, so that both sum up to one prefix"
                .to_owned(),
        })
        .into_iter()
        .collect()
}

fn wanted_prefix(estate: &Estate, servers_max: u32, zones: usize) -> Result<u8, DesignError> {
    let needed = layout::addresses_needed(servers_max, zones);
    let first = if estate.servers().count() < SMALL_ESTATE_SERVERS {
        SMALL_PREFIX
    } else {
        LARGE_PREFIX
    };
    let fits = |prefix: &u8| layout::app_slot_addresses(*prefix) >= needed;
    [first, LARGE_PREFIX]
        .into_iter()
        .find(fits)
        .ok_or(DesignError::TooManyServers {
            needed,
            available: layout::app_slot_addresses(LARGE_PREFIX),
        })
}

fn nat_placement(policy: &Policy) -> NatPlacement {
    if policy.target.environment == "prod" {
        NatPlacement::PerZone
    } else {
        NatPlacement::Single
    }
}

fn subnets(layout: &Layout, zones: &[Zone], region: &str) -> Vec<Subnet> {
    Tier::ALL
        .into_iter()
        .flat_map(|tier| zones.iter().enumerate().map(move |slot| (tier, slot)))
        .map(|(tier, (index, zone))| Subnet {
            tier,
            zone: zone.key.clone(),
            cidr: layout.slot(tier, index).to_string(),
            origin: Origin {
                from: Vec::new(),
                why: format!(
                    "slot {} of the {} tier, in zone {} of {region}",
                    index + 1,
                    tier.word(),
                    zone.id
                ),
            },
        })
        .collect()
}

fn avoided(denied: &[DeniedBlock]) -> Vec<AvoidedBlock> {
    denied
        .iter()
        .map(|denied| AvoidedBlock {
            cidr: denied.block.to_string(),
            why: denied.why.clone(),
        })
        .collect()
}

fn origin(estate: &Estate, block: Ipv4Net) -> Origin {
    let mut from: Vec<String> = estate
        .of_kind("network")
        .map(|network| network.id.clone())
        .collect();
    from.sort();
    Origin {
        from,
        why: format!(
            "{block} is the first block of its size that overlaps no network of the source and nothing in the list of avoided blocks"
        ),
    }
}
