//! The account on Heroku, calm and with every fault.

use reberth_discover::heroku::{self, ACCEPT, LoggedJob, Options, ProcessUse, ScheduledJob};
use reberth_discover::{Api, DiscoverError, Fingerprint, Token};
use reberth_model::estate::{Attributes, Estate, ProcessUtilisation};
use reberth_testkit::replay::{Faults, Recording, Replay, Stats};
use serde_json::json;

use crate::harness::{TOKEN, bytes, chain, short_patience};

/// What a person measured: of a process that is there, and of one that is not.
fn measured() -> Vec<ProcessUse> {
    ["worker", "ghost"]
        .map(|process| ProcessUse {
            app: "courseware-production".to_owned(),
            process: process.to_owned(),
            utilisation: ProcessUtilisation {
                window_hours: 168,
                samples: 10_080,
                cpu_p95_millis: Some(310),
                memory_max_mib: Some(640),
            },
        })
        .into()
}

#[test]
fn measured_use_goes_to_its_process_and_the_rest_is_listed() {
    let (estate, _) = discover_told(Recording::lms(), &[], None, Some(measured()), Vec::new());
    let estate = estate.unwrap();
    let measured: Vec<&str> = estate
        .processes()
        .filter(|(_, process)| process.utilisation.is_some())
        .map(|(resource, _)| resource.name.as_str())
        .collect();
    assert_eq!(measured, ["courseware-production/worker"]);
    let listed = estate.unmapped.iter();
    let listed: Vec<&str> = listed
        .filter(|own| own.what == "use of processes given")
        .map(|own| own.id.as_str())
        .collect();
    assert_eq!(listed, ["process courseware-production/ghost"]);
}

#[test]
fn a_log_shows_jobs_and_never_makes_their_list_complete() {
    let log = "2026-11-20T03:30:12+00:00 heroku[scheduler.4327]: Starting process with command `rake digest`\n\
        2026-11-20T04:00:12+00:00 heroku[scheduler.4328]: Starting process with command `rake listed`";
    let logged = || heroku::jobs_of_log("courseware-production", log);
    let mut unknown = logged();
    unknown[0].app = "ghost".to_owned();
    let told = |listed: Option<Vec<ScheduledJob>>, logged| {
        let (estate, _) = discover_told(Recording::lms(), &[], listed, None, logged);
        estate.unwrap()
    };
    let from_log = |estate: &Estate| -> Vec<String> {
        let jobs = estate.resources.iter();
        let jobs = jobs
            .filter(|job| matches!(&job.attributes, Attributes::Job(job) if job.seen_in == "log"));
        jobs.map(|job| job.name.clone()).collect()
    };
    let open = |estate: &Estate| {
        let mut hidden = estate.not_visible.iter();
        hidden.any(|part| part.what == "scheduled jobs of courseware-production")
    };
    let estate = told(None, logged());
    assert_eq!(from_log(&estate), ["rake digest", "rake listed"]);
    assert!(open(&estate), "a log is no list");
    let listed = ScheduledJob {
        app: "courseware-production".to_owned(),
        command: "rake listed".to_owned(),
        schedule: "daily at 04:00 UTC".to_owned(),
    };
    let estate = told(Some(vec![listed]), logged());
    assert_eq!(
        from_log(&estate),
        ["rake digest"],
        "what is listed is there once"
    );
    assert!(!open(&estate));
    let estate = told(None, unknown);
    let mut unmapped = estate.unmapped.iter();
    assert!(unmapped.any(|own| own.id == "application ghost"));
}

pub(crate) fn discover_with(
    recording: Recording,
    faults: &[&str],
    jobs: Option<Vec<ScheduledJob>>,
) -> (Result<Estate, DiscoverError>, Stats) {
    discover_told(recording, faults, jobs, None, Vec::new())
}

fn discover_told(
    recording: Recording,
    faults: &[&str],
    jobs: Option<Vec<ScheduledJob>>,
    measured: Option<Vec<ProcessUse>>,
    logged: Vec<LoggedJob>,
) -> (Result<Estate, DiscoverError>, Stats) {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    let replay = Replay::start(recording, TOKEN, faults).expect("a loopback port is free");
    let api =
        Api::new(&replay.url(), Token::new(TOKEN).expect("a good token")).expect("a good address");
    let api = api.with_patience(short_patience()).with_accept(ACCEPT);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    // Spawned, so that the discovery is known to be `Send`.
    let run = runtime.spawn(async move {
        let options = Options {
            data_api: &api,
            fingerprint: &Fingerprint::new(b"the project's key"),
            process_use: measured.as_deref(),
            scheduled_jobs: jobs.as_deref(),
            logged_jobs: &logged,
        };
        heroku::discover(&api, &options, &|_| {}).await
    });
    let result = runtime.block_on(run).expect("discovery does not panic");
    (result, replay.stats())
}

