//! What is paid now.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{
    Attributes, Database, DatabaseReplica, Estate, Process, Resource, Server, Volume,
};
use reberth_model::money::Usd;

use super::price_table::PriceTable;
use super::{Range, not_priced, priced};
use crate::engine::Family;
use crate::{platform_plans, process_sizes};

/// Prices of the provider's product table that no API returns.
const PRODUCT_TABLE: (&str, &str) = ("catalog/do-products-to-aws.csv", "");
const VOLUME_USD_PER_GIB: f64 = 0.10;
const BACKUP_SHARE_OF_SERVER: f64 = 0.20;
const IDLE_ADDRESS_USD: f64 = 5.0;
const LOAD_BALANCER_UNIT_USD: f64 = 12.0;
const OBJECT_SUBSCRIPTION_USD: f64 = 5.0;
/// What buckets may cost at the most while nobody knows their size: the subscription, and 1 TB beyond it.
const OBJECTS_USD_MAX: f64 = 25.0;

/// The lines of the source: what the API prices, then what a table prices, then what nobody knows.
pub(super) fn lines(estate: &Estate, prices: &PriceTable) -> Vec<CostLine> {
    let mut resources: Vec<&Resource> = estate.resources.iter().collect();
    resources.sort_by_key(|resource| (resource.attributes.kind(), &resource.name));
    let mut lines: Vec<CostLine> = resources
        .into_iter()
        .flat_map(|resource| of_resource(resource, prices))
        .collect();
    lines.extend(snapshots(estate));
    lines.extend(buckets(estate));
    lines.push(not_priced(
        Side::Source,
        "Outbound traffic beyond what servers include",
        Vec::new(),
        format!(
            "the API does not tell the bytes sent{}",
            last_invoice(estate)
        ),
    ));
    lines
}

/// The newest invoice, to hold the sum against. Invoices are named by their month.
fn last_invoice(estate: &Estate) -> String {
    let invoices = estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Other(other) if other.word == "invoice" => {
                Some((resource.name.as_str(), other.facts.get("amount")?.as_str()?))
            }
            _ => None,
        });
    invoices.max().map_or_else(String::new, |(month, amount)| {
        format!("; for comparison, the invoice of {month} was {amount} in all")
    })
}

fn of_resource(resource: &Resource, prices: &PriceTable) -> Vec<CostLine> {
    match &resource.attributes {
        Attributes::Server(server) => server_lines(resource, server, prices),
        Attributes::Database(database) | Attributes::Cache(database) => {
            vec![database_line(resource, database, prices)]
        }
        Attributes::DatabaseReplica(replica) => vec![replica_line(resource, replica, prices)],
        Attributes::LoadBalancer(_) if resource.cost.is_none() => vec![CostLine {
            how_known: HowKnown::Assumed,
            ..by_table(
                resource,
                "Load balancer",
                LOAD_BALANCER_UNIT_USD,
                "12.00 for one unit of size; the number of units was not read".to_owned(),
            )
        }],
        Attributes::Volume(volume) => vec![volume_line(resource, volume)],
        Attributes::Address(address) if address.server_id.is_none() => vec![by_table(
            resource,
            "Reserved address",
            IDLE_ADDRESS_USD,
            "5.00 a month while it points nowhere".to_owned(),
        )],
        Attributes::Process(process) if resource.cost.is_none() => {
            process_line(resource, process).into_iter().collect()
        }
        _ => resource
            .cost
            .iter()
            .map(|_| told_or_not(resource, resource.attributes.kind(), ""))
            .collect(),
    }
}

/// A line by the price that the API tells, or one without a price.
fn told_or_not(resource: &Resource, what: &str, why_not: &str) -> CostLine {
    let (item, ids) = (
        format!("{what} {}", resource.name),
        vec![resource.id.clone()],
    );
    match &resource.cost {
        Some(cost) => priced(
            Side::Source,
            item,
            ids,
            Range::exactly(cost.usd),
            (HowKnown::Measured, "as the provider tells".to_owned()),
            (&cost.source, "day of discovery"),
        ),
        None => not_priced(Side::Source, item, ids, why_not),
    }
}

