//! The virtual network: which block it gets, and how it is cut into subnets.

mod allocation;
mod block;
mod denied;
mod layout;
mod ledger;
mod zones;

use ipnet::Ipv4Net;
use reberth_model::design::{
    AvoidedBlock, Design, NatPlacement, Network, Origin, ReservedBlock, Subnet, Tier, Zone,
};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

use crate::decisions::{Decisions, Question, Values};
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
const PER_ZONE: &str = "per_zone";
const SINGLE: &str = "single";

/// What a network must hold.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    /// The most servers or nodes that there may be.
    pub(crate) servers_max: u32,
    /// The zones in use, in slot order.
    pub(crate) zones: Vec<Zone>,
    /// Whether pods live in it, which take many more addresses than servers.
    pub(crate) holds_pods: bool,
}

/// Designs the network. The block and every subnet of `previous` keep their place.
pub(crate) fn design(
    estate: &Estate,
    policy: &Policy,
    needs: Needs,
    previous: Option<&Design>,
    decisions: &mut Decisions<'_>,
) -> Result<Network, DesignError> {
    let Needs {
        servers_max,
        zones,
        holds_pods,
    } = needs;
    let denied = denied::blocks(estate, policy)?;
    let earlier = previous.map(|design| &design.network);
    let prefix = wanted_prefix(estate, servers_max, zones.len(), holds_pods)?;
    let block::Chosen {
        block,
        sibling,
        why,
    } = block::choose(earlier, prefix, &denied, decisions)?;
    check_size(block, servers_max, zones.len())?;
    let layout = Layout::of(block);
    let mut reserved = match earlier {
        Some(network) => kept_reservations(network, block),
        None => sibling_reservation(sibling),
    };
    reserved.extend(layout.reserved(zones.len()));
    Ok(Network {
        cidr: block.to_string(),
        nat: nat_placement(policy, decisions)?,
        subnets: ledger::kept(earlier, subnets(&layout, &zones, &policy.target.region)),
        zones,
        reserved,
        avoided: avoided(&denied),
        origin: origin(estate, why),
    })
}

/// The zones of the previous design in their slots, then zones of the region that are new.
pub(crate) fn zones_in_use(
    region: &str,
    previous: Option<&Design>,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Zone>, DesignError> {
    let offered = zones::of_region(region)?;
    let most = offered.len().min(layout::SLOTS);
    let wanted = decisions.number(&Question {
        id: "network.zones",
        value: &ZONES_USED.min(most).to_string(),
        alternative: "2",
        why: "with three zones the loss of one takes a third of the capacity, with two it takes half",
        may_be: Values::Number(2, most as u64),
    })? as usize;
    let mut ids: Vec<String> = previous
        .filter(|design| design.target.region == region)
        .map(|design| {
            let zones = design.network.zones.iter();
            zones.map(|zone| zone.id.clone()).collect()
        })
        .unwrap_or_default();
    for id in offered {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let keys = ["a", "b", "c", "d"].into_iter().map(str::to_owned);
    let zones = keys.zip(ids).map(|(key, id)| Zone { key, id });
    Ok(zones.take(wanted).collect())
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

fn wanted_prefix(
    estate: &Estate,
    servers_max: u32,
    zones: usize,
    holds_pods: bool,
) -> Result<u8, DesignError> {
    let needed = layout::addresses_needed(servers_max, zones);
    let first = if !holds_pods && estate.servers().count() < SMALL_ESTATE_SERVERS {
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

/// A block that was kept or given must have room too.
fn check_size(block: Ipv4Net, servers_max: u32, zones: usize) -> Result<(), DesignError> {
    let needed = layout::addresses_needed(servers_max, zones);
    let available = layout::app_slot_addresses(block.prefix_len());
    if available < needed {
        return Err(DesignError::TooManyServers { needed, available });
    }
    Ok(())
}

fn nat_placement(
    policy: &Policy,
    decisions: &mut Decisions<'_>,
) -> Result<NatPlacement, DesignError> {
    let (value, alternative, why) = if policy.target.environment == "prod" {
        let why = "the loss of a zone cuts off the way out of that zone only";
        (PER_ZONE, SINGLE, why)
    } else {
        let why = "outside production the loss of the way out is bearable, the price of three gateways is not";
        (SINGLE, PER_ZONE, why)
    };
    let choice = decisions.decide(&Question {
        id: "network.nat",
        value,
        alternative,
        why,
        may_be: Values::OneOf(&[PER_ZONE, SINGLE]),
    })?;
    Ok(match choice.value.as_str() {
        PER_ZONE => NatPlacement::PerZone,
        _ => NatPlacement::Single,
    })
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

fn origin(estate: &Estate, why: String) -> Origin {
    let mut from: Vec<String> = estate
        .of_kind("network")
        .map(|network| network.id.clone())
        .collect();
    from.sort();
    Origin { from, why }
}
