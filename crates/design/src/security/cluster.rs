//! Security groups of a cluster: its nodes, the load balancers before its pods, and the stores that they reach.
//!
//! Pods share the security group of their node. An environment has nodes of its own, so that its nodes' group is the environment's: the stores of one
//! environment let in no pod of another. What nodes and control plane say to each other goes by the group that EKS itself makes.

use reberth_model::design::{
    Cache, Database, Ingress, NodeGroup, Origin, Peer, SecurityGroup, TrafficRule, Workload,
    WorkloadKind,
};

use super::{Store, open_to, rule};
use crate::platform::node_security_group;

/// Groups of load balancers, nodes and stores, ordered by key.
pub(crate) fn groups(
    node_groups: &[NodeGroup],
    workloads: &[Workload],
    databases: &[Database],
    caches: &[Cache],
    ingresses: &[Ingress],
) -> Vec<SecurityGroup> {
    let mut groups: Vec<SecurityGroup> = ingresses
        .iter()
        .filter_map(|own| of_ingress(own, workloads))
        .collect();
    groups.extend(
        node_groups
            .iter()
            .map(|own| of_nodes(own, workloads, ingresses)),
    );
    let stores = databases
        .iter()
        .map(Store::database)
        .chain(caches.iter().map(Store::cache));
    groups.extend(stores.map(|store| of_store(&store, node_groups)));
    groups.sort_by(|left, right| left.key.cmp(&right.key));
    groups
}

fn web<'a>(ingress: &Ingress, workloads: &'a [Workload]) -> Option<(&'a Workload, u16)> {
    workloads.iter().find_map(|own| match &own.kind {
        WorkloadKind::Web(entry) if own.key == ingress.service => Some((own, entry.port)),
        _ => None,
    })
}

fn of_ingress(ingress: &Ingress, workloads: &[Workload]) -> Option<SecurityGroup> {
    let (workload, port) = web(ingress, workloads)?;
    let nodes = node_security_group(&workload.node_group);
    let out = rule(
        &format!("{port}-to-{nodes}"),
        port,
        Peer::Group(nodes),
        &workload.origin.from,
        "requests and health checks, straight to the pods",
    );
    Some(SecurityGroup {
        key: ingress.security_group.clone(),
        description: format!("Load balancer {}", ingress.key),
        ingress: open_to(ingress),
        egress: vec![out],
        origin: ingress.origin.clone(),
    })
}

fn of_nodes(own: &NodeGroup, workloads: &[Workload], ingresses: &[Ingress]) -> SecurityGroup {
    let mut open: Vec<TrafficRule> = ingresses
        .iter()
        .filter_map(|ingress| Some((ingress, web(ingress, workloads)?)))
        .filter(|(_, (workload, _))| workload.node_group == own.key)
        .map(|(ingress, (workload, port))| {
            let peer = ingress.security_group.clone();
            let key = format!("{port}-from-{peer}");
            rule(
                &key,
                port,
                Peer::Group(peer),
                &workload.origin.from,
                "requests and health checks",
            )
        })
        .collect();
    open.sort_by(|left, right| left.key.cmp(&right.key));
    let out = TrafficRule {
        key: "tcp-to-internet".to_owned(),
        protocol: "tcp".to_owned(),
        port_first: 0,
        port_last: u16::MAX,
        peer: Peer::Internet,
        origin: Origin {
            from: Vec::new(),
            why: "the source lets everything out; narrow it once the flow logs show what is used"
                .to_owned(),
        },
    };
    SecurityGroup {
        key: own.security_group.clone(),
        description: format!("Nodes of {} and the pods on them", own.key),
        ingress: open,
        egress: vec![out],
        origin: own.origin.clone(),
    }
}

fn of_store(store: &Store<'_>, node_groups: &[NodeGroup]) -> SecurityGroup {
    let of_environment = node_groups
        .iter()
        .filter(|own| own.environment == store.environment);
    let ingress = of_environment
        .map(|own| {
            let peer = own.security_group.clone();
            let key = format!("{}-from-{peer}", store.port);
            let why = "pods of the same environment; which of them, their settings and network policies say";
            rule(&key, store.port, Peer::Group(peer), &store.origin.from, why)
        })
        .collect();
    SecurityGroup {
        key: store.group.to_owned(),
        description: store.description.clone(),
        ingress,
        egress: Vec::new(),
        origin: store.origin.clone(),
    }
}
