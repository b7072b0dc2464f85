//! Databases of a design.

use serde::{Deserialize, Serialize};

use super::{Choice, Origin};

/// A managed database with its read replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Database {
    /// Stable key, also the instance's identifier after the prefix.
    pub key: String,
    /// The environment it is labelled with.
    pub environment: String,
    /// `mysql` or `postgres`.
    pub engine: String,
    /// Version of the engine.
    pub engine_version: Choice,
    /// Instance class.
    pub instance_class: Choice,
    /// Storage at first, in GiB.
    pub storage_gib: u64,
    /// Storage it may grow to, in GiB.
    pub storage_gib_max: u64,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Days that automatic backups are kept.
    pub backup_retention_days: u32,
    /// Daily backup window in UTC, for example `03:30-04:00`; `None` lets the service choose.
    pub backup_window: Option<String>,
    /// Family of the parameter group, for example `mysql8.0`.
    pub parameter_family: String,
    /// Parameters that differ from the engine's defaults or state a decision, ordered by name.
    pub parameters: Vec<Parameter>,
    /// Settings of the source that have no parameter here, ordered by name.
    pub settings_not_copied: Vec<SettingNotCopied>,
    /// Read replicas, ordered by key.
    pub replicas: Vec<Replica>,
    /// Logical databases that are moved into it, ordered.
    pub schemas: Vec<String>,
    /// Key of its security group.
    pub security_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A read replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Replica {
    /// Stable key.
    pub key: String,
    /// Instance class.
    pub instance_class: Choice,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// One parameter of a parameter group.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Parameter {
    /// Name at the target.
    pub name: String,
    /// Value.
    pub value: String,
    /// When it takes effect.
    pub apply: ParameterApply,
    /// Why it is set.
    pub why: String,
}

/// When a parameter takes effect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterApply {
    /// At once: a dynamic parameter.
    Immediate,
    /// At the next restart: a static parameter.
    PendingReboot,
}

/// A setting of the source that is not set at the target.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct SettingNotCopied {
    /// Name at the source.
    pub name: String,
    /// Value at the source.
    pub value: String,
    /// Why it is not set, or what comes instead.
    pub why: String,
}
