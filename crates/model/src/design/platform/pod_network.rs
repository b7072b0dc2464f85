//! How pods get their addresses.

use serde::{Deserialize, Serialize};

use super::super::Origin;

/// Addresses of pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PodNetwork {
    /// How a node takes addresses for its pods.
    pub addressing: PodAddressing,
    /// Addresses that nodes and pods may need in one zone while another is lost.
    pub addresses_needed_per_zone: u64,
    /// Addresses that the application subnet of one zone has.
    pub addresses_in_app_subnet: u64,
    /// Second IPv4 block of the network, for pods alone; `None` when pods live in the application subnets.
    pub secondary_cidr: Option<String>,
    /// Subnets of that block, one in each zone, in slot order.
    pub subnets: Vec<PodSubnet>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// How a node takes addresses for its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PodAddressing {
    /// One by one: as many pods as the node's network interfaces have addresses.
    SecondaryIps,
    /// Sixteen at a time: more pods on a node, from whole blocks of the subnet.
    Prefixes,
}

impl PodAddressing {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            PodAddressing::SecondaryIps => "secondary_ips",
            PodAddressing::Prefixes => "prefixes",
        }
    }
}

/// A subnet for pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PodSubnet {
    /// Slot of its zone.
    pub zone: String,
    /// IPv4 block in CIDR notation.
    pub cidr: String,
}
