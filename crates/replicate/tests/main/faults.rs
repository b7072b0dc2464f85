//! Servers that fall, wires that break, logs that are gone, and people who mistype.

use std::time::Duration;

use crate::pair::{Pair, address, error_of, reach};
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::preflight;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

const SLOW: Traffic = Traffic::Slow(Duration::from_millis(15));

async fn write_to(pair: &Pair, ledger: &Ledger) -> (FrontDoor, Writers) {
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .expect("the door opens");
    let plan = WritersPlan {
        speaks: Speaks::MySql,
        port: door.port(),
        writers: 3,
        rate_per_s: 150,
        learners: Size::SMALL.learners,
        courses: 20,
        seed: 5,
    };
    let writers = Writers::start(ledger, &plan);
    (door, writers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_die_and_come_back_cost_nothing() {
    let mut pair = Pair::start("restart");
    let ledger = Ledger::new();
    let (_door, writers) = write_to(&pair, &ledger).await;
    let proxy = FaultProxy::start(pair.source.port()).await.unwrap();
    proxy.set(SLOW);
    let mut stream = RunningStream::start(pair.forward_over(proxy.port(), pair.target.port()));
    reach(&mut stream, |progress| progress.chunks_done >= 1).await;
    pair.target.kill();
    pair.target.resume().unwrap();
    reach(&mut stream, |progress| progress.chunks_done >= 2).await;
    pair.source.kill();
    pair.source.resume().unwrap();
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.source.shut_down().unwrap();
    pair.source.resume().unwrap();
    pair.target.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    pair.target.resume().unwrap();
    pair.source.kill();
    pair.source.resume().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    writers.stop().await;
    pair.drain(&mut stream).await;
    let verdict = ledger.compare(pair.target.port(), "writer").await.unwrap();
    assert!(verdict.is_exact(), "{verdict:?}");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

/// Cut and half-open connections, on the side of the source or of the target.
async fn break_wires(is_source: bool) {
    let pair = Pair::start("wires");
    let ledger = Ledger::new();
    let (_door, writers) = write_to(&pair, &ledger).await;
    let (source, target) = (pair.source.port(), pair.target.port());
    let proxy = FaultProxy::start(if is_source { source } else { target })
        .await
        .expect("it works");
    proxy.set(SLOW);
    let (source, target) = if is_source {
        (proxy.port(), target)
    } else {
        (source, proxy.port())
    };
    let mut stream = RunningStream::start(pair.forward_over(source, target));
    reach(&mut stream, |progress| progress.chunks_done >= 1).await;
    proxy.set(Traffic::Cut);
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    proxy.set(Traffic::Stall);
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.retrying.is_none()).await;
    proxy.set(Traffic::Cut);
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    proxy.set(Traffic::Pass);
    writers.stop().await;
    pair.drain(&mut stream).await;
    // The lag is measured over a connection of its own, which must have come back too.
    reach(&mut stream, |progress| progress.lag_bytes == Some(0)).await;
    let verdict = ledger
        .compare(pair.target.port(), "writer")
        .await
        .expect("it works");
    assert!(verdict.is_exact(), "{verdict:?}");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_wires_to_the_source_are_noticed_and_mended() {
    break_wires(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_wires_to_the_target_are_noticed_and_mended() {
    break_wires(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_wrong_ends_with_its_code() {
    let pair = Pair::with(
        "errors",
        "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);",
    );
    let plan = pair.forward();
    let wrong = |url: String, side| {
        reberth_replicate::Address::parse(&reberth_replicate::Secret::new(url), "reader", side)
            .unwrap()
    };
    let here = pair.source.port();
    for (code, from, to) in [
        (
            "RB-REP-003",
            wrong(
                format!("mysql://reader:wrong@127.0.0.1:{here}/?tls=off"),
                "source",
            ),
            plan.to.clone(),
        ),
        (
            "RB-REP-003",
            plan.from.clone(),
            wrong(
                format!(
                    "mysql://writer:wrong@127.0.0.1:{}/?tls=off",
                    pair.target.port()
                ),
                "target",
            ),
        ),
        (
            "RB-REP-003",
            address(here, "app", "source"),
            plan.to.clone(),
        ),
    ] {
        let error = error_of(&mut RunningStream::start(StreamPlan {
            from,
            to,
            ..plan.clone()
        }))
        .await;
        assert_eq!(error.code(), code, "{error}");
        assert!(!format!("{error:?}").contains("wrong@"), "{error:?}");
        pair.target
            .sql("DROP DATABASE IF EXISTS reberth; DROP DATABASE IF EXISTS lms_core")
            .unwrap();
    }
    let nowhere = StreamPlan {
        from: address(1, "reader", "source"),
        ..plan.clone()
    };
    assert_eq!(
        preflight::run(&nowhere).await.unwrap_err().code(),
        "RB-REP-002"
    );
    pair.target.sql("CREATE DATABASE lms_core; CREATE TABLE lms_core.t (id INT PRIMARY KEY); INSERT INTO lms_core.t VALUES (7)").unwrap();
    let error = error_of(&mut RunningStream::start(plan.clone())).await;
    assert_eq!(error.code(), "RB-REP-005", "{error}");
    assert_eq!(
        pair.target.sql("SELECT id FROM lms_core.t").unwrap().trim(),
        "7",
        "what stood there still stands"
    );
    pair.target.sql("DROP DATABASE lms_core").unwrap();

    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    pair.run("INSERT INTO t VALUES (2); FLUSH BINARY LOGS; INSERT INTO t VALUES (3)");
    let file = pair.log_end().file().to_owned();
    pair.run(&format!("PURGE BINARY LOGS TO '{file}'"));
    let error = error_of(&mut RunningStream::start(plan.clone())).await;
    assert_eq!(error.code(), "RB-REP-007", "{error}");
    assert!(error.hint().contains("retention"));
    assert_eq!(
        pair.target
            .sql("SELECT COUNT(*) FROM lms_core.t")
            .unwrap()
            .trim(),
        "1"
    );
}
