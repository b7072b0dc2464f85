//! `reberth replicate` between two PostgreSQL servers, as a person would use it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::postgres_pair::{LEFT, PostgresPair};
use crate::scrape::{get, parse};

const CAUGHT_UP: [&str; 3] = ["start", "--until", "caught-up"];

#[test]
fn a_database_is_moved_verified_and_forgotten() {
    let pair = PostgresPair::start("cli-logical", "wal_level=logical");
    pair.expect_refused_writer();
    let plan = pair.expect(&["plan"], 0);
    assert!(
        plan.contains("0 blocker(s)") && plan.contains("the replication slot reberth_"),
        "{plan}"
    );
    assert!(plan.contains("max_slot_wal_keep_size is not set"), "{plan}");
    pair.expect(&CAUGHT_UP, 0);
    pair.write("UPDATE course SET title = title || '!' WHERE id < 100");
    pair.expect(&CAUGHT_UP, 0);
    let equal = pair.expect(&["verify"], 0);
    assert!(equal.contains("equal; 1000 rows compared"), "{equal}");
    pair.on_target("UPDATE course SET title = 'other' WHERE id = 7");
    let found = pair.expect(&["verify"], 4);
    assert!(
        found.contains("NOT EQUAL") && found.contains("course"),
        "{found}"
    );
    let stopped = pair.expect(&["stop"], 0);
    assert!(
        stopped.contains("the replication slot") && stopped.contains("the schema reberth"),
        "{stopped}"
    );
    assert_eq!(pair.on_source(LEFT), "0");
    let again = pair.expect(&["stop"], 0);
    assert!(again.contains("nothing was left"), "{again}");
}

/// Join tables without a key are common. What is altered for them on the source is asked for, and taken back.
#[test]
fn the_log_tells_old_rows_of_tables_without_a_key_after_consent_and_until_the_end() {
    let pair = PostgresPair::start("cli-keyless", "wal_level=logical");
    pair.write("CREATE TABLE rated (course_id int, stars int); INSERT INTO rated VALUES (1, 5); CREATE TABLE tagged (course_id int, tag text); INSERT INTO tagged SELECT n % 3, 'same' FROM generate_series(1, 30) n");
    let plan = pair.expect(&["plan"], 0);
    assert!(
        plan.contains("0 blocker(s)") && plan.contains("REPLICA IDENTITY FULL on 2 table(s)"),
        "{plan}"
    );
    let waiting = pair.expect(&CAUGHT_UP, 3);
    assert!(waiting.contains("add --apply"), "{waiting}");
    let identity = "SELECT relreplident FROM pg_class WHERE relname = 'tagged'";
    assert_eq!(pair.on_source(identity), "d", "nothing without consent");
    pair.expect(&["start", "--until", "caught-up", "--apply"], 0);
    assert_eq!(pair.on_source(identity), "f");
    pair.write("DELETE FROM tagged WHERE ctid = (SELECT min(ctid) FROM tagged); UPDATE tagged SET tag = 'other' WHERE course_id = 1");
    pair.expect(&CAUGHT_UP, 0);
    let equal = pair.expect(&["verify"], 0);
    assert!(equal.contains("equal; 1030 rows compared"), "{equal}");
    // As a way back would.
    pair.on_target("CREATE PUBLICATION other FOR TABLE rated");
    let stopped = pair.expect(&["stop"], 0);
    assert!(
        stopped.contains("REPLICA IDENTITY FULL of public.tagged"),
        "{stopped}"
    );
    for end in [pair.on_source(identity), pair.on_target(identity)] {
        assert_eq!(end, "d");
    }
    pair.on_target("UPDATE rated SET stars = 4");
    let rated = "SELECT relreplident FROM pg_class WHERE relname = 'rated'";
    assert_eq!(
        (
            pair.on_source(rated).as_str(),
            pair.on_target(rated).as_str()
        ),
        ("d", "f"),
        "what is published stays writable"
    );
    assert_eq!(pair.on_source("SELECT count(*) FROM pg_publication"), "0");
}

