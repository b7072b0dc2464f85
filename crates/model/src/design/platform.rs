//! The platform that runs applications in containers: one cluster, its nodes, and everything that runs on them.

mod addon;
mod application;
mod cluster;
mod identity;
mod node_group;
mod placement;
mod pod_network;
mod workload;

pub use addon::*;
pub use application::*;
pub use cluster::*;
pub use identity::*;
pub use node_group::*;
pub use placement::*;
pub use pod_network::*;
pub use workload::*;

use serde::{Deserialize, Serialize};

/// A cluster with everything that runs on it. Every list is ordered by key unless its doc says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Platform {
    /// The cluster.
    pub cluster: Cluster,
    /// Groups of equal nodes, one for each environment.
    pub node_groups: Vec<NodeGroup>,
    /// How pods get their addresses.
    pub pod_network: PodNetwork,
    /// Software that EKS itself installs and keeps, ordered by name.
    pub cluster_addons: Vec<ClusterAddon>,
    /// Helm charts of the cluster, ordered by key.
    pub charts: Vec<ClusterChart>,
    /// What pods may do in AWS.
    pub identities: Vec<PodIdentity>,
    /// Where images of the applications are kept.
    pub repositories: Vec<ImageRepository>,
    /// Applications, each a namespace.
    pub applications: Vec<Application>,
    /// Everything that runs in containers.
    pub workloads: Vec<Workload>,
    /// Room for applications made for one change under review; `None` where the source makes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previews: Option<Previews>,
    /// Whether it all fits, and with what to spare: one entry for each node group, in the same order.
    pub placements: Vec<GroupPlacement>,
    /// What becomes of each service that was added to an application at the source, ordered by service and then by id.
    pub addon_fates: Vec<AddonFate>,
}

impl Platform {
    /// The workload of that key.
    pub fn workload(&self, key: &str) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.key == key)
    }

    /// The application of that key.
    pub fn application(&self, key: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.key == key)
    }

    /// The node group of that key.
    pub fn node_group(&self, key: &str) -> Option<&NodeGroup> {
        self.node_groups.iter().find(|group| group.key == key)
    }

    /// The identity of that key.
    pub fn identity(&self, key: &str) -> Option<&PodIdentity> {
        self.identities.iter().find(|identity| identity.key == key)
    }
}
