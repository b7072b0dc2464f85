//! Memory is bounded, whatever the tables and transactions hold.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::server;
use tokio::sync::Semaphore;

use crate::pair::{MYSQL, Pair, Products, address, reach, usual};

/// What one process may hold, whatever it moves (DESIGN section 6).
const BUDGET_KIB: u64 = 256 * 1024;

/// The most memory that this process has held so far, in KiB. Each test is a process of its own.
pub(crate) fn highest_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a peak").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wide_rows_and_one_large_transaction_stay_within_the_budget() {
    one_large_transaction(Pair::start("memory")).await;
}

/// The transaction is a few hundred kilobytes in the log, and has to be unpacked piece by piece.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_compressed_transaction_of_mysql_stays_within_the_budget() {
    let pair = Pair::start_on(MYSQL, "packed");
    let compress = "SET GLOBAL binlog_transaction_compression = ON";
    pair.source.sql(compress).unwrap();
    one_large_transaction(pair).await;
}

async fn one_large_transaction(pair: Pair) {
    let fill = |after: u32| {
        format!(
            "USE lms_core; INSERT INTO wide SELECT seq + {after}, REPEAT(CHAR(65 + seq % 26), 60000) FROM seq_1_to_2500;"
        )
    };
    let table = "CREATE TABLE lms_core.wide (id INT PRIMARY KEY, body MEDIUMTEXT NOT NULL);";
    pair.source
        .sql(&format!("{table} {}", fill(0)))
        .expect("an answer");
    let mut stream = RunningStream::start(pair.forward());
    assert!(
        stream
            .wait_until(|progress| progress.phase == "following")
            .await
            .expect("an answer")
    );
    let after_copy = highest_kib();

    // 450 MB of row images in one transaction.
    let change = "UPDATE lms_core.wide SET body = CONCAT(body, 'x') WHERE id > 2500;";
    pair.source
        .sql(&format!("BEGIN; {} {change} COMMIT;", fill(2_500)))
        .expect("an answer");
    let mut reader = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .expect("an answer");
    let flavour = server::version(&mut reader)
        .await
        .expect("an answer")
        .flavour;
    let barrier = server::log_end(&mut reader, flavour)
        .await
        .expect("an answer");
    assert!(stream.drain(&barrier).await.expect("an answer"));
    let highest = highest_kib();
    eprintln!(
        "highest memory: {after_copy} KiB after the copy, {highest} KiB after the transaction"
    );
    assert!(highest < BUDGET_KIB, "{highest} KiB");
    // By the servers' own sums: writing so much down to compare it would take longer than all the rest.
    let sums = "CHECKSUM TABLE lms_core.wide";
    assert_eq!(
        pair.source.sql(sums).expect("an answer"),
        pair.target.sql(sums).expect("an answer")
    );
}

