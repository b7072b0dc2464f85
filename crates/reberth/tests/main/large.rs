//! Large accounts of both providers under every passing fault at once, read and judged by the binary: what was planted is reported, the counts are the
//! recording's, no secret stands anywhere, nothing was written at the source, and memory stays small.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use reberth_testkit::replay::{Faults, Recording, Replay, Size};
use serde_json::{Value, json};

use crate::folder::{DAY, Folder, TOKEN};

const STORM: [&str; 6] = [
    "429:3",
    "hourly:311",
    "500:17",
    "drop:13",
    "badjson:29",
    "truncate:31",
];
const MEMORY_KIB_MAX: u64 = 200 * 1024;
const SIZE: Size = Size {
    servers: 200,
    databases: 40,
    records: 10_000,
};

/// A finding that is in the recording: check, and the name of what it is about.
type Planted = BTreeSet<(&'static str, String)>;

fn serve(recording: Recording) -> Replay {
    let faults = Faults::parse(STORM).unwrap();
    Replay::start(recording, TOKEN, faults).unwrap()
}

/// Discovers, and gives back the most memory that the process held.
fn discover(folder: &Folder, server: &Replay) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_reberth"))
        .args(["discover", "--from", &server.url(), "--project"])
        .arg(&folder.path)
        .envs([("DIGITALOCEAN_TOKEN", TOKEN), ("HEROKU_API_KEY", TOKEN)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The kernel keeps the peak; only what came after the last look is missed.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let words = line.and_then(|line| line.split_whitespace().next());
        peak = words.and_then(|word| word.parse().ok()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(server.stats().writes_refused, 0);
    assert!(peak > 0, "the process was looked at");
    peak
}

fn document(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&folder.read(name)).unwrap()
}

/// What failed, by check and name.
fn failed(assessment: &Value) -> Planted {
    let checks = assessment["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["result"] == "fail");
    failed
        .flat_map(|check| {
            let id: &'static str = check["id"].as_str().unwrap().to_owned().leak();
            let resources = check["resources"].as_array().unwrap().iter();
            resources.map(move |resource| (id, resource["name"].as_str().unwrap().to_owned()))
        })
        .collect()
}

/// The names that one check failed for.
fn named<'a>(of: &'a Planted, check: &str) -> BTreeSet<&'a str> {
    let names = of.iter().filter(|(id, _)| *id == check);
    names.map(|(_, name)| name.as_str()).collect()
}

/// 200 servers and 40 databases with faults in some of them.
fn servers_and_databases() -> (Recording, Planted) {
    let mut recording = Recording::grown(SIZE);
    let mut planted = Planted::new();
    let servers = recording.body_mut("/v2/droplets").unwrap()["droplets"]
        .as_array_mut()
        .unwrap();
    let mut plant = |number: usize, check, field: &str, value: Value| {
        servers[number][field] = value;
        planted.insert((check, servers[number]["name"].as_str().unwrap().to_owned()));
    };
    plant(10, "RB-S-REL-13", "features", json!(["monitoring"]));
    plant(15, "RB-S-OPS-12", "features", json!(["backups"]));
    plant(
        20,
        "RB-S-SEC-15",
        "image",
        json!({"distribution": "CentOS", "name": "7 x64"}),
    );
    plant(25, "RB-S-COST-01", "status", json!("off"));
    let databases = recording.body_mut("/v2/databases").unwrap()["databases"].as_array_mut();
    let databases = databases.unwrap();
    databases[8]["num_nodes"] = json!(1);
    let name = |number: usize| databases[number]["name"].as_str().unwrap().to_owned();
    planted.insert(("RB-S-REL-02", name(8)));
    planted.insert(("RB-S-SEC-06", name(4)));
    let rules = "/v2/databases/dddddddd-0000-4000-8000-000000000004/firewall";
    *recording.body_mut(rules).unwrap() = json!({"rules": []});
    planted.insert(("RB-S-SEC-07", "tools-open-ssh".to_owned()));
    (recording, planted)
}

#[test]
fn two_hundred_servers_and_forty_databases_are_read_and_judged() {
    let (recording, planted) = servers_and_databases();
    let server = serve(recording);
    let folder = Folder::project();
    let peak = discover(&folder, &server);
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
    let estate = document(&folder, "estate.json");
    for (kind, count) in [
        ("server", SIZE.servers),
        ("database", SIZE.databases),
        ("dns_record", SIZE.records),
    ] {
        assert_eq!(estate["counts"][kind], count, "{kind}");
    }
    folder.ok(&["assess", "--as-of", DAY]);
    let found = failed(&document(&folder, "assessment.json"));
    let missing: Vec<_> = planted.difference(&found).collect();
    assert!(missing.is_empty(), "not reported: {missing:?}");
    // These are wrong nowhere but where they were planted.
    for check in [
        "RB-S-REL-13",
        "RB-S-OPS-12",
        "RB-S-SEC-15",
        "RB-S-REL-02",
        "RB-S-SEC-06",
    ] {
        assert_eq!(named(&found, check), named(&planted, check), "{check}");
    }
    folder.assert_no_secret();
}

/// 60 applications with faults in some of them.
fn applications() -> (Recording, Planted) {
    let mut recording = Recording::grown_platform(60);
    let mut planted = Planted::new();
    let formation = recording
        .body_mut("/apps/courseware-production-15/formation")
        .unwrap();
    let web = formation.as_array_mut().unwrap().iter_mut();
    for process in web.filter(|process| process["type"] == "web") {
        process["quantity"] = json!(1);
    }
    planted.insert(("RB-S-REL-01", "courseware-production-15/web".to_owned()));
    let config = recording
        .body_mut("/apps/courseware-staging-21/config-vars")
        .unwrap();
    config["AWS_ACCESS_KEY_ID"] = json!("AKIARECORDED-FAKE000");
    config["AWS_SECRET_ACCESS_KEY"] = json!("RECORDED-FAKE-of-the-planted");
    planted.insert(("RB-S-SEC-04", "courseware-staging-21".to_owned()));
    *recording
        .body_mut("/apps/courseware-production-20/log-drains")
        .unwrap() = json!([]);
    let members = recording
        .body_mut("/teams/bluepath-learning/members")
        .unwrap();
    members[0]["two_factor_authentication"] = json!(false);
    let email = members[0]["email"].as_str().unwrap().to_owned();
    planted.insert(("RB-S-SEC-01", email));
    for app in recording.body_mut("/apps").unwrap().as_array_mut().unwrap() {
        if app["name"] == "courseware-pr-412-7" {
            app["maintenance"] = json!(true);
            planted.insert(("RB-S-COST-01", "courseware-pr-412-7".to_owned()));
        }
    }
    (recording, planted)
}

#[test]
fn sixty_applications_are_read_and_judged() {
    let (recording, planted) = applications();
    let expect = recording.expect.clone();
    let server = serve(recording);
    let folder = Folder::project_of("heroku", "us-east-1");
    let peak = discover(&folder, &server);
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
    let estate = document(&folder, "estate.json");
    for (kind, key) in [
        ("app", "apps"),
        ("addon", "addons"),
        ("database", "postgres"),
        ("cache", "key_value"),
    ] {
        assert_eq!(estate["counts"][kind], expect[key], "{kind}");
    }
    folder.ok(&["assess", "--as-of", DAY]);
    let found = failed(&document(&folder, "assessment.json"));
    let missing: Vec<_> = planted.difference(&found).collect();
    assert!(missing.is_empty(), "not reported: {missing:?}");
    folder.assert_no_secret();
}
