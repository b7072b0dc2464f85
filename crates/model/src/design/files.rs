//! Files that outlive the servers that write them.

use serde::{Deserialize, Serialize};

use super::Origin;

/// Files of the servers of one service, kept apart from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileStore {
    /// Stable key.
    pub key: String,
    /// How they are kept.
    pub form: FileForm,
    /// Key of the service whose servers mount it.
    pub service: String,
    /// Where they mount it.
    pub path: String,
    /// Size in GiB at the source; a shared file system grows by itself.
    pub size_gib: u64,
    /// Zone of a disk, by slot; empty for a shared file system.
    pub zone: String,
    /// Key of the security group of a shared file system; empty for a disk.
    pub security_group: String,
    /// Server of the source that holds the files, by name.
    pub server: String,
    /// Where they are mounted there, as far as that is known.
    pub source_path: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// How files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileForm {
    /// A disk that the one server of a service takes with it, in one zone.
    Disk,
    /// A file system that every server of a service mounts.
    Shared,
}
