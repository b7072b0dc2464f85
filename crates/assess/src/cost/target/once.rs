//! What the move itself costs, once: both sides running, the copy leaving the source, the machine that copies. The work of people is not priced.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::Attributes;
use reberth_model::money::Usd;

use super::Scene;
use crate::cost::assumed::{DOUBLE_RUNNING, REPLICATED};
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

const BYTES_PER_GB: f64 = 1e9;
const BYTES_PER_MIB: f64 = 1_048_576.0;
/// What DigitalOcean asks for a GB sent beyond what is included, at the most.
const EGRESS_USD_PER_GB: f64 = 0.01;
/// Type of the machine that copies and follows.
const RUNNER: &str = "t3.xlarge";

/// A line for each.
pub(super) fn lines(scene: &Scene, monthly: &[CostLine]) -> Vec<CostLine> {
    vec![double_running(monthly), egress(scene), runner(scene)]
}

/// While both sides run, the target is paid beside the source.
fn double_running(monthly: &[CostLine]) -> CostLine {
    let sum = |amount: fn(&CostLine) -> Option<Usd>| -> Usd {
        let of_target = monthly.iter().filter(|line| line.side == Side::Target);
        of_target.filter_map(amount).sum()
    };
    let months = |usd: Usd, months: f64| usd.scaled(months).unwrap_or(usd);
    let range = Range {
        low: months(sum(|line| line.low), DOUBLE_RUNNING.low),
        likely: months(sum(|line| line.likely), DOUBLE_RUNNING.likely),
        high: months(sum(|line| line.high), DOUBLE_RUNNING.high),
    };
    let working = format!(
        "{} to {}, likely {} {}; the target's monthly sum each",
        DOUBLE_RUNNING.low, DOUBLE_RUNNING.high, DOUBLE_RUNNING.likely, DOUBLE_RUNNING.of
    );
    let known = (HowKnown::Assumed, working);
    priced(
        Side::Once,
        "Both sides running while data flow".to_owned(),
        Vec::new(),
        range,
        known,
        ("the lines of the target", ""),
    )
}

/// Bytes that have to leave the source, and the resources that hold them; those of unknown size, or counted in part, are counted apart.
fn to_copy(scene: &Scene) -> (f64, Vec<String>, usize) {
    let mut bytes = 0.0;
    let (mut ids, mut unknown) = (Vec::new(), 0);
    for resource in &scene.estate.resources {
        let held = match &resource.attributes {
            Attributes::Database(database) | Attributes::Cache(database) => database
                .data_bytes
                .map(|bytes| bytes as f64)
                .or(database.storage_mib.map(|mib| mib as f64 * BYTES_PER_MIB)),
            Attributes::Bucket(bucket) => bucket.size_bytes.map(|bytes| bytes as f64),
            Attributes::Volume(volume) => Some(volume.size_gib as f64 * 1024.0 * BYTES_PER_MIB),
            _ => continue,
        };
        let is_in_part =
            matches!(&resource.attributes, Attributes::Bucket(bucket) if bucket.is_counted_in_part);
        unknown += usize::from(is_in_part);
        match held {
            Some(held) => {
                bytes += held;
                ids.push(resource.id.clone());
            }
            None => unknown += 1,
        }
    }
    (bytes, ids, unknown)
}

fn egress(scene: &Scene) -> CostLine {
    let (bytes, ids, unknown) = to_copy(scene);
    let gb = bytes / BYTES_PER_GB;
    let item = format!("Replication: data leaving the source, {gb:.0} GB");
    let more = if unknown > 0 {
        format!("; of {unknown} stores the size is not known, or only a part of it")
    } else {
        String::new()
    };
    if scene.estate.provider != "digitalocean" {
        let why = format!("the platform does not tell a price for what is sent{more}");
        return not_priced(Side::Once, item, ids, why);
    }
    let usd = |times: f64| Usd::from_f64(gb * times * EGRESS_USD_PER_GB).unwrap_or(Usd::ZERO);
    let range = Range {
        low: Usd::ZERO,
        likely: usd(REPLICATED.likely),
        high: usd(REPLICATED.high),
    };
    let working = format!(
        "{gb:.0} GB, likely {} {}, x {EGRESS_USD_PER_GB}; nothing within what servers include{more}",
        REPLICATED.likely, REPLICATED.of
    );
    let known = (HowKnown::Assumed, working);
    priced(
        Side::Once,
        item,
        ids,
        range,
        known,
        ("catalog/do-products-to-aws.csv", ""),
    )
}

fn runner(scene: &Scene) -> CostLine {
    let item = format!("Replication: a machine that copies and follows, {RUNNER}");
    let Some(price) = scene
        .prices
        .aws("EC2", scene.region, (RUNNER, "Linux on-demand"))
    else {
        let why = format!("no price of {RUNNER} in {} was read", scene.region);
        return not_priced(Side::Once, item, Vec::new(), why);
    };
    let months = |count: f64| {
        price
            .usd
            .scaled(HOURS_PER_MONTH as f64 * count)
            .unwrap_or(Usd::ZERO)
    };
    let range = Range {
        low: months(DOUBLE_RUNNING.low),
        likely: months(DOUBLE_RUNNING.likely),
        high: months(DOUBLE_RUNNING.high),
    };
    let working = format!(
        "{} to {}, likely {} {}; x {HOURS_PER_MONTH} h x {:.5}",
        DOUBLE_RUNNING.low,
        DOUBLE_RUNNING.high,
        DOUBLE_RUNNING.likely,
        DOUBLE_RUNNING.of,
        price.usd.as_f64()
    );
    let known = (HowKnown::Assumed, working);
    priced(
        Side::Once,
        item,
        Vec::new(),
        range,
        known,
        (&price.source, &price.as_of),
    )
}