fn server_lines(resource: &Resource, server: &Server, prices: &PriceTable) -> Vec<CostLine> {
    let item = format!("Server {} ({})", resource.name, server.size);
    let ids = vec![resource.id.clone()];
    let (usd, line) = match (&resource.cost, prices.server(&server.size)) {
        (Some(cost), _) => {
            let line = told_or_not(resource, "Server", "");
            (cost.usd, CostLine { item, ..line })
        }
        (None, Some(size)) => {
            let known = (HowKnown::Derived, "list price of the size".to_owned());
            let source = (size.monthly.source.as_str(), size.monthly.as_of.as_str());
            let range = Range::exactly(size.monthly.usd);
            (
                size.monthly.usd,
                priced(Side::Source, item, ids, range, known, source),
            )
        }
        (None, None) => {
            return vec![not_priced(
                Side::Source,
                item,
                ids,
                "the size is in no table",
            )];
        }
    };
    let backups_told = resource
        .cost
        .as_ref()
        .is_some_and(|cost| cost.source.contains("backup"));
    let mut lines = vec![line];
    if server.backups && !backups_told {
        let monthly = usd.as_f64() * BACKUP_SHARE_OF_SERVER;
        lines.push(by_table(
            resource,
            "Backups of",
            monthly,
            "20 % of the server's price".to_owned(),
        ));
    }
    lines
}

fn database_line(resource: &Resource, database: &Database, prices: &PriceTable) -> CostLine {
    let what = format!(
        "Database {} ({}, {})",
        resource.name,
        database.size,
        counted(database.nodes.into(), "node")
    );
    if resource.cost.is_none()
        && let Some(line) = plan_line(resource, what.clone(), &database.engine, &database.size)
    {
        return line;
    }
    nodes_line(
        resource,
        what,
        &database.size,
        database.nodes.into(),
        prices,
    )
}

fn replica_line(resource: &Resource, replica: &DatabaseReplica, prices: &PriceTable) -> CostLine {
    let size = replica.size.as_deref().unwrap_or_default();
    let what = format!("Read-only copy {} ({size})", resource.name);
    nodes_line(resource, what, size, 1, prices)
}

/// What a platform lists for a size of process, times its instances.
fn process_line(resource: &Resource, process: &Process) -> Option<CostLine> {
    let item = format!(
        "{} ({} x {})",
        resource.name, process.instances, process.size
    );
    let ids = vec![resource.id.clone()];
    let size = process_sizes::process_size(&process.size);
    let priced_size = size.and_then(|size| Some((size.monthly?, size)));
    let Some((monthly, size)) = priced_size else {
        return (process.instances > 0).then(|| {
            not_priced(
                Side::Source,
                item,
                ids,
                "neither the API nor a table tells the price of its size",
            )
        });
    };
    let instances = process.instances.into();
    let range = Range::exactly(monthly.times(instances));
    let known = (
        HowKnown::Derived,
        format!("{instances} x {monthly} list price"),
    );
    Some(priced(
        Side::Source,
        item,
        ids,
        range,
        known,
        (&size.source, &size.as_of),
    ))
}

/// What the platform lists for the plan of a database that is also an add-on.
fn plan_line(resource: &Resource, item: String, engine: &str, plan: &str) -> Option<CostLine> {
    let service = match Family::of(engine) {
        Family::Postgres => "heroku-postgresql",
        Family::KeyValue => "heroku-redis",
        Family::Mysql | Family::Other => return None,
    };
    let found = platform_plans::plan(service, plan)?;
    let range = Range::exactly(found.monthly?);
    let known = (HowKnown::Derived, "list price of the plan".to_owned());
    let ids = vec![resource.id.clone()];
    Some(priced(
        Side::Source,
        item,
        ids,
        range,
        known,
        (&found.source, &found.as_of),
    ))
}

