//! What the cluster itself needs: add-ons of EKS, Helm charts, and the pods of the system, all from the catalog.

use reberth_model::design::{Choice, ClusterAddon, ClusterChart, Origin};

use crate::csv;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const ADDONS: &str = include_str!("../../../../catalog/eks-addons.csv");
const CHARTS: &str = include_str!("../../../../catalog/eks-charts.csv");
const SYSTEM_PODS: &str = include_str!("../../../../catalog/eks-system-pods.csv");
/// Without these no node becomes ready.
const BEFORE_NODES: [&str; 3] = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"];
const DISKS: &str = "aws-ebs-csi-driver";
pub(super) const KEDA: &str = "keda";
pub(super) const DATADOG: &str = "datadog";

/// Pods that are not the applications' own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SystemPods {
    /// What they are.
    pub(super) name: String,
    /// Whether one runs on every node; else so many of them anywhere.
    pub(super) on_every_node: bool,
    /// How many.
    pub(super) replicas: u32,
    /// What each asks for.
    pub(super) cpu_millis: u64,
    /// The same of memory.
    pub(super) memory_mib: u64,
}

/// Which parts are wanted.
pub(super) struct Wanted {
    /// Some workload is scaled by the length of a queue.
    pub(super) has_queues: bool,
    /// Some application sends its metrics to Datadog.
    pub(super) uses_datadog: bool,
}

/// Add-ons of EKS for a version of Kubernetes, ordered by name.
pub(super) fn addons(
    version: &str,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<ClusterAddon>, DesignError> {
    let has_disks = decisions.switch(&Question {
        id: "cluster.disks",
        value: "false",
        alternative: "true",
        why: "nothing of the source keeps files on a disk that outlives it, so the driver and its rights are left out",
        may_be: Values::Switch,
    })?;
    let mut addons: Vec<ClusterAddon> = csv::rows(ADDONS)
        .filter(|row| row.first().is_some_and(|own| own == version))
        .filter_map(|row| addon(&row))
        .filter(|addon| has_disks || addon.name != DISKS)
        .collect();
    addons.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(addons)
}

fn addon(row: &[String]) -> Option<ClusterAddon> {
    let [_, name, version, source, as_of] = row else {
        return None;
    };
    Some(ClusterAddon {
        name: name.clone(),
        version: Choice {
            value: version.clone(),
            why: format!(
                "{source} ({as_of}); ask `aws eks describe-addon-versions` before the first apply"
            ),
        },
        before_nodes: BEFORE_NODES.contains(&name.as_str()),
        identity: matches!(name.as_str(), "vpc-cni" | DISKS).then(|| name.clone()),
        origin: Origin {
            from: Vec::new(),
            why: addon_why(name).to_owned(),
        },
    })
}

fn addon_why(name: &str) -> &'static str {
    match name {
        "vpc-cni" => {
            "gives every pod an address of the network, and keeps namespaces apart by network policies"
        }
        "kube-proxy" => "lets pods reach services by name and address",
        "coredns" => "answers names within the cluster",
        "eks-pod-identity-agent" => "gives pods their role in AWS without a key",
        "metrics-server" => "measures pods, so that they can be scaled",
        _ => "attaches disks to pods",
    }
}

/// Helm charts, ordered by key.
pub(super) fn charts(
    wanted: &Wanted,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<ClusterChart>, DesignError> {
    let has_datadog = wanted.uses_datadog
        && decisions.switch(&Question {
            id: "cluster.datadog",
            value: "true",
            alternative: "false",
            why: "applications hold a key of Datadog: at the source its agent ran in each of them, here one runs on every node",
            may_be: Values::Switch,
        })?;
    let is_wanted = |key: &str| match key {
        KEDA => wanted.has_queues,
        DATADOG => has_datadog,
        _ => true,
    };
    let mut charts: Vec<ClusterChart> = csv::rows(CHARTS)
        .filter_map(|row| chart(&row))
        .filter(|chart| is_wanted(&chart.key))
        .collect();
    charts.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(charts)
}

fn chart(row: &[String]) -> Option<ClusterChart> {
    let [
        key,
        chart,
        repository,
        version,
        namespace,
        account,
        _runs,
        replicas,
        cpu,
        memory,
        source,
        as_of,
    ] = row
    else {
        return None;
    };
    let needs_identity = matches!(
        key.as_str(),
        "aws-load-balancer-controller" | "cluster-autoscaler" | "external-secrets" | "fluent-bit"
    );
    Some(ClusterChart {
        key: key.clone(),
        chart: chart.clone(),
        repository: repository.clone(),
        version: Choice {
            value: version.clone(),
            why: format!("{source} ({as_of})"),
        },
        namespace: namespace.clone(),
        service_account: account.clone(),
        replicas: replicas.parse().ok()?,
        cpu_request_millis: cpu.parse().ok()?,
        memory_request_mib: memory.parse().ok()?,
        identity: needs_identity.then(|| key.clone()),
        origin: Origin {
            from: Vec::new(),
            why: chart_why(key).to_owned(),
        },
    })
}

fn chart_why(key: &str) -> &'static str {
    match key {
        "aws-load-balancer-controller" => {
            "binds pods to the target groups of load balancers, which the infrastructure code makes"
        }
        "cluster-autoscaler" => "adds nodes for pods that wait, and takes away what is empty",
        "external-secrets" => "copies settings from Secrets Manager into the cluster",
        "fluent-bit" => "sends every line of every pod to CloudWatch Logs",
        KEDA => "scales by the length of queues",
        _ => "sends metrics and traces to Datadog",
    }
}

/// Namespaces of all charts that a cluster may have, wanted or not: a chart that is added later finds its own free.
pub(super) fn chart_namespaces() -> impl Iterator<Item = String> {
    csv::rows(CHARTS).filter_map(|row| row.get(4).cloned())
}

/// Pods of the system, those of the charts among them.
pub(super) fn system_pods(charts: &[ClusterChart]) -> Vec<SystemPods> {
    let chart_runs = |key: &str| {
        let mut rows = csv::rows(CHARTS);
        rows.any(|row| {
            row.first().is_some_and(|own| own == key)
                && row.get(6).is_some_and(|runs| runs == "daemonset")
        })
    };
    let of_charts = charts.iter().map(|chart| SystemPods {
        name: chart.key.clone(),
        on_every_node: chart_runs(&chart.key),
        replicas: chart.replicas,
        cpu_millis: chart.cpu_request_millis,
        memory_mib: chart.memory_request_mib,
    });
    csv::rows(SYSTEM_PODS)
        .filter_map(|row| system_row(&row))
        .chain(of_charts)
        .collect()
}

fn system_row(row: &[String]) -> Option<SystemPods> {
    let [name, runs, replicas, cpu, memory, ..] = row else {
        return None;
    };
    Some(SystemPods {
        name: name.clone(),
        on_every_node: runs == "daemonset",
        replicas: replicas.parse().ok()?,
        cpu_millis: cpu.parse().ok()?,
        memory_mib: memory.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        assert_eq!(
            csv::rows(ADDONS).filter_map(|row| addon(&row)).count(),
            ADDONS.lines().count() - 1
        );
        assert_eq!(
            csv::rows(CHARTS).filter_map(|row| chart(&row)).count(),
            CHARTS.lines().count() - 1
        );
        assert_eq!(
            csv::rows(SYSTEM_PODS)
                .filter_map(|row| system_row(&row))
                .count(),
            SYSTEM_PODS.lines().count() - 1
        );
    }
}
