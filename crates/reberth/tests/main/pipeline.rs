//! The stages up to the files, by their own commands on a project folder.

use crate::folder::{DAY, Folder, replay};

const STAGES: [&[&str]; 3] = [&["assess", "--as-of", DAY], &["design"], &["generate"]];

#[test]
fn the_path_from_the_account_to_the_files() {
    let folder = Folder::discovered();
    for stage in STAGES {
        folder.ok(stage);
    }
    for file in [
        "estate.json",
        "assessment.json",
        "report/index.html",
        "report/assessment.md",
        "report/scope-of-work.html",
        "report/scope-of-work.md",
        "report/estate.csv",
        "design.json",
        "infra/README.md",
    ] {
        assert!(folder.path.join(file).is_file(), "{file}");
    }
    let status = folder.ok(&["status", "--json"]).json();
    for document in status["documents"].as_array().unwrap() {
        assert_eq!(document["state"], "current", "{status}");
    }
    let kinds: Vec<&str> = status["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["discover", "assess", "design", "generate"]);
    let audit = folder.ok(&["audit", "verify", "--json"]).json();
    assert_eq!(audit["result"], "intact");
    assert_eq!(audit["count"], 16);
    folder.assert_no_secret();
}

#[test]
fn a_second_time_gives_the_same_bytes_also_when_the_api_stumbles() {
    let folder = Folder::discovered();
    // Once there is a design, the assessment judges it too.
    for stage in STAGES.into_iter().chain([STAGES[0]]) {
        folder.ok(stage);
    }
    let first = folder.files();
    let stumbling = replay(&["500:7", "drop:11", "truncate:13"]);
    folder.ok(&["discover", "--from", &stumbling.url()]);
    for stage in STAGES {
        folder.ok(stage);
    }
    let second = folder.files();
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        second.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in first {
        assert!(second[&path] == bytes, "{} changed", path.display());
    }
}

#[test]
fn a_design_is_judged_and_stays_current() {
    let folder = Folder::discovered();
    folder.ok(STAGES[0]);
    let checks = || -> serde_json::Value {
        let assessment: serde_json::Value =
            serde_json::from_str(&folder.read("assessment.json")).unwrap();
        assessment["checks"].clone()
    };
    let result = |checks: &serde_json::Value, id: &str| -> String {
        let mut all = checks.as_array().unwrap().iter();
        let found = all.find(|check| check["id"] == id).unwrap();
        found["result"].as_str().unwrap().to_owned()
    };
    let of_design = [
        "RB-T-REL-01",
        "RB-T-REL-02",
        "RB-T-REL-05",
        "RB-T-SEC-13",
        "RB-T-SEC-24",
    ];
    let before = checks();
    for id in of_design {
        assert_eq!(result(&before, id), "unknown", "{id}");
    }
    folder.ok(STAGES[1]);
    folder.ok(STAGES[0]);
    let after = checks();
    for id in of_design {
        assert!(
            ["pass", "fail"].contains(&result(&after, id).as_str()),
            "{id}"
        );
    }
    assert_eq!(result(&after, "RB-T-REL-05"), "pass");
    let status = folder.ok(&["status", "--json"]).json();
    for document in status["documents"].as_array().unwrap().iter().take(3) {
        assert_eq!(document["state"], "current", "{status}");
    }
}

#[test]
fn json_is_one_document_on_standard_output() {
    let folder = Folder::project();
    let replay = replay(&[]);
    let discovered = folder.ok(&["discover", "--json", "--from", &replay.url()]);
    assert_eq!(discovered.json()["counts"]["server"], 11);
    for line in discovered.stderr.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }
    let assessed = folder.ok(&["assess", "--json", "--as-of", DAY]).json();
    assert_eq!(assessed["totals"]["target"]["complete"], false);
    assert_eq!(assessed["checks"]["critical"]["fail"], 1);
    let design = folder.ok(&["design", "--json"]).json();
    assert_eq!(design["subnets"].as_array().unwrap().len(), 9);
    assert!(
        folder
            .read("design.json")
            .contains(design["hash"].as_str().unwrap())
    );
    let writes = folder.ok(&["generate", "--json"]).json();
    assert!(writes["writes"].as_array().unwrap().len() > 50);
    folder.ok(&["doctor", "--json"]).json();
}

