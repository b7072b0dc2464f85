//! The copy gives way to an application that comes to the source while it runs.

use std::sync::Arc;

use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_testkit::postgres::Major;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{DATABASE, Pair, address, reach};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_gives_way_to_the_application() {
    let pair = Pair::start("throttle", Major::V15, Major::V16);
    pair.source
        .sql(
            DATABASE,
            "CREATE TABLE wide (id int PRIMARY KEY, body text); ALTER TABLE wide ALTER body SET STORAGE EXTERNAL; \
             INSERT INTO wide SELECT n, repeat(md5(n::text), 2500) FROM generate_series(1, 2000) n",
        )
        .expect("rows");
    // 160 MB, slowly enough to be watched.
    let plan = StreamPlan {
        bytes_per_s_most: Some(12_000_000),
        ..pair.plan()
    };
    let mut stream = pipeline::start(plan, Arc::new(Semaphore::new(2)));
    reach(&mut stream, |progress| progress.bytes_copied > 1_000_000).await;
    assert_eq!(stream.progress().throttle, None, "nobody is there yet");
    let mut application = JoinSet::new();
    for _ in 0..4 {
        let mut session = Session::open_with(
            &address(&pair.source, "source"),
            &[("application_name", "shop")],
        )
        .await
        .expect("a session");
        application.spawn(async move {
            let _ = session.run("working", "SELECT pg_sleep(15)").await;
        });
    }
    reach(&mut stream, |progress| progress.throttle.is_some()).await;
    let told = stream.progress().throttle.unwrap_or_default();
    assert!(told.contains("statements of others running"), "{told}");
    application.shutdown().await;
    reach(&mut stream, |progress| progress.phase == "following").await;
    assert_eq!(stream.progress().throttle, None);
    stream.stop().await.expect("it stops");
}
