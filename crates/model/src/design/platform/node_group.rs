//! Groups of equal nodes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::{Choice, Origin};

/// A managed node group. Its nodes stand in the application subnets of its zones, equally many in each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeGroup {
    /// Stable key, the environment that it is for.
    pub key: String,
    /// The environment it is labelled with.
    pub environment: String,
    /// Instance type.
    pub instance_type: Choice,
    /// Type of the machine image as EKS names it, for example `BOTTLEROCKET_x86_64`.
    pub ami_type: Choice,
    /// Disk for images and logs, in GiB.
    pub disk_gib: u64,
    /// How many nodes there are.
    pub size: NodeGroupSize,
    /// Slots of its zones, in order.
    pub zones: Vec<String>,
    /// Labels of its nodes.
    pub labels: BTreeMap<String, String>,
    /// What keeps other pods away.
    pub taints: Vec<Taint>,
    /// Pods on a node, those of the system counted.
    pub pods_max: u32,
    /// Processors that pods may ask for on a node, in thousandths.
    pub allocatable_cpu_millis: u64,
    /// Memory that pods may ask for on a node, in MiB.
    pub allocatable_memory_mib: u64,
    /// Nodes that are replaced at a time.
    pub replaced_at_once: u32,
    /// Key of the security group that its nodes have beside the cluster's own.
    pub security_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// How many nodes there are; each number is a multiple of the zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeGroupSize {
    /// At least.
    pub min: u32,
    /// At first.
    pub desired: u32,
    /// At most.
    pub max: u32,
    /// Why.
    pub why: String,
}

/// A taint: pods that do not tolerate it stay away.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it does, as EKS names it: `NO_SCHEDULE`.
    pub effect: String,
}
