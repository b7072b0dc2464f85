//! The kinds of resource and what is known of each.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::codebase::Codebase;
use super::database::{Database, DatabaseReplica};
use super::inside::Inside;
use super::network::{
    Address, Cdn, Certificate, DnsRecord, Domain, Firewall, LoadBalancer, Network,
};
use super::platform::{Addon, App, Job, LogDrain, Member, Pipeline, Process};

/// The kind of a resource with its attributes; serialises as `"kind"` and `"attributes"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "attributes", rename_all = "snake_case")]
pub enum Attributes {
    /// A virtual machine.
    Server(Server),
    /// A managed database cluster.
    Database(Database),
    /// A managed store of keys and values, which may be a cache or hold queues.
    Cache(Database),
    /// A read-only copy of a database, with its own address.
    DatabaseReplica(DatabaseReplica),
    /// A load balancer.
    LoadBalancer(LoadBalancer),
    /// A DNS zone.
    Domain(Domain),
    /// One record of a DNS zone.
    DnsRecord(DnsRecord),
    /// A private network.
    Network(Network),
    /// A set of packet filter rules.
    Firewall(Firewall),
    /// A block storage volume.
    Volume(Volume),
    /// A bucket of an object store.
    Bucket(Bucket),
    /// A content delivery endpoint.
    Cdn(Cdn),
    /// A reserved public address.
    Address(Address),
    /// A TLS certificate.
    Certificate(Certificate),
    /// A snapshot of a server or volume.
    Snapshot(Snapshot),
    /// An application on a platform.
    App(App),
    /// A kind of process of an application.
    Process(Process),
    /// Work of an application that runs at times.
    Job(Job),
    /// A service added to an application.
    Addon(Addon),
    /// A chain of applications through which a change goes.
    Pipeline(Pipeline),
    /// A place where logs are sent to.
    LogDrain(LogDrain),
    /// A person with access.
    Member(Member),
    /// The files of an application.
    Codebase(Codebase),
    /// A kind whose attributes no stage reads yet; the word is the field's own (`project`, `alert`, `cluster`, …).
    Other(Other),
}

impl Attributes {
    /// The kind's word, as in `estate.json` and in its `counts`.
    pub fn kind(&self) -> &str {
        match self {
            Attributes::Server(_) => "server",
            Attributes::Database(_) => "database",
            Attributes::Cache(_) => "cache",
            Attributes::DatabaseReplica(_) => "database_replica",
            Attributes::LoadBalancer(_) => "load_balancer",
            Attributes::Domain(_) => "domain",
            Attributes::DnsRecord(_) => "dns_record",
            Attributes::Network(_) => "network",
            Attributes::Firewall(_) => "firewall",
            Attributes::Volume(_) => "volume",
            Attributes::Bucket(_) => "bucket",
            Attributes::Cdn(_) => "cdn",
            Attributes::Address(_) => "address",
            Attributes::Certificate(_) => "certificate",
            Attributes::Snapshot(_) => "snapshot",
            Attributes::App(_) => "app",
            Attributes::Process(_) => "process",
            Attributes::Job(_) => "job",
            Attributes::Addon(_) => "addon",
            Attributes::Pipeline(_) => "pipeline",
            Attributes::LogDrain(_) => "log_drain",
            Attributes::Member(_) => "member",
            Attributes::Codebase(_) => "codebase",
            Attributes::Other(other) => &other.word,
        }
    }
}

/// Attributes of a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The provider's size name.
    pub size: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Root disk in GiB.
    pub disk_gib: u64,
    /// Distribution and version, for example `Ubuntu 22.04 (LTS) x64`.
    pub operating_system: Option<String>,
    /// `active`, `off`, …
    pub status: String,
    /// Private IPv4 addresses.
    pub private_ipv4: Vec<String>,
    /// Public IPv4 addresses.
    pub public_ipv4: Vec<String>,
    /// Public IPv6 addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_ipv6: Vec<String>,
    /// Whether the provider takes backups of it.
    pub backups: bool,
    /// Number of backups that the provider keeps of it. `None`: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups_kept: Option<u32>,
    /// Whether the provider's monitoring agent is on.
    pub monitoring: bool,
    /// Labels, ordered.
    pub tags: Vec<String>,
    /// When it was made (RFC 3339).
    pub created_at: Option<String>,
    /// Utilisation as measured; `None` when the provider has no measurements.
    pub utilisation: Option<Utilisation>,
    /// What runs on it, as seen from inside; `None` when nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Inside>,
}

/// What was measured of a server over a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Utilisation {
    /// Length of the window in hours.
    pub window_hours: u64,
    /// Number of samples of processor use.
    pub samples: u64,
    /// 95th percentile of processor use, percent of all its processors.
    pub cpu_p95_percent: Option<f64>,
    /// Highest processor use seen, percent.
    pub cpu_max_percent: Option<f64>,
    /// 99th percentile of memory use, percent.
    pub memory_p99_percent: Option<f64>,
}

/// Attributes of a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Size in GiB.
    pub size_gib: u64,
    /// File system on it.
    pub filesystem: Option<String>,
    /// Servers it is attached to.
    pub server_ids: Vec<String>,
    /// Labels, ordered.
    pub tags: Vec<String>,
}

/// Attributes of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Where its existence was seen, ordered: `project`, `cdn_origin`, `key_grant`, `list_buckets`.
    pub seen_in: Vec<String>,
    /// Size in bytes; `None` when the object store was not asked.
    pub size_bytes: Option<u64>,
    /// Number of objects; `None` when the object store was not asked.
    pub objects: Option<u64>,
    /// Whether counting stopped at a bound: it has at least that size and so many objects.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_counted_in_part: bool,
    /// What the object store tells of it; `None` when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<BucketSettings>,
}

/// What the object store tells of a bucket. A field is `None` where it would not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketSettings {
    /// When it was made.
    pub created_at: Option<String>,
    /// `off`, `enabled` or `suspended`.
    pub versioning: Option<String>,
    /// Number of rules for requests from other sites.
    pub cors_rules: Option<u64>,
    /// Number of rules that delete or move objects by age.
    pub lifecycle_rules: Option<u64>,
    /// What others than the owner may do by its access list, ordered, for example `everyone: READ`; empty when nothing.
    pub access_list: Option<Vec<String>>,
    /// What its policy gives to everyone, ordered, for example `everyone: s3:GetObject`; empty when nothing or without a policy.
    pub policy: Option<Vec<String>>,
}

/// Attributes of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// `server` or `volume`.
    pub of: String,
    /// Id of what was copied.
    pub of_id: Option<String>,
    /// Size in GiB.
    pub size_gib: f64,
    /// When it was taken (RFC 3339).
    pub created_at: Option<String>,
}

/// A resource whose attributes no stage reads yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// The kind's word.
    pub word: String,
    /// What is known, ordered; free of secrets.
    pub facts: BTreeMap<String, Value>,
}
