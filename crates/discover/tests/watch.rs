//! Jobs of the scheduler that are seen by looking again and again.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reberth_discover::heroku::{
    ACCEPT, REFILL, ScheduledJob, SeenJobs, add_seen_jobs, watch_jobs, watch_pause_min,
};
use reberth_discover::{Api, DiscoverError, OnProgress, Progress, Token, is_command};
use reberth_model::estate::{Attributes, Estate, Job};
use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::{TOKEN, bytes, short_patience};
use crate::heroku::discover_with;

const APP: &str = "courseware-production";
/// No pause: a test waits for looks, never for time.
const PAUSE: Duration = Duration::ZERO;
/// A watch that does not end at all fails its test.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// A command with a secret, and how the estate writes it.
const CLEANUP: [&str; 2] = [
    "MYSQL_PWD='a s3cret' rake cleanup",
    "MYSQL_PWD=[redacted] rake cleanup",
];

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
    look_telling(dynos, faults, estate, seen, looks, &|_| {})
}

fn look_telling(
    dynos: &[Value],
    faults: &[&str],
    estate: &Estate,
    seen: &mut SeenJobs,
    looks: u64,
    progress: OnProgress<'_>,
) -> Result<(), DiscoverError> {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let replay = Replay::start(running(dynos), TOKEN, faults).expect("a loopback port is free");
    let result = watch(&replay.url(), estate, seen, looks, progress);
    assert_eq!(replay.stats().writes_refused, 0);
    result
}

fn watch(
    address: &str,
    estate: &Estate,
    seen: &mut SeenJobs,
    looks: u64,
    progress: OnProgress<'_>,
) -> Result<(), DiscoverError> {
    let api = Api::new(address, Token::new(TOKEN)?)?;
    let api = api.with_patience(short_patience()).with_accept(ACCEPT);
    let (done, end) = (AtomicU64::new(0), Notify::new());
    let keep = |_: &SeenJobs| {
        if done.fetch_add(1, Ordering::SeqCst) + 1 == looks {
            end.notify_one();
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let watched = async {
            tokio::select! {
                result = watch_jobs(&api, estate, seen, PAUSE, &keep, progress) => result,
                () = end.notified() => Ok(()),
            }
        };
        let ended = tokio::time::timeout(WAIT_MAX, watched).await;
        ended.expect("the watch ends")
    })
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
    let cleanup = dyno("a", "scheduler", CLEANUP[0], "2026-11-20T03:30:00Z");
    let mut seen = SeenJobs::default();
    look(std::slice::from_ref(&cleanup), &[], &calm(), &mut seen, 1).unwrap();
    let found = |listed| {
        let recording = running(std::slice::from_ref(&cleanup));
        let mut estate = discover_with(recording, &[], listed).0.unwrap();
        add_seen_jobs(&mut estate, &seen);
        assert!(!bytes(&estate).contains("s3cret"));
        let told = jobs(&estate).into_iter();
        told.map(|(command, job)| (command, job.seen_in))
            .collect::<Vec<_>>()
    };
    let once = |seen_in: &str| [(CLEANUP[1].to_owned(), seen_in.to_owned())];
    assert_eq!(found(None), once("one_off"));
    let listed = ScheduledJob {
        app: APP.to_owned(),
        command: CLEANUP[0].to_owned(),
        schedule: "daily at 03:30 UTC".to_owned(),
    };
    // The process that runs now has an identifier of its own and is one of the listed job's starts.
    assert_eq!(found(Some(vec![listed])), once("import"));
}

#[test]
fn secrets_in_commands_are_left_out_and_told() {
    let mut recording = Recording::lms();
    let path = format!("/apps/{APP}/formation");
    let list = recording.body_mut(&path).expect("the recording has it");
    list[0]["command"] = json!(CLEANUP[0]);
    let kind = list[0]["type"].as_str().unwrap().to_owned();
    let root = format!("/apps/{APP}/slugs/");
    let paths = recording.paths().into_iter();
    for path in paths.filter(|path| path.starts_with(&root)) {
        let slug = recording.body_mut(&path).expect("the recording has it");
        slug["process_types"]["release"] = json!(CLEANUP[0]);
    }
    let job = |command: &str| ScheduledJob {
        app: APP.to_owned(),
        command: command.to_owned(),
        schedule: "daily at 03:30 UTC".to_owned(),
    };
    let listed = [job(CLEANUP[0]), job("sh -c 'a  b'")];
    let estate = discover_with(recording, &[], Some(listed.to_vec()))
        .0
        .unwrap();
    let text = bytes(&estate);
    assert!(text.contains(CLEANUP[1]) && !text.contains("s3cret"));
    // A command without a secret is carried over as it is written.
    assert_eq!(jobs(&estate)[1].0, "sh -c 'a  b'");
    let (_, app) = estate.apps().find(|(app, _)| app.name == APP).unwrap();
    assert_eq!(app.release_command.as_deref(), Some(CLEANUP[1]));
    let commands = estate.not_visible.iter().filter(|own| is_command(own));
    let commands: Vec<&str> = commands.map(|own| own.what.as_str()).collect();
    let owners = [
        format!("command of {APP}/release"),
        format!("command of {APP}/{kind}"),
        format!("command of scheduled job 1 of {APP}"),
    ];
    assert_eq!(commands, owners);
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

#[test]
fn a_look_that_is_not_answered_is_counted_apart_and_told_once() {
    let digest = dyno("a", "scheduler", "rake digest", "2026-11-20T03:30:00Z");
    let (mut estate, mut seen) = (calm(), SeenJobs::default());
    // Where no other application answers, each look asks less often than the one before, and gives another reason.
    let (app, _) = estate.apps().find(|(app, _)| app.name == APP).unwrap();
    let app = app.id.clone();
    estate.resources.retain(|own| match &own.attributes {
        Attributes::Addon(addon) => addon.app_id.as_ref() == Some(&app),
        _ => true,
    });
    look(std::slice::from_ref(&digest), &[], &estate, &mut seen, 2).unwrap();
    let path = format!("/apps/{APP}/dynos");
    for (fault, reason) in [("forbid", "403"), ("broken", "it stays broken")] {
        let before = seen.partial_looks;
        let told = Mutex::new(Vec::new());
        let tell = |progress| {
            if let Progress::LookedInPart { missing } = progress {
                told.lock().expect("nobody panics").push(missing);
            }
        };
        let faults = format!("{fault}:{path}");
        look_telling(&[], &[&faults], &estate, &mut seen, 3, &tell).unwrap();
        assert_eq!((seen.looks, seen.partial_looks), (2, before + 3));
        let told = told.into_inner().expect("nobody panics");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0][0].starts_with(&format!("{path}: {reason}")),
            "{told:?}"
        );
    }
    let mut found = calm();
    add_seen_jobs(&mut found, &seen);
    let when = jobs(&found)[0].1.schedule.clone().unwrap();
    let looks = "seen to start 1 times in 2 looks and 6 in which some did not answer";
    assert!(when.starts_with(looks), "{when}");
}

