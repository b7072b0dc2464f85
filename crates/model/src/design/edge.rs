//! What stands between users and load balancers: names, delivery, web firewall.

use serde::{Deserialize, Serialize};

use super::Origin;

/// The edge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Edge {
    /// What answers for the application.
    pub front: Front,
    /// How buckets know the distributions that deliver them.
    pub origin_access: OriginAccess,
    /// Requests of one address in five minutes before it is refused.
    pub requests_per_five_minutes: u64,
    /// The same for the paths where people sign in.
    pub sign_ins_per_five_minutes: u64,
    /// Whether the wider managed rule groups refuse requests, or only count them.
    pub managed_rules_block: bool,
    /// Distributions, ordered by key.
    pub distributions: Vec<Distribution>,
    /// Hosted zones, ordered by name.
    pub zones: Vec<DnsZone>,
}

/// What answers for the application.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Front {
    /// Distributions, which reach private load balancers inside the network.
    Distributions,
    /// The load balancers themselves, in public subnets.
    #[default]
    LoadBalancers,
}

/// How a bucket knows the distribution that delivers it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OriginAccess {
    /// Origin access control: each request is signed.
    #[default]
    Control,
    /// Origin access identity: the older form.
    Identity,
}

impl OriginAccess {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            OriginAccess::Control => "control",
            OriginAccess::Identity => "identity",
        }
    }
}

/// A distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Distribution {
    /// Stable key.
    pub key: String,
    /// What it delivers.
    pub delivers: Delivered,
    /// First name of the certificate.
    pub domain: String,
    /// Further names of the certificate, ordered.
    pub alternative_names: Vec<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// What a distribution delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// An application, through the load balancer of this key.
    Ingress(String),
    /// Files of the bucket of this key.
    Bucket(String),
}

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DnsZone {
    /// Stable key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Records that stay as they are, ordered by key.
    pub records: Vec<DnsRecordSet>,
    /// Names that the cutover switches, ordered by key.
    pub switched: Vec<SwitchedName>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// All records of one name and type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DnsRecordSet {
    /// Stable key, unique in its zone.
    pub key: String,
    /// Whole name.
    pub name: String,
    /// `A`, `MX`, …
    pub record_type: String,
    /// Time to live in seconds.
    pub ttl_seconds: u64,
    /// What they say, ordered, as Terraform takes it.
    pub values: Vec<String>,
    /// Where they come from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A name that the cutover switches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SwitchedName {
    /// The answer until then.
    pub source: DnsRecordSet,
    /// What answers after it.
    pub target: SwitchTarget,
}

/// What answers for a name after the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchTarget {
    /// The distribution of this key.
    Distribution(String),
    /// The load balancer of this key.
    Ingress(String),
}
