//! How the servers of a service get there, and what was found on those that they replace.

use serde::{Deserialize, Serialize};

/// How the servers of a service get there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Arrival {
    /// The way.
    pub way: ArrivalWay,
    /// Why that one.
    pub why: String,
    /// What was found on the servers that are replaced.
    pub contents: Contents,
}

/// A way for servers to get there.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalWay {
    /// A maker's image as it is: people put the application on it.
    #[default]
    PlainImage,
    /// A pipeline that makes an image from what was found, again and again.
    ImagePipeline,
    /// AWS Application Migration Service copies the disks of the servers as they are.
    ApplicationMigration,
}

/// What was found on the servers of a service. Settings, keys and the content of files are never part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Contents {
    /// Names of the servers that somebody looked into, ordered. Empty: nothing is known.
    pub seen: Vec<String>,
    /// Names of the servers that nobody looked into, ordered.
    pub unseen: Vec<String>,
    /// Packages beyond the system's own, ordered by name.
    pub packages: Vec<FoundPackage>,
    /// Units that run on every server that was seen, beyond the system's own, ordered.
    pub units: Vec<String>,
    /// Accounts that scheduled work runs as, ordered; `root` is not among them.
    pub accounts: Vec<String>,
    /// Scheduled work of every server that was seen, ordered.
    pub schedules: Vec<FoundSchedule>,
    /// Languages whose version is the same on every server that was seen, ordered.
    pub runtimes: Vec<FoundRuntime>,
    /// Sites of the web server of every server that was seen, ordered.
    pub sites: Vec<FoundSite>,
    /// What was found and is not carried, or could not be known; each a sentence, ordered.
    pub left_to_people: Vec<String>,
}

/// A package.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct FoundPackage {
    /// Its name.
    pub name: String,
    /// Its version at the source; another release of the system has another one.
    pub version: String,
}

/// Work that runs at times.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct FoundSchedule {
    /// When, in the words of a crontab.
    pub schedule: String,
    /// As whom.
    pub account: String,
    /// What it runs.
    pub command: String,
}

/// A language.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct FoundRuntime {
    /// `ruby`, `node`, `python`, …
    pub language: String,
    /// The version that answered.
    pub version: String,
}

/// A site of a web server.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct FoundSite {
    /// `nginx` or `apache`.
    pub server: String,
    /// The file that it stood in.
    pub file: String,
    /// Host names, ordered.
    pub names: Vec<String>,
    /// Where requests are sent on to, ordered: host and port only.
    pub upstreams: Vec<String>,
    /// Folders that are served, ordered.
    pub roots: Vec<String>,
}
