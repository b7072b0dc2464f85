//! The parts that are paid by what passes through. Estimates fail by leaving these out; nobody measured them, so each has a range.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Bucket};

use super::Scene;
use super::surroundings::{PriceKey, ZONES};
use crate::cost::assumed::{self, Assumed};
use crate::cost::{HOURS_PER_MONTH, Range, assumed_line, not_priced, priced};

/// Bytes are paid on the side that sends and on the side that takes them.
const BOTH_SIDES: f64 = 2.0;
const BYTES_PER_GB: f64 = 1e9;

/// A line for each.
pub(super) fn lines(scene: &Scene) -> Vec<CostLine> {
    let senders = scene.senders();
    let by_sender = |item: &str, assumed: &Assumed, key: PriceKey, factor: f64| {
        let price = scene.prices.aws(key.0, scene.region, (key.1, key.2));
        let about = (item.to_owned(), scene.sender_ids());
        assumed_line(
            Side::Target,
            about,
            assumed,
            senders as f64,
            (price, factor),
        )
    };
    const OUTBOUND: PriceKey = (
        "DataTransfer",
        "outbound-data-transfer-to-internet-first-10tb",
        "",
    );
    const BETWEEN: PriceKey = ("DataTransfer", "intra-region-data-transfer", "");
    let mut lines = vec![
        by_sender("Data to the internet", &assumed::OUTBOUND, OUTBOUND, 1.0),
        by_sender(
            "Data between zones",
            &assumed::BETWEEN_ZONES,
            BETWEEN,
            BOTH_SIDES,
        ),
        by_sender(
            "NAT gateways, data",
            &assumed::THROUGH_NAT,
            ("NAT", "nat-data", ""),
            1.0,
        ),
        by_sender(
            "CloudWatch logs",
            &assumed::LOGS,
            ("CloudWatch", "logs-ingest", ""),
            1.0,
        ),
    ];
    lines.extend(capacity_units(scene));
    lines.extend(objects(scene));
    lines.extend(delivery(scene));
    lines.extend(snapshots(scene));
    lines
}

fn capacity_units(scene: &Scene) -> Option<CostLine> {
    let balancers = scene.load_balancers();
    let ids = ids(scene, "load_balancer");
    (balancers > 0).then(|| {
        let price = scene.prices.aws("ALB", scene.region, ("lcu", ""));
        let about = ("Application Load Balancer, capacity units".to_owned(), ids);
        let hours = HOURS_PER_MONTH as f64;
        assumed_line(
            Side::Target,
            about,
            &assumed::CAPACITY_UNITS,
            balancers as f64,
            (price, hours),
        )
    })
}

fn ids(scene: &Scene, kind: &str) -> Vec<String> {
    scene
        .estate
        .of_kind(kind)
        .map(|resource| resource.id.clone())
        .collect()
}

/// Storage of objects: by size where the object store told it, else within a range. Requests are not included.
fn objects(scene: &Scene) -> Vec<CostLine> {
    let price = scene
        .prices
        .aws("S3", scene.region, ("standard", "first 50 TB"));
    let buckets: Vec<(String, &Bucket)> = scene
        .estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Bucket(bucket) => Some((resource.id.clone(), bucket)),
            _ => None,
        })
        .collect();
    let (told, open): (Vec<_>, Vec<_>) = buckets
        .into_iter()
        .partition(|(_, bucket)| bucket.size_bytes.is_some());
    let ids = |of: &[(String, &Bucket)]| of.iter().map(|(id, _)| id.clone()).collect();
    let mut lines = Vec::new();
    if !told.is_empty() {
        let bytes: u64 = told
            .iter()
            .filter_map(|(_, bucket)| bucket.size_bytes)
            .sum();
        let gb = bytes as f64 / BYTES_PER_GB;
        let partly = told.iter().filter(|(_, bucket)| bucket.is_counted_in_part);
        let partly = partly.count() as f64;
        let item = format!("S3 storage, {} bucket(s)", told.len());
        let usd = |more: f64| price.and_then(|price| price.usd.scaled(gb + partly * more));
        let range = usd(0.0)
            .zip(usd(assumed::BUCKET.likely))
            .zip(usd(assumed::BUCKET.high));
        lines.push(match (price, range) {
            (Some(price), Some(((low, likely), high))) => {
                let told_gb = format!("{gb:.1} GB as the object store tells");
                let known = if partly > 0.0 {
                    let more = format!(
                        "{told_gb} at least, and likely {} GB more for each of {partly} bucket(s) whose counting stopped at its bound",
                        assumed::BUCKET.likely
                    );
                    (HowKnown::Assumed, format!("{more}, x {:.5}", price.usd.as_f64()))
                } else {
                    let working = format!("{told_gb} x {:.5}", price.usd.as_f64());
                    (HowKnown::Measured, working)
                };
                let range = Range { low, likely, high };
                let source = (price.source.as_str(), price.as_of.as_str());
                priced(Side::Target, item, ids(&told), range, known, source)
            }
            _ => {
                let why = format!("{gb:.1} GB; no price in {} was read", scene.region);
                not_priced(Side::Target, item, ids(&told), why)
            }
        });
    }
    if !open.is_empty() {
        let about = (
            format!("S3 storage, {} bucket(s) that were not asked", open.len()),
            ids(&open),
        );
        lines.push(assumed_line(
            Side::Target,
            about,
            &assumed::BUCKET,
            open.len() as f64,
            (price, 1.0),
        ));
    }
    lines
}

/// Content delivery, by the prices of where the users are taken to be: around the target.
fn delivery(scene: &Scene) -> Option<CostLine> {
    let endpoints = scene.count("cdn");
    let place = match scene.region {
        "ap-south-1" | "ap-south-2" => "india",
        region if region.starts_with("eu-") => "eu",
        _ => "us",
    };
    (endpoints > 0).then(|| {
        let sku = "data-transfer-out-to-internet-first-10tb";
        let price = scene.prices.aws("CloudFront", place, (sku, ""));
        let about = (
            format!("CloudFront, bytes to users ({place})"),
            ids(scene, "cdn"),
        );
        assumed_line(
            Side::Target,
            about,
            &assumed::DELIVERED,
            endpoints as f64,
            (price, 1.0),
        )
    })
}

fn snapshots(scene: &Scene) -> Option<CostLine> {
    let ids = ids(scene, "snapshot");
    (!ids.is_empty() || scene.count("server") > 0).then(|| {
        let item = "Backups and snapshots of servers";
        match scene.prices.aws("EBS", scene.region, ("snapshot", "")) {
            Some(price) => {
                let disks = scene
                    .estate
                    .servers()
                    .map(|(_, server)| server.disk_gib as f64)
                    .sum();
                let about = (item.to_owned(), ids);
                assumed_line(Side::Target, about, &SNAPSHOTS, disks, (Some(price), 1.0))
            }
            None => {
                let why =
                    "not known: how much changes from day to day; no price of snapshots was read";
                not_priced(Side::Target, item, ids, why)
            }
        }
    })
}

const SNAPSHOTS: Assumed = Assumed {
    low: 0.2,
    likely: 0.5,
    high: 1.5,
    of: "GB of snapshots for each GB of disk",
};

const _: () = assert!(ZONES == 3, "the words of the estimate speak of three zones");
