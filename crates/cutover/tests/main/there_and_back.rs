//! The whole way there, back with the data, and there again, while the application never stops.

use std::time::{Duration, Instant};

use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;
use reberth_testkit::database::Product;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::{Crossing, counters, locked};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_and_there_again() {
    go_there_and_back_and_there_again(Product::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_and_there_again_on_mysql() {
    go_there_and_back_and_there_again(Product::MySql).await;
}

async fn go_there_and_back_and_there_again(product: Product) {
    let mut crossing = Crossing::start_on(product, "there").await;
    let there = crossing.pass(Way::There).await;
    crossing.only_writer("target").await;
    is_proven(&crossing, Way::There, "source_fenced");
    // Whoever still held the stream there has lost it: the drain raised its epoch once more.
    let streamed = crossing.evidence(Way::There, "streaming", "/epoch");
    let closed = crossing.evidence(Way::There, "drained", "/stream_closed_at_epoch");
    assert!(closed.as_u64() > streamed.as_u64(), "{streamed} {closed}");
    let epoch = "SELECT epoch FROM reberth.stream WHERE name = 'forward:lms_core'";
    let epoch = crossing.target.sql(epoch).expect("the target answers");
    assert_eq!(epoch.trim(), closed.to_string());
    let streams = crossing
        .source
        .sql("SELECT name, phase FROM reberth.stream")
        .expect("the source answers");
    assert_eq!(streams.trim(), "reverse:lms_core\tfollowing");
    let (source, target) = (counters(&crossing.source), counters(&crossing.target));
    assert!(
        !target.is_empty()
            && source
                .iter()
                .zip(&target)
                .all(|((table, old), (same, new))| table == same && new > old),
        "{source:?} {target:?}"
    );

    let back = crossing.pass(Way::Back).await;
    crossing.only_writer("source").await;
    is_proven(&crossing, Way::Back, "target_fenced");
    let (source, target) = (counters(&crossing.source), counters(&crossing.target));
    assert!(
        source
            .iter()
            .zip(&target)
            .all(|((_, new), (_, old))| new > old),
        "{source:?} {target:?}"
    );

    let again = crossing.pass(Way::There).await;
    crossing.only_writer("target").await;
    eprintln!(
        "write downtime as the application saw it: there {there} ms, back {back} ms, there again {again} ms"
    );
    crossing.settle(Direction::Reverse).await;

    // Without the state that the cutover armed there is no way back: nothing is copied anew over the source.
    crossing
        .source
        .sql("DROP DATABASE reberth")
        .expect("the source answers");
    crossing
        .fails(Way::Back, &RunState::Undone, "reverse_streaming RB-REP-014")
        .await;
    crossing.only_writer("target").await;
}

/// Both canaries were cut or refused, in the server's words.
fn is_proven(crossing: &Crossing, way: Way, step: &str) {
    let old = crossing.evidence(way, step, "/canary_opened_before");
    assert!(
        !old.as_str().unwrap_or_default().is_empty()
            && !old.to_string().contains("no session could be opened"),
        "{old}"
    );
    let new = crossing.evidence(way, step, "/canary_opened_after");
    assert!(
        new.as_str()
            .is_some_and(|words| words.contains("is locked")),
        "{new}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_at_the_point_of_decision_can_go_on_or_back_in_another_process() {
    let mut crossing = Crossing::start("decide").await;
    let waits = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    assert!(
        matches!(&waits, RunState::Waiting { step, .. } if step == "point_of_decision"),
        "{waits}"
    );
    let refusal = crossing
        .write_as_the_application("source")
        .await
        .expect_err("the source is fenced");
    assert!(refusal.contains("is locked"), "{refusal}");
    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    crossing.source_is_as_before().await;
    assert_eq!(locked(&crossing.target), ["app@%", "mariadb.sys@localhost"]);

    // Another process shows the same for approval, and a third one goes on, with the reverse stream of nobody left running.
    let hash = |state: &RunState| match state {
        RunState::Waiting { hash, .. } => hash.clone(),
        other => panic!("{other}"),
    };
    let first = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    let second = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    assert_eq!(hash(&first), hash(&second));
    let from = Instant::now();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        crossing
            .live(Way::There, Consent::Given, None)
            .await
            .unwrap(),
        RunState::Done
    );
    crossing.the_application_writes().await;
    assert!(
        crossing.ledger.longest_gap_ms(from) >= 300,
        "nobody wrote while the decision was waited for"
    );
    crossing.only_writer("target").await;
    crossing.settle(Direction::Reverse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_that_was_opened_during_the_decision_is_found_before_the_switch() {
    let mut crossing = Crossing::start("breach").await;
    crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    crossing
        .source
        .sql("ALTER USER app@'%' ACCOUNT UNLOCK")
        .unwrap();
    crossing
        .live(Way::There, Consent::Given, None)
        .await
        .unwrap();
    assert!(
        crossing
            .failure(Way::There)
            .starts_with("switched RB-CUT-002"),
        "{}",
        crossing.failure(Way::There)
    );
    crossing.source_is_as_before().await;

    crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    crossing
        .source
        .sql("INSERT INTO lms_core.badge VALUES (9999, 'slipped in', NULL)")
        .unwrap();
    assert_eq!(
        crossing
            .live(Way::There, Consent::Given, None)
            .await
            .unwrap(),
        RunState::Undone
    );
    assert!(
        crossing
            .failure(Way::There)
            .starts_with("switched RB-CUT-004"),
        "{}",
        crossing.failure(Way::There)
    );
    crossing.source_is_as_before().await;
    crossing.settle(Direction::Forward).await;
}
