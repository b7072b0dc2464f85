//! What the nodes of a group must hold: its workloads, its jobs, the pods of the system, and room for previews.

use reberth_model::design::{Previews, Rollout, Spread, Workload, WorkloadKind};
use std::collections::BTreeMap;

use super::super::components::SystemPods;
use super::Shared;
use crate::placement::{Demand, NodeShape, PodSet, Release};

const ZONE: &str = "topology.kubernetes.io/zone";

/// What the nodes of a group must hold.
pub(super) fn demand(
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
