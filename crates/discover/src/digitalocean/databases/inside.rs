//! What only some engines have: pools of connections, topics, indexes, a rule for forgetting, storage that grows.

use serde::de::DeserializeOwned;

use reberth_model::estate::{ConnectionPool, SearchIndex, Topic};

use super::wire::{Cluster, Eviction, Growth, Index, LogTopic, Pool};
use crate::DiscoverError;
use crate::client::Answer;
use crate::digitalocean::collection::Collection;
use crate::digitalocean::reader::Reader;
use crate::item::Identified;

/// What was found inside a cluster, ordered; empty where its engine has no such thing.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) pools: Vec<ConnectionPool>,
    pub(super) topics: Vec<Topic>,
    pub(super) indexes: Vec<SearchIndex>,
    pub(super) eviction_policy: Option<String>,
    pub(super) storage_grows: Option<bool>,
}

/// Asks for what the cluster's engine has.
pub(super) async fn read(
    reader: &Reader<'_>,
    base: &str,
    cluster: &Cluster,
) -> Result<Inside, DiscoverError> {
    let mut inside = Inside::default();
    match cluster.engine.as_deref().unwrap_or_default() {
        "redis" | "valkey" => {
            let found: Option<Eviction> = object(reader, base, "eviction_policy").await?;
            inside.eviction_policy = found.and_then(|found| found.eviction_policy);
            return Ok(inside);
        }
        "kafka" => inside.topics = list(reader, base, "topics", topic).await?,
        "opensearch" => inside.indexes = list(reader, base, "indexes", index).await?,
        engine if engine.contains("pg") => {
            inside.pools = list(reader, base, "pools", pool).await?;
        }
        _ => {}
    }
    let growth: Option<Growth> = object(reader, base, "autoscale").await?;
    inside.storage_grows = growth.and_then(|growth| growth.autoscale?.storage?.enabled);
    Ok(inside)
}

/// One object that not every cluster has.
async fn object<T: DeserializeOwned>(
    reader: &Reader<'_>,
    base: &str,
    name: &str,
) -> Result<Option<T>, DiscoverError> {
    let path = format!("{base}/{name}");
    let parse = |bytes: &[u8]| serde_json::from_slice(bytes);
    match reader.ask(&path, parse).await? {
        Answer::Absent(_) => Ok(None),
        answer => Ok(reader.found_or_noted(&path, answer)),
    }
}

async fn list<T: DeserializeOwned + Identified, Told: Ord>(
    reader: &Reader<'_>,
    base: &str,
    name: &str,
    told: impl Fn(T) -> Told,
) -> Result<Vec<Told>, DiscoverError> {
    let path = format!("{base}/{name}");
    let found: Option<Vec<T>> = reader.list(Collection::new(&path, name)).await?;
    let mut items: Vec<Told> = found.into_iter().flatten().map(told).collect();
    items.sort();
    Ok(items)
}

fn pool(pool: Pool) -> ConnectionPool {
    ConnectionPool {
        name: pool.name,
        mode: pool.mode.unwrap_or_default(),
        connections: pool.size.unwrap_or_default(),
        database: pool.db.unwrap_or_default(),
        user: pool.user.filter(|user| !user.is_empty()),
    }
}

fn topic(topic: LogTopic) -> Topic {
    Topic {
        name: topic.name,
        partitions: topic.partition_count.unwrap_or_default(),
        copies: topic.replication_factor.unwrap_or_default(),
    }
}

fn index(index: Index) -> SearchIndex {
    SearchIndex {
        name: index.index_name,
        shards: index.number_of_shards.unwrap_or_default(),
        copies: index.number_of_replicas.unwrap_or_default(),
        size_bytes: index.size,
    }
}