/// 400 MB of row images wait under a name for their decision. The stream ends while they are read, while they wait and while they take effect; each time
/// another goes on.
async fn one_large_prepared_transaction(products: Products) {
    let pair = Pair::with_on(
        products,
        "xa-memory",
        "CREATE TABLE wide (id INT PRIMARY KEY, body MEDIUMTEXT NOT NULL); INSERT INTO wide SELECT seq, REPEAT('a', 60000) FROM seq_1_to_2000",
    );
    let mut stream = pair.follow().await;
    pair.run(
        "XA START 'large'; UPDATE wide SET body = CONCAT(body, id); INSERT INTO wide SELECT seq + 2000, REPEAT(CHAR(65 + seq % 26), 60000) FROM seq_1_to_2700; \
         XA END 'large'; XA PREPARE 'large'",
    );
    let kept = "SELECT COALESCE(SUM(LENGTH(changes)), 0) FROM reberth.prepared_part";
    // Seen from outside, the parts of a transaction that is open.
    let written = "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SELECT COUNT(*) FROM reberth.prepared_part";
    let is_some = |count: String| count.trim() != "0";
    while !is_some(pair.target.sql(written).expect("an answer")) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
    stream = pair.follow().await;
    pair.drain(&mut stream).await;
    let bytes = pair.target.sql(kept).expect("an answer");
    let bytes: u64 = bytes.trim().parse().expect("a number");
    assert!(bytes > 400_000_000, "{bytes} bytes are kept");
    stream.stop().await.expect("the stream stops");
    let before = pair.target.sql("CHECKSUM TABLE lms_core.wide");

    stream = pair.follow().await;
    pair.run("XA COMMIT 'large'");
    let written = "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SELECT COUNT(*) FROM lms_core.wide WHERE id > 2000";
    while !is_some(pair.target.sql(written).expect("an answer")) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
    stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("the stream stops");
    let highest = highest_kib();
    eprintln!("highest memory: {highest} KiB");
    assert!(highest < BUDGET_KIB, "{highest} KiB");
    let sums = "CHECKSUM TABLE lms_core.wide";
    let after = pair.target.sql(sums).expect("an answer");
    assert_ne!(before.expect("an answer"), after);
    assert_eq!(pair.source.sql(sums).expect("an answer"), after);
    assert_eq!(pair.target.sql(kept).expect("an answer").trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_prepared_transaction_stays_within_the_budget() {
    one_large_prepared_transaction(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_prepared_transaction_of_mysql_stays_within_the_budget() {
    one_large_prepared_transaction(MYSQL).await;
}

/// One process may carry ten databases, which all have much to catch up with at the same time: narrow rows, wide rows, each in one transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_streams_stay_within_the_budget() {
    const STREAMS: usize = 10;
    let pair = Pair::start("ten");
    let databases: Vec<String> = (0..STREAMS).map(|number| format!("lms_{number}")).collect();
    for database in &databases {
        let grant = |account: &str| format!("GRANT ALL ON {database}.* TO {account}@'%';");
        pair.target.sql(&grant("writer")).unwrap();
        pair.source
            .sql(&format!(
                "GRANT SELECT, SHOW VIEW ON {database}.* TO reader@'%'; CREATE DATABASE {database}; USE {database};
                 CREATE TABLE narrow (id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, KEY (k));
                 INSERT INTO narrow SELECT seq, seq, SHA2(seq, 256) FROM seq_1_to_20000;
                 CREATE TABLE wide (id INT PRIMARY KEY, body MEDIUMTEXT NOT NULL);"
            ))
            .unwrap();
    }
    let turns = Arc::new(Semaphore::new(2));
    let start = |database: &String| {
        let plan = StreamPlan {
            database: database.clone(),
            streams: STREAMS,
            ..pair.forward()
        };
        RunningStream::start_in_turn(plan, turns.clone())
    };
    let mut streams: Vec<RunningStream> = databases.iter().map(start).collect();
    for mut stream in streams.drain(..) {
        reach(&mut stream, |progress| progress.phase == "following").await;
        stream.stop().await.unwrap();
    }
    let after_copy = highest_kib();
    for database in &databases {
        pair.source
            .sql(&format!(
                "USE {database}; UPDATE narrow SET k = k + 1;
                 INSERT INTO wide SELECT seq, REPEAT(CHAR(65 + seq % 26), 60000) FROM seq_1_to_400;"
            ))
            .unwrap();
    }
    let mut streams: Vec<RunningStream> = databases.iter().map(start).collect();
    let barrier = pair.log_end();
    for stream in &mut streams {
        assert!(stream.drain(&barrier).await.unwrap());
    }
    let highest = highest_kib();
    eprintln!(
        "highest memory: {after_copy} KiB after the copy, {highest} KiB after the transactions"
    );
    assert!(highest < BUDGET_KIB, "{highest} KiB");
    for database in &databases {
        let sql = format!("CHECKSUM TABLE {database}.narrow, {database}.wide");
        assert_eq!(
            pair.source.sql(&sql).unwrap(),
            pair.target.sql(&sql).unwrap()
        );
    }
    for stream in streams {
        stream.stop().await.unwrap();
    }
}
