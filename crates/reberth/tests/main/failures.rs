//! Bad input, bad luck: a clear error with its place, the right exit code, and nothing half written.

use crate::folder::{DAY, Folder, Ran, replay};

/// What each failure must say, and that it says what to do.
fn assert_failed(ran: &Ran, code: &str, words: &[&str]) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert!(
        ran.stderr.starts_with(&format!("error[{code}]: ")),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("\n\nhint: "), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} is not in {ran:?}");
    }
}

#[test]
fn a_malformed_policy_is_named_with_file_line_and_field() {
    let folder = Folder::project();
    let good = folder.read("reberth.yaml");
    let line_of = |text: &str| good.lines().position(|line| line.contains(text)).unwrap() + 1;
    for (from, to, word) in [
        ("  region: ap-south-1", "  regoin: ap-south-1", "regoin"),
        ("schema: 1", "schema: 9", "schema"),
        ("  provider: digitalocean", "  provider: azure", "provider"),
        ("waivers: []", "waivers: 7", "waivers"),
        ("project: edtech", "project: [", "project"),
    ] {
        folder.write("reberth.yaml", &good.replacen(from, to, 1));
        let line = line_of(from);
        for command in ["discover", "assess", "design", "generate", "status"] {
            let ran = folder.run(&[command]);
            assert_failed(&ran, "RB-CLI-002", &["reberth.yaml:", word]);
            let named =
                (line..=line + 2).any(|line| ran.stderr.contains(&format!("reberth.yaml:{line}:")));
            assert!(named, "line {line}: {ran:?}");
        }
    }
    std::fs::write(
        folder.path.join("reberth.yaml"),
        b"schema: 1\nproject: \xff\n",
    )
    .unwrap();
    assert_failed(
        &folder.run(&["status"]),
        "RB-CLI-002",
        &["reberth.yaml:2:", "UTF-8"],
    );
}

