//! A stream that is far behind reads its log by statements, from a temporary copy of its slot, and then goes over to the replication protocol.

use std::time::Instant;

use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use super::begin::until;
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
    let pair = Pair::start_with(name, Major::V15, Major::V16, settings);
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
    // They go with their session, when the source has noticed its end.
    let gone = "SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE temporary)";
    until(&pair.source, gone).await;
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
    for sql in [
        "ALTER SYSTEM SET log_statement = 'all'",
        "SELECT pg_reload_conf()",
    ] {
        pair.source.sql("postgres", sql).expect("a setting");
    }
    let mut stream = pair.stream();
    assert_caught_up(&pair, &mut stream).await;
    let log = std::fs::read_to_string(pair.source.log()).expect("a log");
    assert!(
        log.contains("pg_current_wal_insert_lsn"),
        "statements are logged"
    );
    assert!(!log.contains("pg_copy_logical_replication_slot"));
}

/// What was applied of a backlog is not read again, though the source was not told of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_backlog_begins_at_the_checkpoint_and_not_where_the_slot_stands() {
    let pair = left_behind("backlog-rest", &[]).await;
    let before = slots_place(&pair);
    let proxy = slow_source(&pair).await;
    let mut stream = through(&pair, &proxy);
    reach(&mut stream, |progress| progress.transactions_applied > 500).await;
    drop(stream);
    assert_eq!(slots_place(&pair), before);
    proxy.set(Traffic::Pass);
    let mut stream = through(&pair, &proxy);
    assert_caught_up(&pair, &mut stream).await;
}

/// As another build, or hands, may leave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_begins_behind_the_checkpoint_is_told_of_a_backlog_too() {
    let pair = left_behind("backlog-later", &[]).await;
    make_slot_anew(&pair);
    for _ in 0..FAR_TIMES {
        pair.source.sql(DATABASE, FAR).expect("a longer log");
    }
    let mut stream = pair.stream();
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("there is a gap");
    assert_eq!(error.code(), "RB-REP-007", "{error}");
}

fn make_slot_anew(pair: &Pair) {
    let mark = pair.plan().mark();
    let missed = "INSERT INTO plain VALUES (-1, 1, 'before the other slot')";
    for sql in [
        missed,
        &format!("SELECT pg_drop_replication_slot('{mark}')"),
        &format!("SELECT pg_create_logical_replication_slot('{mark}', 'pgoutput')"),
    ] {
        pair.source.sql(DATABASE, sql).expect("another slot");
    }
}

/// Where the stream's own slot stands.
fn slots_place(pair: &Pair) -> String {
    let sql = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE NOT temporary";
    pair.source.sql(DATABASE, sql).expect("a place")
}

/// A way to the source on which an answer takes long.
async fn slow_source(pair: &Pair) -> FaultProxy {
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("a proxy");
    proxy.set(Traffic::Slow(Duration::from_millis(20)));
    proxy
}

fn through(pair: &Pair, proxy: &FaultProxy) -> RunningStream {
    two_ways::stream(pair, Method::Logical, proxy.port(), pair.target.port())
}

/// Ended in the middle of an answer, by the source and with it: the next attempt begins at the checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_asked_for_again_from_the_checkpoint() {
    let mut pair = left_behind("backlog-broken", &[]).await;
    let hold = hold_target(&pair).await;
    let proxy = slow_source(&pair).await;
    let mut stream = through(&pair, &proxy);
    let first = wait_until_in_answer(&pair, "0").await;
    let end = format!("SELECT pg_terminate_backend({first})");
    let ended = pair.source.sql(DATABASE, &end).expect("an end");
    assert_eq!(ended.trim(), "t");
    let second = wait_until_in_answer(&pair, &first).await;
    pair.source.kill();
    pair.source.resume().expect("it comes back");
    wait_until_in_answer(&pair, &second).await;
    proxy.set(Traffic::Pass);
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
}

/// Waits until an answer stands on the wire, longer than the wire takes at once, in another session than one before. Returns the session's number.
async fn wait_until_in_answer(pair: &Pair, before: &str) -> String {
    let sql = format!(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%get_binary_changes%' AND wait_event = 'ClientWrite' AND pid <> {before}"
    );
    let begun = Instant::now();
    loop {
        let session = pair.source.sql(DATABASE, &sql).expect("sessions");
        if !session.trim().is_empty() {
            return session.trim().to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "no answer is read");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Nobody holds the stream's own slot while a backlog is read from a copy, so it may be made anew meanwhile: what it does not send must not be missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_made_anew_while_a_backlog_is_read_is_told() {
    let pair = left_behind("backlog-anew", &[]).await;
    let proxy = slow_source(&pair).await;
    let mut stream = through(&pair, &proxy);
    wait_until_in_answer(&pair, "0").await;
    make_slot_anew(&pair);
    proxy.set(Traffic::Pass);
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("there is a gap");
    assert_eq!(error.code(), "RB-REP-007", "{error}");
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
    // A base may want the second.
    let pair = left_behind("backlog-full", &["max_replication_slots=2"]).await;
    let before = slots_place(&pair);
    let proxy = slow_source(&pair).await;
    let mut stream = through(&pair, &proxy);
    reach(&mut stream, |progress| progress.transactions_applied > 500).await;
    assert_eq!(temporary_slots(&pair), "");
    until(
        &pair.source,
        &format!(
            "SELECT confirmed_flush_lsn > '{}' FROM pg_replication_slots",
            before.trim()
        ),
    )
    .await;
    proxy.set(Traffic::Pass);
    assert_caught_up(&pair, &mut stream).await;
}

/// What is read may go on the source as the target commits it, and no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn the_source_keeps_what_is_read_and_not_applied() {
    let pair = left_behind("backlog-kept", &[]).await;
    let before = slots_place(&pair);
    let hold = hold_target(&pair).await;
    let mut stream = pair.stream();
    wait_until_read(&pair).await;
    let moved = "SELECT count(*) FROM pg_replication_slots t, pg_replication_slots s WHERE t.temporary AND NOT s.temporary AND t.confirmed_flush_lsn > s.confirmed_flush_lsn";
    while pair.source.sql(DATABASE, moved).expect("slots").trim() != "1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(slots_place(&pair), before);
    drop(hold);
    assert_caught_up(&pair, &mut stream).await;
    assert_ne!(slots_place(&pair), before);
}
