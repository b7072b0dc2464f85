//! Memory is bounded, whatever a transaction of the source holds; and values of a hundred megabytes arrive.

use std::sync::Arc;
use std::time::Instant;

use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::state::Method;
use reberth_replicate::sealed::SpoolPlan;
use reberth_testkit::postgres::Major;
use tokio::sync::Semaphore;

use super::two_ways::{plan, prepare, stream};
use super::{DATABASE, Pair, reach};
use crate::memory::highest_kib;

/// What one process may hold, whatever it moves.
const BUDGET_KIB: u64 = 256 * 1024;

async fn one_large_transaction(name: &str, method: Method, spool: Option<SpoolPlan>) -> Pair {
    let pair = Pair::start(name, Major::V15, Major::V15);
    pair.source
        .sql(
            DATABASE,
            "CREATE TABLE wide (id int PRIMARY KEY, body text NOT NULL); ALTER TABLE wide ALTER body SET STORAGE EXTERNAL; \
             CREATE TABLE narrow (id int PRIMARY KEY); INSERT INTO narrow SELECT generate_series(1, 300000)",
        )
        .expect("tables");
    prepare(&pair, method).await;
    let plan = plan(&pair, method, pair.source.port(), pair.target.port());
    let plan = StreamPlan { spool, ..plan };
    let mut stream = pipeline::start(plan, Arc::new(Semaphore::new(2)));
    reach(&mut stream, |progress| progress.phase == "following").await;
    let after_copy = highest_kib();
    // 400 MB of rows, and 300,000 changes of a few bytes, in one transaction.
    pair.source
        .sql(
            DATABASE,
            "BEGIN; INSERT INTO wide SELECT n, repeat(md5(n::text), 2500) FROM generate_series(1, 5000) n; DELETE FROM narrow; COMMIT",
        )
        .expect("a large transaction");
    let committed = Instant::now();
    pair.settle(&mut stream).await;
    let (highest, waited) = (highest_kib(), committed.elapsed());
    eprintln!(
        "highest memory: {after_copy} KiB after the copy, {highest} KiB after the transaction, applied {waited:?} after its commit"
    );
    assert!(highest < BUDGET_KIB, "{highest} KiB");
    let counts = "SELECT (SELECT count(*) FROM wide WHERE body = repeat(md5(id::text), 2500)), (SELECT count(*) FROM narrow)";
    let counts = pair.target.sql(DATABASE, counts).expect("counts");
    assert_eq!(counts.trim(), "5000\t0");
    stream.stop().await.expect("it stops");
    pair
}

/// Bytes that the source's slot has spilled to its disk, and transactions that it sent in pieces.
fn spilled_and_sent(pair: &Pair) -> (u64, u64) {
    let sql = "SELECT sum(spill_bytes), sum(stream_txns) FROM pg_stat_replication_slots";
    let sums = pair.source.sql(DATABASE, sql).expect("sums");
    let (spilled, sent) = sums.trim().split_once('\t').expect("two sums");
    let number = |text: &str| text.parse().expect("a sum");
    (number(spilled), number(sent))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_transaction_of_a_slot_stays_within_the_budget() {
    let pair = one_large_transaction("large-slot", Method::Logical, None).await;
    let (spilled, sent) = spilled_and_sent(&pair);
    assert!(spilled > 400_000_000 && sent == 0, "{spilled} {sent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_transaction_that_is_sent_in_pieces_stays_within_the_budget() {
    let folder = format!("reberth-large-{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let spool = SpoolPlan {
        folder: folder.clone(),
        bytes_max: 2 << 30,
    };
    let pair = one_large_transaction("large-pieces", Method::Logical, Some(spool)).await;
    std::fs::remove_dir(folder).expect("an empty folder");
    let (spilled, sent) = spilled_and_sent(&pair);
    assert_eq!(sent, 1, "{spilled} bytes spilled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_large_transaction_of_a_capture_stays_within_the_budget() {
    one_large_transaction("large-capture", Method::TriggerCapture, None).await;
}

/// In the copy a value of any size passes through; a change of the log is held as a whole, some times over.
async fn large_values(name: &str, method: Method) -> u64 {
    let pair = Pair::start(name, Major::V15, Major::V16);
    let value =
        "(SELECT decode(string_agg(md5(n::text), ''), 'hex') FROM generate_series(1, 6400000) n)";
    pair.source
        .sql(
            DATABASE,
            &format!(
                "CREATE TABLE large (id int PRIMARY KEY, body bytea); ALTER TABLE large ALTER body SET STORAGE EXTERNAL; INSERT INTO large SELECT 1, {value}"
            ),
        )
        .expect("a large value");
    prepare(&pair, method).await;
    let mut stream = stream(&pair, method, pair.source.port(), pair.target.port());
    reach(&mut stream, |progress| progress.phase == "following").await;
    let after_copy = highest_kib();
    assert!(after_copy < BUDGET_KIB, "{after_copy} KiB");
    pair.source
        .sql(
            DATABASE,
            "INSERT INTO large SELECT 2, body FROM large WHERE id = 1; UPDATE large SET body = body || '\\x00' WHERE id = 1",
        )
        .expect("changes");
    pair.settle(&mut stream).await;
    let rows = "SELECT id, length(body), sha256(body) FROM large ORDER BY id";
    let rows = |server: &reberth_testkit::postgres::Postgres| server.sql(DATABASE, rows);
    let (here, there) = (rows(&pair.source), rows(&pair.target));
    assert_eq!(here.expect("rows"), there.expect("rows"));
    stream.stop().await.expect("it stops");
    let highest = highest_kib();
    eprintln!("highest memory: {after_copy} KiB after the copy, {highest} KiB after the changes");
    highest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_a_hundred_megabytes_arrives_by_a_slot() {
    let highest = large_values("value-slot", Method::Logical).await;
    assert!(highest < 5 * BUDGET_KIB, "{highest} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_a_hundred_megabytes_passes_through_a_capture() {
    let highest = large_values("value-capture", Method::TriggerCapture).await;
    assert!(highest < BUDGET_KIB, "{highest} KiB");
}
