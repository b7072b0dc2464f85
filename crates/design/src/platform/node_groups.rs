//! Node groups: one for each environment, sized by the placement check.

mod candidates;
mod demand;

use reberth_model::design::{
    Choice, GroupPlacement, NodeGroup, NodeGroupSize, Origin, PodAddressing, Previews, Taint,
    Workload,
};
use std::collections::BTreeMap;

use super::components::SystemPods;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::placement::{self, Architecture, NodeType, Sized};

const BOTTLEROCKET: &str = "bottlerocket";
const AL2023: &str = "al2023";
const AMD64: &str = "amd64";
const ARM64: &str = "arm64";
const DISK_GIB: u64 = 50;
const ENVIRONMENT: &str = "environment";
/// Key of a node group's security group.
const SECURITY_GROUP_PREFIX: &str = "nodes";

/// What all groups share.
pub(super) struct Shared<'a> {
    pub(super) region: &'a str,
    /// The environment of the policy: its nodes hold the system's pods too.
    pub(super) environment: &'a str,
    pub(super) zones: &'a [String],
    pub(super) addressing: PodAddressing,
    pub(super) own_subnets: bool,
    pub(super) system_pods: &'a [SystemPods],
    pub(super) previews: Option<&'a Previews>,
}

/// What was decided about nodes, once for every way of addressing that is tried.
#[derive(Clone, Debug)]
pub(super) struct NodeChoices {
    architecture: Architecture,
    ami_type: Choice,
    /// By group, whether everything must run on when a zone is lost.
    survive_zone_loss: BTreeMap<String, bool>,
}

/// Key of the security group of a node group.
pub(crate) fn security_group_key(group: &str) -> String {
    format!("{SECURITY_GROUP_PREFIX}-{group}")
}

/// Keys of the node groups: the environments that something runs in, ordered.
pub(super) fn keys(workloads: &[Workload], environment: &str) -> Vec<String> {
    let mut keys: Vec<String> = workloads.iter().map(|own| own.node_group.clone()).collect();
    keys.push(environment.to_owned());
    keys.sort();
    keys.dedup();
    keys
}

/// What is asked about nodes.
pub(super) fn choices(
    keys: &[String],
    environment: &str,
    decisions: &mut Decisions<'_>,
) -> Result<NodeChoices, DesignError> {
    let architecture = decisions.decide(&Question {
        id: "nodes.architecture",
        value: AMD64,
        alternative: ARM64,
        why: "images of the source are built for it; arm64 costs a tenth to a fifth less once every image is built for it too",
        may_be: Values::OneOf(&[AMD64, ARM64]),
    })?;
    let architecture = match architecture.value.as_str() {
        ARM64 => Architecture::Arm64,
        _ => Architecture::Amd64,
    };
    let image = decisions.decide(&Question {
        id: "nodes.image",
        value: BOTTLEROCKET,
        alternative: AL2023,
        why: "it holds nothing but what runs containers: no shell, no package manager, a root that cannot be written",
        may_be: Values::OneOf(&[BOTTLEROCKET, AL2023]),
    })?;
    let mut survive_zone_loss = BTreeMap::new();
    for key in keys {
        let is_main = key == environment;
        let survives_zone_loss = decisions.switch(&Question {
            id: &format!("nodes.{key}.survives_zone_loss"),
            value: if is_main { "true" } else { "false" },
            alternative: if is_main { "false" } else { "true" },
            why: if is_main {
                "nodes for all pods stand ready in the zones that are left: while a zone is down, everybody asks for new ones"
            } else {
                "nobody is harmed when it waits for nodes while a zone is down"
            },
            may_be: Values::Switch,
        })?;
        survive_zone_loss.insert(key.clone(), survives_zone_loss);
    }
    Ok(NodeChoices {
        ami_type: Choice {
            value: ami_type(&image.value, architecture),
            why: image.why,
        },
        architecture,
        survive_zone_loss,
    })
}

fn ami_type(image: &str, architecture: Architecture) -> String {
    match (image, architecture) {
        (AL2023, Architecture::Amd64) => "AL2023_x86_64_STANDARD",
        (AL2023, Architecture::Arm64) => "AL2023_ARM_64_STANDARD",
        (_, Architecture::Amd64) => "BOTTLEROCKET_x86_64",
        (_, Architecture::Arm64) => "BOTTLEROCKET_ARM_64",
    }
    .to_owned()
}

/// The size of one group, by the placement check alone.
#[derive(Clone, Debug)]
pub(super) struct GroupSize {
    key: String,
    sized: Sized,
    type_choice: Choice,
    survives_zone_loss: bool,
}

impl GroupSize {
    /// Nodes for the most that may run.
    pub(super) fn nodes_max(&self, zones: usize) -> u32 {
        self.sized.per_zone_max * zones as u32
    }

