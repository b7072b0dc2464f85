//! The virtual network of a design.

use serde::{Deserialize, Serialize};

use super::Origin;

/// The virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Network {
    /// IPv4 block in CIDR notation.
    pub cidr: String,
    /// Availability zones in use, in slot order.
    pub zones: Vec<Zone>,
    /// How outbound traffic of private subnets leaves.
    pub nat: NatPlacement,
    /// Subnets, by tier and then by zone.
    pub subnets: Vec<Subnet>,
    /// Blocks kept free, ordered by address.
    pub reserved: Vec<ReservedBlock>,
    /// Blocks that the network had to stay clear of, ordered by address.
    pub avoided: Vec<AvoidedBlock>,
    /// Where the network comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// An availability zone in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Zone {
    /// Its slot: `a`, `b`, `c` or `d`. Stable, and the key of everything made once for each zone.
    pub key: String,
    /// The zone's id, which unlike its name means the same place in every account.
    pub id: String,
}

/// How outbound traffic of private subnets leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NatPlacement {
    /// One gateway in each zone: the loss of a zone cuts off that zone only.
    PerZone,
    /// One gateway for all: cheaper, and lost with its zone.
    Single,
}

/// What a subnet is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Reachable from the internet: load balancers and NAT gateways.
    Public,
    /// Application servers, with a way out through NAT.
    App,
    /// Databases, with no way out.
    Data,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Tier; 3] = [Tier::Public, Tier::App, Tier::Data];

    /// The word for it in names.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Public => "public",
            Tier::App => "app",
            Tier::Data => "data",
        }
    }
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subnet {
    /// What it is for.
    pub tier: Tier,
    /// Slot of its zone.
    pub zone: String,
    /// IPv4 block in CIDR notation.
    pub cidr: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A block that is kept free on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReservedBlock {
    /// IPv4 block in CIDR notation.
    pub cidr: String,
    /// What for.
    pub purpose: String,
}

/// A block that the network had to stay clear of.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct AvoidedBlock {
    /// IPv4 block in CIDR notation.
    pub cidr: String,
    /// Who uses it.
    pub why: String,
}
