//! `discover` a second time: with fewer requests, and with what changed.

use reberth_testkit::object_store::ObjectStore;
use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::json;

use crate::folder::{Folder, TOKEN};

/// A name that clears the screen and begins a line of its own.
const HOSTILE: &str = "evil\x1b[2J\nserver 999 [ok]";

fn changed() -> Recording {
    let mut recording = Recording::edtech();
    let volumes = recording.body_mut("/v2/volumes").unwrap();
    let volumes = volumes["volumes"].as_array_mut().unwrap();
    volumes[0]["size_gigabytes"] = json!(4_321);
    let mut new = volumes[1].clone();
    new["id"] = json!("new-volume");
    new["name"] = json!(HOSTILE);
    volumes.push(new);
    let volume = json!({"odd": true, "id": HOSTILE});
    volumes.push(volume);
    recording
}

pub(crate) fn serve(recording: Recording) -> Replay {
    Replay::start(recording, TOKEN, Faults::default()).unwrap()
}

#[test]
fn what_changed_since_the_last_time_is_shown_and_nothing_can_forge_a_line() {
    let folder = Folder::project();
    let first = serve(Recording::edtech());
    let alone = folder.ok(&["discover", "--diff", "--from", &first.url()]);
    assert!(
        alone.stderr.contains("nothing to compare with"),
        "{}",
        alone.stderr
    );
    let same = folder.ok(&["discover", "--diff", "--from", &first.url()]);
    assert!(same.stdout.contains("nothing changed"), "{}", same.stdout);

    let second = serve(changed());
    let told = folder
        .ok(&["discover", "--diff", "--from", &second.url()])
        .stdout;
    assert!(
        told.contains("attributes.size_gib: ") && told.contains(" -> 4321"),
        "{told}"
    );
    assert!(
        told.contains(r"volume evil\u{1b}[2J\u{a}server 999 [ok] (new-volume)"),
        "{told}"
    );
    assert!(
        !told.contains('\x1b') && !told.lines().any(|line| line.starts_with("server 999")),
        "{told}"
    );

    let third = serve(Recording::edtech());
    let told = folder
        .ok(&["discover", "--diff", "--json", "--from", &third.url()])
        .json();
    assert_eq!(told["diff"]["removed"][0]["id"], "new-volume");
    assert_eq!(told["diff"]["changed"].as_array().unwrap().len(), 1);
}

#[test]
fn the_second_discovery_of_a_day_confirms_instead_of_reading() {
    let folder = Folder::project();
    let server = serve(Recording::edtech());
    folder.ok(&["discover", "--from", &server.url()]);
    let first = (folder.read("estate.json"), server.stats());
    folder.ok(&["discover", "--from", &server.url()]);
    let second = (folder.read("estate.json"), server.stats());
    assert_eq!(first.0, second.0);
    let asked = second.1.requests - first.1.requests;
    assert!(
        asked < first.1.requests,
        "measurements of days that are over are kept"
    );
    assert!(
        second.1.not_modified * 10 > asked * 9,
        "{:?}",
        second.1.not_modified
    );
    assert_eq!(second.1.writes_refused, 0);
    folder.assert_no_secret();
}

#[test]
fn the_files_of_an_application_become_part_of_the_estate() {
    let folder = Folder::project();
    folder.write(
        "Procfile",
        "web: bin/web TOKEN=RECORDED-FAKE-1\nrelease: rake db:migrate\n",
    );
    let code = format!("shop={}", folder.path.display());
    let server = serve(Recording::edtech());
    folder.ok(&["discover", "--checkout", &code, "--from", &server.url()]);
    let estate: serde_json::Value = serde_json::from_str(&folder.read("estate.json")).unwrap();
    assert_eq!(estate["counts"]["codebase"], 1);
    assert!(
        folder
            .read("estate.json")
            .contains("bin/web TOKEN=[redacted]")
    );
    folder.ok(&["assess", "--as-of", crate::folder::DAY]);
    let wrong = folder.run(&[
        "discover",
        "--checkout",
        "no/such/folder",
        "--from",
        &server.url(),
    ]);
    assert_eq!(wrong.code, 1, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("no/such/folder"), "{}", wrong.stderr);
}

