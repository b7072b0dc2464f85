//! Faults that pass leave no trace; faults that stay end in an error that says so.

use reberth_testkit::replay::{Faults, Recording, Replay};

use crate::harness::{TOKEN, bytes, chain, discover, discover_at, discover_with};

#[test]
fn faults_that_pass_leave_no_trace_in_the_estate() {
    let calm = bytes(&discover(&[]).unwrap());
    let storms: [&[&str]; 9] = [
        &["429:2"],
        &["500:2"],
        &["500:7"],
        &["drop:5"],
        &["badjson:4"],
        &["truncate:3"],
        &["slow:5"],
        &["500:3", "drop:5", "badjson:7", "truncate:11", "slow:1"],
        &["500:2", "drop:3", "badjson:5"],
    ];
    for storm in storms {
        let estate = discover(storm).unwrap_or_else(|error| panic!("{storm:?}: {}", chain(&error)));
        assert!(bytes(&estate) == calm, "{storm:?} changed the estate");
    }
}

#[test]
fn faults_that_stay_end_in_an_error_that_names_them() {
    let cases: [(&[&str], &str); 10] = [
        (&["down:40"], "RB-DIS-003"),
        (&["down:40", "badjson:9"], "RB-DIS-003"),
        (&["401:0"], "RB-DIS-001"),
        (&["401:40"], "RB-DIS-001"),
        (&["500:1"], "RB-DIS-003"),
        (&["drop:1"], "RB-DIS-003"),
        (&["badjson:1"], "RB-DIS-004"),
        (&["truncate:1"], "RB-DIS-004"),
        (&["429:1000000"], "RB-DIS-005"),
        (&["badjson:1", "forbid:/v2/account"], "RB-DIS-004"),
    ];
    for (faults, code) in cases {
        let error = discover(faults).expect_err("a fault that stays");
        assert_eq!(error.code(), code, "{faults:?}: {error}");
        let text = chain(&error);
        assert!(
            !text.contains("RECORDED-FAKE") && !text.contains(TOKEN),
            "{text}"
        );
    }
}

#[test]
fn a_wrong_token_and_a_wrong_address_are_told_apart() {
    let (result, stats) = discover_with(Recording::edtech(), &[], "another-token");
    assert_eq!(result.unwrap_err().code(), "RB-DIS-001");
    assert_eq!(stats.requests, 1, "a refused token is not tried again");

    // A port that was just given back by the system: nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = discover_at(&format!("http://{closed}"), TOKEN).unwrap_err();
    assert_eq!(error.code(), "RB-DIS-002", "{}", chain(&error));
    assert_eq!(
        discover_at("http://api.example", TOKEN).unwrap_err().code(),
        "RB-DIS-008"
    );
    assert_eq!(
        discover_at("https://api.example", "").unwrap_err().code(),
        "RB-DIS-009"
    );

    let replay = Recording::edtech();
    let elsewhere = discover_below(replay, "/not/the/api");
    assert_eq!(elsewhere, "RB-DIS-010");
}

fn discover_below(recording: Recording, path: &str) -> &'static str {
    let replay =
        Replay::start(recording, TOKEN, Faults::default()).expect("a loopback port is free");
    discover_at(&format!("{}{path}", replay.url()), TOKEN)
        .expect_err("there is no such API")
        .code()
}

#[test]
fn what_a_token_may_not_see_is_reported_and_the_rest_is_read() {
    let calm = discover(&[]).unwrap();
    for path in [
        "/v2/firewalls",
        "/v2/droplets",
        "/v2/monitoring",
        "/v2/customers",
        "/v2/databases",
    ] {
        let estate = discover(&[&format!("forbid:{path}")]).unwrap();
        let hidden = estate
            .not_visible
            .iter()
            .filter(|part| part.what.starts_with(path));
        let reasons: Vec<&str> = hidden.map(|part| part.reason.as_str()).collect();
        assert!(!reasons.is_empty(), "{path}");
        assert!(
            reasons
                .iter()
                .all(|reason| reason.starts_with("403 forbidden")),
            "{reasons:?}"
        );
        assert_eq!(estate.counts["domain"], calm.counts["domain"], "{path}");
    }
    let blind = discover(&["forbid:/v2/droplets"]).unwrap();
    let named = blind
        .unmapped
        .iter()
        .filter(|entry| entry.id.starts_with("do:droplet:"));
    assert!(
        named.count() >= 11,
        "servers that only others name are listed"
    );
}

/// Each path of the recording in turn stays broken.
#[test]
fn one_answer_that_stays_broken_costs_its_own_part_and_nothing_else() {
    let calm = discover(&[]).unwrap();
    let whole = [
        "/v2/account",
        "/v2/droplets",
        "/v2/databases",
        "/v2/domains",
        "/v2/firewalls",
    ];
    // One question about every server, and a service of many questions.
    let parts = [
        "/v2/monitoring/metrics/droplet/cpu",
        "/v2/monitoring",
        "/v2/customers/my",
        "/v2/spaces/keys",
    ];
    for path in whole.into_iter().chain(parts) {
        let estate = discover(&[&format!("broken:{path}")]);
        let estate = estate.unwrap_or_else(|error| panic!("{path}: {}", chain(&error)));
        let broken = estate
            .not_visible
            .iter()
            .filter(|part| part.reason.starts_with("it stays broken: "));
        let broken: Vec<&str> = broken.map(|part| part.what.as_str()).collect();
        assert!(
            !broken.is_empty() && broken.iter().all(|what| what.starts_with(path)),
            "{path}: {broken:?}"
        );
        for kind in ["volume", "load_balancer", "network"] {
            assert_eq!(estate.counts[kind], calm.counts[kind], "{path}");
        }
    }
}

#[test]
fn a_token_that_is_revoked_beside_a_broken_path_still_ends_it() {
    let error = discover(&["broken:/v2/account", "401:30"]).unwrap_err();
    assert_eq!(error.code(), "RB-DIS-001");
}

#[test]
fn measurements_that_are_forbidden_are_unknown_not_zero() {
    let estate = discover(&["forbid:/v2/monitoring/metrics"]).unwrap();
    assert!(
        estate
            .servers()
            .all(|(_, server)| server.utilisation.is_none())
    );
}

#[test]
fn the_limit_of_a_minute_is_waited_for() {
    let calm = bytes(&discover(&[]).unwrap());
    let (estate, stats) = discover_with(Recording::edtech(), &["burst:60", "minute:1"], TOKEN);
    assert!(bytes(&estate.unwrap()) == calm);
    let (_, calm_stats) = discover_with(Recording::edtech(), &[], TOKEN);
    let refused = stats.requests - calm_stats.requests;
    assert!(
        (1..40).contains(&refused),
        "one client waits, the others with it: {refused} refused"
    );
}
