//! Two processes that start one stream at once, and what either of them may not take from the other.

use reberth_replicate::postgres::state;

use super::begin::until;
use super::*;

/// The first has made its slot and stands before its checkpoint; what is written now is told by that slot alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_start_waits_for_the_first_and_goes_on_from_its_checkpoint() {
    let pair = Pair::start("two-starts", Major::V15, Major::V16);
    let mut target = session(&pair.target).await;
    state::prepare_tables(&mut target).await.expect("tables");
    let mut open = session(&pair.source).await;
    open.run("writing", "BEGIN; INSERT INTO keyless VALUES (1, 'open')")
        .await
        .expect("a row");
    let first = pair.stream();
    let makes_slot = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock')";
    until(&pair.source, makes_slot).await;
    let mut locker = session(&pair.target).await;
    let lock = "BEGIN; LOCK TABLE reberth.stream IN SHARE MODE";
    locker.run("locking", lock).await.expect("a lock");
    open.run("writing", "COMMIT").await.expect("a commit");
    let waits_to_write = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'reberth.stream'::regclass)";
    until(&pair.target, waits_to_write).await;
    let late = "INSERT INTO keyless VALUES (2, 'behind the slot')";
    pair.source.sql(DATABASE, late).expect("a row");
    let mut second = pair.stream();
    let waits_its_turn =
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')";
    until(&pair.target, waits_its_turn).await;
    // Its server goes on with the statement that it was sent.
    drop(first);
    locker.run("unlocking", "ROLLBACK").await.expect("no lock");
    pair.settle(&mut second).await;
    pair.assert_equal();
    second.stop().await.expect("it stops");
}

/// As another build, or hands, may leave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_begins_behind_the_checkpoint_is_told() {
    let pair = Pair::start("later-slot", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let free = "SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE active)";
    until(&pair.source, free).await;
    let missed = "INSERT INTO plain VALUES (1, 1, 'before the other slot')";
    pair.source.sql(DATABASE, missed).expect("a row");
    let mark = pair.plan().mark();
    for anew in [
        format!("SELECT pg_drop_replication_slot('{mark}')"),
        format!("SELECT pg_create_logical_replication_slot('{mark}', 'pgoutput')"),
    ] {
        pair.source.sql(DATABASE, &anew).expect("another slot");
    }
    let mut stream = pair.stream();
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("there is a gap");
    assert_eq!(error.code(), "RB-REP-007", "{error}");
}

/// A list of items that outlives the stream would let the next start empty the tables.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_forgotten_whole_or_not_at_all() {
    let pair = Pair::start("forgotten", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let in_the_way = "CREATE VIEW in_the_way AS SELECT * FROM reberth.schema_item";
    pair.target.sql(DATABASE, in_the_way).expect("a view");
    let mut target = session(&pair.target).await;
    let refused = state::forget(&mut target, Direction::Forward, DATABASE).await;
    refused.expect_err("a view is in the way");
    let mut target = session(&pair.target).await;
    let begun = state::peek(&mut target, Direction::Forward, DATABASE).await;
    assert!(begun.expect("an answer").is_some(), "the stream is there");
    let gone = "DROP VIEW in_the_way";
    pair.target.sql(DATABASE, gone).expect("it goes");
    let removed = state::forget(&mut target, Direction::Forward, DATABASE).await;
    let removed = removed.expect("it goes");
    assert!(
        removed.contains(&"the schema reberth".to_owned()),
        "{removed:?}"
    );
}
