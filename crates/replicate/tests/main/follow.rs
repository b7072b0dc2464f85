//! Copy and follow under constant writes.

use crate::pair::{MYSQL, Pair, Products, address, usual};
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_source_arrives_whole() {
    follow_a_live_source(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_mysql_arrives_whole() {
    follow_a_live_source(MYSQL).await;
}

async fn follow_a_live_source(products: Products) {
    let pair = Pair::start_on(products, "follow");
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .expect("it works");
    let ledger = Ledger::new();
    let plan = WritersPlan {
        speaks: Speaks::MySql,
        port: door.port(),
        writers: 4,
        rate_per_s: 400,
        learners: Size::SMALL.learners,
        courses: 20,
        seed: 1,
    };
    let writers = Writers::start(&ledger, &plan);
    let mut stream = RunningStream::start(pair.forward());
    assert!(
        stream
            .wait_until(|progress| progress.phase == "following")
            .await
            .expect("it works")
    );
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    writers.stop().await;
    let mut reader = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .expect("it works");
    let flavour = server::version(&mut reader)
        .await
        .expect("it works")
        .flavour;
    let barrier = server::log_end(&mut reader, flavour)
        .await
        .expect("it works");
    assert!(stream.drain(&barrier).await.expect("it works"));
    let verdict = ledger
        .compare(pair.target.port(), "writer")
        .await
        .expect("it works");
    eprintln!("{verdict:?}\n{:?}", stream.progress());
    assert!(
        verdict.is_exact() && verdict.acknowledged > 400,
        "{verdict:?}"
    );
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}