#[test]
fn a_host_that_cannot_be_reached_for_a_while_does_not_end_the_watch() {
    let (estate, mut seen) = (calm(), SeenJobs::default());
    let told = Mutex::new(Vec::new());
    let tell = |progress| {
        if let Progress::LookedInPart { missing } = progress {
            told.lock().expect("nobody panics").push(missing);
        }
    };
    // Nothing listens there.
    watch("http://127.0.0.1:1", &estate, &mut seen, 2, &tell).unwrap();
    assert_eq!((seen.looks, seen.partial_looks), (0, 2));
    let told = told.into_inner().expect("nobody panics");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0][0].contains("cannot be reached"), "{told:?}");
}

/// Answers every request with `head`; lives as long as the process.
fn answering(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            // A request of one packet; what the client makes of a broken wire is told by its own tests.
            if stream.read(&mut [0; 8192]).unwrap_or(0) == 0 {
                continue;
            }
            let answer = format!("{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    format!("http://{address}")
}

#[test]
fn only_a_refused_token_ends_the_watch() {
    for (head, reason) in [
        (
            "HTTP/1.1 429 Too Many Requests",
            "the request limit stayed exhausted",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: https://login.example/",
            "does not answer like the provider's API",
        ),
    ] {
        let (estate, mut seen) = (calm(), SeenJobs::default());
        let told = Mutex::new(Vec::new());
        let tell = |progress| {
            if let Progress::LookedInPart { missing } = progress {
                told.lock().expect("nobody panics").extend(missing);
            }
        };
        watch(&answering(head), &estate, &mut seen, 2, &tell).unwrap();
        assert_eq!((seen.looks, seen.partial_looks), (0, 2));
        let told = told.into_inner().expect("nobody panics");
        assert!(told.len() == 1 && told[0].contains(reason), "{told:?}");
    }
}

#[test]
fn what_an_earlier_version_kept_is_one_job_with_what_is_seen_now() {
    let (cleanup, digest) = ("MYSQL_PWD=s3cret rake cleanup", "rake  digest");
    let kept = json!({"looks": 3, "apps": {"a": {
        cleanup: {"starts": 2, "made": ["2026-11-20", "2026-11-21"], "latest": ["1", "2"]},
        CLEANUP[1]: {"starts": 2, "made": ["2026-11-19", "2026-11-20"], "latest": ["2", "3"]},
        digest: {"starts": 1, "made": null, "latest": ["4"]},
    }}});
    let seen: SeenJobs = serde_json::from_value(kept).unwrap();
    let seen = seen.in_todays_words();
    let jobs = &seen.apps["a"];
    assert_eq!(seen.looks, 3);
    assert_eq!(jobs.keys().collect::<Vec<_>>(), [CLEANUP[1], "rake digest"]);
    let job = &jobs[CLEANUP[1]];
    assert_eq!((job.starts, job.latest.len()), (3, 3));
    let made = ("2026-11-19".to_owned(), "2026-11-21".to_owned());
    assert_eq!(job.made, Some(made));
    assert_eq!(seen.clone().in_todays_words(), seen);
}

#[test]
fn looks_leave_half_of_what_the_account_may_ask() {
    let estate = calm();
    let with_scheduler = estate.addons();
    let with_scheduler = with_scheduler.filter(|(_, addon)| addon.service == "scheduler");
    let apps: BTreeSet<_> = with_scheduler.map(|(_, addon)| &addon.app_id).collect();
    assert!(apps.len() > 1, "{apps:?}");
    assert_eq!(
        watch_pause_min(&estate),
        Some(REFILL * 2 * apps.len() as u32)
    );
    let mut without = estate.clone();
    without
        .resources
        .retain(|own| own.attributes.kind() != "addon");
    assert_eq!(watch_pause_min(&without), None);
}
