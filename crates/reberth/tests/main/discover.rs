//! `discover` a second time: with fewer requests, and with what changed.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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

fn serve(recording: Recording) -> Replay {
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

/// The most that anything of a test takes on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(300);

/// The account on Heroku while its scheduler runs a job.
fn with_running_job() -> Recording {
    let mut recording = Recording::lms();
    let path = "/apps/courseware-production/dynos";
    let dynos = recording.body_mut(path).unwrap().as_array_mut().unwrap();
    dynos.push(json!({
        "id": "0ff", "name": "scheduler.17", "type": "scheduler", "state": "up",
        "command": "rake digest TOKEN=RECORDED-FAKE", "created_at": "2026-11-20T03:30:00Z",
    }));
    recording
}

/// A watch that goes on until it is interrupted, after its first look; what it tells goes to `told`.
fn begin_watch(folder: &Folder, busy: &Replay, told: &Path) -> Child {
    let mut watch = Command::new(env!("CARGO_BIN_EXE_reberth"))
        .args(["discover", "--watch-jobs", "1d", "--watch-every", "1s"])
        .args(["--from", &busy.url(), "--project"])
        .arg(&folder.path)
        .env("HEROKU_API_KEY", TOKEN)
        .stdout(Stdio::null())
        .stderr(File::create(told).unwrap())
        .spawn()
        .unwrap();
    // The file is there after the first look, whenever that is.
    let kept = folder.path.join(SEEN);
    wait_until(&mut watch, &|| kept.exists());
    watch
}

fn wait_until(watch: &mut Child, is_so: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it does not come");
        assert_eq!(watch.try_wait().unwrap(), None, "the watch ended by itself");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ctrl-C; the exit code.
fn interrupt(watch: &mut Child) -> Option<i32> {
    let interrupt = Command::new("kill")
        .args(["-INT", &watch.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    watch.wait().unwrap().code()
}

/// What was seen so far.
const SEEN: &str = ".reberth/seen-jobs.json";

#[test]
fn a_watch_over_jobs_that_is_interrupted_keeps_what_was_seen() {
    let folder = Folder::project_of("heroku", "us-east-1");
    let busy = serve(with_running_job());
    let told = folder.parent.join("told");
    let mut watch = begin_watch(&folder, &busy, &told);
    // What was read stands on disk before the watch, which may be killed.
    assert!(folder.read("estate.json").contains("courseware-production"));
    assert_eq!(interrupt(&mut watch), Some(0));
    let has_job = || {
        let estate: serde_json::Value = serde_json::from_str(&folder.read("estate.json")).unwrap();
        let text = estate["not_visible"].to_string();
        assert!(
            text.contains("scheduled jobs of courseware-production"),
            "{text}"
        );
        let resources = estate["resources"].as_array().unwrap();
        let mut jobs = resources.iter().filter(|own| own["kind"] == "job");
        let job = jobs
            .next()
            .map(|job| job["name"].as_str().unwrap().to_owned());
        assert_eq!(jobs.next(), None);
        job
    };
    let seen = has_job().unwrap();
    assert!(seen.starts_with("rake digest TOKEN="), "{seen}");
    // The job is over; the next discovery still knows it, and a watch with a bound ends at it.
    let calm = serve(Recording::lms());
    folder.ok(&["discover", "--from", &calm.url()]);
    assert_eq!(has_job(), Some(seen.clone()));
    let bounded = ["--watch-jobs", "1s", "--watch-every", "1s"];
    let ran = folder.ok(&[&["discover", "--from", &calm.url()][..], &bounded].concat());
    assert!(ran.stderr.contains("too few requests"), "{}", ran.stderr);
    assert_eq!(has_job(), Some(seen));
    folder.assert_no_secret();
}

#[test]
fn what_a_watch_cannot_keep_is_told_at_once() {
    let folder = Folder::project_of("heroku", "us-east-1");
    let busy = serve(with_running_job());
    let told = folder.parent.join("told");
    let mut watch = begin_watch(&folder, &busy, &told);
    // A folder stands in the file's way; a look may put the file back before it does.
    wait_until(&mut watch, &|| {
        std::fs::remove_file(folder.path.join(SEEN)).ok();
        std::fs::create_dir(folder.path.join(SEEN)).is_ok()
    });
    let words = "what is seen is not kept on disk";
    wait_until(&mut watch, &|| {
        std::fs::read_to_string(&told).unwrap().contains(words)
    });
    assert_eq!(interrupt(&mut watch), Some(1));
    assert!(folder.read("estate.json").contains("rake digest TOKEN="));
    // What cannot be read is told before the account is asked anything.
    std::fs::remove_dir(folder.path.join(SEEN)).unwrap();
    folder.write(SEEN, "{");
    let asked = busy.stats().requests;
    let ran = folder.run(&["discover", "--from", &busy.url()]);
    assert!(
        ran.code == 1 && ran.stderr.contains("seen-jobs.json"),
        "{ran:?}"
    );
    assert_eq!(busy.stats().requests, asked);
}

#[test]
fn an_account_without_a_scheduler_is_told_so() {
    let folder = Folder::project_of("heroku", "us-east-1");
    let mut recording = Recording::lms();
    for path in ["/addons", "/teams/bluepath-learning/addons"] {
        let addons = recording.body_mut(path).unwrap().as_array_mut().unwrap();
        addons.retain(|addon| addon["addon_service"]["name"] != "scheduler");
    }
    let server = serve(recording);
    let ran = folder.ok(&["discover", "--from", &server.url(), "--watch-jobs", "1s"]);
    assert!(ran.stderr.contains("nothing to watch"), "{}", ran.stderr);
}

#[test]
fn a_watch_over_jobs_needs_a_scheduler_and_a_time() {
    let alone = Folder::project().run(&["discover", "--watch-every", "5s"]);
    assert!(
        alone.code == 2 && alone.stderr.contains("--watch-jobs"),
        "{alone:?}"
    );
    let droplets = Folder::project();
    let refused = droplets.run(&[
        "discover",
        "--watch-jobs",
        "5m",
        "--from",
        "http://127.0.0.1:1",
    ]);
    assert!(
        refused.code != 0 && refused.stderr.contains("--watch-jobs"),
        "{refused:?}"
    );
    let platform = Folder::project_of("heroku", "us-east-1");
    let refused = platform.run(&[
        "discover",
        "--watch-jobs",
        "soon",
        "--from",
        "http://127.0.0.1:1",
    ]);
    assert!(
        refused.code != 0 && refused.stderr.contains("30m, 6h or 2d"),
        "{refused:?}"
    );
}
