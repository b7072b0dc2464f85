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
