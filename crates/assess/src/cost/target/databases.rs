//! RDS or ElastiCache for each database cluster and each read-only copy, and their storage.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Database, Estate};

use super::Scene;
use crate::cost::price_table::Price;
use crate::cost::{HOURS_PER_MONTH, Range, assumed, assumed_line, not_priced, priced};
use crate::engine::Family;
use crate::platform_plans;
use crate::rules::Context;

/// What is to be priced.
struct Wanted<'a> {
    id: &'a str,
    resource: &'a str,
    name: String,
    engine: &'a str,
    size: &'a str,
    /// A cluster of several nodes becomes Multi-AZ.
    standby: bool,
}

/// One line for each cluster and copy, then one for the storage of all.
pub(super) fn lines(scene: &Scene) -> Vec<CostLine> {
    let mut lines: Vec<CostLine> = wanted(scene)
        .iter()
        .map(|database| line(database, scene))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines.extend(storage_line(scene));
    lines.extend(backup_line(scene));
    lines
}

fn wanted<'a>(scene: &Scene<'a>) -> Vec<Wanted<'a>> {
    let engine_of = |id: &str| {
        let mut stores = scene.estate.data_stores();
        stores
            .find(|(resource, _)| resource.id == id)
            .map_or("", |(_, database)| database.engine.as_str())
    };
    scene
        .estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Database(database) | Attributes::Cache(database) => Some(Wanted {
                id: &resource.id,
                resource: &resource.name,
                name: resource.name.clone(),
                engine: &database.engine,
                size: &database.size,
                standby: scene.scenario.standby(database.nodes > 1),
            }),
            Attributes::DatabaseReplica(replica) => Some(Wanted {
                id: &resource.id,
                resource: &resource.name,
                name: format!("{} (read replica)", resource.name),
                engine: engine_of(&replica.database_id),
                size: replica.size.as_deref().unwrap_or_default(),
                standby: false,
            }),
            _ => None,
        })
        .collect()
}

/// The AWS service for an engine, and how the price table writes engine and availability.
fn service(wanted: &Wanted) -> Option<(&'static str, String)> {
    let engine = match Family::of(wanted.engine) {
        Family::Mysql => "MySQL",
        Family::Postgres => "PostgreSQL",
        Family::KeyValue => return Some(("ElastiCache", String::new())),
        Family::Other => return None,
    };
    let availability = if wanted.standby {
        "Multi-AZ"
    } else {
        "Single-AZ"
    };
    Some(("RDS", format!("{engine} {availability}")))
}

/// Classes to weigh: the one that was decided, else those of the provider's size, else those of the platform's plan.
fn candidates(wanted: &Wanted, scene: &Scene) -> Vec<String> {
    if let Some(decided) = scene.scenario.class(wanted.resource) {
        return vec![decided.to_owned()];
    }
    let family = Family::of(wanted.engine);
    if let Some(size) = scene.prices.database(wanted.size) {
        return match family {
            Family::KeyValue => size.cache_candidates.clone(),
            _ => size.rds_candidates.clone(),
        };
    }
    let service = match family {
        Family::Postgres => "heroku-postgresql",
        Family::KeyValue => "heroku-redis",
        _ => return Vec::new(),
    };
    let plan = platform_plans::plan(service, wanted.size);
    let classes = plan.map_or_else(Vec::new, |plan| plan.candidates);
    // The small Arm classes are younger than the table; their twins are not.
    let twins = classes
        .iter()
        .map(|class| class.replace("db.t4g.", "db.t3."));
    let twins: Vec<String> = twins.filter(|twin| !classes.contains(twin)).collect();
    classes.into_iter().chain(twins).collect()
}

fn line(wanted: &Wanted, scene: &Scene) -> CostLine {
    let ids = vec![wanted.id.to_owned()];
    let without_price = |why: String| {
        let item = format!("{}: database", wanted.name);
        not_priced(Side::Target, item, ids.clone(), why)
    };
    let Some((service, attributes)) = service(wanted) else {
        return without_price(match wanted.engine {
            "kafka" => {
                "a queue: Amazon MSK takes its place, for which this build has no target price"
                    .to_owned()
            }
            engine => format!("no target is known for engine {engine:?}"),
        });
    };
    let candidates = candidates(wanted, scene);
    if candidates.is_empty() {
        return without_price(format!("size {:?} is in no table", wanted.size));
    }
    let weighed: Vec<(&String, &Price)> = candidates
        .iter()
        .filter_map(|class| {
            Some((
                class,
                scene
                    .prices
                    .aws(service, scene.region, (class, &attributes))?,
            ))
        })
        .collect();
    let Some((class, price)) = weighed.first() else {
        let names = candidates.join(", ");
        return without_price(format!("none of {names} has a price in {}", scene.region));
    };
    // A cache has a node in each zone; RDS with a standby is one price.
    let nodes = if service == "ElastiCache" && wanted.standby {
        2
    } else {
        1
    };
    let month = |price: &Price| price.usd.times(HOURS_PER_MONTH * nodes);
    let months = || weighed.iter().map(|(_, price)| month(price));
    let likely = month(price);
    let range = Range {
        low: months().min().unwrap_or(likely),
        likely,
        high: months().max().unwrap_or(likely),
    };
    let shape = if nodes > 1 {
        "2 nodes".to_owned()
    } else {
        attributes.clone()
    };
    let item = format!("{}: {service} {class} {shape}", wanted.name)
        .trim_end()
        .to_owned();
    let times = if nodes > 1 {
        format!("{nodes} nodes x ")
    } else {
        String::new()
    };
    let working = format!(
        "{times}{HOURS_PER_MONTH} h x {:.5}; {}",
        price.usd.as_f64(),
        why_this_class(wanted, scene)
    );
    let known = (HowKnown::Derived, working);
    let line = priced(
        Side::Target,
        item,
        ids,
        range,
        known,
        (&price.source, &price.as_of),
    );
    CostLine {
        committed: scene
            .prices
            .committed(service, scene.region, class)
            .map(month),
        ..line
    }
}

