//! A cluster with its parts, in the field's words.

use std::collections::BTreeSet;

use reberth_model::estate::{
    Attributes, Database, DatabaseReplica, DatabaseUser, Resource, TrustedSource,
};

use super::wire::{Detailed, Replica, Rule, User};
use crate::gathered::Gathered;

/// Adds a cluster, its read-only copies, and what both refer to.
pub(super) fn add(detailed: Detailed, gathered: &mut Gathered) {
    let Detailed {
        cluster,
        users,
        rules,
        logical,
        replicas,
        backups,
        settings,
        sql_mode,
        inside,
        utilisation,
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
        data_bytes: None,
        storage_mib: cluster.storage_size_mib,
        host: connection.and_then(|connection| connection.host.clone()),
        private_host: cluster
            .private_connection
            .and_then(|connection| connection.host),
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
        version_ends_at: cluster.version_end_of_life,
        connection_pools: inside.pools,
        topics: inside.topics,
        indexes: inside.indexes,
        eviction_policy: inside.eviction_policy,
        storage_grows: inside.storage_grows,
        utilisation,
    };
    gathered.add(Resource {
        id,
        name: cluster.name,
        region: cluster.region,
        // No endpoint of the API tells the price of a database plan.
        cost: None,
        attributes: of_engine(database),
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
            "address" => gathered.refer_host(id, "allows", value.trim_end_matches("/32")),
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

/// Stores of keys and values are a kind of their own: they may be a cache, or hold queues.
fn of_engine(database: Database) -> Attributes {
    match database.engine.as_str() {
        "redis" | "valkey" => Attributes::Cache(database),
        _ => Attributes::Database(database),
    }
}
