//! What is known of a database cluster, its users, and what is made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
