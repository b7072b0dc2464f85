//! Lines of both sides, and their sums.

mod decisions;

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, NotVisible, Other, Resource};
use reberth_model::money::Usd;

use crate::estates::{edtech, edtech_with, judge};

fn line<'a>(lines: &'a [CostLine], side: Side, part: &str) -> &'a CostLine {
    lines
        .iter()
        .find(|line| line.side == side && line.item.contains(part))
        .expect(part)
}

fn usd(amount: f64) -> Option<Usd> {
    Usd::from_f64(amount)
}

#[test]
fn lines_are_reckoned_from_quantity_and_price() {
    let costs = judge(&edtech()).costs;
    for (side, part, likely) in [
        (Side::Source, "Server lms-web-01", 57.60),
        (Side::Source, "Server ci-jenkins-01", 48.00),
        (Side::Source, "Database lms-core-mysql", 3.0 * 240.0),
        (Side::Source, "Read-only copy lms-core-mysql-ro", 120.0),
        (Side::Source, "Volume jenkins-home", 20.0),
        (Side::Source, "Reserved address", 5.0),
        (Side::Target, "lms-cron-01: EC2", 0.0224 * 730.0),
        (Side::Target, "NAT gateways, hours", 0.056 * 730.0 * 3.0),
        (Side::Target, "Load Balancer, hours", 0.0239 * 730.0),
        (
            Side::Target,
            "lms-core-mysql: RDS db.m6g.xlarge MySQL Multi-AZ",
            0.856 * 730.0,
        ),
        (
            Side::Target,
            "lms-core-mysql-ro (read replica): RDS",
            0.214 * 730.0,
        ),
        (Side::Target, "hosted zones", 1.0),
    ] {
        let line = line(&costs, side, part);
        assert_eq!(line.likely, usd(likely), "{part}: {}", line.working);
        assert!(line.price_source.is_some(), "{part}");
    }
}

#[test]
fn sums_are_the_sums_and_say_when_they_are_not_whole() {
    let assessment = judge(&edtech());
    for (side, total) in [
        (Side::Source, &assessment.totals.source),
        (Side::Target, &assessment.totals.target),
    ] {
        let of_side = || {
            assessment
                .costs
                .iter()
                .filter(move |line| line.side == side)
        };
        assert_eq!(total.likely, of_side().filter_map(|line| line.likely).sum());
        assert!(total.low <= total.likely && total.likely <= total.high);
        assert!(!total.complete);
        assert_eq!(
            total.lines_not_priced,
            of_side()
                .filter(|line| line.how_known == HowKnown::NotPriced)
                .count() as u64
        );
        for line in of_side() {
            assert_eq!(
                line.likely.is_none(),
                line.how_known == HowKnown::NotPriced,
                "{}",
                line.item
            );
            assert!(
                line.low <= line.likely || line.likely.is_none(),
                "{}",
                line.item
            );
        }
    }
}

#[test]
fn a_price_that_nobody_read_is_never_made_up() {
    let costs = judge(&edtech()).costs;
    for part in [
        "RDS gp3 storage",
        "RDS backups",
        "KMS",
        "GuardDuty",
        "capacity units",
        "CloudWatch logs",
        "snapshots of servers",
    ] {
        let line = line(&costs, Side::Target, part);
        assert_eq!(
            (line.how_known, line.likely, &line.price_source),
            (HowKnown::NotPriced, None, &None),
            "{part}"
        );
        assert!(!line.working.is_empty(), "{part}");
    }
}

#[test]
fn unknown_sizes_and_engines_stay_without_a_price() {
    let strange = edtech_with(|attributes| match attributes {
        Attributes::Server(server) => server.size = "gpu-h100x8".to_owned(),
        Attributes::Database(database) => database.engine = "kafka".to_owned(),
        _ => {}
    });
    let costs = judge(&strange).costs;
    for part in ["lms-web-01: EC2", "lms-core-mysql: database"] {
        assert_eq!(
            line(&costs, Side::Target, part).how_known,
            HowKnown::NotPriced,
            "{part}"
        );
    }
}

