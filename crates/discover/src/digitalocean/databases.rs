//! Managed database clusters and their read-only copies.
//!
//! The answers here carry passwords in half a dozen places. None of the types below has a field for one.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{
    Attributes, Database, DatabaseReplica, DatabaseUser, Resource, TrustedSource,
};

use super::gathered::Gathered;
use super::page::Identified;
use super::reader::{Collection, Reader, segment};
use crate::client::{Answer, IN_FLIGHT_MAX};
use crate::{DiscoverError, Progress};

const COLLECTION: Collection<'_> = Collection {
    path: "/v2/databases",
    query: "",
    key: "databases",
    item_key: Some("database"),
};

/// Settings whose names hold one of these are left out: their values may be secrets.
const SECRET_WORDS: [&str; 6] = [
    "password",
    "secret",
    "token",
    "credential",
    "private_key",
    "access_key",
];

#[derive(Clone, Debug, Deserialize)]
struct Cluster {
    id: String,
    name: String,
    engine: Option<String>,
    version: Option<String>,
    semantic_version: Option<String>,
    num_nodes: Option<u32>,
    size: Option<String>,
    region: Option<String>,
    status: Option<String>,
    created_at: Option<String>,
    private_network_uuid: Option<String>,
    tags: Option<Vec<String>>,
    db_names: Option<Vec<String>>,
    connection: Option<Connection>,
    users: Option<Vec<User>>,
    storage_size_mib: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Connection {
    host: Option<String>,
    port: Option<u16>,
    ssl: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
struct User {
    name: String,
    role: Option<String>,
    mysql_settings: Option<MysqlSettings>,
}

#[derive(Clone, Debug, Deserialize)]
struct MysqlSettings {
    auth_plugin: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Replica {
    id: Option<String>,
    name: String,
    region: Option<String>,
    size: Option<String>,
    status: Option<String>,
    private_network_uuid: Option<String>,
    connection: Option<Connection>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    uuid: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Logical {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Backup {
    created_at: String,
}

#[derive(Debug, Deserialize)]
struct Config {
    config: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct SqlMode {
    sql_mode: Option<String>,
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
struct Detailed {
    cluster: Cluster,
    users: Option<Vec<User>>,
    rules: Option<Vec<Rule>>,
    logical: Option<Vec<Logical>>,
    replicas: Option<Vec<Replica>>,
    backups: Option<Vec<Backup>>,
    settings: Option<BTreeMap<String, Value>>,
    sql_mode: Option<String>,
}

/// Reads every cluster with its parts. Whether the list itself could be seen.
pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let clusters: Vec<Cluster> = reader.list(COLLECTION).await?.unwrap_or_default();
    let total = clusters.len();
    let mut details = stream::iter(clusters.into_iter().map(|cluster| detail(reader, cluster)))
        .buffer_unordered(IN_FLIGHT_MAX);
    let mut done = 0;
    while let Some(detailed) = details.try_next().await? {
        done += 1;
        reader.tell(Progress::Advanced {
            what: "databases",
            done,
            total,
        });
        add(detailed, gathered);
    }
    Ok(())
}

async fn detail(reader: &Reader<'_>, cluster: Cluster) -> Result<Detailed, DiscoverError> {
    let base = format!("/v2/databases/{}", segment(&cluster.id));
    let engine = Engine::of(&cluster);
    Ok(Detailed {
        users: part(reader, &base, "users", engine.has_users()).await?,
        rules: part_at(reader, &base, "firewall", "rules", true).await?,
        logical: part(reader, &base, "dbs", engine.is_relational()).await?,
        replicas: part(reader, &base, "replicas", engine.is_relational()).await?,
        backups: part(reader, &base, "backups", engine.has_backups()).await?,
        settings: settings(reader, &base).await?,
        sql_mode: sql_mode(reader, &base, engine).await?,
        cluster,
    })
}

/// What can be asked of an engine. An unknown engine is asked for everything but a SQL mode.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    Mysql,
    Cache,
    NotRelational,
    Other,
}

impl Engine {
    fn of(cluster: &Cluster) -> Engine {
        match cluster.engine.as_deref().unwrap_or_default() {
            engine if engine.contains("mysql") => Engine::Mysql,
            "redis" | "valkey" => Engine::Cache,
            "mongodb" | "kafka" | "opensearch" => Engine::NotRelational,
            _ => Engine::Other,
        }
    }

    fn has_users(self) -> bool {
        self != Engine::Cache
    }

    fn has_backups(self) -> bool {
        self != Engine::Cache
    }

    fn is_relational(self) -> bool {
        matches!(self, Engine::Mysql | Engine::Other)
    }
}

async fn part<T>(
    reader: &Reader<'_>,
    base: &str,
    name: &str,
    applies: bool,
) -> Result<Option<Vec<T>>, DiscoverError>
where
    T: serde::de::DeserializeOwned + Identified,
{
    part_at(reader, base, name, name, applies).await
}

async fn part_at<T>(
    reader: &Reader<'_>,
    base: &str,
    name: &str,
    key: &str,
    applies: bool,
) -> Result<Option<Vec<T>>, DiscoverError>
where
    T: serde::de::DeserializeOwned + Identified,
{
    if !applies {
        return Ok(None);
    }
    reader
        .list(Collection::new(&format!("{base}/{name}"), key))
        .await
}

async fn settings(
    reader: &Reader<'_>,
    base: &str,
) -> Result<Option<BTreeMap<String, Value>>, DiscoverError> {
    let config: Option<Config> = reader.object(&format!("{base}/config")).await?;
    let settings = config.and_then(|config| config.config);
    Ok(settings.map(|settings| {
        settings
            .into_iter()
            .filter(|(name, _)| !is_secret(name))
            .collect()
    }))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

async fn sql_mode(
    reader: &Reader<'_>,
    base: &str,
    engine: Engine,
) -> Result<Option<String>, DiscoverError> {
    if engine != Engine::Mysql {
        return Ok(None);
    }
    let path = format!("{base}/sql_mode");
    let answer = reader
        .ask(&path, |bytes| serde_json::from_slice::<SqlMode>(bytes))
        .await?;
    Ok(match answer {
        Answer::Absent(_) => None,
        answer => reader
            .found_or_noted(&path, answer)
            .and_then(|mode| mode.sql_mode),
    })
}

fn add(detailed: Detailed, gathered: &mut Gathered) {
    let Detailed {
        cluster,
        users,
        rules,
        logical,
        replicas,
        backups,
        settings,
        sql_mode,
    } = detailed;
    let id = cluster.id.clone();
    gathered.refer(
        &id,
        "in_network",
        cluster.private_network_uuid.clone().unwrap_or_default(),
    );
    let trusted_sources = rules.map(|rules| trusted_sources(&id, rules, gathered));
    let replica_count = replicas.as_ref().map(|replicas| replicas.len() as u32);
    for replica in replicas.into_iter().flatten() {
        add_replica(&id, replica, gathered);
    }
    let names = cluster.db_names.into_iter().flatten();
    let logical = logical.into_iter().flatten().map(|database| database.name);
    let databases: BTreeSet<String> = names.chain(logical).collect();
    let connection = cluster.connection.as_ref();
    let mut tags = cluster.tags.unwrap_or_default();
    tags.sort();
    let database = Database {
        engine: cluster.engine.unwrap_or_default(),
        version: cluster
            .semantic_version
            .or(cluster.version)
            .unwrap_or_default(),
        size: cluster.size.unwrap_or_default(),
        nodes: cluster.num_nodes.unwrap_or(1),
        status: cluster.status.unwrap_or_default(),
        storage_mib: cluster.storage_size_mib,
        host: connection.and_then(|connection| connection.host.clone()),
        port: connection.and_then(|connection| connection.port),
        tls: connection
            .and_then(|connection| connection.ssl)
            .unwrap_or(false),
        databases: databases.into_iter().collect(),
        users: accounts(users.or(cluster.users).unwrap_or_default()),
        trusted_sources,
        settings,
        sql_mode,
        replicas: replica_count,
        latest_backup_at: backups
            .into_iter()
            .flatten()
            .map(|backup| backup.created_at)
            .max(),
        network_id: cluster.private_network_uuid,
        tags,
        created_at: cluster.created_at,
    };
    gathered.add(Resource {
        id,
        name: cluster.name,
        region: cluster.region,
        // No endpoint of the API tells the price of a database plan.
        cost: None,
        attributes: Attributes::Database(database),
    });
}

fn accounts(users: Vec<User>) -> Vec<DatabaseUser> {
    let mut accounts: Vec<DatabaseUser> = users
        .into_iter()
        .map(|user| DatabaseUser {
            name: user.name,
            role: user.role.unwrap_or_default(),
            authentication: user
                .mysql_settings
                .and_then(|settings| settings.auth_plugin),
        })
        .collect();
    accounts.sort();
    accounts
}

fn trusted_sources(id: &str, rules: Vec<Rule>, gathered: &mut Gathered) -> Vec<TrustedSource> {
    let mut sources = Vec::new();
    for Rule {
        uuid: _,
        kind,
        value,
    } in rules
    {
        let kind = match kind.as_str() {
            "droplet" => "server",
            "k8s" => "cluster",
            "ip_addr" => "address",
            other => other,
        };
        match kind {
            "tag" => gathered.refer_tagged(id, "allows", &value),
            "server" | "cluster" | "app" => gathered.refer(id, "allows", value.as_str()),
            _ => {}
        }
        let kind = kind.to_owned();
        sources.push(TrustedSource { kind, value });
    }
    sources.sort();
    sources
}

fn add_replica(database_id: &str, replica: Replica, gathered: &mut Gathered) {
    let id = replica
        .id
        .clone()
        .unwrap_or_else(|| format!("{database_id}/{}", replica.name));
    gathered.refer(&id, "replica_of", database_id);
    gathered.refer(
        &id,
        "in_network",
        replica.private_network_uuid.unwrap_or_default(),
    );
    gathered.add(Resource {
        id,
        name: replica.name,
        region: replica.region,
        cost: None,
        attributes: Attributes::DatabaseReplica(DatabaseReplica {
            database_id: database_id.to_owned(),
            size: replica.size,
            status: replica.status.unwrap_or_default(),
            host: replica.connection.and_then(|connection| connection.host),
        }),
    });
}
