//! A second run, and one that goes on where another was interrupted.

use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

use crate::harness::{TOKEN, bytes, discover, discover_keeping};

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("reberth-again-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::remove_dir_all(&folder).ok();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn replay(recording: Recording, faults: &[&str]) -> Replay {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    Replay::start(recording, TOKEN, faults).expect("a loopback port is free")
}

#[test]
fn the_second_run_asks_for_less_and_finds_the_same() {
    let folder = Folder::new("same");
    let server = replay(Recording::edtech(), &[]);
    let (first, asked_first) = discover_keeping(&server, &folder.0, TOKEN);
    let (second, asked) = discover_keeping(&server, &folder.0, TOKEN);
    assert!(bytes(&first.unwrap()) == bytes(&second.unwrap()));
    // Measurements of days that are over are not asked for again; everything else is confirmed, without a body.
    assert!(asked.taken >= 33, "{asked:?}");
    assert_eq!(asked.requests + asked.taken, asked_first.requests);
    let answered = asked.requests - asked.unchanged;
    // What is not found has no tag: the registry of the recording, and metrics of databases.
    assert!(answered * 5 < asked.requests, "{asked:?}");
    assert_eq!(asked.unchanged, server.stats().not_modified);
}

#[test]
fn what_changed_is_seen_by_the_second_run() {
    let folder = Folder::new("changed");
    let server = replay(Recording::edtech(), &[]);
    let (first, _) = discover_keeping(&server, &folder.0, TOKEN);
    let address = server.url();
    drop(server);
    let mut changed = Recording::edtech();
    let domains = changed.body_mut("/v2/domains").expect("there are zones");
    domains["domains"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "new.example", "ttl": 60}));
    changed.add_list(
        "/v2/domains/new.example/records",
        "domain_records",
        Vec::new(),
    );
    // Answers are kept by address: the changed account stands at the old one.
    let faults = Faults::default();
    let server =
        Replay::start_at(&address, changed, TOKEN, faults).expect("the port is free again");
    let (second, asked) = discover_keeping(&server, &folder.0, TOKEN);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(second.counts["domain"], first.counts["domain"] + 1);
    assert!(asked.unchanged > 50, "{asked:?}");
}

#[test]
fn an_interrupted_run_is_gone_on_with() {
    let calm = bytes(&discover(&[]).unwrap());
    let folder = Folder::new("interrupted");
    // The server fails for good after the 120th request, as seen by a client that asks in some order.
    let server = replay(Recording::edtech(), &["401:120"]);
    let address = server.url();
    let (result, asked_first) = discover_keeping(&server, &folder.0, TOKEN);
    assert_eq!(result.unwrap_err().code(), "RB-DIS-001");
    drop(server);
    let server = Replay::start_at(&address, Recording::edtech(), TOKEN, Faults::default())
        .expect("the port is free again");
    let (second, asked) = discover_keeping(&server, &folder.0, TOKEN);
    assert!(bytes(&second.unwrap()) == calm);
    assert!(asked.taken > 30, "{asked_first:?} {asked:?}");
}

#[test]
fn nothing_of_an_answer_can_be_read_from_the_disk() {
    let folder = Folder::new("sealed");
    let server = replay(Recording::edtech(), &[]);
    discover_keeping(&server, &folder.0, TOKEN).0.unwrap();
    let mut files = 0;
    for entry in fs::read_dir(&folder.0).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for word in ["RECORDED-FAKE", "brightlearn", "droplet", TOKEN] {
            assert!(!text.contains(word), "{word}");
        }
        files += 1;
    }
    assert!(files > 100, "{files}");
    // A new token starts afresh.
    let address = server.url();
    drop(server);
    let server = Replay::start_at(
        &address,
        Recording::edtech(),
        "another-token",
        Faults::default(),
    )
    .expect("the port is free again");
    let (estate, asked) = discover_keeping(&server, &folder.0, "another-token");
    estate.unwrap();
    assert_eq!((asked.taken, asked.unchanged), (0, 0));
}
