//! Managed database clusters and their read-only copies.
//!
//! The answers here carry passwords in half a dozen places. None of the types that read them has a field for one.

mod describe;
mod inside;
mod utilisation;
mod wire;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use std::collections::BTreeMap;

use super::collection::Collection;
use super::reader::Reader;
use super::utilisation::Measurements;
use crate::client::{Answer, IN_FLIGHT_MAX};
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;
use crate::{DiscoverError, Progress};
use wire::{Cluster, Config, Detailed, SqlMode};

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

/// Reads every cluster with its parts.
pub(super) async fn gather(
    reader: &Reader<'_>,
    measurements: &Measurements<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let clusters: Vec<Cluster> = reader.list(COLLECTION).await?.unwrap_or_default();
    let total = clusters.len();
    let reads = clusters
        .into_iter()
        .map(|cluster| detail(reader, measurements, cluster));
    let mut details = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    let mut done = 0;
    while let Some(detailed) = details.try_next().await? {
        done += 1;
        reader.tell(Progress::Advanced {
            what: "databases",
            done,
            total,
        });
        describe::add(detailed, gathered);
    }
    Ok(())
}

async fn detail(
    reader: &Reader<'_>,
    measurements: &Measurements<'_>,
    cluster: Cluster,
) -> Result<Detailed, DiscoverError> {
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
        inside: inside::read(reader, &base, &cluster).await?,
        utilisation: match engine {
            Engine::Mysql => utilisation::of_mysql(measurements, &cluster.id).await?,
            _ => None,
        },
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
    Ok(settings.map(without_secrets))
}

fn without_secrets(settings: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let kept = settings
        .into_iter()
        .filter(|(name, value)| !may_be_secret(name, value));
    kept.map(|(name, value)| (name, cleaned(value))).collect()
}

/// The same, of what stands in a value.
fn cleaned(value: Value) -> Value {
    match value {
        Value::Object(inner) => Value::from_iter(without_secrets(inner.into_iter().collect())),
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        value => value,
    }
}

/// A number or a switch, such as `innodb_ft_min_token_size`, is no secret whatever its name.
fn may_be_secret(name: &str, value: &Value) -> bool {
    let name = name.to_ascii_lowercase();
    !value.is_number() && !value.is_boolean() && SECRET_WORDS.iter().any(|word| name.contains(word))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keep_everything_but_what_may_be_a_secret() {
        let text = r#"{"innodb_ft_min_token_size":3,"sql_mode":"ANSI","root_password":"x","pool":{"auth_token":"x","size":5},"list":[{"password":"x","a":1}]}"#;
        let settings = without_secrets(serde_json::from_str(text).unwrap());
        let kept = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            kept,
            r#"{"innodb_ft_min_token_size":3,"list":[{"a":1}],"pool":{"size":5},"sql_mode":"ANSI"}"#
        );
    }
}
