//! Blocks that the network must not overlap.

use ipnet::Ipv4Net;
use reberth_model::estate::{Attributes, Estate};
use reberth_model::policy::Policy;
use std::fmt;
use std::net::Ipv4Addr;

use crate::error::DesignError;

/// A block that the network must not overlap, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeniedBlock {
    /// The block, without host bits.
    pub(crate) block: Ipv4Net,
    /// Who uses it.
    pub(crate) why: String,
}

impl DeniedBlock {
    /// Whether the two share an address.
    pub(crate) fn overlaps(&self, block: Ipv4Net) -> bool {
        self.block.contains(&block) || block.contains(&self.block)
    }
}

impl fmt::Display for DeniedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.block, self.why)
    }
}

/// Blocks that are in use in every AWS account or on most hosts.
const ALWAYS: [(&str, &str); 10] = [
    ("0.0.0.0/8", "this network, RFC 1122"),
    (
        "10.0.0.0/16",
        "the usual example block and the default of Heroku Private Spaces: later peers are likely to have it",
    ),
    ("10.100.0.0/16", "default service range of EKS"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local: instance metadata"),
    ("172.17.0.0/16", "default bridge of Docker"),
    ("172.20.0.0/16", "default service range of EKS"),
    ("172.31.0.0/16", "default VPC of every AWS account"),
    ("192.168.0.0/24", "used inside AWS DMS instances"),
    ("224.0.0.0/3", "multicast and reserved"),
];

/// All blocks to stay clear of, ordered by address.
pub(super) fn blocks(estate: &Estate, policy: &Policy) -> Result<Vec<DeniedBlock>, DesignError> {
    let mut denied = always();
    denied.extend(source_networks(estate)?);
    denied.extend(source_addresses(estate, &denied));
    for (index, text) in policy.target.avoid_cidrs.iter().enumerate() {
        let place = format!("target.avoid_cidrs[{index}]");
        denied.push(DeniedBlock {
            block: parse(text, &place)?,
            why: format!("{place} of the policy"),
        });
    }
    denied.sort();
    denied.dedup_by(|later, earlier| later.block == earlier.block);
    Ok(denied)
}

fn always() -> Vec<DeniedBlock> {
    ALWAYS
        .iter()
        .map(|(block, why)| DeniedBlock {
            block: block.parse().expect("the table above holds IPv4 blocks"),
            why: (*why).to_owned(),
        })
        .collect()
}

fn source_networks(estate: &Estate) -> Result<Vec<DeniedBlock>, DesignError> {
    let mut denied = Vec::new();
    for resource in &estate.resources {
        let Attributes::Network(network) = &resource.attributes else {
            continue;
        };
        // An IPv6 block cannot overlap an IPv4 one.
        if network.cidr.contains(':') {
            continue;
        }
        let place = format!("network {} of the source has the block", resource.name);
        denied.push(DeniedBlock {
            block: parse(&network.cidr, &place)?,
            why: format!("network {} of the source", resource.name),
        });
    }
    Ok(denied)
}

/// Private addresses of servers outside every known network, so that no route to them is shadowed.
fn source_addresses(estate: &Estate, known: &[DeniedBlock]) -> Vec<DeniedBlock> {
    estate
        .servers()
        .flat_map(|(resource, server)| {
            server
                .private_ipv4
                .iter()
                .map(move |address| (resource, address))
        })
        .filter_map(|(resource, address)| {
            let address: Ipv4Addr = address.parse().ok()?;
            let is_known = known.iter().any(|denied| denied.block.contains(&address));
            (!is_known).then(|| DeniedBlock {
                block: Ipv4Net::from(address),
                why: format!("private address of server {}", resource.name),
            })
        })
        .collect()
}

/// Reads a block; host bits are dropped, as AWS does.
fn parse(text: &str, place: &str) -> Result<Ipv4Net, DesignError> {
    text.trim()
        .parse::<Ipv4Net>()
        .map(|block| block.trunc())
        .map_err(|_| DesignError::BadBlock {
            place: place.to_owned(),
            text: text.to_owned(),
        })
}
