//! Applications: what belongs together, is built from one source of code, and shares its settings.

use serde::{Deserialize, Serialize};

use super::super::Origin;

/// An application: a namespace with its service account, image and settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Application {
    /// Stable key.
    pub key: String,
    /// Its name at the source.
    pub name: String,
    /// The environment it is labelled with.
    pub environment: String,
    /// Its namespace.
    pub namespace: String,
    /// The service account of its pods.
    pub service_account: String,
    /// Key of the identity of that service account.
    pub identity: String,
    /// Key of the repository of its images.
    pub repository: String,
    /// How its image is built.
    pub build: ImageBuild,
    /// Its settings.
    pub settings: AppSettings,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageBuild {
    /// From a Dockerfile in the code.
    Dockerfile,
    /// By Cloud Native Buildpacks that take the place of these buildpacks of the source, in order.
    Buildpacks(Vec<String>),
}

/// Settings of an application: names only, never a value.
///
/// Two secrets, because they live differently: those of `secret` are versioned with the releases and go back with them, those of
/// `bound_secret` are addresses of what the target has, which are always those of now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AppSettings {
    /// Name of the secret that holds the settings that are carried, in Secrets Manager.
    pub secret: String,
    /// Name of the secret that holds the settings that name databases and caches of the target.
    pub bound_secret: String,
    /// Every setting of the source, ordered by name; `None` where the source did not show them.
    pub settings: Option<Vec<Setting>>,
}

/// One setting.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub fate: SettingFate,
    /// Why.
    pub why: String,
}

/// What becomes of a setting.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SettingFate {
    /// Its value is copied as it is.
    Carried,
    /// It names the database of this key.
    Database(String),
    /// It names the cache of this key.
    Cache(String),
    /// It is left out.
    Dropped,
    /// A person must decide: until then it is carried.
    Undecided,
}

/// Room for applications that are made for one change under review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Previews {
    /// Key of the node group that they run on.
    pub node_group: String,
    /// How many there may be at once.
    pub count_max: u32,
    /// Pods of one of them.
    pub pods: u32,
    /// Processors that one of them may ask for, in thousandths.
    pub cpu_request_millis: u64,
    /// Memory that one of them may ask for, in MiB.
    pub memory_request_mib: u64,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}