fn why_this_class(wanted: &Wanted, scene: &Scene) -> &'static str {
    match scene.scenario.class(wanted.resource) {
        Some(_) => "the class that was decided",
        None => "first class of the same memory that has a price; use of databases is not measured",
    }
}

/// Disk that RDS has at the least.
const STORAGE_GIB_MIN: u64 = 20;
const BYTES_PER_GIB: u64 = 1 << 30;

/// Storage of a database at the target: that of today; where only the data is told, the data and 30 % room.
fn storage_gib(database: &Database) -> Option<u64> {
    let by_data = |bytes: u64| (bytes.saturating_mul(13) / 10).div_ceil(BYTES_PER_GIB);
    let disk = database.storage_mib.map(|mib| mib.div_ceil(1024));
    let gib = disk.or_else(|| database.data_bytes.map(by_data))?;
    Some(gib.max(STORAGE_GIB_MIN))
}

fn tables(estate: &Estate) -> impl Iterator<Item = (&reberth_model::estate::Resource, &Database)> {
    // A cache keeps its data in memory.
    estate
        .databases()
        .filter(|(_, database)| Family::of(&database.engine) != Family::KeyValue)
}

fn storage_line(scene: &Scene) -> Option<CostLine> {
    let ids: Vec<String> = tables(scene.estate)
        .map(|(resource, _)| resource.id.clone())
        .collect();
    if ids.is_empty() {
        return None;
    }
    let item = "RDS gp3 storage".to_owned();
    let gib: Option<u64> = tables(scene.estate)
        .map(|(_, database)| {
            let copies = if scene.scenario.standby(database.nodes > 1) {
                2
            } else {
                1
            };
            Some(storage_gib(database)? * copies)
        })
        .sum();
    let Some(gib) = gib else {
        let why = "the storage of some cluster is not told";
        return Some(not_priced(Side::Target, item, ids, why));
    };
    let words = format!("{gib} GiB, counted twice with a standby");
    let Some(single) = scene
        .prices
        .aws("RDS", scene.region, ("gp3-storage", "Single-AZ"))
    else {
        let why = format!(
            "{words}; no price of RDS storage in {} was read",
            scene.region
        );
        return Some(not_priced(Side::Target, item, ids, why));
    };
    let working = format!("{words} x {:.5}", single.usd.as_f64());
    let range = Range::exactly(single.usd.times(gib));
    let known = (HowKnown::Derived, working);
    Some(priced(
        Side::Target,
        item,
        ids,
        range,
        known,
        (&single.source, &single.as_of),
    ))
}

/// Backups of databases are free up to their size; beyond it they are paid by what changes.
fn backup_line(scene: &Scene) -> Option<CostLine> {
    let ids: Vec<String> = tables(scene.estate)
        .map(|(resource, _)| resource.id.clone())
        .collect();
    let gib: u64 = tables(scene.estate)
        .filter_map(|(_, database)| storage_gib(database))
        .sum();
    (!ids.is_empty()).then(|| {
        let price = scene
            .prices
            .aws("RDS", scene.region, ("backup-storage", ""));
        let item = "RDS backups beyond the free share".to_owned();
        assumed_line(
            Side::Target,
            (item, ids),
            &assumed::BACKUPS,
            gib as f64,
            (price, 1.0),
        )
    })
}

/// RDS charges extra for engines past their end. The price goes by processor and year, and is not paid by who upgrades first.
pub(super) fn extended_support(scene: &Scene, context: &Context) -> Option<CostLine> {
    let ended: Vec<String> = scene
        .estate
        .data_stores()
        .filter(|(_, database)| Family::of(&database.engine).is_relational())
        .filter(|(_, database)| {
            let catalog = context.catalog;
            let entry = catalog.end_of_support(&database.engine, &database.version);
            entry.is_some_and(|entry| entry.ends < context.today)
        })
        .map(|(resource, _)| resource.id.clone())
        .collect();
    (!ended.is_empty()).then(|| {
        let item = format!(
            "RDS Extended Support for {} databases, unless upgraded",
            ended.len()
        );
        let why = format!(
            "no price in {} was read; upgrading the engine first makes this zero",
            scene.region
        );
        not_priced(Side::Target, item, ended, why)
    })
}
