//! The cluster itself, and the software that the cluster needs to work.

use serde::{Deserialize, Serialize};

use super::super::{Choice, Origin};

/// An EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cluster {
    /// Its name, at most 63 characters.
    pub name: String,
    /// Minor version of Kubernetes, for example `1.35`.
    pub version: Choice,
    /// Last day of the version's standard support (YYYY-MM-DD); `None` where no source tells it.
    pub standard_support_ends: Option<String>,
    /// `STANDARD` or `EXTENDED`: what AWS does when the standard support ends.
    pub support_type: Choice,
    /// IPv4 block of the services' own addresses, outside of every network. It cannot be changed.
    pub service_cidr: String,
    /// IPv4 block that may reach the API from the internet; `None`: the API is reached inside the network only.
    pub public_access_cidr: Option<String>,
    /// Logs of the control plane that are kept.
    pub log_types: Vec<String>,
    /// Days that they are kept.
    pub log_retention_days: u32,
    /// Key of the encryption key for the cluster's secrets.
    pub encryption_key: String,
    /// Who may do what in it, ordered by key.
    pub access: Vec<ClusterAccess>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// An access entry: a role of AWS that may use the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClusterAccess {
    /// Stable key.
    pub key: String,
    /// Who.
    pub principal: ClusterPrincipal,
    /// Name of the access policy of EKS, for example `AmazonEKSViewPolicy`.
    pub policy: String,
    /// Namespaces that it is bound to, ordered; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// Why.
    pub why: String,
}

/// Who uses a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterPrincipal {
    /// The role that applies the infrastructure code.
    InfrastructureRole,
    /// The role with which the build machine deploys.
    DeployRole,
    /// The runner of the migration.
    MigrationRunner,
}

/// Software that EKS installs and keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClusterAddon {
    /// Its name in EKS, for example `vpc-cni`.
    pub name: String,
    /// Its version, for example `v1.22.3-eksbuild.1`.
    pub version: Choice,
    /// Whether nodes are not ready without it, so that it is made before them.
    pub before_nodes: bool,
    /// Key of its identity; `None` when it needs no right in AWS.
    pub identity: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A Helm chart of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClusterChart {
    /// Stable key, also the release's name.
    pub key: String,
    /// Name of the chart.
    pub chart: String,
    /// Address of its repository.
    pub repository: String,
    /// Its version.
    pub version: Choice,
    /// Namespace that it is installed into.
    pub namespace: String,
    /// Service account that it makes.
    pub service_account: String,
    /// How many pods of its main part run.
    pub replicas: u32,
    /// What each of them asks for.
    pub cpu_request_millis: u64,
    /// The same of memory, which is also the limit.
    pub memory_request_mib: u64,
    /// Key of its identity; `None` when it needs no right in AWS.
    pub identity: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}
