//! Differences of every kind are found, and nothing else is called one.

use crate::pair::{Pair, address};
use reberth_replicate::mysql::touched::Touched;
use reberth_replicate::mysql::verify::{VerifyReport, verify};
use reberth_replicate::mysql::{schema, server};
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{DATABASE, Size};
use reberth_testkit::ledger::{Ledger, Writers, WritersPlan};

const SCHEMA: &str = "
CREATE TABLE t (id INT PRIMARY KEY, b BLOB, s VARCHAR(40) NULL, f FLOAT, d DOUBLE, n INT, KEY by_n (n));
INSERT INTO t SELECT seq, REPEAT(CHAR(seq), 300), CONCAT('s', seq), seq / 3, seq / 7, seq FROM seq_1_to_900;
CREATE TABLE loose (v VARCHAR(10), w INT); INSERT INTO loose VALUES ('a',1),('a',1),('b',2),(NULL,NULL);
CREATE TABLE up (id INT PRIMARY KEY); CREATE TABLE down (id INT PRIMARY KEY, up INT, CONSTRAINT d FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE);
CREATE TABLE deep (id INT PRIMARY KEY, down INT, CONSTRAINT e FOREIGN KEY (down) REFERENCES down (id) ON DELETE CASCADE);
CREATE TABLE deepest (deep INT, CONSTRAINT f FOREIGN KEY (deep) REFERENCES deep (id) ON DELETE CASCADE);
INSERT INTO up VALUES (1),(2),(3); INSERT INTO down VALUES (10,1),(20,2),(30,3); INSERT INTO deep VALUES (100,10),(200,20); INSERT INTO deepest VALUES (100),(200),(200);";

fn found(report: &VerifyReport) -> Vec<String> {
    let mut lines: Vec<String> = report
        .differences
        .iter()
        .map(|found| format!("{} {} {}", found.table, found.key, found.kind))
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_differences_are_all_found() {
    let pair = Pair::with("planted", SCHEMA);
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(
        report.is_equal(),
        "{:?} {:?}",
        found(&report),
        report.schema_differences
    );
    pair.target
        .sql(
            "SET foreign_key_checks = 0; USE lms_core;
             UPDATE t SET b = INSERT(b, 150, 1, '!') WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t SELECT 1000, b, s, f, d, n FROM t WHERE id = 3;
             UPDATE t SET s = NULL WHERE id = 4; UPDATE t SET s = '' WHERE id = 5; UPDATE t SET s = 's6 ' WHERE id = 6; UPDATE t SET f = 2.3333337 WHERE id = 7;
             UPDATE t SET d = 8 / 7e0 + 2.3e-16 WHERE id = 8; UPDATE t SET n = 19 - n WHERE id IN (9, 10); UPDATE t SET s = 'S11' WHERE id = 11;
             DELETE FROM loose WHERE v = 'a' LIMIT 1; ALTER TABLE t DROP KEY by_n, ADD KEY by_n (n, id); DELETE FROM deepest WHERE deep = 200 LIMIT 1; INSERT INTO deepest VALUES (100);",
        )
        .unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    let wanted = [
        "deepest 3 rows on the source, 3 on the target different",
        "loose 4 rows on the source, 3 on the target different",
        "t 1 different",
        "t 10 different",
        "t 1000 extra",
        "t 11 different",
        "t 2 missing",
        "t 4 different",
        "t 5 different",
        "t 6 different",
        "t 7 different",
        "t 8 different",
        "t 9 different",
    ];
    assert_eq!(found(&report), wanted);
    assert_eq!(
        report.schema_differences,
        ["table t is defined differently"]
    );
    assert!(!report.is_equal() && report.open.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn constant_writes_raise_no_false_alarm() {
    let pair = Pair::start("alarm");
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .unwrap();
    let ledger = Ledger::new();
    let plan = WritersPlan {
        port: door.port(),
        writers: 3,
        rate_per_s: 200,
        learners: Size::SMALL.learners,
        courses: 20,
        seed: 9,
    };
    let writers = Writers::start(&ledger, &plan);
    let stream = pair.follow().await;
    for _ in 0..2 {
        let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
        assert_eq!(
            (report.differing, &report.schema_differences),
            (0, &Vec::new()),
            "{:?}",
            report.differences
        );
    }
    // A target that has fallen behind is not a target that differs.
    stream.stop().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    writers.stop().await;
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(report.differing, 0, "{:?}", report.differences);
    assert!(!report.is_equal() && !report.open.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_gate_finds_what_the_applier_dropped() {
    let pair = Pair::with("gate", SCHEMA);

    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    let from = pair.log_end();
    stream.stop().await.unwrap();
    let mut session = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let schema = schema::read(&mut session, DATABASE).await.unwrap();
    let gate = async |from| {
        let touched = Touched::read(&pair.forward(), &schema, from, &pair.log_end())
            .await
            .unwrap();
        found(&touched.compare(&pair.forward(), &schema).await.unwrap())
    };
    assert_eq!(gate(from.clone()).await, Vec::<String>::new());
    pair.run("UPDATE t SET n = -1 WHERE id = 5; UPDATE t SET n = n WHERE id = 6; DELETE FROM t WHERE id = 7; INSERT INTO t (id) VALUES (2000); DELETE FROM up WHERE id = 1; UPDATE loose SET w = 9 WHERE w = 1 LIMIT 1");
    let dropped = [
        "deepest 2 rows on the source, 3 on the target different",
        "deep 1 rows on the source, 2 on the target different",
        "down 10 extra",
        "loose 4 rows on the source, 4 on the target different",
        "t 2000 missing",
        "t 5 different",
        "t 7 extra",
        "up 1 extra",
    ];
    let mut dropped: Vec<String> = dropped.iter().map(|line| (*line).to_owned()).collect();
    dropped.sort();
    // The checkpoint stands behind the changes, and the target holds none of them.
    let stand_at = |offset: u64| {
        pair.target
            .sql(&format!("UPDATE reberth.stream SET log_offset = {offset}"))
            .unwrap()
    };
    let stood = pair
        .target
        .sql("SELECT log_offset FROM reberth.stream")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    stand_at(pair.log_end().offset());
    assert_eq!(gate(from.clone()).await, dropped);
    stand_at(stood);
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    assert_eq!(gate(from).await, Vec::<String>::new());
}