fn discover(faults: &[&str]) -> Result<Estate, DiscoverError> {
    discover_with(Recording::lms(), faults, None).0
}

#[test]
fn everything_recorded_is_counted_and_nothing_is_written() {
    let expect = Recording::lms().expect;
    let (estate, stats) = discover_with(Recording::lms(), &[], None);
    let estate = estate.unwrap();
    for (kind, expected) in [
        ("app", "apps"),
        ("addon", "addons"),
        ("database", "postgres"),
        ("cache", "key_value"),
        ("domain", "custom_domains"),
        ("pipeline", "pipelines"),
    ] {
        assert_eq!(
            Some(estate.counts[kind]),
            expect[expected].as_u64(),
            "{kind}"
        );
    }
    let running: u32 = estate.processes().map(|(_, process)| process.running).sum();
    assert_eq!(Some(u64::from(running)), expect["dynos_up"].as_u64());
    let reviewed = estate.apps().filter(|(_, app)| app.is_review_app).count() as u64;
    assert_eq!(Some(reviewed), expect["review_apps"].as_u64());
    assert_eq!(
        estate.account.as_deref(),
        Some("platform@pathlearn.example")
    );
    assert_eq!(estate.unmapped, []);
    assert_eq!(stats.writes_refused, 0);
}

#[test]
fn no_value_of_a_setting_and_no_other_secret_is_in_the_estate() {
    let text = bytes(&discover(&[]).unwrap());
    for secret in [
        "RECORDED-FAKE",
        "fake@",
        "\"fake\"",
        "token=xyz",
        "courseware-uploads",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("SECRET_KEY_BASE"), "names are there");
}

#[test]
fn scheduled_jobs_are_unknown_until_a_person_lists_them() {
    let hidden = |estate: &Estate| {
        let parts = estate.not_visible.iter();
        parts
            .filter(|part| part.what.starts_with("scheduled jobs"))
            .count() as u64
    };
    let estate = discover(&[]).unwrap();
    let expect = Recording::lms().expect;
    assert_eq!(Some(hidden(&estate)), expect["scheduler_addons"].as_u64());

    let job = |app: &str| ScheduledJob {
        app: app.to_owned(),
        command: "rake digest".to_owned(),
        schedule: "daily at 03:30 UTC".to_owned(),
    };
    let listed = vec![job("courseware-production"), job("unknown")];
    let estate = discover_with(Recording::lms(), &[], Some(listed))
        .0
        .unwrap();
    assert_eq!(hidden(&estate), 0);
    assert_eq!(estate.counts["job"], 1);
    assert_eq!(estate.unmapped[0].id, "application unknown");
}

#[test]
fn who_talks_to_whom_follows_from_attachments_and_settings() {
    let mut recording = Recording::lms();
    // A second application is given the first one's database.
    let attachments = recording.body_mut("/addon-attachments").unwrap();
    let attachments = attachments.as_array_mut().unwrap();
    let apps = ["courseware-production", "courseware-pdf-renderer"];
    let mut shared = attachments
        .iter()
        .find(|attachment| attachment["name"] == "DATABASE" && attachment["app"]["name"] == apps[0])
        .unwrap()
        .clone();
    shared["id"] = json!("ffffffff-0000-4000-8000-000000000001");
    let renderer = discover(&[]).unwrap();
    let (renderer, _) = renderer
        .apps()
        .find(|(app, _)| app.name == apps[1])
        .unwrap();
    shared["app"] = json!({"id": renderer.id, "name": renderer.name});
    let addon_id = shared["addon"]["id"].as_str().unwrap().to_owned();
    attachments.push(shared);

    let estate = discover_with(recording, &[], None).0.unwrap();
    let (addon, attributes) = estate
        .addons()
        .find(|(addon, _)| addon.id == addon_id)
        .unwrap();
    assert_eq!(attributes.shared_with, std::slice::from_ref(&renderer.id));
    let has = |from: &str, relation: &str, to: &str| {
        estate
            .edges
            .iter()
            .any(|edge| edge.from == from && edge.relation == relation && edge.to == to)
    };
    let (production, _) = estate.apps().find(|(app, _)| app.name == apps[0]).unwrap();
    assert!(has(&renderer.id, "uses", &addon.id));
    assert!(has(&production.id, "uses", &addon.id));
    assert!(has(&addon.name, "belongs_to", &addon.id));
    assert!(has(&production.id, "connects_to", "sentry.example"));
    // The copy of DATABASE_URL under another name and the hosts of add-ons are no parties outside.
    assert_eq!(estate.counts["third_party"], 1);
}

