//! The journal behind the commands: nothing begins that cannot be recorded, and what was recorded can be proven.

use std::fs;

use crate::folder::{DAY, Folder, replay};

#[test]
fn without_a_journal_no_command_begins() {
    let folder = Folder::project();
    folder.write(".reberth", "a file in the place of the folder");
    let replay = replay(&[]);
    let ran = folder.run(&["discover", "--from", &replay.url()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.starts_with("error[RB-CLI-007]: "), "{ran:?}");
    assert!(!folder.path.join("estate.json").exists());
    assert_eq!(replay.stats().requests, 0, "nothing was asked");
}

#[test]
fn a_file_that_is_no_journal_is_left_as_it_is() {
    let folder = Folder::project();
    fs::create_dir_all(folder.path.join(".reberth")).unwrap();
    let other = "this is somebody's text, and longer than the header of a database would be, which has one hundred bytes";
    folder.write(".reberth/journal.db", other);
    let ran = folder.run(&["approve", &"0".repeat(64), "--by", "A. Person"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("RB-JRN-00"), "{ran:?}");
    assert_eq!(folder.read(".reberth/journal.db"), other);
}

#[test]
fn an_approval_is_recorded_and_its_hash_checked() {
    let folder = Folder::project();
    let hash = "ab".repeat(32);
    let approved = folder
        .ok(&["approve", &hash, "--by", "A. Person", "--json"])
        .json();
    assert_eq!(approved["by"], "A. Person");
    for (hash, by) in [("ab", "A. Person"), (hash.as_str(), " ")] {
        let ran = folder.run(&["approve", hash, "--by", by]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.starts_with("error[RB-JRN-014]: "), "{ran:?}");
    }
}

#[test]
fn a_changed_journal_is_found_also_when_the_chain_was_made_anew() {
    let folder = Folder::discovered();
    let head = folder.ok(&["audit", "verify", "--json"]).json();
    let since = format!("{}:{}", head["count"], head["hash"].as_str().unwrap());
    folder.ok(&["assess", "--as-of", DAY]);
    folder.ok(&["audit", "verify", "--since", &since]);
    assert_eq!(folder.run(&["audit", "verify", "--since", "four"]).code, 1);

    fs::remove_dir_all(folder.path.join(".reberth")).unwrap();
    assert_eq!(
        folder.run(&["audit", "verify", "--since", &since]).code,
        1,
        "the journal is gone"
    );
    folder.ok(&["assess", "--as-of", DAY]);
    folder.ok(&["design"]);
    folder.ok(&["audit", "verify"]);
    let ran = folder.run(&["audit", "verify", "--since", &since]);
    assert_eq!(ran.code, 1, "another journal, whole in itself: {ran:?}");
    assert!(ran.stderr.starts_with("error[RB-JRN-017]: "), "{ran:?}");
}

#[test]
fn a_run_whose_process_died_is_closed_by_the_next() {
    let folder = Folder::project();
    let slow = replay(&["slow:300"]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_reberth"))
        .args(["discover", "--from", &slow.url(), "--project"])
        .arg(&folder.path)
        .env("DIGITALOCEAN_TOKEN", crate::folder::TOKEN)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // It has begun when it asks its first question.
    while slow.stats().requests == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!folder.path.join("estate.json").exists());
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(status["runs"][0]["state"]["state"], "running", "{status}");
    folder.ok(&["discover", "--from", &replay(&[]).url()]);
    folder.ok(&["audit", "verify"]);
    let status = folder.ok(&["status", "--json"]).json();
    assert_eq!(status["runs"][0]["run"], "discover-2", "{status}");
    assert_eq!(status["runs"][0]["state"]["state"], "done", "{status}");
}
