//! A stream that is far behind reads its log by statements, from a temporary copy of its slot, and then goes over to the replication protocol.

use std::time::Instant;

use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use super::two_ways::{self, Writer};
use super::*;

/// Places in the log that are skipped by ending its files: enough for a backlog.
const FAR: &str = "SELECT pg_logical_emit_message(false, 'skip', 'x'), pg_switch_wal()";
const FAR_TIMES: usize = 3;
/// Several pieces, with transactions that are rolled back, a table emptied, and one transaction larger than a piece.
const WRITES: &[&str] = &[
    "DO $$ BEGIN FOR n IN 1..9000 LOOP
        INSERT INTO public.plain VALUES (n, n, 'written behind the stream');
        IF n % 3 = 0 THEN UPDATE public.plain SET id = -id, v = v + 1 WHERE id = n - 1; END IF;
        IF n % 7 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
    END LOOP; END $$",
    "INSERT INTO two_keys SELECT n, n, repeat(md5(n::text), 20) FROM generate_series(1, 30000) n",
    "UPDATE two_keys SET place = place + 40000 WHERE id % 2 = 0",
    "INSERT INTO keyless SELECT n % 5, 'k' FROM generate_series(1, 40) n",
    "TRUNCATE keyless",
    "INSERT INTO keyless SELECT n % 5, 'l' FROM generate_series(1, 40) n",
    "DELETE FROM plain WHERE id % 11 = 0",
];

fn write(pair: &Pair) {
    for statement in WRITES {
        pair.source.sql(DATABASE, statement).expect("writes");
    }
}

/// A pair whose stream has followed, ended, and is far behind.
async fn left_behind(name: &str, settings: &[&str]) -> Pair {
    let mut pair = Pair::start(name, Major::V15, Major::V16);
    for setting in settings {
        let sql = format!("ALTER SYSTEM SET {setting}");
        pair.source.sql("postgres", &sql).expect("a setting");
    }
    if !settings.is_empty() {
        pair.source.shut_down().expect("it ends in order");
        pair.source.resume().expect("it comes back");
    }
    let mut stream = pair.stream();
    reach(&mut stream, |progress| progress.phase == "following").await;
    stream.stop().await.expect("it stops");
    write(&pair);
    for _ in 0..FAR_TIMES {
        pair.source.sql(DATABASE, FAR).expect("a longer log");
    }
    pair
}

/// The slots that end with their session: only a backlog is read from one.
fn temporary_slots(pair: &Pair) -> String {
    let sql = "SELECT coalesce(string_agg(slot_name || ' ' || coalesce(active_pid, 0), ','), '') FROM pg_replication_slots WHERE temporary";
    let slots = pair.source.sql(DATABASE, sql).expect("slots");
    slots.trim().to_owned()
}

