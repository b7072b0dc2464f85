//! Caches: one replication group for each store of keys and values at the source.

use reberth_model::design::{Cache, CacheParameter, Origin, SettingNotCopied};
use reberth_model::estate::{self, Attributes, Estate, Resource};
use serde_json::Value;
use std::collections::BTreeSet;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::{compute, instance_size, name};

const KEY_LENGTH_MAX: usize = 32;
/// Longest identifier of a replication group.
const NAME_LENGTH_MAX: usize = 40;
/// Nodes that one replication group may have.
const NODES_MAX: u64 = 6;
const VALKEY: &str = "valkey";
const REDIS: &str = "redis";

/// Designs the caches, ordered by key.
pub(crate) fn caches(
    estate: &Estate,
    project: &str,
    environment: &str,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Cache>, DesignError> {
    let mut taken = BTreeSet::new();
    let mut caches = Vec::new();
    for resource in estate.of_kind("cache") {
        let Attributes::Cache(source) = &resource.attributes else {
            continue;
        };
        let key = name::unique_key(&resource.name, &resource.id, KEY_LENGTH_MAX, &mut taken);
        let mut own = cache(resource, source, key, environment, decisions)?;
        own.name = name::shortened(
            &format!("{project}-{environment}-{}", own.key),
            NAME_LENGTH_MAX,
        );
        caches.push(own);
    }
    caches.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(caches)
}

fn cache(
    resource: &Resource,
    source: &estate::Database,
    key: String,
    environment: &str,
    decisions: &mut Decisions<'_>,
) -> Result<Cache, DesignError> {
    let id = |what: &str| format!("caches.{key}.{what}");
    let size = instance_size::of_cache(&resource.name, &source.size)?;
    let engine = decisions.decide(&Question {
        id: &id("engine"),
        value: VALKEY,
        alternative: REDIS,
        why: "Valkey speaks the same protocol, stays open source and costs less for the same node",
        may_be: Values::OneOf(&[VALKEY, REDIS]),
    })?;
    let (engine_version, parameter_family) = match engine.value.as_str() {
        VALKEY => ("8.0", "valkey8"),
        _ => ("7.1", "redis7"),
    };
    let nodes = decisions.number(&Question {
        id: &id("nodes"),
        value: &u64::from(source.nodes).clamp(1, NODES_MAX).to_string(),
        alternative: if source.nodes > 1 { "1" } else { "2" },
        why: "as many as at the source; two or more stand in different zones, and one takes over",
        may_be: Values::Number(1, NODES_MAX),
    })?;
    let node_type = decisions.decide(&Question {
        id: &id("node_type"),
        value: &size.value,
        alternative: "a smaller or a newer type",
        why: &size.why,
        may_be: Values::InstanceType("cache."),
    })?;
    let (parameters, settings_not_copied) = parameters(source);
    Ok(Cache {
        name: String::new(),
        environment: compute::environment_of(&source.tags, environment),
        engine,
        engine_version: engine_version.to_owned(),
        parameter_family: parameter_family.to_owned(),
        parameters,
        settings_not_copied,
        node_type,
        nodes,
        security_group: format!("cache-{key}"),
        origin: Origin {
            from: vec![resource.id.clone()],
            why: format!(
                "replaces {} ({} {}); its content is filled anew unless it is moved on purpose",
                resource.name, source.engine, source.version
            ),
        },
        key,
    })
}

/// Names of the source's settings and of the parameters that mean the same.
const PARAMETERS: [(&str, &str); 4] = [
    ("redis_maxmemory_policy", "maxmemory-policy"),
    ("redis_notify_keyspace_events", "notify-keyspace-events"),
    ("redis_timeout", "timeout"),
    ("valkey_maxmemory_policy", "maxmemory-policy"),
];

fn parameters(source: &estate::Database) -> (Vec<CacheParameter>, Vec<SettingNotCopied>) {
    let mut copied = Vec::new();
    let mut left = Vec::new();
    for (name, value) in source.settings.iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match PARAMETERS.iter().find(|(known, _)| known == name) {
            Some((_, parameter)) => copied.push(CacheParameter {
                name: (*parameter).to_owned(),
                // The source writes policies with underscores in some versions of its API.
                value: value.replace('_', "-"),
            }),
            None => left.push(SettingNotCopied {
                name: name.clone(),
                value,
                why: "no parameter of that meaning is known to this build; decide by hand"
                    .to_owned(),
            }),
        }
    }
    copied.sort();
    copied.dedup_by(|later, earlier| later.name == earlier.name);
    (copied, left)
}