#[test]
fn a_busy_server_is_given_the_larger_candidate() {
    let at = |p95: f64| {
        let estate = edtech_with(|attributes| {
            if let Attributes::Server(server) = attributes
                && let Some(measured) = &mut server.utilisation
            {
                measured.cpu_p95_percent = Some(p95);
            }
        });
        line(&judge(&estate).costs, Side::Target, "lms-web-01: EC2")
            .item
            .clone()
    };
    assert_eq!(at(20.0), "lms-web-01: EC2 t3.large");
    assert_eq!(at(60.0), "lms-web-01: EC2 t3.xlarge");
}

#[test]
fn what_could_not_be_listed_is_a_line_without_a_price() {
    let mut estate = edtech();
    estate
        .resources
        .retain(|resource| !matches!(resource.attributes, Attributes::Server(_)));
    estate.not_visible.push(NotVisible {
        what: "/v2/droplets".to_owned(),
        reason: "403 Forbidden".to_owned(),
    });
    let costs = judge(&estate).costs;
    for side in [Side::Source, Side::Target] {
        let line = line(&costs, side, "Every server");
        assert_eq!(line.how_known, HowKnown::NotPriced);
        assert!(line.working.contains("403 Forbidden"));
    }
}

#[test]
fn the_last_invoice_stands_beside_what_the_api_does_not_tell() {
    let costs = judge(&edtech()).costs;
    let traffic = line(&costs, Side::Source, "Outbound traffic");
    assert!(
        traffic
            .working
            .contains("the invoice of 2026-10 was 2365.12"),
        "{}",
        traffic.working
    );
}

#[test]
fn kinds_that_nothing_prices_are_lines_without_a_price() {
    let mut estate = edtech();
    estate.resources.push(Resource {
        id: "k1".to_owned(),
        name: "batch".to_owned(),
        region: None,
        cost: None,
        attributes: Attributes::Other(Other {
            word: "cluster".to_owned(),
            facts: Default::default(),
        }),
    });
    let costs = judge(&estate).costs;
    for side in [Side::Source, Side::Target] {
        assert_eq!(
            line(&costs, side, "batch: cluster").how_known,
            HowKnown::NotPriced
        );
    }
}

#[test]
fn what_nobody_measured_is_assumed_within_a_range() {
    let costs = judge(&edtech()).costs;
    for part in [
        "Data to the internet",
        "Data between zones",
        "NAT gateways, data",
        "S3 storage",
        "CloudFront",
    ] {
        let line = line(&costs, Side::Target, part);
        assert_eq!(line.how_known, HowKnown::Assumed, "{part}");
        assert!(line.low < line.likely && line.likely < line.high, "{part}");
        assert!(line.working.starts_with("assumed: "), "{}", line.working);
    }
    // 11 servers, 150 GB each, 0.1093 a GB.
    let outbound = line(&costs, Side::Target, "Data to the internet");
    assert_eq!(outbound.likely, usd(11.0 * 150.0 * 0.1093));
}

#[test]
fn objects_that_were_counted_are_measured() {
    let estate = edtech_with(|attributes| {
        if let Attributes::Bucket(bucket) = attributes {
            bucket.size_bytes = Some(2_000_000_000_000);
        }
    });
    let costs = judge(&estate).costs;
    let objects = line(&costs, Side::Target, "S3 storage, 3 bucket(s)");
    assert_eq!(
        (objects.how_known, objects.likely),
        (HowKnown::Measured, usd(6000.0 * 0.025))
    );
}

#[test]
fn a_short_window_and_short_memory_keep_a_size() {
    let with = |hours: u64, memory: f64| {
        let estate = edtech_with(|attributes| {
            if let Attributes::Server(server) = attributes
                && let Some(measured) = &mut server.utilisation
            {
                (measured.window_hours, measured.cpu_p95_percent) = (hours, Some(20.0));
                measured.memory_p99_percent = Some(memory);
            }
        });
        let costs = judge(&estate).costs;
        let found = line(&costs, Side::Target, "lms-web-01: EC2").clone();
        (found.item, found.how_known)
    };
    let large = ("lms-web-01: EC2 t3.large".to_owned(), HowKnown::Derived);
    let today = "lms-web-01: EC2 t3.xlarge".to_owned();
    assert_eq!(with(336, 60.0), large);
    assert_eq!(
        with(48, 60.0),
        (today.clone(), HowKnown::Assumed),
        "two days are not enough"
    );
    assert_eq!(
        with(336, 95.0),
        (today, HowKnown::Derived),
        "8 GiB do not hold 9.1"
    );
}
