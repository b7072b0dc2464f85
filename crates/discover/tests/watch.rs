//! Jobs of the scheduler that are seen by looking again and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reberth_discover::heroku::{ACCEPT, ScheduledJob, SeenJobs, add_seen_jobs, watch_jobs};
use reberth_discover::{Api, DiscoverError, Token};
use reberth_model::estate::{Attributes, Estate, Job};
use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::{TOKEN, bytes, short_patience};
use crate::heroku::discover_with;

const APP: &str = "courseware-production";
/// No pause: a test waits for looks, never for time.
const PAUSE: Duration = Duration::ZERO;

fn dyno(id: &str, kind: &str, command: &str, created_at: &str) -> Value {
    json!({"id": id, "name": format!("{kind}.1"), "type": kind, "command": command, "state": "up", "created_at": created_at})
}

/// The recording with these processes running besides.
fn running(dynos: &[Value]) -> Recording {
    let mut recording = Recording::lms();
    let path = format!("/apps/{APP}/dynos");
    let list = recording
        .body_mut(&path)
        .expect("the recording is read")
        .as_array_mut()
        .expect("the recording is read");
    list.extend(dynos.iter().cloned());
    recording
}

/// Looks `looks` times at an account, going on from `seen`.
fn look(
    dynos: &[Value],
    faults: &[&str],
    estate: &Estate,
    seen: &mut SeenJobs,
    looks: u64,
) -> Result<(), DiscoverError> {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let replay = Replay::start(running(dynos), TOKEN, faults).expect("a loopback port is free");
    let api = Api::new(&replay.url(), Token::new(TOKEN)?)?;
    let api = api.with_patience(short_patience()).with_accept(ACCEPT);
    let (done, end) = (AtomicU64::new(0), Notify::new());
    let keep = |_: &SeenJobs| {
        if done.fetch_add(1, Ordering::SeqCst) + 1 == looks {
            end.notify_one();
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let result = runtime.block_on(async {
        tokio::select! {
            result = watch_jobs(&api, estate, seen, PAUSE, &keep, &|_| {}) => result,
            () = end.notified() => Ok(()),
        }
    });
    assert_eq!(replay.stats().writes_refused, 0);
    result
}

fn calm() -> Estate {
    discover_with(Recording::lms(), &[], None)
        .0
        .expect("the recording is read")
}

fn jobs(estate: &Estate) -> Vec<(String, Job)> {
    let jobs = estate.of_kind("job");
    let mut jobs: Vec<(String, Job)> = jobs
        .filter_map(|resource| match &resource.attributes {
            Attributes::Job(job) => Some((job.command.clone(), job.clone())),
            _ => None,
        })
        .collect();
    jobs.sort_by(|one, other| one.0.cmp(&other.0));
    jobs
}

#[test]
fn starts_are_counted_once_over_looks_and_over_watches() {
    let (estate, mut seen) = (calm(), SeenJobs::default());
    let first = [
        dyno("a", "scheduler", "rake digest", "2026-11-20T03:30:00Z"),
        dyno("b", "run", "rails console", "2026-11-20T03:31:00Z"),
    ];
    look(&first, &[], &estate, &mut seen, 3).unwrap();
    // The next watch begins with what the first one left on disk.
    let kept = serde_json::to_string(&seen).unwrap();
    let mut seen: SeenJobs = serde_json::from_str(&kept).unwrap();
    let then = [
        dyno("a", "scheduler", "rake digest", "2026-11-20T03:30:00Z"),
        dyno("c", "scheduler", "rake digest", "2026-11-21T03:30:00Z"),
        dyno(
            "d",
            "scheduler",
            "curl -u me:s3cret https://a.example",
            "2026-11-21T04:00:00Z",
        ),
    ];
    let faults = ["500:3", "drop:4", "badjson:5", "429:2"];
    look(&then, &faults, &estate, &mut seen, 4).unwrap();
    let mut found = calm();
    add_seen_jobs(&mut found, &seen);
    let told = jobs(&found);
    let commands: Vec<&str> = told.iter().map(|(command, _)| command.as_str()).collect();
    assert_eq!(
        commands,
        ["curl -u [redacted] https://a.example", "rake digest"]
    );
    let when = told[1].1.schedule.as_deref().unwrap();
    assert!(when.starts_with("seen to start 2 times in "), "{when}");
    assert!(
        when.ends_with("first 2026-11-20T03:30:00Z, last 2026-11-21T03:30:00Z"),
        "{when}"
    );
    assert_eq!(found.counts["job"], 2);
    let open = format!("scheduled jobs of {APP}");
    assert!(
        found.not_visible.iter().any(|own| own.what == open),
        "what was seen is no list"
    );
    assert!(!bytes(&found).contains("s3cret"));
}

#[test]
fn what_is_listed_or_runs_now_is_there_once() {
    let digest = dyno("a", "scheduler", "rake digest", "2026-11-20T03:30:00Z");
    let mut seen = SeenJobs::default();
    look(std::slice::from_ref(&digest), &[], &calm(), &mut seen, 1).unwrap();
    let found = |listed| {
        let recording = running(std::slice::from_ref(&digest));
        let mut estate = discover_with(recording, &[], listed).0.unwrap();
        add_seen_jobs(&mut estate, &seen);
        jobs(&estate)
            .into_iter()
            .map(|(_, job)| job.seen_in)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None), ["one_off"]);
    let listed = ScheduledJob {
        app: APP.to_owned(),
        command: "rake digest".to_owned(),
        schedule: "daily at 03:30 UTC".to_owned(),
    };
    assert!(found(Some(vec![listed])).contains(&"import".to_owned()));
}

#[test]
fn a_token_revoked_on_the_way_ends_the_watch_and_keeps_what_was_seen() {
    let digest = dyno("a", "scheduler", "rake digest", "2026-11-20T03:30:00Z");
    let mut seen = SeenJobs::default();
    let error = look(&[digest], &["401:9"], &calm(), &mut seen, u64::MAX).unwrap_err();
    assert_eq!(error.code(), "RB-DIS-001");
    assert!(seen.looks > 0 && !seen.apps.is_empty());
}

#[test]
fn an_account_without_a_scheduler_ends_the_watch() {
    let mut estate = calm();
    estate
        .resources
        .retain(|own| own.attributes.kind() != "addon");
    let mut seen = SeenJobs::default();
    look(&[], &[], &estate, &mut seen, u64::MAX).unwrap();
    assert_eq!(seen, SeenJobs::default());
}
