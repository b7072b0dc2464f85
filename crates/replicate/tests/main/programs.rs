//! Views, routines, triggers and events: when each arrives, how, and what is said of those that cannot.

use crate::pair::Pair;
use reberth_replicate::mysql::objects::{self, Account, Kind, Program, keep, level};
use reberth_replicate::mysql::preflight::{self, Verdict};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::verify::verify;
use reberth_testkit::database::Server;

/// Programs that need each other in an order that is not that of their names, written under settings of their own.
const PROGRAMS: &str = "
CREATE USER boss@'10.%' IDENTIFIED BY 'local-only'; CREATE USER gone@localhost IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO boss@'10.%', gone@localhost;
CREATE DEFINER=gone@localhost FUNCTION z_points(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
CREATE DEFINER=boss@'10.%' VIEW m_learners AS SELECT id, name, z_points(points) AS doubled FROM learner;
CREATE DEFINER=gone@localhost SQL SECURITY INVOKER VIEW a_best AS SELECT id, 'é' AS mark FROM m_learners WHERE doubled > 10;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
CREATE PROCEDURE \"quoted\"(IN a VARCHAR(10)) COMMENT 'it is' SELECT \"name\", 'a\\b' FROM \"learner\" WHERE name = a;
SET sql_mode = 'STRICT_ALL_TABLES'; SET NAMES latin1;
CREATE PROCEDURE latin() SELECT 'caf\u{e9}';
SET NAMES utf8mb4;
CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100) NOT NULL);
CREATE TRIGGER second_in_line AFTER UPDATE ON badge FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('second ', NEW.code));
CREATE TRIGGER first_in_line AFTER UPDATE ON badge FOR EACH ROW PRECEDES second_in_line INSERT INTO audit (what) VALUES (CONCAT('first ', NEW.code));
SET time_zone = '+05:00';
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' COMMENT 'ENABLE' DO DELETE FROM audit;
CREATE EVENT resting ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 04:00:00' DISABLE DO DELETE FROM audit;
GRANT TRIGGER, EVENT ON lms_core.* TO reader@'%'; GRANT SELECT ON mysql.proc TO reader@'%';
";

fn pair(name: &str) -> Pair {
    let pair = Pair::with(name, PROGRAMS);
    pair.target
        .sql("SET GLOBAL log_bin_trust_function_creators = 1; GRANT SET USER ON *.* TO writer@'%'; CREATE USER boss@'10.%' IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO boss@'10.%'; GRANT SELECT ON mysql.proc TO writer@'%'")
        .expect("the server answers");
    pair
}

