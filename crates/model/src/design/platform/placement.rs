//! The placement check: whether everything fits, and with what to spare.

use serde::{Deserialize, Serialize};

/// Whether the pods of one node group fit on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GroupPlacement {
    /// Key of the node group.
    pub node_group: String,
    /// Types of node that were weighed, the chosen one first.
    pub weighed: Vec<WeighedType>,
    /// The situations it was tried for, in order of their weight.
    pub scenarios: Vec<PlacementScenario>,
}

/// A type of node, and how many of it are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WeighedType {
    /// Instance type.
    pub instance_type: String,
    /// Nodes that hold what runs today; `None` where it does not fit on any number.
    pub nodes: Option<u32>,
    /// Nodes that hold the most that may run.
    pub nodes_max: Option<u32>,
    /// Price of one node in one hour, in hundred-thousandths of a US dollar; `None` where no source tells it.
    pub usd_hour_e5: Option<u64>,
    /// Why it was not chosen, or why it was.
    pub why: String,
}

/// One situation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlacementScenario {
    /// Its name: `today`, `rollout`, `zone_lost`, `most`, `most_zone_lost`.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// Pods, those of the system on every node counted.
    pub pods: u64,
    /// Whether every pod found a place, in each order that was tried.
    pub fits: bool,
    /// Whether every pod would find a place in any order whatever: proven by a bound, not by trying.
    pub in_any_order: bool,
    /// What is left in each zone that stands, in slot order.
    pub zones: Vec<ZoneSpare>,
}

/// What is left in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ZoneSpare {
    /// Slot of the zone.
    pub zone: String,
    /// Its nodes.
    pub nodes: u32,
    /// Pods that run there.
    pub pods: u64,
    /// Pods that may run there.
    pub pods_max: u64,
    /// Processors that are asked for, in thousandths.
    pub cpu_asked_millis: u64,
    /// Processors that may be asked for.
    pub cpu_allocatable_millis: u64,
    /// Memory that is asked for, in MiB.
    pub memory_asked_mib: u64,
    /// Memory that may be asked for.
    pub memory_allocatable_mib: u64,
}