fn nodes_line(
    resource: &Resource,
    item: String,
    size: &str,
    nodes: u64,
    prices: &PriceTable,
) -> CostLine {
    let ids = vec![resource.id.clone()];
    if resource.cost.is_some() {
        return CostLine {
            item,
            ..told_or_not(resource, "", "")
        };
    }
    let Some(found) = prices.database(size) else {
        return not_priced(
            Side::Source,
            item,
            ids,
            "the size is in no table, and no API tells the price",
        );
    };
    let node = &found.node_monthly;
    let working = format!("{nodes} x {} a node", node.usd);
    priced(
        Side::Source,
        item,
        ids,
        Range::exactly(node.usd.times(nodes)),
        (HowKnown::Derived, working),
        (&node.source, &node.as_of),
    )
}

fn volume_line(resource: &Resource, volume: &Volume) -> CostLine {
    if resource.cost.is_some() {
        return told_or_not(resource, "Volume", "");
    }
    let monthly = volume.size_gib as f64 * VOLUME_USD_PER_GIB;
    by_table(
        resource,
        "Volume",
        monthly,
        format!("{} GiB x 0.10", volume.size_gib),
    )
}

fn by_table(resource: &Resource, what: &str, monthly: f64, working: String) -> CostLine {
    let item = format!("{what} {}", resource.name);
    let ids = vec![resource.id.clone()];
    match Usd::from_f64(monthly) {
        Some(usd) => priced(
            Side::Source,
            item,
            ids,
            Range::exactly(usd),
            (HowKnown::Derived, working),
            PRODUCT_TABLE,
        ),
        None => not_priced(
            Side::Source,
            item,
            ids,
            "the quantity is too large to be true",
        ),
    }
}

/// Snapshots are one line: what matters is how much they hold.
fn snapshots(estate: &Estate) -> Option<CostLine> {
    let mut gib = 0.0;
    let mut ids = Vec::new();
    for resource in &estate.resources {
        if let (Attributes::Snapshot(snapshot), None) = (&resource.attributes, &resource.cost) {
            gib += snapshot.size_gib;
            ids.push(resource.id.clone());
        }
    }
    (!ids.is_empty()).then(|| {
        let item = format!("{}, {gib:.0} GiB", counted(ids.len() as u64, "snapshot"));
        not_priced(Side::Source, item, ids, "no price of snapshots was read")
    })
}

fn counted(count: u64, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

/// Buckets share one subscription; what they hold beyond it is paid by size, which the API does not tell.
fn buckets(estate: &Estate) -> Option<CostLine> {
    let ids: Vec<String> = estate
        .of_kind("bucket")
        .map(|bucket| bucket.id.clone())
        .collect();
    let usd = |amount| Usd::from_f64(amount).unwrap_or(Usd::ZERO);
    (!ids.is_empty() && estate.provider == "digitalocean").then(|| {
        let item = format!("Object storage, {}", counted(ids.len() as u64, "bucket"));
        let range = Range {
            low: usd(OBJECT_SUBSCRIPTION_USD),
            likely: usd(OBJECT_SUBSCRIPTION_USD),
            high: usd(OBJECTS_USD_MAX),
        };
        let working = "one subscription of 5.00 holds 250 GiB and sends 1 TiB; the size of the buckets was not asked, the highest amount is for 1 TB more";
        let known = (HowKnown::Assumed, working.to_owned());
        priced(Side::Source, item, ids, range, known, PRODUCT_TABLE)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_product_table_says_the_prices_used_here() {
        let table = include_str!("../../../../catalog/do-products-to-aws.csv");
        for said in [
            "0.10 USD/GB-month",
            "backups +20% of Droplet",
            "5 USD unassigned",
            "5 USD/month incl. 250 GB",
            "12 USD/month per size unit",
        ] {
            assert!(table.contains(said), "{said}");
        }
    }
}
