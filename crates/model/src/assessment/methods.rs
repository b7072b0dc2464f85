//! How each database can be moved.

use serde::{Deserialize, Serialize};

use super::ResourceName;

/// The method proposed for one data store, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseMethod {
    /// The data store.
    pub database: ResourceName,
    /// Engine and version.
    pub engine: String,
    /// Bytes to move as far as known; `None` when nobody told.
    pub data_bytes: Option<u64>,
    /// What `data_bytes` is: the data, or the disk as an upper bound.
    pub size_basis: String,
    /// How it is moved.
    pub method: Method,
    /// Why this method, in words.
    pub why: String,
    /// Expected time without writes.
    pub write_stop: String,
    /// Rights that the method needs at the source.
    pub rights: String,
    /// What must still be probed or done before the method is certain, in order.
    pub before: Vec<String>,
    /// What can be done instead, and what it costs.
    pub instead: Vec<String>,
    /// Estimated hours of the first full copy; `None` when the size is not known.
    pub copy_hours: Option<u64>,
    /// Whether this build carries the method out by itself.
    pub automated: bool,
}

/// A way to move a data store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Full copy, then the change log of MySQL or MariaDB.
    Binlog,
    /// Full copy, then PostgreSQL's logical replication.
    Logical,
    /// Full copy, then changes that triggers at the source write down.
    TriggerCapture,
    /// Base backup and write-ahead log from the provider's archive, into a server in between.
    WalArchive,
    /// Dump and restore while nobody writes.
    DumpWindow,
    /// Keys are copied while nobody writes, or the store starts empty.
    KeyCopy,
    /// No method is known here.
    Unknown,
}
