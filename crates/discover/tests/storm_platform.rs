//! Sixty applications of a platform, under every fault at once, again, and after an interruption.

use reberth_discover::heroku::{self, ACCEPT, Options};
use reberth_discover::{AnswerCache, Api, DiscoverError, Fingerprint, Tally, Token};
use reberth_model::estate::Estate;
use reberth_testkit::replay::{Faults, NAMES, Recording, Replay};
use std::path::PathBuf;
use std::sync::Arc;

use crate::harness::{TOKEN, bytes, chain, short_patience};

const APPS: u64 = 60;
/// The bucket of the provider.
const REQUESTS_MAX: u64 = 4_500;
/// Every fault that passes, at once.
const STORM: [&str; 6] = [
    "429:3",
    "hourly:311",
    "500:17",
    "drop:13",
    "badjson:29",
    "truncate:31",
];

fn serve(faults: &[&str]) -> Replay {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let recording = Recording::grown_platform(APPS);
    Replay::start(recording, TOKEN, faults).expect("a loopback port is free")
}

fn read(
    server: &Replay,
    kept: Option<&Arc<AnswerCache>>,
) -> (Result<Estate, DiscoverError>, Tally) {
    let api = Api::new(&server.url(), Token::new(TOKEN).expect("a good token"));
    let patience = reberth_discover::Patience {
        rate_limit_answers_max: 90,
        ..short_patience()
    };
    let mut api = api.expect("a good address").with_patience(patience);
    api = api.with_accept(ACCEPT);
    if let Some(kept) = kept {
        api = api.with_answers(Arc::clone(kept));
    }
    let options = Options {
        data_api: &api,
        fingerprint: &Fingerprint::new(b"the project's key"),
        process_use: None,
        scheduled_jobs: None,
        logged_jobs: &[],
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let result = runtime.block_on(heroku::discover(&api, &options, &|_| {}));
    assert_eq!(server.stats().writes_refused, 0);
    if let (Ok(_), Some(kept)) = (&result, kept) {
        kept.finish().expect("the folder is there");
    }
    (result, api.tally())
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("reberth-platform-{name}-{}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    /// What a new process finds there.
    fn answers(&self) -> Arc<AnswerCache> {
        let token = Token::new(TOKEN).expect("a good token");
        Arc::new(AnswerCache::open(&self.0, &token).expect("the folder can be made"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn every_application_is_found_whatever_passes() {
    let server = serve(&[]);
    let (calm, tally) = read(&server, None);
    let calm = calm.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert!(tally.requests < REQUESTS_MAX, "{}", tally.requests);
    let expect = Recording::grown_platform(APPS).expect;
    for (kind, key) in [
        ("app", "apps"),
        ("addon", "addons"),
        ("database", "postgres"),
        ("cache", "key_value"),
    ] {
        assert_eq!(Some(calm.counts[kind]), expect[key].as_u64(), "{kind}");
    }
    assert_eq!(calm.counts["app"], APPS);
    let (stormy, _) = read(&serve(&STORM), None);
    let stormy = stormy.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert!(bytes(&stormy) == bytes(&calm));
    let text = bytes(&calm);
    assert!(!text.contains("RECORDED-FAKE") && !text.contains("a value"));
    let names = NAMES
        .iter()
        .filter(|name| name.is_ascii() && !name.contains(['"', '\u{1b}']));
    for name in names {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn a_second_run_confirms_and_an_interrupted_one_goes_on() {
    let folder = Folder::new("again");
    let server = serve(&[]);
    let (first, asked_first) = read(&server, Some(&folder.answers()));
    let (second, asked) = read(&server, Some(&folder.answers()));
    assert!(bytes(&first.unwrap()) == bytes(&second.unwrap()));
    // Only the heads of answers travel: what is not found has no tag.
    let answered = asked.requests - asked.unchanged;
    assert!(
        answered * 5 < asked_first.requests,
        "{asked:?} after {asked_first:?}"
    );

    let folder = Folder::new("interrupted");
    let server = serve(&["401:500"]);
    let url = server.url();
    let (stopped, _) = read(&server, Some(&folder.answers()));
    assert_eq!(stopped.unwrap_err().code(), "RB-DIS-001");
    drop(server);
    let recording = Recording::grown_platform(APPS);
    let server = Replay::start_at(&url, recording, TOKEN, Faults::default()).unwrap();
    let (whole, asked) = read(&server, Some(&folder.answers()));
    assert_eq!(whole.unwrap().counts["app"], APPS);
    assert!(asked.taken > 0, "{asked:?}");
    let bodies = asked.requests - asked.unchanged;
    assert!(
        bodies + 300 < asked_first.requests,
        "{asked:?} after {asked_first:?}"
    );
}
