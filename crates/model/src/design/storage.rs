//! Buckets and caches of a design.

use serde::{Deserialize, Serialize};

use super::{Choice, Origin, SettingNotCopied};

/// A bucket for the application's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bucket {
    /// Stable key.
    pub key: String,
    /// Beginning of its name; the account's number follows, since all of AWS shares these names. Its whole name where it exists already.
    pub name: String,
    /// Whether it exists already and is taken over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exists: bool,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A managed store of keys and values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cache {
    /// Stable key.
    pub key: String,
    /// Identifier, at most 40 characters.
    pub name: String,
    /// The environment it is labelled with.
    pub environment: String,
    /// `valkey` or `redis`.
    pub engine: Choice,
    /// Version of the engine.
    pub engine_version: String,
    /// Family of the parameter group, for example `valkey8`.
    pub parameter_family: String,
    /// Parameters by name, ordered.
    pub parameters: Vec<CacheParameter>,
    /// Settings of the source that have no parameter here, ordered by name.
    pub settings_not_copied: Vec<SettingNotCopied>,
    /// Type of the nodes.
    pub node_type: Choice,
    /// Nodes, the primary among them.
    pub nodes: u64,
    /// Key of its security group.
    pub security_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// One parameter of a cache.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct CacheParameter {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}