#[test]
fn an_ordinary_owner_is_followed_by_triggers_after_consent() {
    let pair = PostgresPair::start("cli-capture", "wal_level=replica");
    pair.write("CREATE TABLE tagged (course_id int, tag text); INSERT INTO tagged SELECT n % 3, 'same' FROM generate_series(1, 30) n");
    let plan = pair.expect(&["plan"], 0);
    assert!(plan.contains("owner has no right to replicate"), "{plan}");
    let noted = "whole rows instead of keys are noted of 1 table(s) without a key";
    assert!(plan.contains(noted), "{plan}");
    let waiting = pair.expect(&CAUGHT_UP, 3);
    assert!(waiting.contains("add --apply"), "{waiting}");
    assert_eq!(
        pair.on_source(LEFT),
        "0",
        "nothing is written without consent"
    );
    pair.expect(&["start", "--until", "caught-up", "--apply"], 0);
    pair.write("UPDATE course SET title = title || '!' WHERE id < 100; DELETE FROM enrolment WHERE course_id = 400; DELETE FROM tagged WHERE ctid = (SELECT min(ctid) FROM tagged)");
    pair.expect(&CAUGHT_UP, 0);
    let status = pair.expect(&["status"], 0);
    let place = "following at the source's state with all transactions before number";
    assert!(status.contains(place), "{status}");
    let equal = pair.expect(&["verify"], 0);
    assert!(equal.contains("equal; 1028 rows compared"), "{equal}");
    // A difference is one also while the stream stands, as nothing that would mend it is noted.
    pair.on_target("UPDATE course SET title = 'other' WHERE id = 7");
    let found = pair.expect(&["verify"], 4);
    assert!(found.contains("1 differ, 0 open"), "{found}");
    pair.expect(&["stop"], 0);
    assert_eq!(pair.on_source(LEFT), "0", "nothing is left on the source");
}

/// Without a right to replicate and without a table of its own, nothing tells it of changes: the copy is the move, and the end proves that nobody wrote.
#[test]
fn an_account_that_may_only_read_moves_a_database_in_a_window_without_writes() {
    let pair = PostgresPair::start("cli-window", "wal_level=replica")
        .read_only()
        .deciding_in_two_steps();
    let plan = pair.expect(&["plan"], 0);
    assert!(
        plan.contains("dump window: viewer has no right to replicate, and owns none of the tables")
            && plan.contains("stop the application's writes before `start`"),
        "{plan}"
    );
    pair.write("CREATE TABLE shut (n int)");
    let plan = pair.expect(&["plan"], 1);
    let remedy = "GRANT SELECT ON TABLE public.shut TO viewer there";
    assert!(plan.contains(remedy), "{plan}");
    pair.write("DROP TABLE shut");
    let early = pair.expect(&["finish", "--apply"], 1);
    assert!(early.contains("RB-REP-014"), "{early}");
    // A start that is killed is run again: while the schema is begun, while rows come, and while the schema is completed.
    let alone = "SELECT pg_advisory_xact_lock(hashtext('reberth.schema_item'))";
    pair.kill_at(alone, |pair, _| {
        let waits =
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')";
        pair.on_target(waits) == "t"
    });
    let chunks = "LOCK TABLE reberth.chunk IN EXCLUSIVE MODE";
    pair.kill_at(chunks, |_, status| status["phase"] == "copying");
    pair.kill_at(alone, |_, status| status["phase"] == "completing");
    let copied = pair.expect(&["start", "--apply"], 0);
    assert!(copied.contains("nothing follows"), "{copied}");
    assert_eq!(pair.status()["phase"], "copied");
    let indexes = "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')";
    assert_eq!(pair.on_target(indexes), pair.on_source(indexes));
    pair.expect(&["verify"], 0);

    pair.write(
        "UPDATE course SET title = 'late' WHERE id = 3; DELETE FROM enrolment WHERE course_id = 4",
    );
    let refused = pair.expect(&["finish", "--apply"], 1);
    assert!(
        refused.contains("RB-REP-028") && refused.contains("2 row(s) or table(s) differ"),
        "{refused}"
    );
    pair.expect(&["verify"], 4);
    pair.on_target(
        "UPDATE course SET title = 'late' WHERE id = 3; DELETE FROM enrolment WHERE course_id = 4",
    );
    pair.expect(&["finish", "--apply"], 0);
    assert_eq!(pair.on_source(LEFT), "0");
    let next = "SELECT nextval(pg_get_serial_sequence('course', 'id')) > 500";
    assert_eq!(pair.on_target(next), "t");
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname = 'reberth'";
    assert_eq!(pair.on_target(left), "0");
}

#[test]
fn a_pause_holds_a_slot_and_its_successors_until_resume() {
    a_pause_holds(&PostgresPair::start("hold-slot", "wal_level=logical"));
}

#[test]
fn a_pause_holds_a_capture_and_its_successors_until_resume() {
    a_pause_holds(&PostgresPair::start("hold-capture", "wal_level=replica"));
}

