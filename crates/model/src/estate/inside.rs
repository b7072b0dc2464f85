//! What runs on a server, as seen from inside it.

use serde::{Deserialize, Serialize};

/// What was collected on a server; what could not be is named in `unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inside {
    /// Name and version of the operating system, as it says itself.
    pub operating_system: Option<String>,
    /// Version of the kernel.
    pub kernel: Option<String>,
    /// Installed packages, ordered by name.
    pub packages: Vec<Package>,
    /// Services that run or start by themselves, ordered by name.
    pub units: Vec<Unit>,
    /// Entries of the crontabs and timers, ordered.
    pub schedules: Vec<CronEntry>,
    /// Where programs listen, ordered.
    pub listeners: Vec<ListeningPort>,
    /// Connections that were open to other machines, ordered, each peer once.
    pub connections: Vec<Connection>,
    /// File systems with their sizes, ordered by where they are mounted.
    pub mounts: Vec<Mount>,
    /// Sites that a web server serves, ordered.
    pub sites: Vec<Site>,
    /// Languages with the versions that answer, ordered.
    pub runtimes: Vec<InstalledRuntime>,
    /// What could not be collected, each with the reason, ordered.
    pub unknown: Vec<String>,
}

/// An installed package.
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
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A service of the init system.
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
pub struct Unit {
    /// Its name, for example `nginx.service`.
    pub name: String,
    /// `active`, `failed`, …
    pub state: String,
}

/// Work that runs at times.
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
pub struct CronEntry {
    /// Where it stands, for example `/etc/crontab` or `timer`.
    pub place: String,
    /// When, in the words of the place.
    pub schedule: String,
    /// As whom, where the place tells.
    pub user: Option<String>,
    /// What it runs; secrets in it are left out.
    pub command: String,
}

/// Where a program listens.
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
pub struct ListeningPort {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The address; `0.0.0.0`, `::` and `*` are every one.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Name of the program, where the account may see it.
    pub program: Option<String>,
}

/// A connection that was open.
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
pub struct Connection {
    /// Address of the other side.
    pub address: String,
    /// Port of the other side.
    pub port: u16,
    /// Name of the program on this side, where the account may see it.
    pub program: Option<String>,
    /// Whether the other side came to a port on which this server listens.
    pub is_incoming: bool,
}

/// A file system that is mounted.
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
pub struct Mount {
    /// Where.
    pub path: String,
    /// What: a device or a share.
    pub device: String,
    /// `ext4`, `nfs4`, …
    pub kind: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Bytes in use.
    pub used_bytes: u64,
}

/// A site of a web server.
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
pub struct Site {
    /// `nginx` or `apache`.
    pub server: String,
    /// The file.
    pub file: String,
    /// Host names, ordered.
    pub names: Vec<String>,
    /// Where requests are sent on to, ordered: host and port only.
    pub upstreams: Vec<String>,
    /// Folders that are served, ordered.
    pub roots: Vec<String>,
}

/// A language that answers with its version.
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
pub struct InstalledRuntime {
    /// `ruby`, `node`, `python`, …
    pub language: String,
    /// The version that it tells.
    pub version: String,
}
