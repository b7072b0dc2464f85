//! Memory is bounded, whatever the tables and transactions hold.

use std::sync::Arc;

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::server;
use tokio::sync::Semaphore;

use crate::pair::{MYSQL, Pair, address, reach};

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
