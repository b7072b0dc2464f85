//! What the sums mean, under one decision or another.

use reberth_assess::{PriceList, Question, Scenario, assess};
use reberth_model::assessment::{Assessment, CostLine, Side};
use reberth_model::money::Usd;

use super::{line, usd};
use crate::estates::{TODAY, edtech, judge, policy};

#[test]
fn the_move_costs_something_once_and_pays_for_itself_or_does_not() {
    let assessment = judge(&edtech());
    let once = || {
        assessment
            .costs
            .iter()
            .filter(|line| line.side == Side::Once)
    };
    assert_eq!(once().count(), 3);
    assert_eq!(
        assessment.totals.once.likely,
        once().filter_map(|line| line.likely).sum()
    );
    let double = line(&assessment.costs, Side::Once, "Both sides running");
    assert_eq!(double.likely, assessment.totals.target.likely.scaled(1.5));
    let outlook = &assessment.outlook;
    assert_eq!(
        outlook.monthly_saving,
        assessment.totals.source.likely - assessment.totals.target.likely
    );
    assert_eq!(
        outlook.break_even_months.is_some(),
        outlook.monthly_saving > Usd::ZERO
    );
    let invoice = outlook.invoice.as_ref().expect("an invoice");
    assert_eq!(
        invoice.gap,
        invoice.amount - assessment.totals.source.likely
    );
    assert!(!invoice.explained_by.is_empty());
}

#[test]
fn one_decision_changes_what_it_is_about() {
    let price = |decisions: &[&str]| {
        let decisions: Vec<String> = decisions.iter().map(|text| (*text).to_owned()).collect();
        let question = Question {
            estate: &edtech(),
            estate_bytes: b"",
            policy: &policy(""),
            today: TODAY,
            design: None,
            price_lists: &[],
            scenario: &Scenario::parse(&decisions).expect("decisions"),
        };
        assess(question).expect("an assessment")
    };
    let plain = price(&[]);
    let nat = price(&["nat=single"]);
    let gateways = |assessment: &Assessment| {
        line(&assessment.costs, Side::Target, "NAT gateways, hours").likely
    };
    assert_eq!(
        (gateways(&plain), gateways(&nat)),
        (usd(0.056 * 730.0 * 3.0), usd(0.056 * 730.0))
    );
    let off = price(&["multi-az=off"]);
    let core = line(&off.costs, Side::Target, "lms-core-mysql: RDS");
    assert_eq!(
        (core.item.as_str(), core.likely),
        (
            "lms-core-mysql: RDS db.m6g.xlarge MySQL Single-AZ",
            usd(0.428 * 730.0)
        )
    );
    let arm = price(&["graviton=on"]);
    assert!(
        line(&arm.costs, Side::Target, "lms-web-01: EC2")
            .item
            .contains("t4g.")
    );
    let decided = price(&["class:lms-web-01=m7i.2xlarge"]);
    assert!(
        line(&decided.costs, Side::Target, "lms-web-01: EC2")
            .item
            .ends_with("m7i.2xlarge")
    );
    let moved = price(&["region=us-east-1"]);
    assert!(
        line(&moved.costs, Side::Target, "KMS").likely.is_some(),
        "priced there"
    );
    // The report weighs the same decisions, and comes to the same sums.
    let weighed = |what_if: &str| {
        let mut scenarios = plain.outlook.scenarios.iter();
        scenarios
            .find(|scenario| scenario.what_if == what_if)
            .expect(what_if)
            .total
            .clone()
    };
    assert_eq!(weighed("nat=single"), nat.totals.target);
    assert_eq!(weighed("multi-az=off"), off.totals.target);
}

