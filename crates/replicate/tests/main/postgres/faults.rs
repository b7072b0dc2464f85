//! Servers that fall and wires that break, under a stream by a slot or by triggers.

use std::time::Duration;

use reberth_replicate::postgres::server;
use reberth_replicate::postgres::state::Method;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::postgres::Major;

use super::two_ways::{Writer, prepare, stream};
use super::{DATABASE, Pair, reach};

const SLOW: Traffic = Traffic::Slow(Duration::from_millis(15));
const ROWS: &str = "INSERT INTO plain SELECT n, n, repeat('p', 200) FROM generate_series(1, 20000) n; \
    INSERT INTO two_keys SELECT n, n, repeat(md5(n::text), 100) FROM generate_series(1, 700) n";

async fn start(name: &str, method: Method) -> Pair {
    let pair = Pair::start(name, Major::V15, Major::V16);
    pair.source.sql(DATABASE, ROWS).expect("rows");
    prepare(&pair, method).await;
    pair
}

async fn servers_fall(name: &str, method: Method) {
    let mut pair = start(name, method).await;
    let writer = Writer::start(&pair);
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("a proxy");
    proxy.set(SLOW);
    let mut stream = stream(&pair, method, proxy.port(), pair.target.port());
    reach(&mut stream, |progress| progress.chunks_done >= 1).await;
    pair.target.kill();
    pair.target.resume().expect("it comes back");
    reach(&mut stream, |progress| progress.chunks_done >= 2).await;
    pair.source.kill();
    pair.source.resume().expect("it comes back");
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.source.shut_down().expect("it ends in order");
    pair.source.resume().expect("it comes back");
    pair.target.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    pair.target.resume().expect("it comes back");
    pair.source.kill();
    pair.source.resume().expect("it comes back");
    tokio::time::sleep(Duration::from_millis(500)).await;
    writer.stop().await;
    pair.settle(&mut stream).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_fall_under_a_slot() {
    servers_fall("fall-slot", Method::Logical).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_fall_under_a_capture() {
    servers_fall("fall-capture", Method::TriggerCapture).await;
}

/// A commit that stands in the log and is not visible yet is not passed by mistake: the source waits for a replica that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_barrier_lies_behind_what_became_visible_late() {
    let pair = start("barrier", Method::TriggerCapture).await;
    let mut stream = stream(
        &pair,
        Method::TriggerCapture,
        pair.source.port(),
        pair.target.port(),
    );
    reach(&mut stream, |progress| progress.phase == "following").await;
    let source = &pair.source;
    let run = |sql: &str| source.sql(DATABASE, sql).expect("an answer");
    run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf()");
    let mut session = super::session(source).await;
    let passed = std::thread::scope(|scope| {
        let late = scope.spawn(|| run("INSERT INTO plain VALUES (-1, 1, 'late')"));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        while run(waits).trim() != "1" {
            std::thread::sleep(Duration::from_millis(20));
        }
        let passed = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let end = server::log_end(&mut session).await.expect("an end");
                reach(&mut stream, |progress| {
                    progress.applied.as_ref() >= Some(&end)
                })
                .await;
                stream.progress().applied.expect("a place")
            })
        });
        run("ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()");
        late.join().expect("it is acknowledged");
        passed
    });
    let barrier = server::barrier(&mut session).await.expect("a barrier");
    assert!(passed < barrier, "{passed} {barrier}");
    assert!(stream.drain(&barrier).await.expect("it goes on"));
    pair.assert_equal();
}

/// Cut connections in the copy and in the stream, on the side of the source or of the target; a half-open one too, where the silence is short.
async fn wires_break(name: &str, method: Method, is_source: bool) {
    let pair = start(name, method).await;
    let writer = Writer::start(&pair);
    let (source, target) = (pair.source.port(), pair.target.port());
    let proxy = FaultProxy::start(if is_source { source } else { target })
        .await
        .expect("a proxy");
    proxy.set(SLOW);
    let (source, target) = match is_source {
        true => (proxy.port(), target),
        false => (source, proxy.port()),
    };
    let mut stream = stream(&pair, method, source, target);
    reach(&mut stream, |progress| progress.chunks_done >= 1).await;
    proxy.set(Traffic::Cut);
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    let mut faults = vec![Traffic::Cut, Traffic::Cut];
    if is_source && method == Method::Logical {
        faults.push(Traffic::Stall);
    }
    for fault in faults {
        let before = stream.progress().retries;
        proxy.set(fault);
        reach(&mut stream, |progress| progress.retries > before).await;
        proxy.set(Traffic::Pass);
        reach(&mut stream, |progress| progress.retrying.is_none()).await;
    }
    writer.stop().await;
    pair.settle(&mut stream).await;
    // The lag is measured over a connection of its own, which must have come back too.
    reach(&mut stream, |progress| progress.lag_ms.is_some()).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn wires_to_the_source_of_a_slot_break() {
    wires_break("wire-slot-s", Method::Logical, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wires_to_the_target_of_a_slot_break() {
    wires_break("wire-slot-t", Method::Logical, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wires_to_the_source_of_a_capture_break() {
    wires_break("wire-capture-s", Method::TriggerCapture, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wires_to_the_target_of_a_capture_break() {
    wires_break("wire-capture-t", Method::TriggerCapture, false).await;
}
