//! A large account under every fault at once.

use reberth_model::estate::{Attributes, Estate};
use reberth_testkit::replay::{Faults, NAMES, Recording, Replay, Size};
use std::time::Duration;

use reberth_discover::digitalocean::{self, Options};
use reberth_discover::{Api, Patience, Token};

use crate::harness::{TOKEN, bytes, chain, discover_keeping};

const SIZE: Size = Size {
    servers: 200,
    databases: 40,
    records: 10_000,
};

/// Every fault that passes, at once: both kinds of 429, 500, cut connections, HTML, JSON that stops.
const STORM: [&str; 6] = [
    "429:3",
    "hourly:211",
    "500:17",
    "drop:13",
    "badjson:29",
    "truncate:31",
];

fn read(faults: &[&str]) -> (Result<Estate, String>, u64) {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let server =
        Replay::start(Recording::grown(SIZE), TOKEN, faults).expect("a loopback port is free");
    let patience = Patience {
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(20),
        ..Patience::default()
    };
    let api =
        Api::new(&server.url(), Token::new(TOKEN).expect("a good token")).expect("a good address");
    let api = api.with_patience(patience);
    let options = Options {
        measured_until_epoch_seconds: 1_795_305_600,
        object_store: None,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let result = runtime.block_on(digitalocean::discover(&api, &options, &|_| {}));
    let stats = server.stats();
    assert_eq!(stats.writes_refused, 0);
    (result.map_err(|error| chain(&error)), stats.requests)
}

#[test]
fn everything_is_found_whatever_passes() {
    let (calm, requests) = read(&[]);
    let calm = calm.expect("nothing goes wrong");
    assert_eq!(calm.counts["server"], SIZE.servers);
    assert_eq!(calm.counts["database"], SIZE.databases);
    assert_eq!(calm.counts["dns_record"], SIZE.records);
    // 5,000 requests an hour are allowed.
    assert!(requests < 2_000, "{requests}");
    let (stormy, _) = read(&STORM);
    assert!(bytes(&stormy.expect("every fault passes")) == bytes(&calm));
}

#[test]
fn a_list_that_moves_during_the_storm_loses_nobody() {
    let forbidden = "forbid:/v2/monitoring/metrics";
    let (calm, _) = read(&[forbidden]);
    let calm = calm.expect("nothing goes wrong");
    for after in [2, 40] {
        let shift = format!("shift:{after}");
        let faults = [&STORM[..], &[shift.as_str(), forbidden]].concat();
        let (found, _) = read(&faults);
        let found = found.unwrap_or_else(|error| panic!("{shift}: {error}"));
        // The first of each list is gone, and at most it.
        for kind in ["server", "dns_record"] {
            let lost = calm.counts[kind] - found.counts[kind];
            assert!(lost <= 1, "{shift} lost {lost} of {kind}");
        }
        assert_eq!(found.counts["database"], calm.counts["database"]);
    }
}

#[test]
fn a_token_revoked_in_the_storm_is_an_error_without_a_secret() {
    let (result, _) = read(&[&STORM[..], &["401:300"]].concat());
    let error = result.expect_err("the token is revoked");
    assert!(error.starts_with("RB-DIS-001"), "{error}");
    assert!(
        !error.contains("RECORDED-FAKE") && !error.contains(TOKEN),
        "{error}"
    );
}

#[test]
fn names_in_any_script_and_states_of_tomorrow_are_kept_as_they_are() {
    let (estate, _) = read(&["forbid:/v2/monitoring/metrics", "forbid:/v2/domains"]);
    let estate = estate.expect("nothing goes wrong");
    for name in NAMES {
        let is_kept = |resource: &reberth_model::estate::Resource| resource.name.starts_with(name);
        assert!(estate.of_kind("server").any(is_kept), "{name}");
    }
    assert!(
        estate
            .servers()
            .any(|(_, server)| server.status == "state-of-tomorrow")
    );
    let unknown = |attributes: &Attributes| matches!(attributes, Attributes::Database(database) if database.engine == "engine-of-tomorrow");
    assert!(
        estate
            .resources
            .iter()
            .any(|resource| unknown(&resource.attributes))
    );
    let text = bytes(&estate);
    assert!(!text.contains("RECORDED-FAKE"));
}

#[test]
fn a_second_run_over_a_large_account_asks_for_a_fraction() {
    let folder = std::env::temp_dir().join(format!("reberth-large-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    let server = Replay::start(Recording::grown(SIZE), TOKEN, Faults::default()).unwrap();
    let (first, asked_first) = discover_keeping(&server, &folder, TOKEN);
    let (second, asked) = discover_keeping(&server, &folder, TOKEN);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(bytes(&first.unwrap()) == bytes(&second.unwrap()));
    assert!(
        asked.requests * 2 < asked_first.requests,
        "{asked:?} after {asked_first:?}"
    );
    let answered = asked.requests - asked.unchanged;
    assert!(
        answered * 10 < asked_first.requests,
        "{asked:?} after {asked_first:?}"
    );
}