#[test]
fn faults_that_pass_change_nothing() {
    let calm = bytes(&discover(&[]).unwrap());
    for faults in [
        &["429:3", "500:7", "drop:5"][..],
        &["badjson:6", "truncate:9"],
        &["burst:200", "minute:1"],
    ] {
        let estate = discover(faults).unwrap_or_else(|error| panic!("{faults:?}: {error}"));
        assert!(bytes(&estate) == calm, "{faults:?}");
    }
}

#[test]
fn a_list_longer_than_one_answer_is_read_to_its_end() {
    let mut recording = Recording::lms();
    let domains = recording
        .body_mut("/apps/courseware-production/domains")
        .unwrap()
        .as_array_mut()
        .unwrap();
    let custom = domains.iter().find(|domain| domain["kind"] == "custom");
    let custom = custom.unwrap().clone();
    for number in 0..2_345 {
        let mut domain = custom.clone();
        domain["id"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
        domain["hostname"] = json!(format!("school-{number}.example"));
        domains.push(domain);
    }
    let estate = discover_with(recording, &[], None).0.unwrap();
    assert_eq!(estate.counts["domain"], 4 + 2_345);
}

#[test]
fn what_may_not_be_seen_is_listed_and_the_rest_is_read() {
    let estate = discover(&[
        "forbid:/client",
        "forbid:/apps/courseware-staging/config-vars",
    ]);
    let estate = estate.unwrap();
    assert_eq!(estate.counts["database"], 5);
    let (_, staging) = estate
        .apps()
        .find(|(app, _)| app.name == "courseware-staging")
        .unwrap();
    assert_eq!(staging.config, None);
    let hidden = |start: &str| {
        estate
            .not_visible
            .iter()
            .any(|part| part.what.starts_with(start))
    };
    assert!(hidden("/client/v11/databases/"));
    assert!(hidden("/apps/courseware-staging/config-vars"));
}

#[test]
fn data_services_that_are_broken_as_a_whole_cost_their_own_part() {
    let calm = discover(&[]).unwrap();
    let estate = discover(&["broken:/client", "broken:/redis", "broken:/postgres"]);
    let estate = estate.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert_eq!(estate.counts, calm.counts);
    let of_data = |what: &str| {
        ["/client", "/redis", "/postgres"]
            .iter()
            .any(|start| what.starts_with(start))
    };
    let hidden = estate.not_visible.iter().filter(|part| of_data(&part.what));
    assert!(hidden.count() >= 5);
}

#[test]
fn a_token_revoked_on_the_way_is_an_error_without_an_estate() {
    let error = discover(&["401:30"]).unwrap_err();
    assert_eq!(error.code(), "RB-DIS-001");
    assert!(!chain(&error).contains(TOKEN));
}

#[test]
fn unknown_fields_states_and_services_do_not_stop_it() {
    let mut recording = Recording::lms();
    for path in ["/apps", "/addons"] {
        for item in recording.body_mut(path).unwrap().as_array_mut().unwrap() {
            item["new_field"] = json!({"nested": [1, null]});
            item["state"] = json!("state-of-tomorrow");
        }
    }
    let addons = recording
        .body_mut("/addons")
        .unwrap()
        .as_array_mut()
        .unwrap();
    let mut unknown = addons[0].clone();
    unknown["id"] = json!("ffffffff-0000-4000-8000-000000000002");
    unknown["addon_service"] = json!({"id": "x", "name": "service-of-tomorrow"});
    unknown["app"] = json!(null);
    unknown["billed_price"] = json!(null);
    addons.push(unknown);
    addons.push(json!({"id": "without-anything-else"}));
    let estate = discover_with(recording, &[], None).0.unwrap();
    assert_eq!(estate.counts["addon"], 20);
    assert_eq!(estate.unmapped[0].id, "without-anything-else");
    let database = estate.resources.iter().find(|resource| {
        matches!(&resource.attributes, Attributes::Database(database) if database.nodes == 2)
    });
    assert!(database.is_some(), "a premium plan has a standby");
}