#[test]
fn a_price_list_of_aws_comes_before_the_table_and_fills_what_it_lacks() {
    let offer = |code: &str, product: &str, usd: &str| {
        format!(
            r#"{{"offerCode":"{code}","publicationDate":"2026-11-01T00:00:00Z","products":{{"A":{product}}},
                "terms":{{"OnDemand":{{"A":{{"A.1":{{"priceDimensions":{{"A.1.1":{{"unit":"x","pricePerUnit":{{"USD":"{usd}"}}}}}}}}}}}},
                "Reserved":{{"A":{{"A.2":{{"priceDimensions":{{"A.2.1":{{"unit":"x","pricePerUnit":{{"USD":"0.5"}}}}}},
                "termAttributes":{{"LeaseContractLength":"1yr","PurchaseOption":"No Upfront","OfferingClass":"standard"}}}}}}}}}}}}"#
        )
    };
    let kms = r#"{"productFamily":"Encryption Key","attributes":{"regionCode":"ap-south-1","usagetype":"ap-south-1-KMS-Keys"}}"#;
    let rds = r#"{"productFamily":"Database Instance","attributes":{"regionCode":"ap-south-1","instanceType":"db.m6g.xlarge","databaseEngine":"MySQL","deploymentOption":"Multi-AZ"}}"#;
    let lists: Vec<PriceList> = [offer("awskms", kms, "1.0"), offer("AmazonRDS", rds, "0.9")]
        .iter()
        .map(|text| PriceList::parse(text.as_bytes()).expect("an offer"))
        .collect();
    let question = Question {
        estate: &edtech(),
        estate_bytes: b"",
        policy: &policy(""),
        today: TODAY,
        design: None,
        price_lists: &lists,
        scenario: &Scenario::default(),
    };
    let assessment = assess(question).expect("an assessment");
    assert_eq!(
        line(&assessment.costs, Side::Target, "KMS").likely,
        usd(2.0)
    );
    let core = line(&assessment.costs, Side::Target, "lms-core-mysql: RDS");
    assert_eq!(
        (core.likely, core.committed),
        (usd(0.9 * 730.0), usd(0.5 * 730.0))
    );
    assert_eq!(
        core.price_source.as_deref(),
        Some("AWS Price List, AmazonRDS")
    );
    assert_eq!(core.as_of.as_deref(), Some("2026-11-01"));
    assert!(assessment.outlook.lines_committed > 0);
    assert!(assessment.outlook.target_committed < assessment.totals.target.likely);
}

#[test]
fn lines_without_a_price_are_told_at_prices_of_another_region_under_the_same_decisions() {
    let price = |region: &str| {
        let decisions = [
            format!("region={region}"),
            "class:lms-web-01=m7i.2xlarge".to_owned(),
            "multi-az=off".to_owned(),
        ];
        let question = Question {
            estate: &edtech(),
            estate_bytes: b"",
            policy: &policy(""),
            today: TODAY,
            design: None,
            price_lists: &[],
            scenario: &Scenario::parse(&decisions).expect("decisions"),
        };
        assess(question).expect("an assessment")
    };
    // No table has a price for such a region, so every server and database stays without one.
    let (here, there) = (price("nowhere-1"), price("us-east-1"));
    for part in ["lms-web-01: EC2", "lms-core-mysql: "] {
        let open = line(&here.costs, Side::Target, part);
        assert_eq!(open.likely, None, "{part}");
        let other = line(&there.costs, Side::Target, part).likely.expect(part);
        let words = format!(
            "at the prices of us-east-1 about {:.2} USD a month",
            other.as_f64()
        );
        assert!(open.working.ends_with(&words), "{part}: {}", open.working);
    }
    let lines_of = |assessment: &Assessment| -> Vec<CostLine> {
        let lines = assessment.costs.iter();
        let lines = lines.filter(|line| line.side == Side::Target);
        lines.cloned().collect()
    };
    let (open, priced) = (lines_of(&here), lines_of(&there));
    let told = open
        .iter()
        .filter(|line| line.working.contains("at the prices of us-east-1"));
    let subject = |line: &CostLine| line.item.split(':').next().map(str::to_owned);
    let amounts = told.map(|line| {
        let mut same = priced
            .iter()
            .filter(|other| other.resources == line.resources && subject(other) == subject(line));
        let other = same.find(|other| {
            let words = format!(
                "about {:.2} USD a month",
                other.likely.map_or(0.0, Usd::as_f64)
            );
            line.working.ends_with(&words)
        });
        other.and_then(|other| other.likely).expect(&line.item)
    });
    let amounts: Vec<Usd> = amounts.collect();
    let other = here.outlook.not_priced_elsewhere.as_ref().expect("an idea");
    assert_eq!(other.lines as usize, amounts.len());
    assert_eq!(other.likely, amounts.into_iter().sum::<Usd>());
}