#[test]
fn what_a_person_changed_is_never_overwritten() {
    let folder = Folder::discovered();
    for stage in STAGES {
        folder.ok(stage);
    }
    let path = "infra/live/prod/00-network/main.tf";
    folder.write(path, "# mine\n");
    // Another network for another block to avoid: every file that names it changes.
    let policy = folder
        .read("reberth.yaml")
        .replace("avoid_cidrs: []", "avoid_cidrs: [10.1.0.0/16]");
    folder.write("reberth.yaml", &policy);
    std::fs::remove_file(folder.path.join("design.json")).unwrap();
    folder.ok(&["design"]);
    let generated = folder.ok(&["generate"]);
    assert_eq!(folder.read(path), "# mine\n");
    let proposed = format!("{path}.proposed");
    if generated.stdout.contains(&proposed) {
        assert!(folder.read(&proposed).contains("module"), "{generated:?}");
    } else {
        // The root reads its blocks from another file: then nothing new is proposed for this one.
        assert!(!folder.path.join(&proposed).exists());
    }
    let again = folder.ok(&["generate"]);
    assert_eq!(again.stdout, "every file is up to date\n");
}

#[test]
fn status_says_which_documents_are_stale() {
    let folder = Folder::discovered();
    for stage in STAGES {
        folder.ok(stage);
    }
    let policy = folder
        .read("reberth.yaml")
        .replace("environment: prod", "environment: live");
    folder.write("reberth.yaml", &policy);
    let states = |status: &serde_json::Value| -> Vec<String> {
        let documents = status["documents"].as_array().unwrap();
        documents
            .iter()
            .map(|document| document["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(states(&status), ["current", "current", "stale", "current"]);
    folder.ok(&["design"]);
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(states(&status), ["current", "current", "current", "stale"]);
    std::fs::remove_file(folder.path.join("estate.json")).unwrap();
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(states(&status), ["missing", "stale", "stale", "stale"]);
}

#[test]
fn every_schema_is_printed_and_names_the_fields_of_its_document() {
    let folder = Folder::empty();
    for (name, field) in [
        ("policy", "databases"),
        ("estate", "not_visible"),
        ("assessment", "blockers"),
        ("design", "not_carried"),
    ] {
        let schema = folder.ok(&["schema", name]).json();
        assert!(schema["properties"][field].is_object(), "{name}");
    }
}

#[test]
fn doctor_and_status_show_what_is_set_and_never_what_it_holds() {
    let folder = Folder::project();
    let policy = folder.read("reberth.yaml").replace(
        "databases: []",
        "databases:\n  - name: lms_core\n    source: {reader: env:R, fence: env:F, app: env:A, reverse: env:V}\n    \
         target: {writer: env:W, fence: env:G, app: env:B}",
    );
    folder.write("reberth.yaml", &policy);
    // A port that nothing listens on: taken and given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("mysql://app:hunter2@127.0.0.1:{port}/lms_core");
    let variables = [("R", address.as_str()), ("W", address.as_str())];
    let doctor = folder.run_with(&["doctor", "--json"], &variables);
    let items = doctor.json();
    let state = |name: &str| {
        let item = items.as_array().unwrap().iter();
        let found = item.clone().find(|item| item["what"] == name);
        found.unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (state("R"), state("F")),
        ("set".to_owned(), "not set".to_owned())
    );
    for variables in [&variables[..], &[]] {
        let status = folder.run_with(&["status"], variables);
        assert_eq!(status.code, 0, "{status:?}");
        assert!(status.stdout.contains("lms_core: not known"), "{status:?}");
        assert!(!status.stdout.contains("hunter2"), "{status:?}");
    }
    assert!(!doctor.stdout.contains("hunter2"), "{doctor:?}");
}
