//! Starts a replay and discovers it.

use std::time::Duration;

use reberth_discover::digitalocean::{self, Options};
use reberth_discover::{Api, DiscoverError, Patience, Token};
use reberth_model::document;
use reberth_model::estate::Estate;
use reberth_testkit::replay::{Faults, Recording, Replay, Stats};

pub(crate) const TOKEN: &str = "recorded-token";

/// The end of the recording's measurements.
const MEASURED_UNTIL: u64 = 1_795_305_600;

/// Bounds that reach their end within a test's time.
pub(crate) fn short_patience() -> Patience {
    Patience {
        rate_limit_answers_max: 5,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(20),
        ..Patience::default()
    }
}

pub(crate) fn discover_with(
    recording: Recording,
    faults: &[&str],
    token: &str,
) -> (Result<Estate, DiscoverError>, Stats) {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let replay = Replay::start(recording, TOKEN, faults).expect("a loopback port is free");
    let result = discover_at(&replay.url(), token);
    (result, replay.stats())
}

pub(crate) fn discover_at(url: &str, token: &str) -> Result<Estate, DiscoverError> {
    let api = Api::new(url, Token::new(token)?)?.with_patience(short_patience());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    // Spawned, so that the discovery is known to be `Send`.
    let run = runtime.spawn(async move {
        let options = Options {
            measured_until_epoch_seconds: MEASURED_UNTIL,
        };
        digitalocean::discover(&api, &options, &|_| {}).await
    });
    runtime.block_on(run).expect("discovery does not panic")
}

pub(crate) fn discover(faults: &[&str]) -> Result<Estate, DiscoverError> {
    discover_with(Recording::edtech(), faults, TOKEN).0
}

pub(crate) fn bytes(estate: &Estate) -> String {
    let bytes = document::to_bytes(estate).expect("an estate serialises");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// The error with its causes, as an operator would see it.
pub(crate) fn chain(error: &DiscoverError) -> String {
    let mut text = format!("{} {error} {}", error.code(), error.hint());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
