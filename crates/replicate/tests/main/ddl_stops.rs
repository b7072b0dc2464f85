//! Schema changes that are not carried over: where the stream stops, and how it goes on.

use std::time::Duration;

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::{self, Checkpoint, Direction, Phase};
use reberth_replicate::mysql::{schema, server};
use reberth_replicate::{LogPosition, ReplicateError};
use reberth_testkit::database::Server;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::learning::DATABASE;

use crate::ddl::{SCHEMA, assert_same};
use crate::pair::{Pair, address, error_of, reach};

/// The place that the error names.
fn place_of(error: &ReplicateError) -> LogPosition {
    match error {
        ReplicateError::SchemaChanged { position, .. } => position.clone(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_carried_over_can_be_done_by_hand_and_passed() {
    let pair = Pair::with(
        "ddl-past",
        &format!("{SCHEMA} CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT)"),
    );
    let mut stream = pair.follow().await;
    let mut session = server::writer(&address(pair.target.port(), "writer", "target"))
        .await
        .expect("it goes on");
    for (change, by_hand) in [
        (
            "ALTER TABLE parent ADD u CHAR(36) DEFAULT (UUID())",
            "ALTER TABLE parent ADD u CHAR(36)",
        ),
        (
            "ALTER TABLE parent MODIFY u CHAR(36) DEFAULT ''; ALTER TABLE spare RENAME COLUMN id TO v, RENAME COLUMN v TO id",
            "ALTER TABLE spare RENAME COLUMN id TO v, RENAME COLUMN v TO id",
        ),
        ("CREATE SEQUENCE s", "DO 0"),
        ("RENAME TABLE child TO elsewhere.child", "DROP TABLE child"),
    ] {
        pair.run(&format!("INSERT INTO parent (name) VALUES ('x'); {change}; INSERT INTO parent (name) VALUES ('y')"));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-008", "{change}: {error}");
        let place = place_of(&error);
        // It says the same again, and moves nothing.
        let again = error_of(&mut RunningStream::start(pair.forward())).await;
        assert_eq!(place_of(&again), place, "{change}");
        pair.target
            .sql(&format!("USE {DATABASE}; {by_hand}"))
            .expect("it goes on");
        // Another place does not help.
        state::allow_past(
            &mut session,
            Direction::Forward,
            DATABASE,
            &place.at(place.offset() + 1),
        )
        .await
        .expect("it goes on");
        assert_eq!(
            place_of(&error_of(&mut RunningStream::start(pair.forward())).await),
            place,
            "{change}"
        );
        state::allow_past(&mut session, Direction::Forward, DATABASE, &place)
            .await
            .expect("it goes on");
        stream = pair.follow().await;
    }
    pair.drain(&mut stream).await;
    let count = |server: &Server| {
        server
            .sql("SELECT COUNT(*), MAX(id), SUM(LENGTH(name)) FROM lms_core.parent")
            .expect("it goes on")
    };
    assert_eq!(count(&pair.source), count(&pair.target));
    let past = pair.log_end();
    pair.run("INSERT INTO parent (name) VALUES ('z')");
    pair.drain(&mut stream).await;
    let refused = state::allow_past(&mut session, Direction::Forward, DATABASE, &past).await;
    assert!(refused.is_ok() || refused.is_err_and(|error| error.code() == "RB-REP-004"));
    stream.stop().await.expect("it goes on");
}

/// A stream whose copy is slow, so that what happens now is replayed over it.
async fn slow_copy(pair: &Pair) -> (FaultProxy, RunningStream) {
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("it goes on");
    proxy.set(Traffic::Slow(Duration::from_millis(10)));
    let plan = pair.forward_over(proxy.port(), pair.target.port());
    let mut stream = RunningStream::start(plan);
    reach(&mut stream, |progress| progress.chunks_done > 0).await;
    (proxy, stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_made_during_the_copy_arrives() {
    let pair = Pair::with(
        "ddl-copy",
        &format!(
            "{SCHEMA} CREATE TABLE strict (id INT PRIMARY KEY, u INT, UNIQUE KEY (u)); INSERT INTO strict VALUES (1, 1)"
        ),
    );
    let (proxy, mut stream) = slow_copy(&pair).await;
    pair.run("CREATE TABLE late (id INT PRIMARY KEY, parent_id INT, UNIQUE KEY (parent_id), FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL); INSERT INTO late VALUES (1, 1), (2, 2); DELETE FROM parent WHERE id = 2; CREATE VIEW seen AS SELECT 1");
    pair.run("DROP VIEW seen");
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_same(&pair, "after the copy").await;
    pair.run("ALTER TABLE late ADD x INT; DELETE FROM parent WHERE id = 1");
    pair.drain(&mut stream).await;
    assert_same(&pair, "after a cascade of the new table").await;
    stream.stop().await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_not_carried_stops_the_copy_and_cannot_be_passed() {
    let pair = Pair::with("ddl-void", &format!("{SCHEMA} CREATE DATABASE elsewhere;"));
    let (proxy, mut stream) = slow_copy(&pair).await;
    pair.run("INSERT INTO parent (name) VALUES ('x'); CREATE TABLE elsewhere.spare LIKE spare");
    proxy.set(Traffic::Pass);
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-008", "{error}");
    assert!(
        error.to_string().contains("about another database"),
        "{error}"
    );
    let mut session = server::writer(&address(pair.target.port(), "writer", "target"))
        .await
        .expect("it goes on");
    let refused = state::allow_past(
        &mut session,
        Direction::Forward,
        DATABASE,
        &place_of(&error),
    )
    .await;
    assert_eq!(refused.expect_err("refused").code(), "RB-REP-004");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_the_target_closes_the_way_back() {
    let pair = Pair::with("ddl-back", SCHEMA);
    pair.follow().await.stop().await.expect("it goes on");
    let to = address(pair.source.port(), "reverse", "source");
    let from = address(pair.target.port(), "writer", "target");
    let mut reader = server::reader(&from).await.expect("it goes on");
    let flavour = server::version(&mut reader)
        .await
        .expect("it goes on")
        .flavour;
    let mut writer = server::writer(&to).await.expect("it goes on");
    state::prepare_tables(&mut writer, Direction::Forward, DATABASE)
        .await
        .expect("it goes on");
    let position = server::visible_position(&mut reader, flavour)
        .await
        .expect("it goes on");
    let checkpoint = Checkpoint {
        phase: Phase::Following,
        certain_from: position.clone(),
        position,
        executed: None,
        source_identity: server::identity(&mut reader, flavour)
            .await
            .expect("it goes on"),
        schema: schema::read(&mut reader, DATABASE)
            .await
            .expect("it goes on"),
    };
    state::begin(&mut writer, Direction::Reverse, DATABASE, &checkpoint)
        .await
        .expect("it goes on");
    let back = StreamPlan {
        direction: Direction::Reverse,
        from,
        to,
        ..pair.forward()
    };
    let mut stream = RunningStream::start(back);
    pair.target.sql("USE lms_core; INSERT INTO spare VALUES (800, 8); ALTER TABLE spare ADD target_only INT; INSERT INTO spare VALUES (801, 8, 8)").expect("it goes on");
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-008", "{error}");
    assert!(
        error.to_string().contains("the way back is closed"),
        "{error}"
    );
    let rows = pair
        .source
        .sql("SELECT COUNT(*) FROM lms_core.spare WHERE id >= 800")
        .expect("it goes on");
    assert_eq!(rows.trim(), "1", "what came before is carried back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_logged_as_statements_stop_the_stream_and_other_databases_do_not() {
    let pair = Pair::with(
        "ddl-statements",
        &format!(
            "{SCHEMA} CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT); SELECT 1, 1 INTO OUTFILE 'rows.txt'"
        ),
    );
    let mut stream = pair.follow().await;
    pair.source
        .sql("SET SESSION binlog_format = 'STATEMENT'; USE elsewhere; INSERT INTO t SELECT 1; UPDATE t SET id = id + 1; ALTER TABLE t ADD x INT; DROP TABLE t; CREATE TABLE u (id INT); TRUNCATE u")
        .expect("it goes on");
    pair.drain(&mut stream).await;
    for statement in [
        "INSERT INTO spare SELECT id + 100, v FROM spare",
        "LOAD DATA INFILE 'rows.txt' IGNORE INTO TABLE spare",
        "DELETE FROM spare LIMIT 1",
    ] {
        let before = pair.log_end();
        pair.run(&format!(
            "SET SESSION binlog_format = 'STATEMENT'; {statement}"
        ));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-009", "{statement}: {error}");
        let text = error.to_string();
        assert!(text.contains("spare"), "{text}");
        let ReplicateError::StatementLogged { position, .. } = error else {
            panic!("{text}")
        };
        assert!(position >= before, "{position} {before}");
        pair.target
            .sql("DROP DATABASE reberth; DROP DATABASE lms_core")
            .expect("it goes on");
        stream = pair.follow().await;
    }
    stream.stop().await.expect("it goes on");
}

/// Somebody has made a column on the target, so the table is not what the statement must give, and rows would not fit it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_is_not_the_expected_one_stops_the_stream() {
    let pair = Pair::with("unexpected", "CREATE TABLE seat (id INT PRIMARY KEY)");
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    pair.target
        .sql("ALTER TABLE lms_core.seat ADD strange INT")
        .expect("it works");
    pair.run("ALTER TABLE seat ADD w INT; INSERT INTO seat VALUES (1, 1)");
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-008", "{error}");
    assert!(
        error
            .to_string()
            .contains("executed on the target, and then"),
        "{error}"
    );
}
