//! `discover --watch-jobs`: what a scheduler starts, and how a watch ends.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::json;

use crate::discover::serve;
use crate::folder::{Folder, TOKEN};

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
fn secrets_that_an_earlier_version_kept_go_from_the_file() {
    let folder = Folder::project_of("heroku", "us-east-1");
    let job = json!({ "starts": 1, "made": null, "latest": ["1"] });
    let jobs = json!({ "rake a TOKEN=RECORDED-FAKE": job });
    std::fs::create_dir_all(folder.path.join(".reberth")).unwrap();
    folder.write(
        SEEN,
        &json!({ "looks": 1, "apps": { "x": jobs } }).to_string(),
    );
    let calm = serve(Recording::lms());
    folder.ok(&["discover", "--from", &calm.url()]);
    let kept = folder.read(SEEN);
    assert!(kept.contains("rake a TOKEN=[redacted]"), "{kept}");
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

/// The account with this job running in every application.
fn with_job_everywhere() -> Recording {
    let mut recording = Recording::lms();
    for path in recording.paths() {
        let is_dynos = path.starts_with("/apps/") && path.ends_with("/dynos");
        let dynos = recording.body_mut(&path).filter(|_| is_dynos);
        if let Some(dynos) = dynos.and_then(|body| body.as_array_mut()) {
            dynos.push(json!({
                "id": path, "name": "scheduler.17", "type": "scheduler", "state": "up",
                "command": "rake digest", "created_at": "2026-11-20T03:30:00Z",
            }));
        }
    }
    recording
}

#[test]
fn what_a_look_saw_that_did_not_end_is_kept() {
    let calm = serve(with_job_everywhere());
    Folder::project_of("heroku", "us-east-1").ok(&["discover", "--from", &calm.url()]);
    // The token is revoked when the first application of the first look has answered.
    let revoked = format!("401:{}", calm.stats().requests + 1);
    let faults = Faults::parse([revoked.as_str()]).unwrap();
    let server = Replay::start(with_job_everywhere(), TOKEN, faults).unwrap();
    let folder = Folder::project_of("heroku", "us-east-1");
    let ran = folder.run(&["discover", "--from", &server.url(), "--watch-jobs", "1d"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("RB-DIS-001"),
        "{ran:?}"
    );
    let seen = folder.read(SEEN);
    assert_eq!(seen.matches("rake digest").count(), 1, "{seen}");
    assert!(seen.contains(r#""looks": 0"#), "{seen}");
}

#[test]
fn commands_with_secrets_have_a_heading_of_their_own() {
    let mut recording = Recording::lms();
    let path = "/apps/courseware-production/formation";
    recording.body_mut(path).unwrap()[0]["command"] = json!("rake x TOKEN=RECORDED-FAKE");
    let folder = Folder::project_of("heroku", "us-east-1");
    let ran = folder.ok(&["discover", "--from", &serve(recording).url()]);
    let (before, after) = ran
        .stdout
        .split_once("with a secret, which is left out")
        .unwrap();
    assert!(
        after.contains("command of courseware-production/"),
        "{after}"
    );
    assert!(before.contains("not visible to this token") && !before.contains("command of"));
    folder.assert_no_secret();
}
