//! Starts a replay and discovers it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reberth_discover::digitalocean::{self, Options};
use reberth_discover::{AnswerCache, Api, DiscoverError, Patience, Tally, Token};
use reberth_model::document;
use reberth_model::estate::Estate;
use reberth_testkit::replay::{Faults, Recording, Replay, Stats};

pub(crate) const TOKEN: &str = "recorded-token";

/// The end of the recording's measurements.
pub(crate) const MEASURED_UNTIL: u64 = 1_795_305_600;

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
            object_store: None,
        };
        digitalocean::discover(&api, &options, &|_| {}).await
    });
    runtime.block_on(run).expect("discovery does not panic")
}

/// Discovers, keeping answers in the folder `cache`; the run comes to its end when there is an estate.
pub(crate) fn discover_keeping(
    replay: &Replay,
    cache: &Path,
    token: &str,
) -> (Result<Estate, DiscoverError>, Tally) {
    let token = Token::new(token).expect("a good token");
    let kept = Arc::new(AnswerCache::open(cache, &token).expect("the folder can be made"));
    let api = Api::new(&replay.url(), token).expect("a good address");
    let api = api
        .with_patience(short_patience())
        .with_answers(Arc::clone(&kept));
    let options = Options {
        measured_until_epoch_seconds: MEASURED_UNTIL,
        object_store: None,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let result = runtime.block_on(digitalocean::discover(&api, &options, &|_| {}));
    if result.is_ok() {
        kept.finish().expect("the folder is there");
    }
    assert_eq!(kept.fault(), None);
    (result, api.tally())
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
