//! Databases: one managed instance for each cluster of the source, with its read replicas.

use reberth_model::design::{Choice, Database, Design, Origin, Replica};
use reberth_model::estate::{self, Attributes, Estate, Resource};
use serde_json::Value;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name::{Keys, Room};
use crate::platform::{self, EstateApp};
use crate::{compute, instance_size, parameters};

/// Least storage of a gp3 volume in RDS.
const STORAGE_GIB_MIN: u64 = 20;
const BACKUP_DAYS_PROD: u32 = 14;
const BACKUP_DAYS_OTHER: u32 = 7;

/// Versions of MySQL that a move keeps: major version at the source, engine version, parameter family, why.
const VERSIONS: [(&str, &str, &str, &str); 2] = [
    (
        "8.0",
        "8.0",
        "mysql8.0",
        "the same major version as the source, so that changes can flow back during the move; its extended support is billed, \
         so upgrade to 8.4 once the way back is closed",
    ),
    (
        "8.4",
        "8.4",
        "mysql8.4",
        "the same major version as the source, so that changes can flow back during the move",
    ),
];

/// Major versions of PostgreSQL that RDS offers.
const POSTGRES_VERSIONS: [&str; 5] = ["14", "15", "16", "17", "18"];
const POSTGRES: &str = "postgres";

/// Which databases are carried, and what they are called.
pub(crate) struct Named<'a> {
    /// The environment of the policy.
    pub(crate) environment: &'a str,
    /// Room for keys.
    pub(crate) room: Room,
    /// Applications of a platform, which give databases their names and environments; empty where servers use them.
    pub(crate) apps: &'a [EstateApp<'a>],
    /// The design that this one follows.
    pub(crate) previous: Option<&'a Design>,
}

impl Named<'_> {
    /// Name and environment of a store, or why it is not carried.
    pub(crate) fn of(
        &self,
        estate: &Estate,
        resource: &Resource,
        tags: &[String],
    ) -> Result<(String, String), String> {
        match platform::owner(estate, self.apps, &resource.id) {
            Some(owner) if owner.app.is_preview() => Err(format!(
                "it belongs to {}, which was made for one change under review and goes with it",
                owner.app.resource.name
            )),
            Some(owner) => Ok((owner.store_name(), owner.app.environment.clone())),
            None => Ok((
                resource.name.clone(),
                compute::environment_of(tags, self.environment),
            )),
        }
    }
}