fn a_pause_holds(pair: &PostgresPair) {
    let courses = "SELECT count(*) FROM course";
    let add = "INSERT INTO course (title) SELECT 'more ' || random() FROM generate_series(1, 20)";
    assert!(pair.code(&["pause"], 1).stderr.contains("RB-REP-014"));
    let mut stream = pair.spawn(&["start", "--apply"]);
    pair.wait_for("caught up", |status| status["gear"] == "following");
    let status = pair.status();
    assert!(status["log"]["kept_bytes"].is_u64(), "{status}");
    assert!(
        status["tables"][0]["rows"] == 500 && status["lag_bytes"].is_u64(),
        "{status}"
    );

    let paused = pair.code(&["pause", "--by", "Asha"], 0);
    assert!(paused.stdout.contains("paused at"), "{paused:?}");
    pair.write(add);
    pair.wait_for("held by its process", |status| {
        status["running"]["phase"] == "paused"
    });
    let status = pair.status();
    assert_eq!(
        (&status["state"], &status["paused"]["by"]),
        (&"paused".into(), &"Asha".into())
    );
    assert_eq!(pair.on_target(courses), "500");
    pair.code(&["resume"], 0);
    pair.wait_for("goes on", |_| pair.on_target(courses) == "520");

    pair.code(&["pause"], 0);
    stream.kill().expect("a process");
    stream.wait().expect("a process");
    pair.write(add);
    pair.wait_for("silent", |status| status["running"].is_null());
    let refused = pair.code(&CAUGHT_UP, 3);
    assert!(refused.stderr.contains("RB-CLI-015"), "{refused:?}");
    assert_eq!(pair.on_target(courses), "520");
    pair.code(&["resume", "--until", "caught-up"], 0);
    assert_eq!(pair.on_target(courses), "540");
    pair.code(&["verify"], 0);
}

#[test]
fn a_stream_that_is_stopped_for_good_while_it_is_held_does_not_begin_anew() {
    let pair = PostgresPair::start("held-stopped", "wal_level=logical");
    let mut stream = pair.spawn(&["start", "--apply"]);
    pair.wait_for("caught up", |status| status["gear"] == "following");
    pair.code(&["pause"], 0);
    pair.wait_for("held", |status| status["running"]["phase"] == "paused");
    pair.code(&["stop"], 0);
    assert!(stream.wait().expect("a process").success());
    assert_eq!(pair.on_source(LEFT), "0");
}

#[test]
fn a_database_of_a_project_folder_is_moved_under_its_consent() {
    let pair = PostgresPair::start("folder", "wal_level=replica").with_project();
    let waiting = pair.code(&CAUGHT_UP, 3);
    assert!(waiting.stderr.contains("reberth approve"), "{waiting:?}");
    assert_eq!(pair.on_source(LEFT), "0");
    pair.code(&["start", "--until", "caught-up", "--apply"], 0);
    let status = pair.status();
    assert_eq!(status["method"], "trigger capture", "{status}");
    let equal = pair.code(&["verify", "--database", "lms"], 0);
    assert!(equal.stdout.contains("report/verify-lms.json"), "{equal:?}");
    pair.code(&["stop", "--apply"], 0);
    assert_eq!(pair.on_source(LEFT), "0");
}

#[test]
fn a_capped_copy_is_measured() {
    let pair = PostgresPair::start("metrics", "wal_level=logical");
    pair.write("CREATE TABLE wide (id int PRIMARY KEY, filling text); ALTER TABLE wide ALTER filling SET STORAGE EXTERNAL; \
        INSERT INTO wide SELECT n, repeat(md5(n::text), 400) FROM generate_series(1, 1500) n");
    let mut command = pair.command(&["start", "--apply", "--metrics", "0", "--max-rate", "4"]);
    let mut stream = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("reberth runs");
    let mut said = BufReader::new(stream.stderr.take().expect("its words")).lines();
    let address = loop {
        let line = said.next().expect("more words").expect("a line");
        if let Some((_, rest)) = line.split_once("metrics at http://") {
            break rest.trim_end_matches("/metrics").to_owned();
        }
    };
    std::thread::spawn(move || said.for_each(drop));
    let labels = "{database=\"lms\",direction=\"forward\",engine=\"postgres\"}";
    let value = |name: &str| {
        let (head, body) = get(&address, "/metrics");
        assert!(head.contains("200"), "{head}");
        match body.is_empty() {
            true => None,
            false => parse(&body).get(&format!("{name}{labels}")).copied(),
        }
    };
    let begun = std::time::Instant::now();
    pair.wait_for("following", |_| {
        value("reberth_replication_caught_up") == Some(1.0)
    });
    // 19 MB at 4 MB a second.
    assert!(begun.elapsed().as_secs_f64() > 3.0, "the cap does not hold");
    assert_eq!(value("reberth_copy_rows_total"), Some(2500.0));
    assert!(value("reberth_source_kept_bytes").is_some());
    stream.kill().expect("a process");
    stream.wait().expect("a process");
}

