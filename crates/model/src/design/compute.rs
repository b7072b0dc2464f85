//! Groups of servers and the load balancers before them.

use serde::{Deserialize, Serialize};

use super::{Arrival, Choice, Origin};

/// A group of equal servers that replaces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Service {
    /// Stable key, for example `lms-web`.
    pub key: String,
    /// The environment its servers are labelled with.
    pub environment: String,
    /// Instance type.
    pub instance_type: Choice,
    /// Systems Manager parameter that names the machine image.
    pub image: Choice,
    /// Name that the image gives its root disk, for example `/dev/xvda`.
    #[serde(default = "amazon_root_device")]
    pub root_device: String,
    /// How its servers get there.
    #[serde(default)]
    pub arrival: Arrival,
    /// Root disk in GiB.
    pub root_disk_gib: u64,
    /// How many servers run.
    pub capacity: Capacity,
    /// Where a load balancer sends requests; `None` when no load balancer stands before it.
    pub target_group: Option<TargetGroup>,
    /// Key of its security group.
    pub security_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// The root disk of Amazon's own images, which older documents meant.
fn amazon_root_device() -> String {
    "/dev/xvda".to_owned()
}

/// How many servers run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Capacity {
    /// At least.
    pub min: u32,
    /// At first.
    pub desired: u32,
    /// At most.
    pub max: u32,
    /// Why.
    pub why: String,
}

/// How requests reach the servers of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetGroup {
    /// Port of the servers.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Path that answers 200 when the server is healthy.
    pub health_path: String,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Successes that make a server healthy.
    pub healthy_threshold: u32,
    /// Failures that make it unhealthy.
    pub unhealthy_threshold: u32,
    /// Whether a client stays with one server.
    pub sticky: bool,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ingress {
    /// Stable key.
    pub key: String,
    /// Its name, at most 32 characters.
    pub name: String,
    /// Key of the service, or of the workload of a platform, that gets the requests.
    pub service: String,
    /// First name of the certificate.
    pub domain: String,
    /// Further names of the certificate, ordered.
    pub alternative_names: Vec<String>,
    /// Whether plain HTTP is redirected to HTTPS.
    pub redirect_http: bool,
    /// Whether it has no public address, and a distribution stands before it.
    #[serde(default)]
    pub is_private: bool,
    /// Key of its security group.
    pub security_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}
