//! The parts around servers and databases that are paid by the month, whatever passes through: entry, ways out, names, addresses, keys, guards.

use reberth_model::assessment::{CostLine, HowKnown, Side};

use super::Scene;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// Availability zones of the target.
pub(super) const ZONES: u64 = 3;
/// Where services are listed that cost the same in every region.
const GLOBAL_PRICES: &str = "us-east-1";
/// One key for servers and their disks, one for data.
const KEYS: u64 = 2;

/// A line of the price table: service, SKU, beginning of the attributes.
pub(super) type PriceKey = (&'static str, &'static str, &'static str);

/// One part of the target.
struct Part {
    item: &'static str,
    /// Kind of resource of the estate that it takes the place of; empty when there is none.
    replaces: &'static str,
    price: PriceKey,
    units: u64,
    /// How the units are reckoned.
    words: String,
}

/// A line for each part, then those that nobody has a price or a quantity of.
pub(super) fn lines(scene: &Scene) -> Vec<CostLine> {
    let mut lines: Vec<CostLine> = parts(scene)
        .into_iter()
        .map(|part| line(part, scene))
        .collect();
    lines.push(not_priced(
        Side::Target,
        "CloudTrail, GuardDuty, Security Hub, Config",
        Vec::new(),
        "not known: events of the new account; no price of these services was read",
    ));
    lines.extend(optional(scene));
    lines
}

/// What the design has only where somebody asked for it.
fn optional(scene: &Scene) -> Vec<CostLine> {
    let Some(operations) = scene.design.map(|design| &design.operations) else {
        return Vec::new();
    };
    let line = |item: &str, words: &str| not_priced(Side::Target, item, Vec::new(), words);
    let mut lines = Vec::new();
    if operations.log_search {
        lines.push(line(
            "OpenSearch and the delivery of logs to it",
            "a node in each zone, three that govern them, disks, and each GB that is delivered; the price table has no such node",
        ));
    }
    if operations.datadog {
        lines.push(line(
            "Datadog",
            "by host, by custom metric and by GB of logs, at the prices of your contract",
        ));
    }
    lines
}

fn parts(scene: &Scene) -> Vec<Part> {
    let balancers = scene.load_balancers();
    let gateways = scene.scenario.nat_gateways(ZONES);
    let zones = scene.count("domain").min(scene.count("dns_record"));
    let addresses = gateways + balancers * ZONES;
    let databases = scene.estate.data_stores().count() as u64;
    let hours = |count: u64, of: &str| format!("{count} {of} x {HOURS_PER_MONTH} h");
    [
        Part {
            item: "Application Load Balancer, hours",
            replaces: "load_balancer",
            price: ("ALB", "alb-hour", ""),
            units: balancers * HOURS_PER_MONTH,
            words: hours(balancers, "of them"),
        },
        Part {
            item: "NAT gateways, hours",
            replaces: "",
            price: ("NAT", "nat-hour", ""),
            units: gateways * HOURS_PER_MONTH,
            words: hours(gateways, "gateway(s)"),
        },
        Part {
            item: "Public IPv4 addresses",
            replaces: "",
            price: ("VPC", "public-ipv4", ""),
            units: addresses * HOURS_PER_MONTH,
            words: hours(addresses, "of NAT gateways and load balancers"),
        },
        Part {
            item: "Route 53 hosted zones",
            replaces: "domain",
            price: ("Route53", "hosted-zone", "first 25"),
            units: zones,
            words: format!("{zones} zones, without queries"),
        },
        Part {
            item: "KMS keys",
            replaces: "",
            price: ("KMS", "cmk", ""),
            units: KEYS,
            words: format!("{KEYS} keys, one for each class of data"),
        },
        Part {
            item: "Secrets Manager",
            replaces: "",
            price: ("SecretsManager", "secret", ""),
            units: databases,
            words: format!("{databases} secrets, one for each database"),
        },
        Part {
            item: "WAF with managed rules",
            replaces: "",
            price: ("WAF", "web-acl", ""),
            units: balancers,
            words: format!("{balancers} access lists; rules and requests not included"),
        },
    ]
    .into_iter()
    .filter(|part| part.units > 0)
    .collect()
}

fn line(part: Part, scene: &Scene) -> CostLine {
    let Part {
        item,
        replaces,
        price: (service, sku, attributes),
        units,
        words,
    } = part;
    let ids = scene
        .estate
        .of_kind(replaces)
        .map(|resource| resource.id.clone())
        .collect();
    let region = if service == "Route53" {
        GLOBAL_PRICES
    } else {
        scene.region
    };
    let Some(price) = scene.prices.aws(service, region, (sku, attributes)) else {
        let why = format!("{words}; no price in {region} was read");
        return not_priced(Side::Target, item, ids, why);
    };
    let working = format!("{words} x {:.5}", price.usd.as_f64());
    let range = Range::exactly(price.usd.times(units));
    let known = (HowKnown::Derived, working);
    priced(
        Side::Target,
        item.to_owned(),
        ids,
        range,
        known,
        (&price.source, &price.as_of),
    )
}
