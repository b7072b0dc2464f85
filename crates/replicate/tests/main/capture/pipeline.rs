//! The whole way of a stream that follows by capture: copied while it is written to, killed in between, drained.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::postgres::capture::{install, keys, remove};
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::state::{self, Method};
use reberth_replicate::postgres::table;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_testkit::postgres::client_program;
use tokio::sync::Semaphore;

use super::{Captured, DATABASE, LIMIT_BYTES};

const TABLES: &str = "
CREATE TABLE large (id int PRIMARY KEY, place int UNIQUE, pad text);
CREATE TABLE parted (id int, area text, PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n');
CREATE TABLE parted_s PARTITION OF parted FOR VALUES IN ('s');
CREATE TABLE heap (v int, pad text);
";

pub(super) fn plan(pair: &Captured) -> StreamPlan {
    StreamPlan {
        database: DATABASE.to_owned(),
        direction: Direction::Forward,
        from: pair.address("source"),
        to: pair.address("target"),
        method: Method::TriggerCapture,
        pg_dump: client_program("pg_dump").expect("pg_dump"),
        workers: 2,
        streams: 1,
        bytes_per_s_most: None,
        spool: None,
    }
}

pub(super) fn stream(pair: &Captured) -> RunningStream {
    pipeline::start(plan(pair), Arc::new(Semaphore::new(2)))
}

pub(super) async fn install_capture(pair: &Captured) {
    let mut source = pair.source_session().await;
    let tables = table::read(&mut source).await.expect("tables");
    let captured = keys::read(&mut source, &tables).await.expect("keys");
    install::install(&mut source, &captured, LIMIT_BYTES)
        .await
        .expect("the capture is installed");
}

/// Waits until the target holds what the source holds now.
pub(super) async fn settle(pair: &Captured, stream: &mut RunningStream) {
    // Behind the commit of an empty transaction, as the engine's own barriers are.
    let barrier = "SELECT pg_current_xact_id()";
    pair.source.sql(DATABASE, barrier).expect("a barrier");
    let sql = "SELECT pg_current_wal_insert_lsn()";
    let end = pair.source.sql(DATABASE, sql).expect("a place");
    let end: reberth_replicate::LogPosition = end.trim().parse().expect("a place");
    let is_there = stream.wait_until(|progress| {
        progress.phase == "following"
            && progress
                .applied
                .as_ref()
                .is_some_and(|applied| *applied >= end)
    });
    let settled = tokio::time::timeout(Duration::from_secs(120), is_there).await;
    assert!(
        settled
            .expect("it does not stand still")
            .expect("it goes on")
    );
    pair.assert_equal("settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_its_whole_way() {
    let pair = Captured::start("capture-stream", TABLES);
    pair.target
        .sql(DATABASE, "DROP TABLE large, parted, heap")
        .unwrap();
    pair.write("INSERT INTO large SELECT n, n, repeat('x', 300) FROM generate_series(1, 60000) n; INSERT INTO parted SELECT n, 'n' FROM generate_series(1, 5000) n; INSERT INTO heap SELECT n % 50, repeat('y', 100) FROM generate_series(1, 20000) n");
    // Without the triggers nothing begins, and nothing is written on the source.
    let refused = stream(&pair).wait_until(|_| false).await.unwrap_err();
    assert_eq!(refused.code(), "RB-REP-004", "{refused}");
    install_capture(&pair).await;
    let churn = |n: u32| {
        pair.write(&format!(
            "BEGIN; UPDATE large SET place = -id WHERE id % 997 = {n}; UPDATE large SET place = id, pad = pad || '{n}' WHERE id % 997 = {n}; COMMIT;
             DELETE FROM large WHERE id = 10 + {n}; INSERT INTO large VALUES (100000 + {n}, 100000 + {n}, 'new');
             UPDATE parted SET area = 's' WHERE id % 50 = {n}; UPDATE large SET id = -id WHERE id = 500 + {n};
             UPDATE heap SET v = v + 1 WHERE v = {n}; DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v = 20 LIMIT 7); INSERT INTO heap SELECT 20, 'new' FROM generate_series(1, 5)"
        ));
    };
    let mut running = stream(&pair);
    for n in 0..6 {
        churn(n);
        if n % 2 == 1 {
            // Killed wherever it is; the next one goes on from there.
            drop(running);
            running = stream(&pair);
        }
    }
    settle(&pair, &mut running).await;
    for n in 6..12 {
        churn(n);
    }
    settle(&pair, &mut running).await;
    pair.write("TRUNCATE large; INSERT INTO large VALUES (1, 1, 'fresh')");
    settle(&pair, &mut running).await;
    running.stop().await.unwrap();
    let mut source = pair.source_session().await;
    remove::remove(&mut source).await.unwrap();
    let mut target = pair.target_session().await;
    state::forget(&mut target, Direction::Forward, DATABASE)
        .await
        .unwrap();
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname = 'reberth'";
    for server in [&pair.source, &pair.target] {
        assert_eq!(server.sql(DATABASE, left).unwrap().trim(), "0");
    }
}