/// Designs the databases, and says of each cluster that it cannot carry why not.
pub(crate) fn databases(
    estate: &Estate,
    named: &Named<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Database>, DesignError> {
    let mut keys = Keys::databases(named.previous, estate);
    let mut databases = Vec::new();
    for (resource, source) in estate.databases() {
        let Ok((own_name, environment)) = named.of(estate, resource, &source.tags) else {
            continue;
        };
        if let Ok(version) = version(source) {
            let key = keys.give(&own_name, [&resource.id], named.room.key);
            let id = class_decision(&key);
            let class = |name: &str, size: &str| {
                decisions.or_named(instance_size::of_database(&id, name, size))
            };
            let own = database(
                (estate, &class),
                resource,
                source,
                version,
                (key, environment),
                named,
            )?;
            databases.push(decided(own, decisions)?);
        }
    }
    databases.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(databases)
}

/// The decision by which a policy names the class of a database, and of what copies it where that has no size of its own.
fn class_decision(key: &str) -> String {
    format!("databases.{key}.instance_class")
}

/// The class for a name and a size of the source.
type ClassOf<'a> = &'a dyn Fn(&str, &str) -> Result<Choice, DesignError>;

/// Engine version and parameter family for a cluster, or the reason why it has none.
pub(crate) fn version(source: &estate::Database) -> Result<(Choice, String), String> {
    if source.engine == "pg" {
        return postgres_version(&source.version);
    }
    if source.engine != "mysql" {
        return Err(format!(
            "no target is designed yet for the engine {}",
            source.engine
        ));
    }
    VERSIONS
        .iter()
        .find(|(known, ..)| {
            source.version == *known || source.version.starts_with(&format!("{known}."))
        })
        .or_else(|| VERSIONS.iter().find(|_| source.version == "8"))
        .map(|(_, version, family, why)| {
            let choice = Choice {
                value: (*version).to_owned(),
                why: format!("{} at the source: {why}", source.version),
            };
            (choice, (*family).to_owned())
        })
        .ok_or_else(|| {
            format!(
                "MySQL {} has no equal at the target; upgrade it to 8.0 or 8.4 first",
                source.version
            )
        })
}

/// The same major version, which RDS writes without its minor one.
fn postgres_version(version: &str) -> Result<(Choice, String), String> {
    let major = version.split('.').next().unwrap_or_default();
    if !POSTGRES_VERSIONS.contains(&major) {
        return Err(format!(
            "PostgreSQL {version} has no equal at the target; upgrade it to one of {} first",
            POSTGRES_VERSIONS.join(", ")
        ));
    }
    let choice = Choice {
        value: major.to_owned(),
        why: format!(
            "{version} at the source: the same major version, so that changes can flow back during the move"
        ),
    };
    Ok((choice, format!("postgres{major}")))
}

fn database(
    (estate, class): (&Estate, ClassOf<'_>),
    resource: &Resource,
    source: &estate::Database,
    (engine_version, family): (Choice, String),
    (key, environment): (String, String),
    named: &Named<'_>,
) -> Result<Database, DesignError> {
    let storage_gib = storage_gib(source);
    let is_postgres = source.engine == "pg";
    let (parameters, settings_not_copied) = if is_postgres {
        parameters::postgres::of(source)
    } else {
        parameters::of(source)
    };
    let earlier = named
        .previous
        .and_then(|design| design.databases.iter().find(|own| own.key == key));
    let keys = Keys::replicas(earlier, estate);
    let replicas = replicas((estate, class), resource, source, (named.room, keys))?;
    let mut from: Vec<String> = vec![resource.id.clone()];
    from.extend(
        replicas
            .iter()
            .flat_map(|replica| replica.origin.from.clone()),
    );
    from.sort();
    from.dedup();
    Ok(Database {
        engine: if is_postgres {
            POSTGRES
        } else {
            &source.engine
        }
        .to_owned(),
        engine_version,
        instance_class: class(&resource.name, &source.size)?,
        storage_gib,
        storage_gib_max: storage_gib * 2,
        multi_az: source.nodes > 1,
        backup_retention_days: if environment == "prod" {
            BACKUP_DAYS_PROD
        } else {
            BACKUP_DAYS_OTHER
        },
        backup_window: backup_window(source),
        parameter_family: family,
        parameters,
        settings_not_copied,
        replicas,
        schemas: schemas(source),
        security_group: format!("db-{key}"),
        origin: Origin {
            from,
            why: why(resource, source),
        },
        environment,
        key,
    })
}

/// The database as the policy wants it.
fn decided(own: Database, decisions: &mut Decisions<'_>) -> Result<Database, DesignError> {
    let id = |what: &str| format!("databases.{}.{what}", own.key);
    let instance_class = decisions.decide(&Question {
        id: &class_decision(&own.key),
        value: &own.instance_class.value,
        alternative: "a smaller or a newer class",
        why: &own.instance_class.why,
        may_be: Values::InstanceType("db."),
    })?;
    let multi_az = decisions.switch(&Question {
        id: &id("multi_az"),
        value: &own.multi_az.to_string(),
        alternative: &(!own.multi_az).to_string(),
        why: "as at the source: a standby takes over within two minutes when a zone or a server is lost, and doubles the price",
        may_be: Values::Switch,
    })?;
    let days = decisions.number(&Question {
        id: &id("backup_retention_days"),
        value: &own.backup_retention_days.to_string(),
        alternative: "35",
        why: "long enough to find a fault over a holiday; each further day costs storage",
        may_be: Values::Number(7, 35),
    })?;
    Ok(Database {
        instance_class,
        multi_az,
        backup_retention_days: days as u32,
        ..own
    })
}

fn why(resource: &Resource, source: &estate::Database) -> String {
    let standby = match source.nodes {
        0 | 1 => "one node there, so no standby here",
        _ => "it has standby nodes, so a standby waits in another zone",
    };
    format!(
        "replaces cluster {} ({} {}): {standby}",
        resource.name, source.engine, source.version
    )
}

fn storage_gib(source: &estate::Database) -> u64 {
    source
        .storage_mib
        .map(|mib| mib.div_ceil(1024))
        .or_else(|| source.data_bytes.map(with_room))
        .or_else(|| instance_size::database_storage_gib(&source.size))
        .unwrap_or(STORAGE_GIB_MIN)
        .max(STORAGE_GIB_MIN)
}

/// Where only the data is told: so much, and 30 % to grow before storage grows by itself.
fn with_room(data_bytes: u64) -> u64 {
    const BYTES_PER_GIB: u64 = 1 << 30;
    (data_bytes.saturating_mul(13) / 10).div_ceil(BYTES_PER_GIB)
}

/// The half hour in which the source takes its backup.
fn backup_window(source: &estate::Database) -> Option<String> {
    let settings = source.settings.as_ref()?;
    let number = |name: &str| settings.get(name).and_then(Value::as_u64);
    let start = number("backup_hour")? * 60 + number("backup_minute").unwrap_or(0);
    let end = start + 30;
    let clock = |minutes: u64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    (start < 24 * 60).then(|| format!("{}-{}", clock(start), clock(end)))
}

/// Logical databases without the provider's own empty one.
fn schemas(source: &estate::Database) -> Vec<String> {
    let mut schemas = source.databases.clone();
    if schemas.len() > 1 {
        schemas.retain(|name| name != "defaultdb");
    }
    schemas.sort();
    schemas
}

/// The replicas that were found; where only their number is known, that many of the primary's size.
fn replicas(
    (estate, class): (&Estate, ClassOf<'_>),
    resource: &Resource,
    source: &estate::Database,
    (room, mut keys): (Room, Keys),
) -> Result<Vec<Replica>, DesignError> {
    let mut replicas = Vec::new();
    for copy in estate.of_kind("database_replica") {
        let Attributes::DatabaseReplica(replica) = &copy.attributes else {
            continue;
        };
        if replica.database_id != resource.id {
            continue;
        }
        let size = replica.size.as_deref().unwrap_or(&source.size);
        replicas.push(Replica {
            key: keys.give(own_name(resource, copy), [&copy.id], room.replica),
            instance_class: class(&copy.name, size)?,
            origin: Origin {
                from: vec![copy.id.clone()],
                why: format!("replaces the read-only node {}", copy.name),
            },
        });
    }
    for index in replicas.len() as u32..source.replicas.unwrap_or(0) {
        replicas.push(Replica {
            key: format!("ro-{}", index + 1),
            instance_class: class(&resource.name, &source.size)?,
            origin: Origin {
                from: vec![resource.id.clone()],
                why: "the source counts this read-only node but does not describe it: sized as its primary".to_owned(),
            },
        });
    }
    replicas.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(replicas)
}

/// A replica's name without that of its primary, which stands before it in the identifier.
fn own_name<'a>(primary: &Resource, replica: &'a Resource) -> &'a str {
    replica
        .name
        .strip_prefix(&primary.name)
        .map(|rest| rest.trim_start_matches(['-', '_']))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&replica.name)
}
