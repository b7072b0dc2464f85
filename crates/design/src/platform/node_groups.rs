//! Node groups: one for each environment, sized by the placement check.

use reberth_model::design::{
    Choice, GroupPlacement, NodeGroup, NodeGroupSize, Origin, PodAddressing, Previews, Rollout,
    Spread, Taint, Workload, WorkloadKind,
};
use std::collections::BTreeMap;

use super::components::SystemPods;
use crate::csv;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::placement::{
    self, Architecture, Candidate, Demand, NodeShape, NodeType, PodSet, Release, Sized,
};

const PRICES: &str = include_str!("../../../../catalog/aws-prices.csv");
const ON_DEMAND: &str = "Linux on-demand shared";
const BOTTLEROCKET: &str = "bottlerocket";
const AL2023: &str = "al2023";
const AMD64: &str = "amd64";
const ARM64: &str = "arm64";
const DISK_GIB: u64 = 50;
const ENVIRONMENT: &str = "environment";
const ZONE: &str = "topology.kubernetes.io/zone";
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
    groups: BTreeMap<String, GroupChoice>,
}

#[derive(Clone, Debug)]
struct GroupChoice {
    survives_zone_loss: bool,
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
    let mut groups = BTreeMap::new();
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
        groups.insert(key.clone(), GroupChoice { survives_zone_loss });
    }
    Ok(NodeChoices {
        ami_type: Choice {
            value: ami_type(&image.value, architecture),
            why: image.why,
        },
        architecture,
        groups,
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
    let survives_zone_loss = choices
        .groups
        .get(key)
        .is_some_and(|own| own.survives_zone_loss);
    let demand = demand(key, workloads, shared, survives_zone_loss);
    let candidates = candidates(key, shared, choices, wanted)?;
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

fn candidates(
    key: &str,
    shared: &Shared<'_>,
    choices: &NodeChoices,
    wanted: Option<&str>,
) -> Result<Vec<Candidate>, DesignError> {
    let types = placement::node_types();
    let is_main = key == shared.environment;
    let is_offered = |own: &NodeType| match wanted {
        Some(wanted) => own.name == wanted && own.architecture == choices.architecture,
        None => own.architecture == choices.architecture && !(is_main && own.is_burstable),
    };
    let known: Vec<String> = types
        .iter()
        .filter(|own| own.architecture == choices.architecture)
        .map(|own| own.name.clone())
        .collect();
    let mut candidates: Vec<Candidate> = types
        .into_iter()
        .filter(is_offered)
        .map(|node_type| Candidate {
            shape: placement::shape(&node_type, shared.addressing, shared.own_subnets),
            usd_hour_e5: price(shared.region, &node_type.name),
            node_type,
        })
        .collect();
    // A price beside none cannot be compared: those without are weighed only where no type has one.
    if candidates.iter().any(|own| own.usd_hour_e5.is_some()) {
        candidates.retain(|own| own.usd_hour_e5.is_some() || wanted.is_some());
    }
    match wanted {
        Some(wanted) if candidates.is_empty() => Err(DesignError::BadOverride {
            decision: format!("nodes.{key}.instance_type"),
            value: wanted.to_owned(),
            may_be: format!(
                "a type of {} whose network is known: {}",
                choices.architecture.word(),
                known.join(", ")
            ),
        }),
        _ => Ok(candidates),
    }
}

/// Price of an hour in hundred-thousandths of a US dollar.
fn price(region: &str, instance_type: &str) -> Option<u64> {
    let prefix = format!("EC2,{region},{instance_type},{ON_DEMAND},");
    let line = PRICES.lines().find(|line| line.starts_with(&prefix))?;
    let fields = csv::fields(line);
    let usd: f64 = fields.get(5)?.parse().ok()?;
    (usd > 0.0).then(|| (usd * 100_000.0).round() as u64)
}

fn demand(
    key: &str,
    workloads: &[Workload],
    shared: &Shared<'_>,
    survives_zone_loss: bool,
) -> Demand {
    let is_main = key == shared.environment;
    let mut sets = Vec::new();
    let mut releases: BTreeMap<&str, Vec<(usize, u32)>> = BTreeMap::new();
    for own in workloads
        .iter()
        .filter(|own| own.node_group == key && own.kind.is_long_running())
    {
        let release = releases.entry(&own.application).or_default();
        if let Rollout::Surge(percent) = own.rollout {
            release.push((sets.len(), percent));
        }
        sets.push((pod_set(own), own.replicas.max));
    }
    sets.extend(jobs(key, workloads));
    if is_main {
        let anywhere = shared.system_pods.iter().filter(|own| !own.on_every_node);
        sets.extend(anywhere.map(|own| (system_set(own), own.replicas)));
    }
    if let Some(previews) = shared
        .previews
        .filter(|own| own.node_group == key && own.pods > 0)
    {
        sets.push(preview_set(previews));
    }
    Demand {
        on_every_node: on_every_node(shared.system_pods),
        sets,
        releases: releases
            .into_values()
            .filter(|rolling| !rolling.is_empty())
            .map(|rolling| Release { rolling })
            .collect(),
        survives_zone_loss,
    }
}

fn pod_set(own: &Workload) -> PodSet {
    let is_required = |spread: &&Spread| spread.topology_key == ZONE && spread.is_required;
    PodSet {
        name: own.key.clone(),
        count: own.replicas.desired,
        cpu_millis: own.resources.cpu_request_millis,
        memory_mib: own.resources.memory_request_mib,
        zone_skew: own
            .spread
            .iter()
            .find(is_required)
            .map(|spread| spread.skew_max),
    }
}

/// Jobs of a group, each with its number of today and the most. All scheduled ones may run at the same time. Of releases the largest is enough, since they
/// are made one by one. What a person runs may wait for a node, so that none stands ready for it.
fn jobs(key: &str, workloads: &[Workload]) -> Vec<(PodSet, u32)> {
    let own = || workloads.iter().filter(|own| own.node_group == key);
    let largest = |is_kind: fn(&WorkloadKind) -> bool| {
        own().filter(|own| is_kind(&own.kind)).max_by_key(|own| {
            (
                own.resources.memory_request_mib,
                own.resources.cpu_request_millis,
            )
        })
    };
    own()
        .filter(|own| matches!(own.kind, WorkloadKind::Scheduled(_)))
        .chain(largest(|kind| matches!(kind, WorkloadKind::Release(_))))
        .chain(largest(|kind| matches!(kind, WorkloadKind::OneOff)))
        .map(|own| {
            let (count, most) = match &own.kind {
                WorkloadKind::Scheduled(schedule) if schedule.concurrency.value == "Allow" => {
                    (2, 2)
                }
                WorkloadKind::OneOff => (0, 1),
                _ => (1, 1),
            };
            let set = PodSet {
                count,
                ..pod_set(own)
            };
            (set, most)
        })
        .collect()
}

fn system_set(own: &SystemPods) -> PodSet {
    PodSet {
        name: own.name.clone(),
        count: own.replicas,
        cpu_millis: own.cpu_millis,
        memory_mib: own.memory_mib,
        zone_skew: None,
    }
}

/// The pods of all previews, each as large as their mean.
fn preview_set(previews: &Previews) -> (PodSet, u32) {
    let pods = u64::from(previews.pods);
    let count = previews.pods * previews.count_max;
    let set = PodSet {
        name: "previews".to_owned(),
        count,
        cpu_millis: previews.cpu_request_millis.div_ceil(pods),
        memory_mib: previews.memory_request_mib.div_ceil(pods),
        zone_skew: None,
    };
    (set, count)
}

fn on_every_node(system_pods: &[SystemPods]) -> NodeShape {
    let pods = system_pods.iter().filter(|own| own.on_every_node);
    pods.fold(
        NodeShape {
            cpu_millis: 0,
            memory_mib: 0,
            pods: 0,
        },
        |sum, own| NodeShape {
            cpu_millis: sum.cpu_millis + own.cpu_millis,
            memory_mib: sum.memory_mib + own.memory_mib,
            pods: sum.pods + 1,
        },
    )
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
