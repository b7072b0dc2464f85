//! Processes killed while they copy single tables anew, because the source has changed their definition.

use std::time::{Duration, Instant};

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use crate::ddl_killed::{process_from, wait_for_statement};
use crate::ddl_while_copying::{begin_anew, start};
use crate::pair::{MYSQL, Pair, Products, address, reach, usual};

/// What is held on the target, and the statement in which the stream then waits.
const HOLDS: [(&str, &[&str], &str); 3] = [
    (
        "before the decision",
        &[
            "START TRANSACTION",
            "SELECT * FROM reberth.source_schema FOR UPDATE",
        ],
        "UPDATE reberth.source_schema",
    ),
    (
        "before the tables are dropped",
        &["SELECT GET_LOCK(CONCAT('reberth-ddl:', LEFT(SHA2('lms_core', 256), 40)), 1)"],
        "SELECT GET_LOCK('reberth-ddl:",
    ),
    (
        "between two tables that are dropped",
        &["START TRANSACTION", "SELECT * FROM lms_core.z"],
        "DROP TABLE IF EXISTS `lms_core`.`z`",
    ),
];
const CHANGE: &str = "ALTER TABLE a ADD y INT DEFAULT 5; UPDATE a SET y = 6; ALTER TABLE z CHANGE v w INT; UPDATE z SET w = 12 WHERE id = 1";

/// Waits until a process has copied a chunk.
fn wait_for_a_chunk(pair: &Pair) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let sql = "SELECT COUNT(*) FROM reberth.chunk WHERE is_done";
    // Its tables are not there at first.
    while !pair.target.sql(sql).is_ok_and(|count| count.trim() != "0") {
        assert!(Instant::now() < deadline, "nothing is copied");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn ends_alike(pair: &Pair, stream: &mut RunningStream, what: &str) {
    reach(stream, |progress| progress.phase == "following").await;
    pair.drain(stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{what}");
}

async fn a_kill_loses_nothing(products: Products, name: &str) {
    let pair = start(products, name);
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    for (what, by, waits_in) in HOLDS {
        begin_anew(&pair);
        proxy.set(Traffic::Slow(Duration::from_millis(20)));
        let mut child = process_from(proxy.port(), &pair);
        wait_for_a_chunk(&pair);
        let mut holder = server::writer(&address(pair.target.port(), "writer", "target"))
            .await
            .expect("it goes on");
        for sql in by {
            holder.run("holding", sql).await.expect("it goes on");
        }
        pair.run(CHANGE);
        proxy.set(Traffic::Pass);
        wait_for_statement(&pair, waits_in, what);
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
        // The dead process's session still stands in its statement when the successor begins.
        let mut stream = RunningStream::start(pair.forward());
        reach(&mut stream, |progress| progress.epoch > 0).await;
        drop(holder);
        ends_alike(&pair, &mut stream, what).await;
        stream.stop().await.expect("it goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_every_step_of_copying_anew_loses_nothing() {
    a_kill_loses_nothing(usual(), "anew-killed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_every_step_of_copying_anew_loses_nothing_of_mysql() {
    a_kill_loses_nothing(MYSQL, "anew-killed-mysql").await;
}

/// Statements of a round, which leave the tables so that the next round's can run.
fn round_of_changes(round: u64) -> String {
    format!(
        "INSERT INTO z VALUES (1{round}, {round}); ALTER TABLE z ADD c{round} INT DEFAULT {round}; UPDATE z SET c{round} = id; ALTER TABLE z DROP c{round}; \
         CREATE TABLE _a_new LIKE a; INSERT INTO _a_new SELECT * FROM a; DELETE FROM a WHERE id = 1{round}; RENAME TABLE a TO _a_old, _a_new TO a; DROP TABLE _a_old; \
         INSERT INTO a VALUES (1{round}, 5) ON DUPLICATE KEY UPDATE v = 6; DELETE FROM p WHERE id = 2{round}; INSERT INTO p VALUES (3{round}, 1); \
         ALTER TABLE p MODIFY v BIGINT DEFAULT {round}; INSERT INTO c VALUES (3{round}, 3{round}); UPDATE p SET id = 2{round} WHERE id = 3{round}; TRUNCATE TABLE m; INSERT INTO m VALUES ({round}, 'x')"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_of_copying_anew_lose_nothing() {
    let pair = start(usual(), "anew-random");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    begin_anew(&pair);
    proxy.set(Traffic::Slow(Duration::from_millis(20)));
    for round in 0..6_u64 {
        let mut child = process_from(proxy.port(), &pair);
        wait_for_a_chunk(&pair);
        pair.run(&round_of_changes(round));
        if round > 0 {
            proxy.set(Traffic::Pass);
        }
        tokio::time::sleep(Duration::from_millis(50 + round * 170)).await;
        assert_eq!(
            child.try_wait().expect("its state"),
            None,
            "round {round}: it ended by itself"
        );
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
        proxy.set(Traffic::Slow(Duration::from_millis(5)));
    }
    let mut stream = RunningStream::start(pair.forward());
    ends_alike(&pair, &mut stream, "after the kills").await;
    stream.stop().await.expect("it goes on");
}
