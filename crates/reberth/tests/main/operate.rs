//! Operating a replication by the real binary: without a project folder, held and let go, killed, stopped, measured.

use std::time::{Duration, Instant};

use reberth_replicate::LogPosition;

use crate::folder::Folder;
use crate::pair::Pair;

/// Variables that cannot be used, the code, and words of its message.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[test]
fn a_pair_of_addresses_is_moved_verified_and_forgotten() {
    let pair = Pair::start("pair");
    pair.code(&["plan"], 0);
    assert_eq!(
        pair.target_databases(),
        Vec::<String>::new(),
        "a plan writes nothing"
    );
    assert!(pair.code(&["status"], 0).stdout.contains("not started"));

    // The two addresses are the consent; what is done with them is told.
    let copied = pair.code(&["start", "--until", "copied"], 0);
    assert!(
        copied.stderr.contains("writes on the source: nothing"),
        "{copied:?}"
    );
    let status = pair.status();
    assert_eq!(status["state"], "not running", "{status}");
    pair.add_badges("late");
    let ran = pair.code(&["start", "--until", "caught-up", "--apply"], 0);
    assert!(ran.stdout.contains("goal reached"), "{ran:?}");
    assert_eq!(pair.status()["is_consistent"], true);
    assert_eq!(pair.badges(&pair.target), pair.badges(&pair.source));

    let mut stream = pair.spawn(&["replicate", "start", "--apply"]);
    pair.wait_for("running", |status| status["state"] == "running");
    let equal = pair.code(&["verify"], 0);
    assert!(equal.stdout.contains(": equal;"), "{equal:?}");
    pair.target
        .sql("UPDATE lms_core.learner SET name = CONCAT(name, ' ') WHERE id = 7")
        .unwrap();
    let differs = pair.code(&["verify"], 4);
    assert!(differs.stdout.contains("NOT EQUAL"), "{differs:?}");
    stream.kill().unwrap();
    stream.wait().unwrap();

    assert_eq!(pair.target_databases(), ["lms_core", "reberth"]);
    let stopped = pair.code(&["stop"], 0);
    assert!(stopped.stdout.contains("the schema reberth"), "{stopped:?}");
    assert_eq!(pair.target_databases(), ["lms_core"]);
    let again = pair.code(&["stop", "--apply"], 0);
    assert!(again.stdout.contains("nothing was left"), "{again:?}");
}

#[test]
fn a_pause_holds_the_process_and_its_successors_until_resume() {
    let pair = Pair::start("pause");
    assert!(pair.code(&["pause"], 1).stderr.contains("RB-REP-014"));
    let mut stream = pair.spawn(&["replicate", "start", "--apply"]);
    pair.wait_for("caught up", |status| status["gear"] == "following");

    let paused = pair.code(&["pause", "--by", "Asha"], 0);
    assert!(paused.stdout.contains("paused at"), "{paused:?}");
    let before = pair.badges(&pair.target);
    pair.add_badges("held");
    pair.wait_for("held by its process", |status| {
        status["running"]["phase"] == "paused"
    });
    let status = pair.status();
    assert_eq!(
        (&status["state"], &status["paused"]["by"]),
        (&"paused".into(), &"Asha".into())
    );
    pair.wait_until_the_source_is_free();
    assert_eq!(pair.badges(&pair.target), before);

    pair.code(&["resume"], 0);
    pair.wait_for("goes on", |status| {
        status["gear"] == "following" && status["lag_bytes"] == 0
    });
    assert_eq!(pair.badges(&pair.target), before + 20);

    pair.code(&["pause"], 0);
    stream.kill().unwrap();
    stream.wait().unwrap();
    pair.add_badges("later");
    pair.wait_for("silent", |status| status["running"].is_null());
    let refused = pair.code(&["start", "--until", "caught-up", "--apply"], 3);
    assert!(refused.stderr.contains("RB-CLI-015"), "{refused:?}");
    assert_eq!(pair.badges(&pair.target), before + 20);
    pair.code(&["resume", "--until", "caught-up"], 0);
    assert_eq!(pair.badges(&pair.target), before + 40);
    pair.code(&["verify"], 0);
}

