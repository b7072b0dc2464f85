//! A move that ends without a cutover: the target is completed once, and nothing that came too late is lost.

use reberth_replicate::mysql::finish::{Events, finish};
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_testkit::database::{Product, Server};

use crate::pair::{MYSQL, Pair, Products, address, error_of, reach};

const PROGRAMS: &str = "CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20)); CREATE TABLE tick (id INT AUTO_INCREMENT PRIMARY KEY);
    CREATE TABLE tiny (id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY); INSERT INTO tiny VALUES (16);
    CREATE TABLE used_up (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY); INSERT INTO used_up VALUES (18446744073709551615);
    CREATE TRIGGER audited AFTER INSERT ON badge FOR EACH ROW INSERT INTO audit (code) VALUES (NEW.code);
    CREATE VIEW codes AS SELECT DISTINCT code FROM badge;
    CREATE EVENT ticking ON SCHEDULE EVERY 1 HOUR DO INSERT INTO tick VALUES (); CREATE EVENT resting ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM tick;
    GRANT TRIGGER, EVENT ON lms_core.* TO reader@'%';";
const TRUST: &str = "SET GLOBAL log_bin_trust_function_creators = 1";

fn pair(products: Products, name: &str) -> Pair {
    let pair = Pair::with_on(products, name, PROGRAMS);
    pair.target.sql(TRUST).expect("the target makes triggers");
    pair
}

fn asked(server: &Server, sql: &str) -> String {
    server
        .sql(sql)
        .expect("the server answers")
        .trim()
        .to_owned()
}

fn triggers(server: &Server) -> String {
    asked(
        server,
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'lms_core'",
    )
}

async fn the_target_is_completed(products: Products, name: &str) {
    let pair = pair(products, name);
    let early = finish(&pair.forward(), Events::Rest)
        .await
        .expect_err("nothing has been started");
    assert_eq!(early.code(), "RB-REP-014");
    pair.follow().await.stop().await.expect("the stream stops");
    pair.run("INSERT INTO badge SELECT id, 'late', NULL FROM learner LIMIT 20; DROP VIEW codes; CREATE VIEW codes AS SELECT COUNT(*) AS n FROM badge; SET GLOBAL event_scheduler = ON");
    let running = finish(&pair.forward(), Events::Start)
        .await
        .expect_err("the scheduler runs");
    assert!(running.to_string().contains("event scheduler"), "{running}");
    pair.run("SET GLOBAL event_scheduler = OFF");
    pair.source
        .sql("GRANT PROCESS ON *.* TO reader@'%'")
        .expect("the reader sees sessions");
    let app = address(pair.source.port(), "app", "source");
    let mut silent = server::reader(&app).await.expect("it logs in");
    silent
        .run("standing there", "USE lms_core")
        .await
        .expect("it may");
    let finished = finish(&pair.forward(), Events::Start)
        .await
        .expect("the target is completed");
    let open = finished.open_sessions.expect("sessions are seen");
    let open: Vec<(&str, usize)> = open
        .iter()
        .map(|open| (open.user.as_str(), open.sessions))
        .collect();
    assert_eq!(open, [("app", 1)]);
    assert_eq!(finished.events_started, ["ticking"]);
    assert_eq!(triggers(&pair.target), "audited");
    assert_eq!(asked(&pair.target, "SELECT n FROM lms_core.codes"), "50");
    assert_eq!(
        asked(
            &pair.target,
            "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'lms_core' ORDER BY EVENT_NAME"
        ),
        "DISABLED\nENABLED"
    );
    let schemas = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'reberth'";
    assert_eq!(asked(&pair.target, schemas), "0");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    // The first id that the target gives lies behind every one that the source gave.
    let next = "INSERT INTO lms_core.badge VALUES (1, 'after', NULL); SELECT MAX(id) > (SELECT COUNT(*) FROM lms_core.audit) + 500 FROM lms_core.audit";
    assert_eq!(asked(&pair.target, next), "1");
    // A type with few numbers has some left.
    let next = "INSERT INTO lms_core.tiny VALUES (NULL); SELECT MAX(id) > 16 FROM lms_core.tiny";
    assert_eq!(asked(&pair.target, next), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_target_is_completed_without_a_cutover() {
    the_target_is_completed((Product::MariaDb, Product::MariaDb), "finish").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_target_is_completed_without_a_cutover_on_mysql() {
    the_target_is_completed(MYSQL, "finish-mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_that_was_killed_takes_itself_back_when_the_source_was_written_to() {
    let pair = pair((Product::MariaDb, Product::MariaDb), "finish-killed");
    pair.follow().await.stop().await.unwrap();
    // As a finish leaves it that dies after it made the trigger.
    pair.target
        .sql("UPDATE reberth.stream SET phase = 'finishing'; CREATE TRIGGER lms_core.audited AFTER INSERT ON lms_core.badge FOR EACH ROW INSERT INTO lms_core.audit (code) VALUES (NEW.code)")
        .unwrap();
    let mut stream = RunningStream::start(pair.forward());
    assert_eq!(error_of(&mut stream).await.code(), "RB-REP-018");
    pair.run("INSERT INTO badge VALUES (1, 'late', NULL)");
    let late = finish(&pair.forward(), Events::Rest).await.unwrap_err();
    assert_eq!(late.code(), "RB-REP-019", "{late}");
    assert_eq!(triggers(&pair.target), "");
    let mut stream = RunningStream::start(pair.forward());
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
    pair.target
        .sql("UPDATE reberth.stream SET phase = 'finishing'")
        .unwrap();
    let finished = finish(&pair.forward(), Events::Rest).await.unwrap();
    assert_eq!(finished.events_left_off, ["ticking"]);
    assert_eq!(triggers(&pair.target), "audited");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
}

/// What is kept of a prepared transaction goes with the stream, so its decision must come before the end.
async fn a_prepared_transaction_is_decided_first(products: Products, name: &str) {
    let pair = pair(products, name);
    pair.follow().await.stop().await.expect("the stream stops");
    pair.run("XA START 'order-7'; INSERT INTO badge VALUES (1, 'later', NULL); XA END 'order-7'; XA PREPARE 'order-7'");
    let early = finish(&pair.forward(), Events::Rest)
        .await
        .expect_err("it is not decided");
    assert_eq!(early.code(), "RB-REP-004", "{early}");
    assert!(early.to_string().contains("XA RECOVER"), "{early}");
    assert_eq!(triggers(&pair.target), "");
    pair.run("XA COMMIT 'order-7'");
    finish(&pair.forward(), Events::Rest)
        .await
        .expect("it is decided");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    assert_eq!(
        asked(
            &pair.target,
            "SELECT COUNT(*) FROM lms_core.badge WHERE code = 'later'"
        ),
        "1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_transaction_is_decided_before_the_end() {
    a_prepared_transaction_is_decided_first(
        (Product::MariaDb, Product::MariaDb),
        "finish-prepared",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_transaction_of_mysql_is_decided_before_the_end() {
    a_prepared_transaction_is_decided_first(MYSQL, "finish-prepared-mysql").await;
}
