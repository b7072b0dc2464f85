//! What watches over the account, keeps its records and brings it back.

use serde::{Deserialize, Serialize};

/// Security services, the audit trail, people's access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Safeguards {
    /// Whether GuardDuty, Security Hub and the account's safe defaults are part of this design.
    pub baseline: bool,
    /// Whether AWS Config records every change of a resource.
    pub record_configuration: bool,
    /// Object Lock of the audit trail.
    pub trail_lock: TrailLock,
    /// Days that the lock holds.
    pub trail_lock_days: u64,
    /// Whether people's permission sets are part of this design.
    pub permission_sets: bool,
}

/// Object Lock of the audit trail.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrailLock {
    /// No lock.
    #[default]
    None,
    /// Only who has a right of its own may take it off.
    Governance,
    /// Nobody may take it off before its time, not even the root user.
    Compliance,
}

impl TrailLock {
    /// The word that S3 has for it.
    pub fn word(self) -> &'static str {
        match self {
            TrailLock::None => "NONE",
            TrailLock::Governance => "GOVERNANCE",
            TrailLock::Compliance => "COMPLIANCE",
        }
    }
}

/// Alarms, backups, the budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Operations {
    /// Region that holds copies of backups; `None` for no copies.
    pub copy_region: Option<String>,
    /// Days that daily backups are kept.
    pub backup_days: u64,
    /// Monthly budget in US dollars; `None` where nothing was promised.
    pub budget_usd: Option<u64>,
    /// Where metrics of servers and databases are kept.
    #[serde(default)]
    pub metrics: MetricsStore,
    /// Whether logs can be searched in a domain of OpenSearch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log_search: bool,
    /// Whether Datadog watches the account and its servers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub datadog: bool,
}

/// Where metrics of servers and databases are kept.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MetricsStore {
    /// In CloudWatch only, as AWS itself measures.
    #[default]
    Cloudwatch,
    /// In a managed Prometheus beside it, with Grafana.
    Prometheus,
}

/// How data moves, and what exists for that time only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Migration {
    /// What carries the rows.
    pub engine: ReplicationEngine,
    /// Instance type of the runner.
    pub runner_type: String,
    /// Disk of the runner for the spool of log events, in GiB.
    pub runner_disk_gib: u64,
    /// Ports of the source's databases, ordered.
    pub source_ports: Vec<u16>,
    /// Servers whose disks AWS Application Migration Service copies, ordered by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copied_servers: Vec<CopiedServer>,
}

/// A server whose disks are copied as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CopiedServer {
    /// Its name at the source.
    pub name: String,
    /// Key of the service that it becomes part of.
    pub service: String,
    /// Its public IPv4 addresses, from which its agent sends, ordered.
    pub addresses: Vec<String>,
}

/// What carries the rows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReplicationEngine {
    /// This program's own engine, on a runner in the target's network.
    #[default]
    Reberth,
    /// AWS Database Migration Service.
    Dms,
}
