//! Caches: one replication group for each store of keys and values at the source.

use reberth_model::design::{Cache, CacheParameter, Origin, SettingNotCopied};
use reberth_model::estate::{self, Attributes, Estate, Resource};
use serde_json::Value;

use crate::database::Named;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::instance_size;
use crate::name::{self, Keys};

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
    named: &Named<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Cache>, DesignError> {
    let mut keys = Keys::caches(named.previous, estate);
    let mut caches = Vec::new();
    for resource in estate.of_kind("cache") {
        let Attributes::Cache(source) = &resource.attributes else {
            continue;
        };
        let Ok((own_name, environment)) = named.of(estate, resource, &source.tags) else {
            continue;
        };
        let key = keys.give(&own_name, [&resource.id], KEY_LENGTH_MAX);
        let mut own = cache(resource, source, key, environment, decisions)?;
        own.name = name::shortened(
            &format!("{project}-{}-{}", named.environment, own.key),
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
    environment: String,
    decisions: &mut Decisions<'_>,
) -> Result<Cache, DesignError> {
    let id = |what: &str| format!("caches.{key}.{what}");
    let size = instance_size::of_cache(&id("node_type"), &resource.name, &source.size);
    let size = decisions.or_named(size)?;
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
        environment,
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
const PARAMETERS: [(&str, &str); 7] = [
    ("maxmemory_policy", "maxmemory-policy"),
    ("notify_keyspace_events", "notify-keyspace-events"),
    ("timeout", "timeout"),
    ("redis_maxmemory_policy", "maxmemory-policy"),
    ("redis_notify_keyspace_events", "notify-keyspace-events"),
    ("redis_timeout", "timeout"),
    ("valkey_maxmemory_policy", "maxmemory-policy"),
];

/// What a platform tells of a store that is no setting of it, or says a second time.
const NO_SETTINGS: [&str; 5] = [
    "Maxmemory",
    "Plan",
    "Status",
    "Timeout",
    "standby_segv_workaround",
];
/// How a store keeps what it holds over a restart.
const PERSISTENCE: &str = "Persistence";
const NO_PERSISTENCE: &str = "None";

fn parameters(source: &estate::Database) -> (Vec<CacheParameter>, Vec<SettingNotCopied>) {
    let mut copied = Vec::new();
    let mut left = Vec::new();
    for (name, value) in source.settings.iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if NO_SETTINGS.contains(&name.as_str()) || (name == PERSISTENCE && value == NO_PERSISTENCE)
        {
            continue;
        }
        match PARAMETERS.iter().find(|(known, _)| known == name) {
            // A parameter group refuses an empty value, which is the default of those that may be empty.
            Some(_) if value.is_empty() => {}
            Some((_, parameter)) => copied.push(CacheParameter {
                name: (*parameter).to_owned(),
                // The source writes policies with underscores in some versions of its API.
                value: value.replace('_', "-"),
            }),
            None => left.push(SettingNotCopied {
                name: name.clone(),
                value,
                why: if name == PERSISTENCE {
                    "ElastiCache keeps no log of writes: a standby takes over, and what was not copied to it yet is lost. If a queue must survive that, decide for MemoryDB"
                } else {
                    "no parameter of that meaning is known to this build; decide by hand"
                }
                .to_owned(),
            }),
        }
    }
    copied.sort();
    copied.dedup_by(|later, earlier| later.name == earlier.name);
    (copied, left)
}
