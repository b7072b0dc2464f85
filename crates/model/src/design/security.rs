//! Encryption keys and security groups of a design.

use serde::{Deserialize, Serialize};

use super::Origin;

/// An encryption key for one class of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EncryptionKey {
    /// Class of data: `compute`, `data`.
    pub key: String,
    /// What it protects.
    pub description: String,
    /// Services that use the key on behalf of callers in the account, for example `ec2`.
    pub used_through: Vec<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A security group with everything it lets in and out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecurityGroup {
    /// Stable key: `alb-…`, `app-…` or `db-…`.
    pub key: String,
    /// What it protects.
    pub description: String,
    /// Traffic let in, ordered by key.
    pub ingress: Vec<TrafficRule>,
    /// Traffic let out, ordered by key.
    pub egress: Vec<TrafficRule>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Traffic that is let in or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrafficRule {
    /// Stable key, unique within the group and direction.
    pub key: String,
    /// `tcp`, `udp` or `icmp`.
    pub protocol: String,
    /// First port.
    pub port_first: u16,
    /// Last port.
    pub port_last: u16,
    /// The other side.
    pub peer: Peer,
    /// Where the rule comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// The other side of a traffic rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// Any IPv4 address.
    Internet,
    /// The addresses from which distributions reach their origins.
    Distributions,
    /// Members of another security group, by key.
    Group(String),
}