#[test]
fn a_secret_written_into_the_policy_is_refused_and_not_repeated() {
    let folder = Folder::project();
    let policy = folder.read("reberth.yaml").replace(
        "databases: []",
        "databases:\n  - name: a\n    source: {reader: \"mysql://u:hunter2@h/d\", fence: env:B, app: env:C, reverse: env:D}\n    target: {writer: env:E, fence: env:F, app: env:G}",
    );
    folder.write("reberth.yaml", &policy);
    let ran = folder.run(&["status"]);
    assert_failed(&ran, "RB-CLI-002", &["env:NAME"]);
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

#[test]
fn what_is_missing_is_said_with_the_command_that_makes_it() {
    let folder = Folder::empty();
    assert_failed(&folder.run(&["discover"]), "RB-CLI-001", &["reberth init"]);
    let folder = Folder::project();
    for (command, file, made_by) in [
        ("assess", "estate.json", "reberth discover"),
        ("design", "estate.json", "reberth discover"),
        ("generate", "design.json", "reberth design"),
    ] {
        assert_failed(&folder.run(&[command]), "RB-CLI-005", &[file, made_by]);
    }
    for variables in [&[][..], &[("DIGITALOCEAN_TOKEN", " ")][..]] {
        let ran = folder.run_with(&["discover"], variables);
        assert_failed(&ran, "RB-CLI-004", &["DIGITALOCEAN_TOKEN"]);
    }
    let path = folder.path.display().to_string();
    let again = folder.run(&[
        "init",
        &path,
        "--source",
        "digitalocean",
        "--region",
        "eu-west-1",
    ]);
    assert_failed(&again, "RB-CLI-003", &["reberth.yaml"]);
}

#[test]
fn a_corrupt_document_is_named_with_its_place() {
    let folder = Folder::discovered();
    let good = folder.read("estate.json");
    for (text, words) in [
        (good[..good.len() / 2].to_owned(), ["estate.json:", "EOF"]),
        (
            good.replacen("\"provider\"", "\"provder\"", 1),
            ["estate.json:3:", "provder"],
        ),
        (
            good.replacen("\"schema\": 1", "\"schema\": 2", 1),
            ["schema", "2"],
        ),
        (String::new(), ["estate.json:1:", "EOF"]),
        ("[]".to_owned(), ["estate.json:1:", "Estate"]),
    ] {
        folder.write("estate.json", &text);
        assert_failed(
            &folder.run(&["assess", "--as-of", DAY]),
            "RB-CLI-006",
            &words,
        );
    }
    assert!(!folder.path.join("assessment.json").exists());
}

#[test]
fn an_edited_design_generates_nothing() {
    let folder = Folder::discovered();
    folder.ok(&["assess", "--as-of", DAY]);
    folder.ok(&["design"]);
    let edited = folder
        .read("design.json")
        .replacen("\"min\": 1", "\"min\": 9", 1);
    folder.write("design.json", &edited);
    assert_failed(
        &folder.run(&["generate"]),
        "RB-GEN-001",
        &["reberth design"],
    );
    assert!(!folder.path.join("infra").exists());
}

#[test]
fn a_manifest_that_leads_out_of_the_project_is_not_followed() {
    let folder = Folder::discovered();
    folder.ok(&["assess", "--as-of", DAY]);
    folder.ok(&["design"]);
    std::fs::create_dir_all(folder.path.join("infra")).unwrap();
    for path in ["../outside", "/etc/passwd", "infra/../../outside"] {
        let manifest = serde_json::json!({ "schema": 1, "design": "", "files": { path: "00" } });
        folder.write("infra/.reberth-manifest.json", &manifest.to_string());
        assert_failed(&folder.run(&["generate"]), "RB-CLI-006", &[path]);
    }
}

#[test]
fn faults_that_stay_end_discovery_and_leave_the_old_estate() {
    let folder = Folder::discovered();
    let before = folder.files();
    let revoked = replay(&["401:40"]);
    let ran = folder.run(&["discover", "--from", &revoked.url()]);
    assert_failed(&ran, "RB-DIS-001", &["token"]);
    let ran = folder.run_with(
        &["discover", "--from", &replay(&[]).url()],
        &[("DIGITALOCEAN_TOKEN", "another-token")],
    );
    assert_failed(&ran, "RB-DIS-001", &["token"]);
    assert!(!ran.stderr.contains("another-token"), "{ran:?}");
    for url in ["ftp://127.0.0.1", "http://api.example.com", "no address"] {
        assert_failed(&folder.run(&["discover", "--from", url]), "RB-DIS-008", &[]);
    }
    assert_eq!(folder.files(), before);
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(status["runs"][0]["state"]["state"], "undone", "{status}");
    folder.assert_no_secret();
}

#[test]
fn a_host_that_is_not_there_is_said_to_be_unreachable() {
    let folder = Folder::project();
    let gone = replay(&[]);
    let url = gone.url();
    drop(gone);
    let ran = folder.run(&["discover", "--from", &url]);
    assert_failed(&ran, "RB-DIS-002", &["127.0.0.1"]);
    assert!(!folder.path.join("estate.json").exists());
}

#[test]
fn failures_are_one_json_line_when_json_is_asked_for() {
    let folder = Folder::project();
    let ran = folder.run(&["assess", "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    let failure: serde_json::Value = serde_json::from_str(ran.stderr.trim_end()).unwrap();
    assert_eq!(failure["error"]["code"], "RB-CLI-005");
    assert!(
        failure["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("discover")
    );
}

#[test]
fn wrong_usage_exits_2() {
    let folder = Folder::empty();
    for arguments in [
        &["discovr"][..],
        &["init"],
        &["init", "x", "--source", "azure", "--region", "eu-west-1"],
        &["approve", "00"],
        &["schema", "nothing"],
        &[],
    ] {
        assert_eq!(folder.run(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(folder.run(&["--version"]).code, 0);
}

#[test]
fn a_day_or_a_waiver_that_is_none_is_refused() {
    let folder = Folder::discovered();
    assert_failed(
        &folder.run(&["assess", "--as-of", "yesterday"]),
        "RB-ASS-001",
        &["yesterday"],
    );
    let policy = folder.read("reberth.yaml").replace(
        "\nwaivers: []",
        "\nwaivers: [{check: RB-S-NONE-01, name: A, reason: b, expires: 2027-01-01}]",
    );
    folder.write("reberth.yaml", &policy);
    assert_failed(
        &folder.run(&["assess", "--as-of", DAY]),
        "RB-ASS-003",
        &["RB-S-NONE-01"],
    );
    assert!(!folder.path.join("report").exists());
}

#[test]
fn a_region_that_is_not_known_fails_the_design() {
    let folder = Folder::discovered();
    let policy = folder
        .read("reberth.yaml")
        .replace("ap-south-1", "mars-north-1");
    folder.write("reberth.yaml", &policy);
    folder.ok(&["assess", "--as-of", DAY]);
    assert_failed(&folder.run(&["design"]), "RB-DSG-004", &["mars-north-1"]);
    assert!(!folder.path.join("design.json").exists());
}

#[test]
fn a_full_disk_behind_standard_output_is_a_failure_and_a_reader_that_left_is_none() {
    let folder = Folder::project();
    let run_into = |stdout: std::process::Stdio| {
        std::process::Command::new(env!("CARGO_BIN_EXE_reberth"))
            .args(["schema", "estate", "--project"])
            .arg(&folder.path)
            .stdout(stdout)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = Ran::of(&run_into(full.into()).wait_with_output().unwrap());
    assert_failed(&ran, "RB-CLI-009", &["standard output"]);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = Ran::of(&run_into(writer.into()).wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
