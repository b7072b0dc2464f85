//! The previous design is the ledger of what was allocated: a subnet that it has keeps its block.
//!
//! A subnet's block cannot be changed in AWS; another block destroys the subnet and everything in it. So even when a
//! later version of this program cuts networks otherwise, what stands in the ledger stays, and a new subnet whose own
//! place is taken by an old one is left out rather than moved onto it (the checker then names the missing subnet).

use ipnet::Ipv4Net;
use reberth_model::design::{Network, Subnet};

/// The wanted subnets, each with the block that the ledger has for its tier and zone.
pub(super) fn kept(earlier: Option<&Network>, wanted: Vec<Subnet>) -> Vec<Subnet> {
    let Some(earlier) = earlier else {
        return wanted;
    };
    let of = |subnet: &Subnet| {
        let mut held = earlier.subnets.iter();
        held.find(|held| held.tier == subnet.tier && held.zone == subnet.zone)
    };
    wanted
        .into_iter()
        .filter_map(|subnet| match of(&subnet) {
            Some(held) => Some(Subnet {
                cidr: held.cidr.clone(),
                ..subnet
            }),
            None => (!is_taken(earlier, &subnet)).then_some(subnet),
        })
        .collect()
}

fn is_taken(earlier: &Network, subnet: &Subnet) -> bool {
    let block = |text: &str| text.parse::<Ipv4Net>().ok();
    let Some(wanted) = block(&subnet.cidr) else {
        return true;
    };
    earlier
        .subnets
        .iter()
        .filter_map(|held| block(&held.cidr))
        .any(|held| held.contains(&wanted) || wanted.contains(&held))
}