/// Waits until a backlog is being read.
async fn wait_until_read(pair: &Pair) -> String {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let slots = temporary_slots(pair);
        if slots.starts_with("reberth_") {
            return slots;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no backlog is read");
}

/// Keeps the applier waiting for as long as the session lives.
async fn hold_target(pair: &Pair) -> Session {
    let mut session = session(&pair.target).await;
    let sql = "BEGIN; LOCK TABLE plain, two_keys IN EXCLUSIVE MODE";
    session.run("holding tables", sql).await.expect("locks");
    session
}

async fn assert_caught_up(pair: &Pair, stream: &mut RunningStream) {
    pair.settle(stream).await;
    pair.assert_equal();
    assert_eq!(temporary_slots(pair), "", "they go with their session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_far_behind_reads_by_statements_and_then_follows() {
    let pair = left_behind("backlog", &[]).await;
    let hold = hold_target(&pair).await;
    let mut stream = pair.stream();
    wait_until_read(&pair).await;
    let writer = Writer::start(&pair);
    drop(hold);
    tokio::time::sleep(Duration::from_secs(2)).await;
    writer.stop().await;
    assert_caught_up(&pair, &mut stream).await;
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_far_behind_takes_no_slot() {
    let pair = Pair::start("backlog-near", Major::V15, Major::V16);
    let mut stream = pair.stream();
    reach(&mut stream, |progress| progress.phase == "following").await;
    stream.stop().await.expect("it stops");
    let few = "INSERT INTO plain SELECT n, n, 'few' FROM generate_series(1, 1000) n";
    pair.source.sql(DATABASE, few).expect("writes");
    let hold = hold_target(&pair).await;
    let mut stream = pair.stream();
    let streams =
        "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' OR state = 'catchup'";
    while pair.source.sql(DATABASE, streams).expect("streams").trim() != "1" {
        assert_eq!(temporary_slots(&pair), "");
    }
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
}

/// Ended in the middle of an answer, by the source and with it: the next attempt begins at the checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_asked_for_again_from_the_checkpoint() {
    let mut pair = left_behind("backlog-broken", &[]).await;
    let hold = hold_target(&pair).await;
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("a proxy");
    proxy.set(Traffic::Slow(Duration::from_millis(20)));
    let target = pair.target.port();
    let mut stream = two_ways::stream(&pair, Method::Logical, proxy.port(), target);
    wait_until_in_answer(&pair).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%get_binary_changes%'";
    let ended = pair.source.sql(DATABASE, end).expect("an end");
    assert_eq!(ended.trim(), "t");
    wait_until_in_answer(&pair).await;
    pair.source.kill();
    pair.source.resume().expect("it comes back");
    wait_until_in_answer(&pair).await;
    proxy.set(Traffic::Pass);
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
}

/// Waits until an answer stands on the wire, longer than the wire takes at once.
async fn wait_until_in_answer(pair: &Pair) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%get_binary_changes%' AND wait_event = 'ClientWrite'";
    let begun = Instant::now();
    while pair.source.sql(DATABASE, sql).expect("sessions").trim() == "0" {
        assert!(begun.elapsed() < PATIENCE, "no answer is read");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The source's work on an answer is bounded: what takes too long is broken off, and left to the stream.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_left_to_the_stream() {
    let pair = left_behind("backlog-late", &[]).await;
    // The plugin asks it for the first change of a table.
    let mut hold = session(&pair.source).await;
    let sql = "BEGIN; LOCK TABLE pg_catalog.pg_publication_rel IN ACCESS EXCLUSIVE MODE";
    hold.run("holding decoding up", sql).await.expect("a lock");
    let mut stream = pair.stream();
    wait_until_read(&pair).await;
    let followers = "SELECT count(*) FROM pg_stat_replication";
    while pair
        .source
        .sql(DATABASE, followers)
        .expect("followers")
        .trim()
        != "1"
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while !temporary_slots(&pair).is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_slot_to_spare_the_stream_is_read_at_once() {
    let pair = left_behind("backlog-full", &["max_replication_slots = 1"]).await;
    let mut stream = pair.stream();
    assert_caught_up(&pair, &mut stream).await;
}

/// What is read may go on the source as the target commits it, and no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn the_source_keeps_what_is_read_and_not_applied() {
    let pair = left_behind("backlog-kept", &[]).await;
    let place = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE NOT temporary";
    let before = pair.source.sql(DATABASE, place).expect("a place");
    let hold = hold_target(&pair).await;
    let mut stream = pair.stream();
    wait_until_read(&pair).await;
    let moved = "SELECT count(*) FROM pg_replication_slots t, pg_replication_slots s WHERE t.temporary AND NOT s.temporary AND t.confirmed_flush_lsn > s.confirmed_flush_lsn";
    while pair.source.sql(DATABASE, moved).expect("slots").trim() != "1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(pair.source.sql(DATABASE, place).expect("a place"), before);
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
    let after = pair.source.sql(DATABASE, place).expect("a place");
    assert_ne!(after, before);
}
