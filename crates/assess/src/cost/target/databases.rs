//! RDS or ElastiCache for each database cluster and each read-only copy, and their storage.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Estate};

use crate::cost::price_table::{DatabaseSize, Price, PriceTable};
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};
use crate::rules::Context;

/// What is to be priced.
struct Wanted<'a> {
    id: &'a str,
    name: String,
    engine: &'a str,
    size: &'a str,
    /// A cluster of several nodes becomes Multi-AZ.
    standby: bool,
}

/// One line for each cluster and copy, then one for the storage of all.
pub(super) fn lines(estate: &Estate, region: &str, prices: &PriceTable) -> Vec<CostLine> {
    let wanted = wanted(estate);
    let mut lines: Vec<CostLine> = wanted
        .iter()
        .map(|database| line(database, region, prices))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines.extend(storage_line(estate, region, prices));
    lines
}

fn wanted(estate: &Estate) -> Vec<Wanted<'_>> {
    let engine_of = |id: &str| {
        estate
            .data_stores()
            .find(|(resource, _)| resource.id == id)
            .map_or("", |(_, database)| database.engine.as_str())
    };
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Database(database) | Attributes::Cache(database) => Some(Wanted {
                id: &resource.id,
                name: resource.name.clone(),
                engine: &database.engine,
                size: &database.size,
                standby: database.nodes > 1,
            }),
            Attributes::DatabaseReplica(replica) => Some(Wanted {
                id: &resource.id,
                name: format!("{} (read replica)", resource.name),
                engine: engine_of(&replica.database_id),
                size: replica.size.as_deref().unwrap_or_default(),
                standby: false,
            }),
            _ => None,
        })
        .collect()
}

/// The AWS service for an engine, the candidates, and how the price table writes engine and availability.
fn service<'a>(
    wanted: &Wanted,
    size: &'a DatabaseSize,
) -> Option<(&'static str, &'a [String], String)> {
    let engine = match wanted.engine {
        "mysql" | "advanced_mysql" => "MySQL",
        "pg" | "advanced_pg" => "PostgreSQL",
        "redis" | "valkey" => return Some(("ElastiCache", &size.cache_candidates, String::new())),
        _ => return None,
    };
    let availability = if wanted.standby {
        "Multi-AZ"
    } else {
        "Single-AZ"
    };
    Some((
        "RDS",
        &size.rds_candidates,
        format!("{engine} {availability}"),
    ))
}

fn line(wanted: &Wanted, region: &str, prices: &PriceTable) -> CostLine {
    let ids = vec![wanted.id.to_owned()];
    let without_price = |why: String| {
        not_priced(
            Side::Target,
            format!("{}: database", wanted.name),
            ids.clone(),
            why,
        )
    };
    let Some(size) = prices.database(wanted.size) else {
        return without_price(format!("size {:?} is in no table", wanted.size));
    };
    let Some((service, candidates, attributes)) = service(wanted, size) else {
        return without_price(format!("no target is known for engine {:?}", wanted.engine));
    };
    let weighed: Vec<(&String, &Price)> = candidates
        .iter()
        .filter_map(|class| Some((class, prices.aws(service, region, (class, &attributes))?)))
        .collect();
    let Some((class, price)) = weighed.first() else {
        return without_price(format!(
            "none of {} has a price in {region}",
            candidates.join(", ")
        ));
    };
    let months = weighed
        .iter()
        .map(|(_, price)| price.usd.times(HOURS_PER_MONTH));
    let likely = price.usd.times(HOURS_PER_MONTH);
    let range = Range {
        low: months.clone().min().unwrap_or(likely),
        likely,
        high: months.max().unwrap_or(likely),
    };
    let item = format!("{}: {service} {class} {attributes}", wanted.name);
    let working = format!(
        "{HOURS_PER_MONTH} h x {:.5}; first class of the same memory that has a price",
        price.usd.as_f64()
    );
    priced(
        Side::Target,
        item,
        ids,
        range,
        (HowKnown::Derived, working),
        (&price.source, &price.as_of),
    )
}

fn storage_line(estate: &Estate, region: &str, prices: &PriceTable) -> Option<CostLine> {
    let ids: Vec<String> = estate
        .data_stores()
        .map(|(resource, _)| resource.id.clone())
        .collect();
    if ids.is_empty() {
        return None;
    }
    let item = "RDS gp3 storage and backups".to_owned();
    let Some(single) = prices.aws("RDS", region, ("gp3-storage", "Single-AZ")) else {
        return Some(not_priced(
            Side::Target,
            item,
            ids,
            format!("no price of RDS storage in {region} was read"),
        ));
    };
    let Some(gib) = stored_gib(estate) else {
        return Some(not_priced(
            Side::Target,
            item,
            ids,
            "the storage of some cluster is not told",
        ));
    };
    let working = format!(
        "{gib} GiB, counted twice with a standby, x {:.5}; backups beyond the free share not included",
        single.usd.as_f64()
    );
    let range = Range::exactly(single.usd.times(gib));
    Some(priced(
        Side::Target,
        item,
        ids,
        range,
        (HowKnown::Derived, working),
        (&single.source, &single.as_of),
    ))
}

/// RDS charges extra for engines past their end. The price goes by processor and year, and is not paid by who upgrades first.
pub(super) fn extended_support(estate: &Estate, context: &Context) -> Option<CostLine> {
    let ended: Vec<String> = estate
        .data_stores()
        .filter(|(_, database)| {
            let entry = context
                .catalog
                .end_of_support(&database.engine, &database.version);
            entry.is_some_and(|entry| entry.ends < context.today)
        })
        .map(|(resource, _)| resource.id.clone())
        .collect();
    (!ended.is_empty()).then(|| {
        not_priced(
            Side::Target,
            format!(
                "RDS Extended Support for {} databases, unless upgraded",
                ended.len()
            ),
            ended,
            format!(
                "no price in {} was read; upgrading the engine first makes this zero",
                context.policy.target.region
            ),
        )
    })
}

/// Storage of all clusters; a standby holds it a second time.
fn stored_gib(estate: &Estate) -> Option<u64> {
    estate
        .data_stores()
        .map(|(_, database)| {
            let gib = database.storage_mib?.div_ceil(1024);
            Some(if database.nodes > 1 { gib * 2 } else { gib })
        })
        .sum()
}
