//! The cluster itself: its version, who reaches it, and the addresses of its services.

use ipnet::Ipv4Net;
use reberth_model::design::{Cluster, ClusterAccess, ClusterPrincipal, Design, Network, Origin};
use reberth_model::policy::Policy;

use super::estate_app::EstateApp;
use crate::csv;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name;

const VERSIONS: &str = include_str!("../../../../catalog/eks-versions.csv");
/// Versions that may be chosen: those of the catalog with a version of every add-on.
const CHOICES: [&str; 2] = ["1.35", "1.36"];
const NAME_LENGTH_MAX: usize = 63;
const EXTENDED: &str = "EXTENDED";
const STANDARD: &str = "STANDARD";
const NONE: &str = "none";
/// Ranges for the services' addresses, in the order they are tried.
const SERVICE_RANGES: [&str; 4] = [
    "172.20.0.0/16",
    "10.100.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];
const SERVICE_PREFIX: u8 = 20;
/// What the network stays clear of because EKS puts its services there: they may have it.
const SERVICE_DEFAULT: &str = "default service range of EKS";
const LOG_TYPES: [&str; 5] = [
    "api",
    "audit",
    "authenticator",
    "controllerManager",
    "scheduler",
];
const LOG_DAYS: u32 = 90;
/// Key of the encryption key for the cluster's secrets and images.
pub(crate) const ENCRYPTION_KEY: &str = "cluster";

/// The version of Kubernetes, and the last day of its standard support.
pub(super) fn version(
    decisions: &mut Decisions<'_>,
) -> Result<(reberth_model::design::Choice, Option<String>), DesignError> {
    let ends = |version: &str| {
        let mut rows = csv::rows(VERSIONS);
        let row = rows.find(|row| row.first().is_some_and(|own| own == version))?;
        row.get(1).filter(|day| !day.is_empty()).cloned()
    };
    let last = CHOICES
        .into_iter()
        .max_by_key(|version| ends(version))
        .unwrap_or(CHOICES[0]);
    let day = ends(last).unwrap_or_default();
    let choice = decisions.decide(&Question {
        id: "cluster.version",
        value: last,
        alternative: CHOICES.iter().find(|other| **other != last).unwrap_or(&last),
        why: &format!("of the versions whose dates are known its standard support ends last, on {day}; upgrades go one minor version at a time"),
        may_be: Values::OneOf(&CHOICES),
    })?;
    let ends = ends(&choice.value);
    Ok((choice, ends))
}

/// Designs the cluster. Name and service range of the previous design stay, since they cannot be changed.
pub(super) fn design(
    policy: &Policy,
    (version, standard_support_ends): (reberth_model::design::Choice, Option<String>),
    network: &Network,
    apps: &[&EstateApp<'_>],
    previous: Option<&Design>,
    decisions: &mut Decisions<'_>,
) -> Result<Cluster, DesignError> {
    let support_type = decisions.decide(&Question {
        id: "cluster.support",
        value: EXTENDED,
        alternative: STANDARD,
        why: "with STANDARD AWS upgrades the cluster by itself when the support ends, at a time of its choice; with EXTENDED it waits a year, at six times the price",
        may_be: Values::OneOf(&[EXTENDED, STANDARD]),
    })?;
    let public = decisions.decide(&Question {
        id: "cluster.public_access",
        value: NONE,
        alternative: "the block of the build machine and the office",
        why: "the API answers inside the network only: apply and deploy from the migration's runner, a VPN or a build machine there",
        may_be: Values::BlockOrNone(16, 32),
    })?;
    let earlier = previous
        .and_then(|design| design.platform.as_ref())
        .map(|platform| &platform.cluster);
    let prefix = format!("{}-{}", policy.project, policy.target.environment);
    Ok(Cluster {
        name: earlier.map_or_else(|| name::shortened(&prefix, NAME_LENGTH_MAX), |own| own.name.clone()),
        version,
        standard_support_ends,
        support_type,
        service_cidr: match earlier {
            Some(own) => own.service_cidr.clone(),
            None => service_cidr(network)?,
        },
        public_access_cidr: (public.value != NONE).then_some(public.value),
        log_types: LOG_TYPES.map(str::to_owned).to_vec(),
        log_retention_days: LOG_DAYS,
        encryption_key: ENCRYPTION_KEY.to_owned(),
        access: access(apps),
        origin: Origin {
            from: Vec::new(),
            why: "one cluster for all environments: each has nodes and namespaces of its own, and a second control plane would cost as much as this one".to_owned(),
        },
    })
}

/// A block that no network in use overlaps. Pods would reach a service instead of whoever has the address.
fn service_cidr(network: &Network) -> Result<String, DesignError> {
    let taken: Vec<Ipv4Net> = network
        .avoided
        .iter()
        .filter(|avoided| avoided.why != SERVICE_DEFAULT)
        .map(|avoided| &avoided.cidr)
        .chain([&network.cidr])
        .chain(network.reserved.iter().map(|reserved| &reserved.cidr))
        .filter_map(|cidr| cidr.parse().ok())
        .collect();
    let overlaps = |block: &Ipv4Net| {
        taken
            .iter()
            .any(|taken| taken.contains(block) || block.contains(taken))
    };
    SERVICE_RANGES
        .iter()
        .filter_map(|range| range.parse::<Ipv4Net>().ok())
        .filter_map(|range| range.subnets(SERVICE_PREFIX).ok())
        .flatten()
        .find(|block| !overlaps(block))
        .map(|block| block.to_string())
        .ok_or_else(|| DesignError::NoFreeBlock {
            prefix: SERVICE_PREFIX,
            blockers: network
                .avoided
                .iter()
                .map(|own| format!("{} ({})", own.cidr, own.why))
                .collect(),
        })
}

fn access(apps: &[&EstateApp<'_>]) -> Vec<ClusterAccess> {
    let mut namespaces: Vec<String> = apps.iter().map(|app| app.key.clone()).collect();
    namespaces.sort();
    let entry =
        |key: &str, principal, policy: &str, namespaces: &[String], why: &str| ClusterAccess {
            key: key.to_owned(),
            principal,
            policy: policy.to_owned(),
            namespaces: namespaces.to_vec(),
            why: why.to_owned(),
        };
    vec![
        entry(
            "deploy",
            ClusterPrincipal::DeployRole,
            "AmazonEKSEditPolicy",
            &namespaces,
            "the build machine changes what runs in the applications' namespaces, and nothing of the cluster",
        ),
        entry(
            "infrastructure",
            ClusterPrincipal::InfrastructureRole,
            "AmazonEKSClusterAdminPolicy",
            &[],
            "it installs the cluster's charts",
        ),
        entry(
            "migration",
            ClusterPrincipal::MigrationRunner,
            "AmazonEKSEditPolicy",
            &namespaces,
            "the cutover starts and stops workloads; the entry goes with the migration's own resources",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_that_may_be_chosen_is_in_the_catalog_with_its_addons() {
        for version in CHOICES {
            assert!(
                csv::rows(VERSIONS).any(|row| row[0] == version),
                "{version}"
            );
            let addons =
                super::super::components::addons(version, &mut Decisions::under(&[])).unwrap();
            let names: Vec<&str> = addons.iter().map(|addon| addon.name.as_str()).collect();
            assert_eq!(
                names,
                [
                    "coredns",
                    "eks-pod-identity-agent",
                    "kube-proxy",
                    "metrics-server",
                    "vpc-cni"
                ],
                "{version}"
            );
        }
    }
}