async fn programs_of(pair: &Pair, side: &str) -> Vec<Program> {
    let mut session = match side {
        "source" => server::reader(&pair.forward().from)
            .await
            .expect("the server answers"),
        _ => server::writer(&pair.forward().to)
            .await
            .expect("the server answers"),
    };
    let found = objects::read(&mut session, "lms_core")
        .await
        .expect("the server answers");
    assert!(
        found.hidden.is_empty() && found.unreadable.is_empty(),
        "{found:?}"
    );
    found.programs.into_values().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_arrive_each_at_its_time_as_they_were() {
    let pair = pair("programs");
    let found = preflight::run(&pair.forward()).await.unwrap();
    assert_eq!(found.blockers(), Vec::<String>::new());
    let stream = pair.follow().await;
    let source = programs_of(&pair, "source").await;
    let target = programs_of(&pair, "target").await;
    let names = |programs: &[Program], kind: Kind| -> Vec<String> {
        let of_kind = programs.iter().filter(|program| program.kind == kind);
        of_kind.map(|program| program.name.clone()).collect()
    };
    assert_eq!(source.len(), 9);
    assert_eq!(
        names(&target, Kind::Trigger),
        Vec::<String>::new(),
        "a trigger would write rows that the log brings too"
    );
    for kind in Kind::BESIDE_A_STREAM {
        assert_eq!(names(&source, kind), names(&target, kind));
    }
    for there in &target {
        let here = source.iter().find(|here| here.name == there.name).unwrap();
        assert!(
            objects::compare::is_equal(here, there),
            "{here:?} {there:?}"
        );
        assert_eq!(
            there.is_enabled,
            there.kind != Kind::Event,
            "{}",
            there.name
        );
        let definer = there.definer.as_ref().unwrap().to_string();
        match here.definer.as_ref().unwrap().user.as_str() {
            "gone" => assert_eq!(definer, "writer@%"),
            _ => assert_eq!(
                Some(definer),
                here.definer.as_ref().map(ToString::to_string)
            ),
        }
    }
    let use_them = "SELECT COUNT(*) FROM lms_core.a_best; CALL lms_core.latin()";
    assert_eq!(
        pair.target.sql(use_them).unwrap(),
        pair.source.sql(use_them).unwrap()
    );
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(report.is_equal(), "{:?}", report.schema_differences);
    pair.target
        .sql("REVOKE SELECT ON mysql.proc FROM writer@'%'")
        .unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    let unknown = &report.schema_differences;
    assert!(
        unknown.len() == 2
            && unknown
                .iter()
                .all(|words| words.contains("may not read it")),
        "{unknown:?}"
    );
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_change_meanwhile_stop_nothing_and_are_brought_level() {
    let pair = pair("programs-change");
    let mut stream = pair.follow().await;
    pair.run("DROP VIEW a_best; CREATE OR REPLACE VIEW m_learners AS SELECT id FROM learner; DROP PROCEDURE latin; DROP TRIGGER first_in_line;
              CREATE TRIGGER later BEFORE DELETE ON badge FOR EACH ROW SET @gone = OLD.code; ALTER EVENT resting ENABLE; UPDATE badge SET awarded_at = NULL;");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(
        report.schema_differences,
        [
            "view m_learners is defined differently",
            "procedure latin is on the target only",
            "view a_best is on the target only"
        ]
    );
    stream.stop().await.unwrap();
    let mut source = server::reader(&pair.forward().from).await.unwrap();
    let mut target = server::writer(&pair.forward().to).await.unwrap();
    let instead = Account::from_words("app@%");
    let made = level::bring(&mut source, &mut target, "lms_core", &Kind::ALL, instead)
        .await
        .unwrap();
    let names: Vec<&str> = made.iter().map(|made| made.name.as_str()).collect();
    // The definer of `z_points` is gone: so far it belonged to the writer.
    assert_eq!(names, ["z_points", "m_learners", "later", "second_in_line"]);
    let again = level::bring(&mut source, &mut target, "lms_core", &Kind::ALL, None)
        .await
        .unwrap();
    assert_eq!(again, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_on_the_receiving_side_is_a_difference() {
    let pair = pair("programs-trigger");
    let stream = pair.follow().await;
    pair.target
        .sql("CREATE TRIGGER lms_core.stray AFTER INSERT ON lms_core.badge FOR EACH ROW SET @a = 1")
        .unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(
        report.schema_differences.len(),
        1,
        "{:?}",
        report.schema_differences
    );
    assert!(report.schema_differences[0].starts_with("trigger stray is on the target"));
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_seen_or_made_is_said_before() {
    let pair = Pair::with("programs-rights", PROGRAMS);
    pair.run("CREATE TABLE gone_soon (id INT PRIMARY KEY); CREATE VIEW broken AS SELECT id FROM gone_soon; DROP TABLE gone_soon");
    let blockers = preflight::run(&pair.forward()).await.unwrap().blockers();
    let has = |words: &str| blockers.iter().any(|blocker| blocker.starts_with(words));
    assert!(has("view broken: "), "{blockers:?}");
    assert!(
        has("right to make functions and triggers: "),
        "{blockers:?}"
    );
    assert_eq!(blockers.len(), 2, "{blockers:?}");
    pair.run("REVOKE TRIGGER, EVENT ON lms_core.* FROM reader@'%'; REVOKE SELECT ON mysql.proc FROM reader@'%'");
    let found = preflight::run(&pair.forward()).await.unwrap();
    let hidden: Vec<&str> = found
        .findings
        .iter()
        .filter(|finding| matches!(&finding.verdict, Verdict::Handled(how) if how.starts_with("not carried")))
        .map(|finding| finding.subject.as_str())
        .collect();
    assert_eq!(
        hidden,
        [
            "functions not visible",
            "procedures not visible",
            "triggers not visible",
            "events not visible"
        ]
    );
}

fn triggers(server: &Server) -> String {
    server
        .sql("SELECT TRIGGER_NAME, ACTION_ORDER, DEFINER, SQL_MODE, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'lms_core' ORDER BY 1")
        .expect("the server answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_are_kept_before_they_are_taken_and_put_back_as_they_were() {
    let pair = pair("programs-keep");
    let before = triggers(&pair.source);
    pair.source
        .sql("SET GLOBAL log_bin_trust_function_creators = 1; CREATE USER keeper@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO keeper@'%'; GRANT ALL ON reberth.* TO keeper@'%'; GRANT SET USER ON *.* TO keeper@'%'")
        .unwrap();
    let address = crate::pair::address(pair.source.port(), "keeper", "source");
    let mut session = server::writer(&address).await.unwrap();
    let taken = keep::take_triggers(&mut session, "lms_core").await.unwrap();
    assert_eq!(taken, ["first_in_line", "second_in_line"]);
    assert_eq!(triggers(&pair.source), "");
    // A second try, after the first one died, finds none and forgets none.
    assert_eq!(
        keep::take_triggers(&mut session, "lms_core").await.unwrap(),
        taken
    );
    for _ in 0..2 {
        keep::put_triggers_back(&mut session, "lms_core")
            .await
            .unwrap();
        assert_eq!(triggers(&pair.source), before);
    }
    assert_eq!(keep::count(&mut session).await.unwrap(), 0);
    let events = |server: &Server| {
        server
            .sql("SELECT EVENT_NAME, DEFINER, STATUS FROM information_schema.EVENTS ORDER BY 1")
            .expect("the server answers")
    };
    let running = events(&pair.source);
    assert_eq!(
        keep::stop_events(&mut session, "lms_core").await.unwrap(),
        ["nightly"]
    );
    assert!(!events(&pair.source).contains("ENABLED"));
    assert_eq!(
        keep::stop_events(&mut session, "lms_core").await.unwrap(),
        ["nightly"]
    );
    keep::start_events_again(&mut session, "lms_core")
        .await
        .unwrap();
    assert_eq!(events(&pair.source), running);
}

/// A definition that does not fit where it is to be kept, as in tables of another build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_that_cannot_be_kept_whole_are_not_taken() {
    let pair = pair("programs-cut");
    let before = triggers(&pair.source);
    pair.source
        .sql("SET GLOBAL log_bin_trust_function_creators = 1; CREATE USER keeper@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO keeper@'%'; GRANT ALL ON reberth.* TO keeper@'%'; GRANT SET USER ON *.* TO keeper@'%'")
        .unwrap();
    let address = crate::pair::address(pair.source.port(), "keeper", "source");
    let mut session = server::writer(&address).await.unwrap();
    keep::take_triggers(&mut session, "lms_core").await.unwrap();
    keep::put_triggers_back(&mut session, "lms_core")
        .await
        .unwrap();
    for (narrow, wide) in [
        (
            "sql_mode VARCHAR(3) NOT NULL",
            "sql_mode VARCHAR(1000) NOT NULL",
        ),
        ("definer VARCHAR(3) NULL", "definer VARCHAR(400) NULL"),
    ] {
        let modify = |column: &str| format!("ALTER TABLE reberth.kept_program MODIFY {column}");
        pair.source.sql(&modify(narrow)).unwrap();
        let refused = keep::take_triggers(&mut session, "lms_core").await;
        assert_eq!(refused.unwrap_err().mysql_code(), Some(1406), "{narrow}");
        assert_eq!(triggers(&pair.source), before);
        pair.source.sql(&modify(wide)).unwrap();
    }
    keep::take_triggers(&mut session, "lms_core").await.unwrap();
    keep::put_triggers_back(&mut session, "lms_core")
        .await
        .unwrap();
    assert_eq!(triggers(&pair.source), before);
}
