//! Schema changes on the source while the copy is made: of tables that are copied already, and of tables whose turn is still to come.

use std::time::Duration;

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::{LogPosition, ReplicateError};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use crate::pair::{MYSQL, Pair, Products, error_of, reach, usual};

/// A table, and what is done to it, for which the copy must begin anew.
const STOPPING: [(&str, &str); 9] = [
    ("a", "ALTER TABLE a ADD y INT NOT NULL DEFAULT 7"),
    ("a", "ALTER TABLE a DROP COLUMN v"),
    ("z", "ALTER TABLE z DROP COLUMN v"),
    ("z", "ALTER TABLE z MODIFY v BIGINT"),
    ("z", "ALTER TABLE z CHANGE v w INT"),
    ("a", "ALTER TABLE a ADD INDEX (v)"),
    ("z", "CREATE INDEX made ON z (v)"),
    ("z", "RENAME TABLE z TO renamed"),
    ("z", "DROP TABLE z"),
];

/// A stream that has copied `a` and is at `m`, which takes it long; `z` is still to come.
async fn halfway(pair: &Pair, proxy: &FaultProxy) -> RunningStream {
    proxy.set(Traffic::Slow(Duration::from_millis(20)));
    let plan = pair.forward_over(proxy.port(), pair.target.port());
    let mut stream = RunningStream::start(plan);
    reach(&mut stream, |progress| progress.chunks_done > 0).await;
    stream
}

fn start(products: Products, name: &str) -> Pair {
    Pair::with_on(
        products,
        name,
        "CREATE TABLE m (id INT PRIMARY KEY, v CHAR(255)); INSERT INTO m SELECT seq, REPEAT('m', 255) FROM seq_1_to_30000",
    )
}

/// Tables as they were, and nothing on the target.
fn begin_anew(pair: &Pair) {
    let table = |name: &str| {
        format!(
            "DROP TABLE IF EXISTS {name}, renamed; CREATE TABLE {name} (id INT PRIMARY KEY, v INT); INSERT INTO {name} VALUES (1, 1), (2, 2);"
        )
    };
    pair.run(&format!("{} {}", table("a"), table("z")));
    pair.target
        .sql("DROP DATABASE IF EXISTS reberth; DROP DATABASE IF EXISTS lms_core")
        .expect("the target is emptied");
}

async fn stops_at_the_statement(products: Products) {
    let pair = start(products, "copying");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    for (table, change) in STOPPING {
        begin_anew(&pair);
        let mut stream = halfway(&pair, &proxy).await;
        pair.run(&format!("UPDATE {table} SET v = v + 10"));
        let before = pair.log_end();
        pair.run(change);
        proxy.set(Traffic::Pass);
        let error = error_of(&mut stream).await;
        let text = error.to_string();
        assert_eq!(error.code(), "RB-REP-008", "{change}: {text}");
        assert!(text.contains("the copy is not certain yet"), "{text}");
        let ReplicateError::SchemaChanged { position, .. } = error else {
            panic!("{text}")
        };
        is_its_place(&before, &position, change);
    }
}

/// The event that names the transaction stands between the end of the log before and the statement.
fn is_its_place(before: &LogPosition, place: &LogPosition, change: &str) {
    assert_eq!(before.file(), place.file(), "{change}");
    let gap = place.offset() - before.offset();
    assert!(
        gap < 200,
        "{change}: {place} is {gap} bytes behind {before}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_table_stops_the_copy_at_that_statement() {
    stops_at_the_statement(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_table_of_mysql_stops_the_copy_at_that_statement() {
    stops_at_the_statement(MYSQL).await;
}

async fn carries(products: Products) {
    let pair = start(products, "carried");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    begin_anew(&pair);
    let mut stream = halfway(&pair, &proxy).await;
    pair.run("TRUNCATE TABLE a; INSERT INTO a VALUES (9, 9); TRUNCATE TABLE z; INSERT INTO z VALUES (8, 8); ALTER TABLE z AUTO_INCREMENT = 50");
    pair.run(
        "CREATE TABLE late (id INT PRIMARY KEY, v INT, KEY (v)); INSERT INTO late VALUES (1, 1)",
    );
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("the stream stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_and_new_tables_are_carried_over_during_the_copy() {
    carries(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_and_new_tables_of_mysql_are_carried_over_during_the_copy() {
    carries(MYSQL).await;
}
