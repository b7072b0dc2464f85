//! The kinds of resource and what is known of each.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::codebase::Codebase;
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

/// Attributes of a database cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `mysql`, `pg`, `redis`, … as the provider says; unknown engines are kept.
    pub engine: String,
    /// The most exact version known, for example `8.0.35`.
    pub version: String,
    /// The provider's size name.
    pub size: String,
    /// Nodes of the cluster, 1 when it has no standby.
    pub nodes: u32,
    /// `online`, …
    pub status: String,
    /// Storage in MiB where the provider tells.
    pub storage_mib: Option<u64>,
    /// Bytes of data in it, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<u64>,
    /// Host name for public connections.
    pub host: Option<String>,
    /// Host name inside the private network, where it has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_host: Option<String>,
    /// Port for public connections.
    pub port: Option<u16>,
    /// Whether the server demands TLS.
    pub tls: bool,
    /// Names of the logical databases, ordered.
    pub databases: Vec<String>,
    /// Accounts, ordered by name; never their passwords.
    pub users: Vec<DatabaseUser>,
    /// Who may connect; an empty list with `Some` means the whole internet. `None`: not visible.
    pub trusted_sources: Option<Vec<TrustedSource>>,
    /// Server settings as the provider tells them, ordered by name. `None`: not visible.
    pub settings: Option<BTreeMap<String, Value>>,
    /// The SQL mode. `None`: not visible or not such an engine.
    pub sql_mode: Option<String>,
    /// Number of read-only copies. `None`: not visible.
    pub replicas: Option<u32>,
    /// Newest backup (RFC 3339). `None`: not visible or none.
    pub latest_backup_at: Option<String>,
    /// Id of the private network.
    pub network_id: Option<String>,
    /// Labels, ordered.
    pub tags: Vec<String>,
    /// When it was made (RFC 3339).
    pub created_at: Option<String>,
    /// When the provider stops to support the version (RFC 3339), where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_ends_at: Option<String>,
    /// Pools of connections before it, ordered by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connection_pools: Vec<ConnectionPool>,
    /// Topics of an event log, ordered by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<Topic>,
    /// Indexes of a search engine, ordered by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<SearchIndex>,
    /// What a store of keys and values forgets when it is full, for example `allkeys_lru`; `noeviction` keeps everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eviction_policy: Option<String>,
    /// Whether its storage grows by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_grows: Option<bool>,
    /// Utilisation as measured; `None` when the provider has no measurements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<DatabaseUtilisation>,
}

/// What was measured of a database over a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseUtilisation {
    /// Length of the window in hours.
    pub window_hours: u64,
    /// Number of samples of processor use.
    pub samples: u64,
    /// 99.5th percentile of processor use, percent.
    pub cpu_p99_5_percent: Option<f64>,
    /// Highest processor use seen, percent.
    pub cpu_max_percent: Option<f64>,
    /// Highest memory use seen, percent.
    pub memory_max_percent: Option<f64>,
    /// Highest use of the disk seen, percent.
    pub disk_max_percent: Option<f64>,
}

/// A pool of connections before a database.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPool {
    /// Its name.
    pub name: String,
    /// `transaction`, `session` or `statement`.
    pub mode: String,
    /// Connections to the database.
    pub connections: u32,
    /// The logical database.
    pub database: String,
    /// The account it connects as.
    pub user: Option<String>,
}

/// A topic of an event log.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Into how many partitions it is cut.
    pub partitions: u32,
    /// On how many nodes each partition lies.
    pub copies: u32,
}

/// An index of a search engine.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SearchIndex {
    /// Its name.
    pub name: String,
    /// Into how many shards it is cut.
    pub shards: u32,
    /// How many copies each shard has.
    pub copies: u32,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
}

/// A database account.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct DatabaseUser {
    /// Account name.
    pub name: String,
    /// `primary` or `normal`.
    pub role: String,
    /// How it proves itself, for example `caching_sha2_password`.
    pub authentication: Option<String>,
}

/// One entry of a database's list of allowed clients.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct TrustedSource {
    /// `server`, `cluster`, `address`, `tag`, `app`.
    pub kind: String,
    /// Id, address or tag.
    pub value: String,
}

/// Attributes of a read-only copy of a database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseReplica {
    /// Id of the cluster it copies.
    pub database_id: String,
    /// The provider's size name.
    pub size: Option<String>,
    /// `online`, …
    pub status: String,
    /// Host name for public connections.
    pub host: Option<String>,
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
