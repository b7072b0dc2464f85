//! The parts around servers and databases: entry, ways out, names, keys, logs, guards. Estimates fail by leaving these out.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::Estate;

use crate::cost::price_table::PriceTable;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// One NAT gateway in each availability zone.
const NAT_GATEWAYS: u64 = 3;

/// One part of the target whose price is a quantity of one unit.
struct Part {
    item: String,
    /// Resources of the estate that it takes the place of.
    replaces: &'static str,
    service: &'static str,
    /// `None`: the target's region.
    price_region: Option<&'static str>,
    unit: (&'static str, &'static str),
    /// Units a month; `None` when nobody measured it.
    quantity: Option<u64>,
    /// How the quantity was come by, or what would have to be measured.
    working: String,
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
    let hours = |count: u64| Some(count * HOURS_PER_MONTH);
    let mut parts = Vec::new();
    if balancers > 0 {
        parts.push(part(
            "Application Load Balancer, hours",
            "load_balancer",
            ("ALB", "alb-hour"),
            hours(balancers),
            format!("{balancers} x {HOURS_PER_MONTH} h"),
        ));
    }
    parts.push(part(
        "NAT gateways, hours",
        "",
        ("NAT", "nat-hour"),
        hours(NAT_GATEWAYS),
        format!("{NAT_GATEWAYS} zones x {HOURS_PER_MONTH} h"),
    ));
    if zones > 0 {
        parts.push(Part {
            price_region: Some("us-east-1"),
            unit: ("hosted-zone", "first 25"),
            ..part(
                "Route 53 hosted zones",
                "domain",
                ("Route53", ""),
                Some(zones),
                format!("{zones} zones; one price for all regions, without queries"),
            )
        });
    }
    parts.push(part(
        "KMS keys",
        "",
        ("KMS", "cmk"),
        None,
        "the number of keys comes with the design".to_owned(),
    ));
    parts.push(part(
        "Secrets Manager",
        "",
        ("SecretsManager", "secret"),
        None,
        "the number of secrets comes with the design".to_owned(),
    ));
    parts.push(part(
        "WAF with managed rules",
        "",
        ("WAF", "web-acl"),
        None,
        "the rules come with the design; requests are not measured".to_owned(),
    ));
    parts
}

/// Parts paid by what passes through.
fn metered_parts(estate: &Estate) -> Vec<Part> {
    let unmeasured = |item, replaces, unit, what: &str| {
        part(item, replaces, unit, None, format!("not measured: {what}"))
    };
    let mut parts = vec![
        unmeasured(
            "Application Load Balancer, capacity units",
            "load_balancer",
            ("ALB", "lcu"),
            "connections and bytes through the load balancer",
        ),
        unmeasured(
            "NAT gateways, data",
            "",
            ("NAT", "nat-data"),
            "bytes that servers send and fetch outside",
        ),
        unmeasured(
            "Data to the internet",
            "",
            ("DataTransfer", ""),
            "bytes sent to users; the source includes some of it in its servers",
        ),
        unmeasured(
            "Data between zones",
            "",
            ("DataTransfer", ""),
            "bytes between servers and databases in different zones",
        ),
        unmeasured(
            "Public IPv4 addresses",
            "",
            ("VPC", "public-ipv4"),
            "the number of addresses comes with the design",
        ),
        unmeasured(
            "CloudTrail, GuardDuty, Security Hub, Config",
            "",
            ("CloudTrail", ""),
            "events of the new account",
        ),
        unmeasured(
            "CloudWatch logs, metrics and alarms",
            "",
            ("CloudWatch", ""),
            "bytes of logs a day",
        ),
        unmeasured(
            "Backups and snapshots",
            "snapshot",
            ("Backup", ""),
            "how much changes from day to day",
        ),
        unmeasured(
            "Both sides running, and the load of the data",
            "",
            ("Double", ""),
            "once, not monthly: the length of the wave in days",
        ),
    ];
    if count(estate, "bucket") > 0 {
        parts.push(unmeasured(
            "S3 storage and requests",
            "bucket",
            ("S3", "standard"),
            "the size of the buckets",
        ));
    }
    if count(estate, "cdn") > 0 {
        parts.push(unmeasured(
            "CloudFront",
            "cdn",
            ("CloudFront", ""),
            "bytes and requests of the content delivery",
        ));
    }
    parts
}

fn part(
    item: &str,
    replaces: &'static str,
    unit: (&'static str, &'static str),
    quantity: Option<u64>,
    working: String,
) -> Part {
    Part {
        item: item.to_owned(),
        replaces,
        service: unit.0,
        price_region: None,
        unit: (unit.1, ""),
        quantity,
        working,
    }
}

fn line(part: Part, estate: &Estate, region: &str, prices: &PriceTable) -> CostLine {
    let ids = estate
        .of_kind(part.replaces)
        .map(|resource| resource.id.clone())
        .collect();
    let Some(quantity) = part.quantity else {
        return not_priced(Side::Target, part.item, ids, part.working);
    };
    let Some(price) = prices.aws(part.service, part.price_region.unwrap_or(region), part.unit)
    else {
        let why = format!("{}; no price in {region} was read", part.working);
        return not_priced(Side::Target, part.item, ids, why);
    };
    let working = format!("{} x {:.5}", part.working, price.usd.as_f64());
    let range = Range::exactly(price.usd.times(quantity));
    priced(
        Side::Target,
        part.item,
        ids,
        range,
        (HowKnown::Derived, working),
        (&price.source, &price.as_of),
    )
}
