//! What the files of an application say about how it is built and run.

use serde::{Deserialize, Serialize};

/// Attributes of a checkout of an application's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Codebase {
    /// Id of the application that it is the code of, where that is known.
    pub app_id: Option<String>,
    /// Files that were read, relative to the checkout, ordered.
    pub files: Vec<String>,
    /// How it is built, the most exact first: `dockerfile`, `image`, `buildpack`. Empty: no file says.
    pub build: Vec<String>,
    /// Languages with the versions that the files ask for, ordered.
    pub runtimes: Vec<Runtime>,
    /// Buildpacks that the files name, or that would take it, in their order.
    pub buildpacks: Vec<String>,
    /// What it runs, ordered by file and name.
    pub processes: Vec<CodeProcess>,
    /// Commands that run once with each release, ordered.
    pub release_commands: Vec<String>,
    /// Work that runs at times, ordered.
    pub schedules: Vec<Schedule>,
    /// Databases, caches and other services that the files ask for, ordered.
    pub services: Vec<Service>,
    /// Names of the settings that the files mention, ordered; never their values.
    pub config_names: Vec<String>,
    /// Files that could not be understood or tell only in part, each with the reason, ordered.
    pub unread: Vec<Unread>,
}

/// A language and the version that a file asks for.
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
pub struct Runtime {
    /// `ruby`, `node`, `python`, …
    pub language: String,
    /// As the file says it, for example `3.2.2` or `>=20 <21`. `None`: no file says.
    pub version: Option<String>,
    /// Where it stands.
    pub file: String,
}

/// A kind of process that a file describes.
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
pub struct CodeProcess {
    /// Where it is described.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What it runs, as far as told; secrets in it are left out.
    pub command: Option<String>,
    /// Ports it listens on, ordered.
    pub ports: Vec<u16>,
    /// How its health is asked for: a path, or a command.
    pub health_check: Option<String>,
    /// How many instances it should have.
    pub instances: Option<u32>,
    /// The account that it runs as inside its container.
    pub user: Option<String>,
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
pub struct Schedule {
    /// Where it stands.
    pub file: String,
    /// When, in the words of the file: five fields of cron, or `@daily`.
    pub schedule: String,
    /// What it runs; secrets in it are left out.
    pub command: String,
}

/// A service that a file asks for.
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
pub struct Service {
    /// Where it stands.
    pub file: String,
    /// Its name there.
    pub name: String,
    /// What it is: an image, an engine or a plan, for example `postgres:16` or `heroku-redis:mini`.
    pub what: String,
}

/// A file that was not understood, or tells only in part.
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
pub struct Unread {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}
