//! The parts around servers and databases: entry, ways out, names, keys, logs, guards. Estimates fail by leaving these out.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::Estate;

use crate::cost::price_table::PriceTable;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// One NAT gateway in each availability zone.
const NAT_GATEWAYS: u64 = 3;

/// Where services are listed that cost the same in every region.
const GLOBAL_PRICES: &str = "us-east-1";

/// A line of the price table: service, SKU, beginning of the attributes.
type PriceKey = (&'static str, &'static str, &'static str);

/// One part of the target.
struct Part {
    item: &'static str,
    /// Kind of resource of the estate that it takes the place of; empty when there is none.
    replaces: &'static str,
    price: PriceKey,
    quantity: Quantity,
}

/// How many units a month are paid for.
enum Quantity {
    /// So many, reckoned as the words say.
    Known(u64, String),
    /// Nobody knows yet; the words say what would have to be measured or decided.
    Open(&'static str),
}

/// A line for each part.
pub(super) fn lines(estate: &Estate, region: &str, prices: &PriceTable) -> Vec<CostLine> {
    fixed_parts(estate)
        .into_iter()
        .chain(metered_parts(estate))
        .map(|part| line(part, estate, region, prices))
        .collect()
}

fn count(estate: &Estate, kind: &str) -> u64 {
    estate.of_kind(kind).count() as u64
}

/// Parts paid by the month, whatever passes through.
fn fixed_parts(estate: &Estate) -> Vec<Part> {
    let balancers = count(estate, "load_balancer");
    let zones = count(estate, "domain");
    let hours = |count: u64, of: &str| {
        Quantity::Known(
            count * HOURS_PER_MONTH,
            format!("{count} {of} x {HOURS_PER_MONTH} h"),
        )
    };
    let mut parts = Vec::new();
    if balancers > 0 {
        let quantity = hours(balancers, "of them");
        parts.push(part(
            "Application Load Balancer, hours",
            "load_balancer",
            ("ALB", "alb-hour", ""),
            quantity,
        ));
    }
    let quantity = hours(NAT_GATEWAYS, "zones");
    parts.push(part(
        "NAT gateways, hours",
        "",
        ("NAT", "nat-hour", ""),
        quantity,
    ));
    if zones > 0 {
        let quantity = Quantity::Known(zones, format!("{zones} zones, without queries"));
        parts.push(part(
            "Route 53 hosted zones",
            "domain",
            ("Route53", "hosted-zone", "first 25"),
            quantity,
        ));
    }
    parts.extend(
        [
            ("KMS keys", ("KMS", "cmk", "")),
            ("Secrets Manager", ("SecretsManager", "secret", "")),
            ("WAF with managed rules", ("WAF", "web-acl", "")),
            ("Public IPv4 addresses", ("VPC", "public-ipv4", "")),
        ]
        .map(|(item, price)| {
            part(
                item,
                "",
                price,
                Quantity::Open("the number comes with the design"),
            )
        }),
    );
    parts
}

/// Parts paid by what passes through, which nobody measured: the item, the kind it takes the place of, its price, what is missing.
const METERED: [(&str, &str, PriceKey, &str); 10] = [
    (
        "Application Load Balancer, capacity units",
        "load_balancer",
        ("ALB", "lcu", ""),
        "connections and bytes through the load balancer",
    ),
    (
        "NAT gateways, data",
        "",
        ("NAT", "nat-data", ""),
        "bytes that servers send and fetch outside",
    ),
    (
        "Data to the internet",
        "",
        (
            "DataTransfer",
            "outbound-data-transfer-to-internet-first-10tb",
            "",
        ),
        "bytes sent to users; at the source some are included in each server",
    ),
    (
        "Data between zones",
        "",
        ("DataTransfer", "intra-region-data-transfer", ""),
        "bytes between servers and databases in different zones",
    ),
    (
        "CloudTrail, GuardDuty, Security Hub, Config",
        "",
        ("GuardDuty", "*", ""),
        "events of the new account",
    ),
    (
        "CloudWatch logs, metrics and alarms",
        "",
        ("CloudWatch", "logs-ingest", ""),
        "bytes of logs",
    ),
    (
        "Backups and snapshots",
        "snapshot",
        ("EBS", "snapshot", ""),
        "how much changes from day to day",
    ),
    (
        "S3 storage and requests",
        "bucket",
        ("S3", "standard", "first 50 TB"),
        "the size of the buckets",
    ),
    (
        "CloudFront",
        "cdn",
        ("CloudFront", "", ""),
        "bytes and requests, by the country of the users",
    ),
    (
        "Both sides running while data flow",
        "",
        ("", "", ""),
        "days until the last wave; paid once, not each month",
    ),
];

fn metered_parts(estate: &Estate) -> Vec<Part> {
    METERED
        .into_iter()
        .filter(|(_, replaces, _, _)| replaces.is_empty() || count(estate, replaces) > 0)
        .map(|(item, replaces, price, missing)| {
            part(item, replaces, price, Quantity::Open(missing))
        })
        .collect()
}

fn part(item: &'static str, replaces: &'static str, price: PriceKey, quantity: Quantity) -> Part {
    Part {
        item,
        replaces,
        price,
        quantity,
    }
}

fn line(part: Part, estate: &Estate, region: &str, prices: &PriceTable) -> CostLine {
    let Part {
        item,
        replaces,
        price: (service, sku, attributes),
        quantity,
    } = part;
    let ids = estate
        .of_kind(replaces)
        .map(|resource| resource.id.clone())
        .collect();
    let region = if service == "Route53" {
        GLOBAL_PRICES
    } else {
        region
    };
    let price = prices.aws(service, region, (sku, attributes));
    match (quantity, price) {
        (Quantity::Known(units, words), Some(price)) => {
            let working = format!("{words} x {:.5}", price.usd.as_f64());
            let range = Range::exactly(price.usd.times(units));
            priced(
                Side::Target,
                item.to_owned(),
                ids,
                range,
                (HowKnown::Derived, working),
                (&price.source, &price.as_of),
            )
        }
        (Quantity::Known(_, words), None) => not_priced(
            Side::Target,
            item,
            ids,
            format!("{words}; no price in {region} was read"),
        ),
        (Quantity::Open(missing), Some(price)) => {
            let why = format!(
                "not known: {missing}; {:.5} per {}",
                price.usd.as_f64(),
                price.unit
            );
            not_priced(Side::Target, item, ids, why)
        }
        (Quantity::Open(missing), None) => {
            not_priced(Side::Target, item, ids, format!("not known: {missing}"))
        }
    }
}
