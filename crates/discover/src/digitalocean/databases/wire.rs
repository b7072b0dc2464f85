//! The shapes of the answers, without a field for any password.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use reberth_model::estate::DatabaseUtilisation;

use super::inside::Inside;
use crate::item::Identified;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) engine: Option<String>,
    pub(super) version: Option<String>,
    pub(super) semantic_version: Option<String>,
    pub(super) num_nodes: Option<u32>,
    pub(super) size: Option<String>,
    pub(super) region: Option<String>,
    pub(super) status: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) private_network_uuid: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) db_names: Option<Vec<String>>,
    pub(super) connection: Option<Connection>,
    pub(super) private_connection: Option<Connection>,
    pub(super) users: Option<Vec<User>>,
    pub(super) storage_size_mib: Option<u64>,
    pub(super) version_end_of_life: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Connection {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) ssl: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) role: Option<String>,
    pub(super) mysql_settings: Option<MysqlSettings>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct MysqlSettings {
    pub(super) auth_plugin: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Replica {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) region: Option<String>,
    pub(super) size: Option<String>,
    pub(super) status: Option<String>,
    pub(super) private_network_uuid: Option<String>,
    pub(super) connection: Option<Connection>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) uuid: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Logical {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Backup {
    pub(super) created_at: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub(super) config: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SqlMode {
    pub(super) sql_mode: Option<String>,
}

/// A pool of connections of PostgreSQL. Its own connection, with a password, is stepped over.
#[derive(Debug, Deserialize)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) mode: Option<String>,
    pub(super) size: Option<u32>,
    pub(super) db: Option<String>,
    pub(super) user: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogTopic {
    pub(super) name: String,
    pub(super) replication_factor: Option<u32>,
    pub(super) partition_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Index {
    pub(super) index_name: String,
    pub(super) number_of_shards: Option<u32>,
    pub(super) number_of_replicas: Option<u32>,
    pub(super) size: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Eviction {
    pub(super) eviction_policy: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Growth {
    pub(super) autoscale: Option<Autoscale>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Autoscale {
    pub(super) storage: Option<StorageGrowth>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StorageGrowth {
    pub(super) enabled: Option<bool>,
}

impl Identified for Pool {
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Identified for LogTopic {
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Identified for Index {
    fn id(&self) -> String {
        self.index_name.clone()
    }
}

impl Identified for Cluster {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for User {
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Identified for Replica {
    fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.name.clone())
    }
}

impl Identified for Rule {
    fn id(&self) -> String {
        self.uuid
            .clone()
            .unwrap_or_else(|| format!("{}:{}", self.kind, self.value))
    }
}

impl Identified for Logical {
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Identified for Backup {
    fn id(&self) -> String {
        self.created_at.clone()
    }
}

/// A cluster with everything that is asked for separately; `None` is what the token may not see.
pub(super) struct Detailed {
    pub(super) cluster: Cluster,
    pub(super) users: Option<Vec<User>>,
    pub(super) rules: Option<Vec<Rule>>,
    pub(super) logical: Option<Vec<Logical>>,
    pub(super) replicas: Option<Vec<Replica>>,
    pub(super) backups: Option<Vec<Backup>>,
    pub(super) settings: Option<BTreeMap<String, Value>>,
    pub(super) sql_mode: Option<String>,
    pub(super) inside: Inside,
    pub(super) utilisation: Option<DatabaseUtilisation>,
}
