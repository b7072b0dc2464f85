//! An account of several pages, read while it changes.

use reberth_model::estate::Estate;
use reberth_testkit::replay::Recording;
use serde_json::json;
use std::collections::BTreeSet;

use crate::harness::{TOKEN, bytes, chain, discover_with};

const SERVERS: u64 = 450;

/// The recorded account with many more servers.
fn large() -> Recording {
    let mut recording = Recording::edtech();
    let droplets = recording
        .body_mut("/v2/droplets")
        .expect("the recording has servers");
    let sample = droplets["droplets"][0].clone();
    let items = droplets["droplets"]
        .as_array_mut()
        .expect("servers are a list");
    let recorded = items.len() as u64;
    for number in recorded..SERVERS {
        let mut droplet = sample.clone();
        droplet["id"] = json!(900_000_000 + number);
        droplet["name"] = json!(format!("worker-{number}"));
        items.push(droplet);
    }
    recording
}

fn read(faults: &[&str]) -> Estate {
    let (result, stats) = discover_with(large(), faults, TOKEN);
    assert_eq!(stats.writes_refused, 0);
    result.unwrap_or_else(|error| panic!("{faults:?}: {}", chain(&error)))
}

fn server_ids(estate: &Estate) -> BTreeSet<String> {
    estate
        .of_kind("server")
        .map(|server| server.id.clone())
        .collect()
}

#[test]
fn every_page_is_read_and_faults_leave_no_trace() {
    let calm = read(&[]);
    assert_eq!(calm.counts["server"], SERVERS);
    let stormy = read(&["500:9", "drop:7", "badjson:31", "truncate:23"]);
    assert!(bytes(&stormy) == bytes(&calm));
}

#[test]
fn no_server_is_lost_when_the_list_moves_while_it_is_read() {
    let all = server_ids(&read(&[]));
    // The list moves after the first, second, … page of servers, and before any page.
    for after in 0..=6 {
        let shift = format!("shift:{after}");
        for faults in [
            vec![shift.as_str()],
            vec![shift.as_str(), "drop:4", "500:5"],
        ] {
            // Measurements belong to the test above; without them this one is quick.
            let quick = [&faults[..], &["forbid:/v2/monitoring/metrics"]].concat();
            let found = server_ids(&read(&quick));
            let lost: Vec<&String> = all.difference(&found).collect();
            // The first of the list leaves it for good. It still answers by its own id, so once seen it is kept.
            let may_be_gone = if after == 0 { 1 } else { 0 };
            assert!(lost.len() <= may_be_gone, "{faults:?} lost {lost:?}");
        }
    }
}

const ZONE_RECORDS: &str = "/v2/domains/brightlearn.example/records";

#[test]
fn a_record_deleted_during_the_read_is_gone_and_no_other() {
    let mut recording = Recording::edtech();
    let records = recording
        .body_mut(ZONE_RECORDS)
        .expect("the recording has records");
    let items = records["domain_records"]
        .as_array_mut()
        .expect("records are a list");
    let deleted = format!("brightlearn.example/{}", items[0]["id"]);
    let sample = items[0].clone();
    for number in 0..400_u64 {
        let mut record = sample.clone();
        record["id"] = json!(1_000 + number);
        items.push(record);
    }
    let read = |after: u64| {
        let faults = [
            &format!("shift:{after}"),
            "forbid:/v2/monitoring",
            "forbid:/v2/droplets",
        ];
        let (estate, _) = discover_with(recording.clone(), &faults, TOKEN);
        let estate = estate.unwrap_or_else(|error| panic!("{faults:?}: {}", chain(&error)));
        let ids = estate.of_kind("dns_record").map(|record| record.id.clone());
        ids.filter(|id| id.starts_with("brightlearn.example/"))
            .collect::<BTreeSet<_>>()
    };
    let all = read(1_000);
    let mut times_gone = 0;
    // The zone itself is on the third page of all lists that this token may read.
    for after in 3..=12 {
        let lost: Vec<String> = all.difference(&read(after)).cloned().collect();
        // The replay has no answer for a single record, which means that it was deleted.
        assert!(
            lost.is_empty() || lost == [deleted.clone()],
            "shift:{after} lost {}",
            lost.len()
        );
        times_gone += lost.len();
    }
    assert!(
        (1..10).contains(&times_gone),
        "the list moved before, during and after its read: {times_gone}"
    );
}