#[test]
fn a_schema_change_done_by_hand_is_passed_at_its_place_only() {
    let pair = Pair::start("past");
    let caught_up = ["start", "--until", "caught-up", "--apply"];
    pair.code(&caught_up, 0);
    let swap = "ALTER TABLE lms_core.badge RENAME COLUMN one TO two, RENAME COLUMN two TO one";
    pair.source
        .sql(&format!("ALTER TABLE lms_core.badge ADD one INT DEFAULT 1, ADD two INT DEFAULT 2; {swap}; INSERT INTO lms_core.badge VALUES (1, 'after', NULL, 3, 4)"))
        .unwrap();
    let stopped = pair.code(&caught_up, 1);
    assert!(stopped.stderr.contains("error[RB-REP-008]"), "{stopped:?}");
    let place_of = |text: &str| -> LogPosition {
        let named = text.split("in the log at ").nth(1);
        let place = named.and_then(|rest| rest.split(' ').next()?.parse().ok());
        place.unwrap_or_else(|| panic!("no place is named: {text}"))
    };
    let place = place_of(&stopped.stderr);
    pair.target.sql(swap).unwrap();

    let past = |place: &LogPosition| {
        let place = place.to_string();
        pair.run(&[&caught_up[..], &["--past", &place]].concat())
    };
    let other = past(&place.at(place.offset() + 1));
    assert_eq!(other.code, 1, "{other:?}");
    assert_eq!(place_of(&other.stderr), place, "{other:?}");
    let passed = past(&place);
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(
        passed.stderr.contains("passes the schema change at"),
        "{passed:?}"
    );
    assert_eq!(pair.badges(&pair.target), pair.badges(&pair.source));
    let mut stream = pair.spawn(&["replicate", "start", "--apply"]);
    pair.wait_for("running", |status| status["state"] == "running");
    pair.code(&["verify"], 0);
    stream.kill().unwrap();
    stream.wait().unwrap();
    let behind = past(&place);
    assert!(behind.stderr.contains("which is past"), "{behind:?}");
}

#[test]
fn a_stream_that_is_stopped_for_good_ends_its_process_and_leaves_nothing() {
    let pair = Pair::start("stopped");
    let mut stream = pair.spawn(&["replicate", "start", "--apply"]);
    pair.wait_for("caught up", |status| status["gear"] == "following");
    pair.code(&["stop", "--apply"], 0);
    pair.source
        .sql("DELETE FROM lms_core.badge WHERE learner_id < 5")
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let code = loop {
        if let Some(status) = stream.try_wait().unwrap() {
            break status.code();
        }
        assert!(
            Instant::now() < deadline,
            "the process goes on without its state"
        );
        std::thread::sleep(Duration::from_millis(100));
    };
    let log = std::fs::read_to_string(pair.log()).unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopped for good"), "{log}");
    assert_eq!(pair.target_databases(), ["lms_core"]);
    pair.wait_until_the_source_is_free();
}