    /// Key of the group.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Most pods on one of its nodes.
    pub(super) fn pods_max(&self) -> u64 {
        self.sized.chosen.shape.pods
    }

    /// The chosen type.
    pub(super) fn node_type(&self) -> &NodeType {
        &self.sized.chosen.node_type
    }

    /// Whether pods, and not processors or memory, decide how many nodes there are: their number is nearly at its limit where most run.
    pub(super) fn is_bound_by_pods(&self) -> bool {
        let mut zones = self.sized.scenarios.iter().flat_map(|own| &own.zones);
        zones.any(|zone| {
            let full = |asked: u64, has: u64| asked * 10 >= has * 9;
            full(zone.pods, zone.pods_max)
                && !full(zone.cpu_asked_millis, zone.cpu_allocatable_millis)
                && !full(zone.memory_asked_mib, zone.memory_allocatable_mib)
        })
    }
}

/// Sizes a group. `wanted` is the type that the policy asks for.
pub(super) fn size(
    key: &str,
    workloads: &[Workload],
    shared: &Shared<'_>,
    choices: &NodeChoices,
    wanted: Option<&str>,
) -> Result<GroupSize, DesignError> {
    let survives_zone_loss = choices.survive_zone_loss.get(key) == Some(&true);
    let demand = demand::demand(key, workloads, shared, survives_zone_loss);
    let candidates = candidates::candidates(key, shared, choices, wanted)?;
    let sized = placement::size(&demand, &candidates, shared.zones).map_err(|misfit| {
        DesignError::DoesNotFit {
            group: key.to_owned(),
            pods: misfit.pods,
            why: misfit.why,
        }
    })?;
    let why = format!(
        "of the types that were weighed it holds what runs today for the least: {} x {} in {} zones",
        sized.per_zone * shared.zones.len() as u32,
        sized.chosen.node_type.name,
        shared.zones.len()
    );
    Ok(GroupSize {
        key: key.to_owned(),
        type_choice: Choice {
            value: sized.chosen.node_type.name.clone(),
            why,
        },
        sized,
        survives_zone_loss,
    })
}

/// Asks which type a group has; the policy's own is then tried instead of the one that was found.
pub(super) fn decide_type(
    own: &GroupSize,
    decisions: &mut Decisions<'_>,
) -> Result<Choice, DesignError> {
    decisions.decide(&Question {
        id: &format!("nodes.{}.instance_type", own.key),
        value: &own.type_choice.value,
        alternative: "another type of the catalog",
        why: &own.type_choice.why,
        may_be: Values::InstanceType(""),
    })
}

/// The node group of a size, and what the placement check says of it.
pub(super) fn group(
    own: GroupSize,
    type_choice: Choice,
    shared: &Shared<'_>,
    choices: &NodeChoices,
) -> (NodeGroup, GroupPlacement) {
    let zones = shared.zones.len() as u32;
    let is_main = own.key == shared.environment;
    let GroupSize {
        key,
        sized,
        survives_zone_loss,
        ..
    } = own;
    let desired = sized.per_zone * zones;
    let loss = if survives_zone_loss {
        "or what runs today with one zone lost"
    } else {
        "while every zone is up"
    };
    let label = (ENVIRONMENT.to_owned(), key.clone());
    let group = NodeGroup {
        environment: key.clone(),
        instance_type: type_choice,
        ami_type: choices.ami_type.clone(),
        disk_gib: DISK_GIB,
        size: NodeGroupSize {
            min: desired,
            desired,
            max: sized.per_zone_max * zones,
            why: format!(
                "{} in each zone hold what runs today and a release, {loss}; {} all that may ever run at once",
                sized.per_zone, sized.per_zone_max
            ),
        },
        zones: shared.zones.to_vec(),
        labels: [label].into(),
        // The system's pods tolerate nothing: they live with the main environment.
        taints: if is_main {
            Vec::new()
        } else {
            vec![Taint {
                key: ENVIRONMENT.to_owned(),
                value: key.clone(),
                effect: "NO_SCHEDULE".to_owned(),
            }]
        },
        pods_max: sized.chosen.shape.pods as u32,
        allocatable_cpu_millis: sized.chosen.shape.cpu_millis,
        allocatable_memory_mib: sized.chosen.shape.memory_mib,
        replaced_at_once: 1,
        security_group: security_group_key(&key),
        origin: Origin {
            from: Vec::new(),
            why: "an environment of its own: its nodes reach its own stores only, and a test cannot take what others need".to_owned(),
        },
        key: key.clone(),
    };
    let placement = GroupPlacement {
        node_group: key,
        weighed: sized.weighed,
        scenarios: sized.scenarios,
    };
    (group, placement)
}
