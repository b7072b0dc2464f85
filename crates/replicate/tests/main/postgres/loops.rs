//! Two streams between the same servers, one in each direction.

use std::sync::Arc;

use reberth_replicate::LogPosition;
use reberth_replicate::postgres::begin_equal::begin_equal;
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::server;
use reberth_replicate::stream::Direction;
use reberth_testkit::postgres::Major;
use tokio::sync::Semaphore;

use super::{DATABASE, Pair, reach, session};

/// The stream back leaves out whole transactions of the stream there, and nothing else: what came back twice would be in the way of itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_there_brought_does_not_come_back() {
    let pair = Pair::start("loops", Major::V15, Major::V16);
    let mut there = pair.stream();
    pair.settle(&mut there).await;
    let forward = pair.plan();
    let plan = StreamPlan {
        direction: Direction::Reverse,
        from: forward.to.clone(),
        to: forward.from.clone(),
        ..forward
    };
    begin_equal(&plan).await.expect("the way back begins");
    let mut back = pipeline::start(plan, Arc::new(Semaphore::new(2)));
    reach(&mut back, |progress| progress.phase == "following").await;
    let changes = "INSERT INTO plain VALUES (1, 1, 'there'), (2, 2, 'there'); INSERT INTO keyless VALUES (1, 'there')";
    pair.source.sql(DATABASE, changes).expect("changes");
    pair.settle(&mut there).await;
    there.stop().await.expect("it stops");
    let own = "UPDATE plain SET note = 'back' WHERE id = 2; INSERT INTO keyless VALUES (2, 'back')";
    pair.target.sql(DATABASE, own).expect("changes");
    let mut target = session(&pair.target).await;
    let end: LogPosition = server::barrier(&mut target).await.expect("a place");
    reach(&mut back, |progress| {
        progress
            .applied
            .as_ref()
            .is_some_and(|applied| *applied >= end)
    })
    .await;
    pair.assert_equal();
    back.stop().await.expect("it stops");
}