#[test]
fn addresses_that_cannot_be_used_are_refused_without_their_secret() {
    let folder = Folder::empty();
    let good = "mysql://a:hunter2@127.0.0.1:3999/shop?tls=off";
    let cases: [Refused; 10] = [
        (&[], "RB-CLI-013", "REBERTH_SOURCE_URL"),
        (
            &[("REBERTH_SOURCE_URL", good)],
            "RB-REP-001",
            "REBERTH_TARGET_URL",
        ),
        (
            &[("REBERTH_TARGET_URL", good)],
            "RB-REP-001",
            "REBERTH_SOURCE_URL",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", "hunter2"),
                ("REBERTH_TARGET_URL", good),
            ],
            "RB-REP-001",
            "is not an address",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", "redis://a:hunter2@h/shop"),
                ("REBERTH_TARGET_URL", good),
            ],
            "RB-REP-001",
            "scheme",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", "postgres://a:hunter2@h/shop"),
                ("REBERTH_TARGET_URL", good),
            ],
            "RB-REP-001",
            "keeps its engine",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", "mysql://a:hunter2@h:1"),
                ("REBERTH_TARGET_URL", good),
            ],
            "RB-REP-001",
            "names no database",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", "mysql://a:hunter2@h:1/other"),
                ("REBERTH_TARGET_URL", good),
            ],
            "RB-REP-001",
            "keeps its name",
        ),
        (
            &[("REBERTH_SOURCE_URL", good), ("REBERTH_TARGET_URL", good)],
            "RB-CLI-014",
            "shop at 127.0.0.1:3999",
        ),
        (
            &[
                ("REBERTH_SOURCE_URL", good),
                ("REBERTH_TARGET_URL", "mysql://a:hunter2@h:1/shop?ssl=1"),
            ],
            "RB-REP-001",
            "tls=off",
        ),
    ];
    for (variables, code, words) in cases {
        for command in [
            "plan", "start", "status", "verify", "pause", "resume", "stop",
        ] {
            let ran = folder.run_with(&["replicate", command], variables);
            assert_eq!(ran.code, 1, "{ran:?}");
            assert!(ran.stderr.starts_with(&format!("error[{code}]")), "{ran:?}");
            assert!(ran.stderr.contains(words), "{words}: {ran:?}");
            assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
        }
    }
    let both = [
        ("REBERTH_SOURCE_URL", good),
        (
            "REBERTH_TARGET_URL",
            "mysql://a:hunter2@127.0.0.1:1/shop?tls=off",
        ),
    ];
    for arguments in [
        &["status", "--database", "other"][..],
        &["verify", "--reverse"],
    ] {
        let arguments: Vec<&str> = ["replicate"].iter().chain(arguments).copied().collect();
        let ran = folder.run_with(&arguments, &both);
        assert!(ran.stderr.starts_with("error[RB-CLI-010]"), "{ran:?}");
    }
}

#[test]
fn one_server_under_two_names_is_found_out() {
    let pair = Pair::start("same");
    pair.source
        .sql("CREATE USER writer@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON *.* TO writer@'%'")
        .unwrap();
    let target = pair
        .source
        .url("writer", "local-only", "lms_core")
        .replace("127.0.0.1", "localhost");
    let mut command = pair.command(&["replicate", "start", "--apply"]);
    let output = command.env("REBERTH_TARGET_URL", target).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("the same server"), "{errors}");
}

#[test]
fn a_move_without_a_cutover_is_finished() {
    let pair = Pair::start("finish");
    pair.source
        .sql("USE lms_core; CREATE TRIGGER counted AFTER INSERT ON badge FOR EACH ROW SET @badges = @badges + 1; GRANT TRIGGER ON lms_core.* TO reader@'%'")
        .unwrap();
    pair.target
        .sql("SET GLOBAL log_bin_trust_function_creators = 1")
        .unwrap();
    pair.code(&["start", "--until", "caught-up"], 0);
    assert!(pair.code(&["grants"], 1).stderr.contains("RB-REP-003"));
    pair.source
        .sql("GRANT SELECT ON mysql.* TO reader@'%'")
        .unwrap();
    let grants = pair.code(&["grants"], 0).stdout;
    assert!(
        grants.contains("CREATE USER IF NOT EXISTS 'app'@'%'"),
        "{grants}"
    );
    pair.add_badges("late");
    let finished = pair.code(&["finish"], 0);
    assert!(
        finished.stdout.contains("made trigger counted"),
        "{finished:?}"
    );
    assert!(finished.stdout.contains("whether there are events"));
    assert_eq!(pair.badges(&pair.target), pair.badges(&pair.source));
    assert_eq!(pair.target_databases(), ["lms_core"]);
    assert!(pair.code(&["finish"], 1).stderr.contains("RB-REP-014"));
}