#[test]
fn what_would_run_on_servers_is_shown_beforehand() {
    let folder = Folder::project();
    let shown = folder.ok(&["discover", "--ssh-commands"]).stdout;
    assert!(
        shown.contains("ss -H -lntup") && shown.contains("getent ahosts"),
        "{shown}"
    );
    let wrong = folder.run(&[
        "discover",
        "--ssh=-oProxyCommand=x",
        "--from",
        "http://127.0.0.1:1",
    ]);
    assert!(
        wrong.stderr.contains("not the name of an account"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn an_estate_that_is_not_whole_is_written_and_said_to_be() {
    let folder = Folder::project();
    let faults = Faults::parse(["broken:/v2/firewalls"]).unwrap();
    let broken = Replay::start(Recording::edtech(), TOKEN, faults).unwrap();
    let url = broken.url();
    let ran = folder.run(&["discover", "--from", &url]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("RB-CLI-017"), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("/v2/firewalls: it stays broken"),
        "{}",
        ran.stdout
    );
    folder.ok(&["assess", "--as-of", "2026-09-18"]);
    let text = folder.read("assessment.json");
    let assessment: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checks = assessment["checks"].as_array().unwrap();
    let open_ports = checks
        .iter()
        .find(|check| check["id"] == "RB-S-SEC-07")
        .unwrap();
    assert_eq!(open_ports["result"], "unknown", "{open_ports}");

    let before = broken.stats().requests;
    drop(broken);
    let whole = Replay::start_at(&url, Recording::edtech(), TOKEN, Faults::default()).unwrap();
    folder.ok(&["discover", "--from", &url]);
    let asked = whole.stats().requests;
    assert!(
        asked < before / 2,
        "{asked} after {before}: the good answers serve again"
    );
    let fresh = Folder::discovered();
    assert_eq!(folder.read("estate.json"), fresh.read("estate.json"));
    folder.assert_no_secret();
}

#[test]
fn a_key_of_the_object_store_brings_buckets_and_stays_out_of_every_file() {
    let folder = Folder::project();
    let server = serve(Recording::edtech());
    let store = ObjectStore::start().unwrap();
    store.send("PUT", "/nobody-names-me", "").unwrap();
    store.send("PUT", "/nobody-names-me/a", "12345").unwrap();
    let (id, secret) = store.lock(&["s3:List*", "s3:Get*"]).unwrap();
    let key = [
        ("DIGITALOCEAN_TOKEN", TOKEN),
        ("SPACES_ACCESS_KEY_ID", id.as_str()),
        ("SPACES_SECRET_ACCESS_KEY", secret.as_str()),
    ];
    let (from, spaces) = (server.url(), store.url());
    let both = ["discover", "--from", &from, "--spaces-from", &spaces];
    let half = folder.run_with(&both, &key[..2]);
    assert_eq!(half.code, 1);
    assert!(
        half.stderr.contains("SPACES_SECRET_ACCESS_KEY"),
        "{}",
        half.stderr
    );
    let ran = folder.run_with(&both, &key);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(folder.read("estate.json").contains("nobody-names-me"));
    folder.ok(&["assess", "--as-of", "2026-09-18"]);
    assert!(folder.read("report/index.html").contains("nobody-names-me"));
    folder.ok(&["design"]);
    assert!(
        folder
            .read("design.json")
            .contains("replaces bucket nobody-names-me")
    );
    for (path, bytes) in folder.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(&secret) && !text.contains(&id),
            "{} holds the key",
            path.display()
        );
    }
    assert!(!ran.stderr.contains(&secret) && !ran.stdout.contains(&secret));
}
