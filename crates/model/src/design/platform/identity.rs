//! What pods may do in AWS, and where images are kept.

use serde::{Deserialize, Serialize};

use super::super::Origin;

/// A pod identity association: a role of AWS for one service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PodIdentity {
    /// Stable key, also the role's name after the prefix.
    pub key: String,
    /// Namespace of the service account.
    pub namespace: String,
    /// Name of the service account.
    pub service_account: String,
    /// What it may do, in order.
    pub grants: Vec<Grant>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Something that a pod may do in AWS.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Bind pods to target groups of load balancers, and read what that takes.
    BindTargetGroups,
    /// Set the wanted size of the cluster's own node groups.
    ScaleNodeGroups,
    /// Make, attach and remove disks of the cluster.
    AttachVolumes,
    /// Give pods addresses: make and attach network interfaces.
    AssignAddresses,
    /// Write the cluster's logs to CloudWatch.
    WriteLogs,
    /// Read the secrets of the applications of these keys.
    ReadSecrets(Vec<String>),
    /// Read and write the objects of the buckets of these keys.
    UseBuckets(Vec<String>),
}

/// A repository of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImageRepository {
    /// Stable key.
    pub key: String,
    /// Its name in ECR, for example `lms/courseware`.
    pub name: String,
    /// Images that are kept; older ones are removed.
    pub images_kept: u32,
    /// Key of the encryption key for its images.
    pub encryption_key: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}
