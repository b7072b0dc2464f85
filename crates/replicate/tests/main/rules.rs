//! The rules of exact replication, each shown by what breaks without it.

mod changes;

use std::time::Duration;

use crate::pair::{MYSQL, Pair, Products, address, error_of, reach, usual};
use reberth_replicate::mysql::log::LogEntry;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::{schema, server, state};
use reberth_testkit::database::Product;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::learning::DATABASE;

use changes::CHANGES_OF_MARIADB;

pub(crate) use changes::CHANGES;

pub(crate) const SCHEMA: &str = "
CREATE TABLE seat (id INT PRIMARY KEY, place INT NOT NULL, UNIQUE KEY seat_place (place)); INSERT INTO seat VALUES (1,1),(2,2),(3,3),(4,4);
CREATE TABLE town (slug VARCHAR(20) COLLATE utf8mb4_unicode_ci PRIMARY KEY, n INT); INSERT INTO town VALUES ('a',1),('b',2),('C',3);
CREATE TABLE region (code VARCHAR(10) PRIMARY KEY, n INT); INSERT INTO region SELECT CONCAT('r', seq), 0 FROM seq_1_to_9;
CREATE TABLE city (id INT PRIMARY KEY, region VARCHAR(10), mayor INT NULL, KEY (region), CONSTRAINT city_region FOREIGN KEY (region) REFERENCES region (code) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO city SELECT seq, CONCAT('r', 1 + seq % 9), NULL FROM seq_1_to_60;
CREATE TABLE street (id INT PRIMARY KEY, city INT NOT NULL, CONSTRAINT street_city FOREIGN KEY (city) REFERENCES city (id) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO street SELECT seq, 1 + seq % 60 FROM seq_1_to_300;
CREATE TABLE house (id INT PRIMARY KEY, street INT NULL, CONSTRAINT house_street FOREIGN KEY (street) REFERENCES street (id) ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO house SELECT seq, 1 + seq % 300 FROM seq_1_to_900;
CREATE TABLE visit (region VARCHAR(10) NULL, n INT, CONSTRAINT visit_region FOREIGN KEY (region) REFERENCES region (code) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO visit SELECT CONCAT('r', 1 + seq % 9), seq % 2 FROM seq_1_to_40;
CREATE TABLE node (id INT PRIMARY KEY, parent INT NULL, CONSTRAINT node_parent FOREIGN KEY (parent) REFERENCES node (id) ON DELETE CASCADE);
INSERT INTO node SELECT seq, IF(seq = 1, NULL, seq DIV 2) FROM seq_1_to_60;
CREATE TABLE tag (name VARCHAR(20) NULL, weight FLOAT NULL); INSERT INTO tag VALUES ('x',0.1),('x',0.1),('X',0.1),('x ',0.1),(NULL,NULL),(NULL,NULL);
CREATE TABLE scratch (id INT PRIMARY KEY); INSERT INTO scratch VALUES (1),(2),(3);
CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO counted (v) VALUES (1),(2);
CREATE DATABASE elsewhere; CREATE TABLE elsewhere.scratch (id INT PRIMARY KEY, v VARCHAR(30)); CREATE TABLE elsewhere.old (id INT) ENGINE=MyISAM;";

/// What is done on a source.
fn changes_of(pair: &Pair) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let is_mariadb = pair.source.product() != Product::MySql;
    CHANGES
        .iter()
        .chain(CHANGES_OF_MARIADB.iter().filter(move |_| is_mariadb))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_while_following_arrive_exactly() {
    follow_changes(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_while_following_mysql_arrive_exactly() {
    follow_changes(MYSQL).await;
}

pub(crate) async fn follow_changes(products: Products) {
    let pair = Pair::with_on(products, "changes", SCHEMA);
    let mut stream = pair.follow().await;
    for (what, sql) in changes_of(&pair) {
        pair.run(sql);
        pair.drain(&mut stream).await;
        assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{what}");
    }
    stream.stop().await.expect("it works");
}

/// A table that takes a slow copy a while, in several chunks.
pub(crate) const FILLER: &str = "CREATE TABLE filler (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO filler SELECT seq, REPEAT('filler ', 700) FROM seq_1_to_3000; ANALYZE TABLE filler;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_during_the_copy_arrive_exactly() {
    let pair = Pair::with("fuzzy", &format!("{SCHEMA} {FILLER}"));
    let proxy = FaultProxy::start(pair.source.port()).await.unwrap();
    proxy.set(Traffic::Slow(Duration::from_millis(4)));
    let mut stream = RunningStream::start(StreamPlan {
        workers: 1,
        ..pair.forward_over(proxy.port(), pair.target.port())
    });
    // Tables without a key come first, then the filler, then all others: half of the changes find the copy in the middle.
    reach(&mut stream, |progress| progress.chunks_done >= 2).await;
    for (_, sql) in changes_of(&pair) {
        pair.run(sql);
    }
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepared_transactions_outlive_a_restart_of_the_stream() {
    restart_among_prepared_transactions(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepared_transactions_of_mysql_outlive_a_restart_of_the_stream() {
    restart_among_prepared_transactions(MYSQL).await;
}

async fn restart_among_prepared_transactions(products: Products) {
    let pair = Pair::with_on(products, "prepared", SCHEMA);
    let prepare = |name: &str, sql: &str| {
        pair.run(&format!(
            "XA START '{name}'; {sql}; XA END '{name}'; XA PREPARE '{name}'"
        ))
    };
    prepare("early", "INSERT INTO seat VALUES (100, 100)");
    let mut refused = RunningStream::start(pair.forward());
    let error = error_of(&mut refused).await;
    assert_eq!(error.code(), "RB-REP-004", "{error}");
    pair.run("XA COMMIT 'early'");
    let mut stream = pair.follow().await;
    prepare(
        "yes",
        "INSERT INTO seat VALUES (101, 101); DELETE FROM region WHERE code = 'r1'; INSERT INTO tag VALUES ('xa', NULL), ('xa', NULL)",
    );
    prepare("no", "INSERT INTO seat VALUES (102, 102)");
    prepare("foreign", "INSERT INTO elsewhere.scratch VALUES (100, 'x')");
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
    pair.run("FLUSH BINARY LOGS; INSERT INTO seat VALUES (103, 103)");
    let mut stream = pair.follow().await;
    pair.run("XA ROLLBACK 'no'; XA COMMIT 'yes'; XA COMMIT 'foreign'");
    // Larger than what is handed on at once, and decided without being prepared.
    pair.run("XA START 'once'; INSERT INTO seat SELECT seq + 1000, seq + 1000 FROM seq_1_to_1200; XA END 'once'; XA COMMIT 'once' ONE PHASE");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    assert_eq!(
        pair.target
            .sql("SELECT COUNT(*) FROM reberth.prepared_part")
            .expect("it works")
            .trim(),
        "0"
    );
    stream.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_transaction_is_applied_as_one() {
    let pair = Pair::with(
        "large",
        "CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(200), u INT, UNIQUE KEY (u)); CREATE TABLE loose (v INT);",
    );
    let mut stream = pair.follow().await;
    pair.run("BEGIN; INSERT INTO big SELECT seq, REPEAT('v', 150), seq FROM seq_1_to_50000; INSERT INTO loose VALUES (1); COMMIT");
    // All of it or none of it, whenever one looks.
    let seen = loop {
        let seen = pair
            .target
            .sql(
                "SELECT (SELECT COUNT(*) FROM lms_core.big), (SELECT COUNT(*) FROM lms_core.loose)",
            )
            .unwrap();
        if seen.trim() != "0\t0" {
            break seen;
        }
    };
    assert_eq!(seen.trim(), "50000\t1");
    pair.run("UPDATE big SET u = -u, v = CONCAT(v, 'w'); DELETE FROM big WHERE id % 2; UPDATE big SET id = id + 100000");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

/// The transaction that cannot be followed is longer than what the reader hands on at once, so a part of it is gathered with those before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_carried_inside_a_transaction_stops_before_it() {
    let pair = Pair::with("inside", SCHEMA);
    pair.follow().await.stop().await.unwrap();
    pair.run("INSERT INTO scratch VALUES (1001); INSERT INTO scratch VALUES (1002); INSERT INTO scratch VALUES (1003)");
    pair.run("BEGIN; INSERT INTO scratch SELECT seq FROM seq_2001_to_4000; SET SESSION binlog_row_image = 'MINIMAL'; UPDATE counted SET v = 9; COMMIT");
    let mut stream = RunningStream::start(pair.forward());
    assert_eq!(error_of(&mut stream).await.code(), "RB-REP-010");
    let ids = "SELECT GROUP_CONCAT(id) FROM lms_core.scratch WHERE id > 1000";
    assert_eq!(pair.target.sql(ids).unwrap().trim(), "1001,1002,1003");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_carried_stops_the_stream_at_its_place() {
    let pair = Pair::with("stops", SCHEMA);
    let cases = [
        (
            "RB-REP-008",
            "ALTER TABLE seat ADD extra DOUBLE DEFAULT (RAND())",
        ),
        (
            "RB-REP-008",
            "CREATE TABLE brand_new (id INT) ENGINE=MyISAM",
        ),
        (
            "RB-REP-009",
            "SET SESSION binlog_format = 'STATEMENT'; UPDATE seat SET place = place + 1000",
        ),
    ];
    for (code, sql) in cases {
        let mut stream = pair.follow().await;
        pair.run("INSERT INTO counted (v) VALUES (7)");
        let before = pair.log_end();
        pair.run(&format!("{sql}; INSERT INTO counted (v) VALUES (8)"));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), code, "{sql}: {error}");
        let rows = |server: &reberth_testkit::database::Server| {
            server
                .sql("SELECT COUNT(*) FROM lms_core.counted")
                .unwrap()
                .trim()
                .parse::<u32>()
                .unwrap()
        };
        assert_eq!(
            rows(&pair.target) + 1,
            rows(&pair.source),
            "{sql}: what was before is applied, what came after is not"
        );
        let mut session = server::reader(&address(pair.target.port(), "writer", "target"))
            .await
            .unwrap();
        let stands = state::peek(&mut session, Direction::Forward, DATABASE)
            .await
            .unwrap()
            .unwrap()
            .position;
        assert_eq!(stands, before, "{sql}");
        // It says the same again, and moves nothing.
        assert_eq!(
            error_of(&mut RunningStream::start(pair.forward()))
                .await
                .code(),
            code
        );
        pair.target
            .sql("DROP DATABASE reberth; DROP DATABASE lms_core")
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predecessor_that_is_still_alive_is_shut_out() {
    let pair = Pair::with("epoch", &format!("{SCHEMA} {FILLER}"));
    let proxy = FaultProxy::start(pair.source.port()).await.unwrap();
    proxy.set(Traffic::Slow(Duration::from_millis(5)));
    let mut old = RunningStream::start(pair.forward_over(proxy.port(), pair.target.port()));
    reach(&mut old, |progress| progress.chunks_done >= 1).await;
    let mut new = pair.follow().await;
    let error = error_of(&mut old).await;
    assert_eq!(error.code(), "RB-REP-011", "{error:?}");
    for number in 0..20 {
        pair.run(&format!(
            "INSERT INTO seat VALUES ({}, {})",
            200 + number,
            200 + number
        ));
    }
    let mut newest = pair.follow().await;
    let error = error_of(&mut new).await;
    assert_eq!(error.code(), "RB-REP-011", "{error:?}");
    pair.drain(&mut newest).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    newest.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_applier_wrote_does_not_flow_back() {
    let pair = Pair::with("loop", SCHEMA);
    let mut stream = pair.follow().await;
    let back = StreamPlan {
        direction: Direction::Reverse,
        from: address(pair.target.port(), "writer", "source"),
        to: address(pair.source.port(), "reverse", "target"),
        ..pair.forward()
    };
    let mut session = server::reader(&back.from).await.unwrap();
    let flavour = server::version(&mut session).await.unwrap().flavour;
    let start = server::log_end(&mut session, flavour).await.unwrap();
    for (_, sql) in changes_of(&pair) {
        pair.run(sql);
    }
    pair.drain(&mut stream).await;
    pair.target
        .sql("INSERT INTO lms_core.counted VALUES (7000, 7)")
        .unwrap();
    let end = server::log_end(&mut session, flavour).await.unwrap();
    let schema = schema::read(&mut session, DATABASE).await.unwrap();
    let mut reader = back.open_log("test", schema, start).await.unwrap();
    let mut tables = Vec::new();
    loop {
        match reader.next().await.unwrap() {
            LogEntry::Changes { changes, .. } => {
                tables.extend(changes.into_iter().map(|change| change.table));
            }
            LogEntry::Commit { end: reached } if reached >= end => break,
            LogEntry::Commit { .. } | LogEntry::Executed { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tables, ["counted"]);
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cascade_leaves_times_as_they_are() {
    let pair = Pair::with(
        "rules-times",
        "CREATE TABLE land (code CHAR(2) PRIMARY KEY); INSERT INTO land VALUES ('de'), ('fr'), ('it');
         CREATE TABLE person (id INT PRIMARY KEY, land CHAR(2), seen TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
           day DATETIME NULL ON UPDATE CURRENT_TIMESTAMP, month INT AS (MONTH(day)) VIRTUAL, CONSTRAINT of_land FOREIGN KEY (land) REFERENCES land (code) ON UPDATE CASCADE ON DELETE SET NULL);
         INSERT INTO person (id, land, day) VALUES (1, 'de', '2024-01-01'), (2, 'fr', NULL), (3, 'it', '2025-01-01')",
    );
    let mut stream = pair.follow().await;
    pair.run("UPDATE land SET code = 'dd' WHERE code = 'de'; DELETE FROM land WHERE code = 'fr'; UPDATE person SET day = '2026-01-01' WHERE id = 3");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}