#[test]
fn people_are_warned_before_the_source_lets_go_and_told_after() {
    let pair = PostgresPair::start_keeping_little("keep");
    let plan = pair.expect(&["plan"], 0);
    assert!(plan.contains("max_slot_wal_keep_size is 32 MB"), "{plan}");
    pair.expect(&CAUGHT_UP, 0);
    pair.code(&["pause"], 0);
    let log = "CREATE TABLE IF NOT EXISTS elsewhere (t text); INSERT INTO elsewhere SELECT repeat(md5(n::text), 60) FROM generate_series(1, 12000) n";
    pair.source
        .sql("postgres", log)
        .expect("another database writes");
    let warned = pair.expect(&["status"], 0);
    assert!(
        warned.contains("WARNING: the source keeps")
            && warned.contains("the stream must begin anew"),
        "{warned}"
    );
    for _ in 0..6 {
        pair.source
            .sql("postgres", log)
            .expect("another database writes");
    }
    pair.source
        .sql("postgres", "CHECKPOINT")
        .expect("a checkpoint");
    let lost = pair.expect(&["status"], 0);
    assert!(lost.contains("LOST"), "{lost}");
    let ended = pair.code(&["resume", "--until", "caught-up"], 1).stderr;
    assert!(ended.contains("error[RB-REP-007]"), "{ended}");
    pair.code(&["stop"], 0);
    assert_eq!(pair.on_source(LEFT), "0");
}

#[test]
fn a_move_by_a_slot_is_finished() {
    a_move_is_finished(&PostgresPair::start("end-slot", "wal_level=logical"));
}

#[test]
fn a_move_by_triggers_is_finished() {
    a_move_is_finished(&PostgresPair::start("end-capture", "wal_level=replica"));
}

fn a_move_is_finished(pair: &PostgresPair) {
    pair.write("SELECT lo_from_bytea(4711, 'first'); CREATE MATERIALIZED VIEW titles AS SELECT count(*) AS n FROM course; CREATE SEQUENCE ticket");
    assert!(pair.code(&["finish"], 1).stderr.contains("RB-REP-014"));
    pair.code(&["start", "--until", "caught-up", "--apply"], 0);
    let told = pair.expect(&["verify"], 0);
    assert!(
        told.contains("sequence \"public\".\"course_id_seq\" stands at 500"),
        "{told}"
    );
    assert!(
        told.contains("owner(s) and grant(s) are not alike"),
        "{told}"
    );
    let object = "SELECT convert_from(lo_get(4711), 'UTF8')";
    assert_eq!(pair.on_target(object), "first");
    pair.write(
        "SELECT lo_put(4711, 0, 'other'); SELECT nextval('ticket') FROM generate_series(1, 70); \
        INSERT INTO course (title) VALUES ('last'); REFRESH MATERIALIZED VIEW titles",
    );
    let finished = pair.code(&["finish"], 0).stdout;
    assert!(
        finished.contains("2 sequence(s) set, 1 of 1 large object(s)"),
        "{finished}"
    );
    assert_eq!(pair.on_target(object), "other");
    assert_eq!(pair.on_target("SELECT n FROM titles"), "501");
    assert_eq!(pair.on_target("SELECT nextval('ticket')"), "1071");
    assert_eq!(
        pair.on_target("SELECT nextval(pg_get_serial_sequence('course', 'id'))"),
        "1502"
    );
    assert_eq!(pair.on_source(LEFT), "0");
    assert!(pair.code(&["finish"], 1).stderr.contains("RB-REP-014"));
    let equal = pair.expect(&["verify"], 0);
    assert!(equal.contains("equal; 1001 rows compared"), "{equal}");
    // Nothing is left to bring these level, so each is a difference now.
    for (plant, heal, named) in [
        (
            "SELECT setval('ticket', 7)",
            "SELECT setval('ticket', 1070)",
            "sequence \"public\".\"ticket\" stands at 70",
        ),
        (
            "SELECT lo_put(4711, 0, 'again')",
            "SELECT lo_put(4711, 0, 'other')",
            "1 large object(s) differ: 4711",
        ),
        (
            "ALTER TABLE course RENAME CONSTRAINT course_title_key TO plain",
            "ALTER TABLE course RENAME CONSTRAINT plain TO course_title_key",
            "CONSTRAINT public.course course_title_key is missing on the target",
        ),
        (
            "ALTER TABLE enrolment DROP CONSTRAINT enrolment_course_id_fkey",
            "SELECT 1",
            "enrolment_course_id_fkey is missing on the target",
        ),
    ] {
        pair.on_target(plant);
        let found = pair.expect(&["verify"], 4);
        assert!(found.contains(named), "{named}: {found}");
        pair.on_target(heal);
    }
}
