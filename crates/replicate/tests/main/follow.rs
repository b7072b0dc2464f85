//! Copy and follow under constant writes.

use crate::pair::{Pair, address};
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Writers, WritersPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_source_arrives_whole() {
    let pair = Pair::start("follow");
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .unwrap();
    let ledger = Ledger::new();
    let plan = WritersPlan {
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
            .unwrap()
    );
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    writers.stop().await;
    let mut reader = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let flavour = server::version(&mut reader).await.unwrap().flavour;
    let barrier = server::log_end(&mut reader, flavour).await.unwrap();
    assert!(stream.drain(&barrier).await.unwrap());
    let verdict = ledger.compare(pair.target.port(), "writer").await.unwrap();
    eprintln!("{verdict:?}\n{:?}", stream.progress());
    assert!(
        verdict.is_exact() && verdict.acknowledged > 400,
        "{verdict:?}"
    );
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}
