//! Where a stream begins, where it goes on, and what its source keeps for it.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::state::Method;
use reberth_testkit::postgres::{Major, Postgres};
use tokio::sync::Semaphore;

use super::two_ways::{Writer, prepare, stream};
use super::{DATABASE, PATIENCE, Pair, reach, session};

/// Waits until a question to a server is answered with `t`.
pub(super) async fn until(server: &Postgres, question: &str) {
    let asked = async {
        while server.sql(DATABASE, question).expect("an answer").trim() != "t" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    answered.unwrap_or_else(|_| panic!("never true: {question}"));
}

/// A slot waits for what is open when it is made. What commits meanwhile is in its snapshot; one taken before would show neither that, nor would the slot send it.
#[tokio::test(flavor = "multi_thread")]
async fn what_commits_while_the_slot_is_made_arrives_once() {
    let mut pair = Pair::start("begin", Major::V15, Major::V16);
    let prepares = "ALTER SYSTEM SET max_prepared_transactions = 5";
    pair.source.sql(DATABASE, prepares).expect("a setting");
    pair.source.shut_down().expect("it ends in order");
    pair.source.resume().expect("it comes back");
    let mut open = session(&pair.source).await;
    open.run("writing", "BEGIN; INSERT INTO keyless VALUES (1, 'open')")
        .await
        .expect("a row");
    let write = |sql: &str| pair.source.sql(DATABASE, sql).expect("a write");
    write("BEGIN; INSERT INTO keyless VALUES (2, 'prepared'); PREPARE TRANSACTION 'undecided'");
    let mut stream = pair.stream();
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock')";
    until(&pair.source, waits).await;
    write("INSERT INTO keyless VALUES (3, 'meanwhile')");
    open.run("writing", "COMMIT").await.expect("a commit");
    write("COMMIT PREPARED 'undecided'");
    pair.settle(&mut stream).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}

/// Every change is in the copy or is told behind it, also of the moments in which the one ends and the other begins.
async fn begins_among_writes(name: &str, method: Method) {
    let pair = Pair::start(name, Major::V15, Major::V16);
    let rows = "INSERT INTO plain SELECT n, n, 'p' FROM generate_series(1, 5000) n; INSERT INTO two_keys SELECT n, n, 'b' FROM generate_series(1, 700) n";
    pair.source.sql(DATABASE, rows).expect("rows");
    prepare(&pair, method).await;
    let writer = Writer::start(&pair);
    let mut stream = stream(&pair, method, pair.source.port(), pair.target.port());
    reach(&mut stream, |progress| progress.phase == "following").await;
    writer.stop().await;
    pair.settle(&mut stream).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_a_stream_by_a_slot_begins_arrives() {
    begins_among_writes("among-slot", Method::Logical).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_a_stream_by_triggers_begins_arrives() {
    begins_among_writes("among-capture", Method::TriggerCapture).await;
}

/// A child that was copied later than its parents waits for them before the foreign key is made.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_two_snapshots_get_their_foreign_keys_when_they_stand_at_one_moment() {
    let pair = Pair::start("moments", Major::V15, Major::V16);
    let rows = "INSERT INTO plain SELECT n, n, repeat('p', 200) FROM generate_series(1, 20000) n";
    pair.source.sql(DATABASE, rows).expect("rows");
    // Slowly enough that the child's table is locked before its turn.
    let plan = StreamPlan {
        workers: 1,
        bytes_per_s_most: Some(300_000),
        ..pair.plan()
    };
    let mut first = pipeline::start(plan, Arc::new(Semaphore::new(2)));
    reach(&mut first, |progress| progress.bytes_copied > 0).await;
    let mut locker = session(&pair.target).await;
    let lock = "BEGIN; LOCK TABLE child IN ACCESS EXCLUSIVE MODE";
    locker.run("locking", lock).await.expect("a lock");
    reach(&mut first, |progress| progress.chunks_done >= 1).await;
    drop(first);
    // In the log behind the slot's beginning, and in the second snapshot: to be brought once.
    let family = "INSERT INTO plain VALUES (900001, 1, 'parent'); INSERT INTO child VALUES (1, 900001); INSERT INTO keyless VALUES (1, 'once')";
    pair.source.sql(DATABASE, family).expect("rows");
    locker.run("unlocking", "ROLLBACK").await.expect("no lock");
    let mut second = pair.stream();
    pair.settle(&mut second).await;
    pair.assert_equal();
    second.stop().await.expect("it stops");
}

/// A copy of the database under its name has its tables, their numbers and our triggers, and another history.
#[tokio::test(flavor = "multi_thread")]
async fn another_database_of_the_same_name_stops_the_stream() {
    for (name, method) in [
        ("clone-slot", Method::Logical),
        ("clone-capture", Method::TriggerCapture),
    ] {
        let pair = Pair::start(name, Major::V15, Major::V16);
        prepare(&pair, method).await;
        let (source, target) = (pair.source.port(), pair.target.port());
        let mut before = stream(&pair, method, source, target);
        pair.settle(&mut before).await;
        before.stop().await.expect("it stops");
        for sql in [
            format!("ALTER DATABASE {DATABASE} RENAME TO kept"),
            format!("CREATE DATABASE {DATABASE} TEMPLATE kept"),
        ] {
            pair.source.sql("postgres", &sql).expect("a database");
        }
        let mut after = stream(&pair, method, source, target);
        let ended = after.wait_until(|progress| progress.phase == "following");
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        let error = ended.expect("it ends").expect_err("it is another source");
        assert_eq!(error.code(), "RB-REP-006", "{name}: {error}");
    }
}

/// Writes one row while the applier cannot, and kills the stream there: it has not passed that row, and the source keeps it.
async fn killed_in_a_batch(name: &str, method: Method) {
    let pair = Pair::start(name, Major::V15, Major::V16);
    prepare(&pair, method).await;
    let (source, target) = (pair.source.port(), pair.target.port());
    let mut first = stream(&pair, method, source, target);
    pair.settle(&mut first).await;
    let mut locker = session(&pair.target).await;
    let lock = "BEGIN; LOCK TABLE plain IN EXCLUSIVE MODE";
    locker.run("locking", lock).await.expect("a lock");
    let read = |sql: &str| pair.source.sql(DATABASE, sql).expect("an answer");
    read("INSERT INTO plain VALUES (1, 1, 'sent')");
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
    until(&pair.target, waits).await;
    if method == Method::Logical {
        // Until the reader has told several times how far the target has come.
        let told = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE reply_time > '";
        for _ in 0..3 {
            let now = read("SELECT clock_timestamp()");
            until(&pair.source, &format!("{told}{}')", now.trim())).await;
        }
    }
    drop(first);
    locker.run("unlocking", "ROLLBACK").await.expect("no lock");
    let mut second = stream(&pair, method, source, target);
    pair.settle(&mut second).await;
    pair.assert_equal();
    second.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_by_a_slot_that_is_killed_in_a_batch_has_not_passed_it() {
    killed_in_a_batch("batch-slot", Method::Logical).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_by_triggers_that_is_killed_in_a_batch_has_not_passed_it() {
    killed_in_a_batch("batch-capture", Method::TriggerCapture).await;
}

/// Where the checkpoint cannot be committed, the rows are not.
#[tokio::test(flavor = "multi_thread")]
async fn rows_and_their_checkpoint_are_committed_together() {
    for (name, method) in [
        ("together-slot", Method::Logical),
        ("together-capture", Method::TriggerCapture),
    ] {
        let pair = Pair::start(name, Major::V15, Major::V16);
        prepare(&pair, method).await;
        let (source, target) = (pair.source.port(), pair.target.port());
        let mut first = stream(&pair, method, source, target);
        pair.settle(&mut first).await;
        first.stop().await.expect("it stops");
        // The place of a batch that is larger than nothing is refused at the commit.
        let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF EXISTS (SELECT FROM public.plain) OR EXISTS (SELECT FROM public.keyless) THEN RAISE 'no commit'; END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE OF position ON reberth.stream DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
            ALTER TABLE reberth.stream ENABLE ALWAYS TRIGGER refuse";
        pair.target.sql(DATABASE, refuse).expect("a trigger");
        let mut second = stream(&pair, method, source, target);
        let rows =
            "INSERT INTO plain VALUES (1, 1, 'once'); INSERT INTO keyless VALUES (1, 'once')";
        pair.source.sql(DATABASE, rows).expect("rows");
        let ended = tokio::time::timeout(PATIENCE, second.wait_until(|_| false)).await;
        ended.expect("it ends").expect_err("it is refused");
        let there = "SELECT (SELECT count(*) FROM plain) + (SELECT count(*) FROM keyless)";
        let there = pair.target.sql(DATABASE, there).expect("a count");
        assert_eq!(there.trim(), "0", "{name}");
        let allow = "DROP TRIGGER refuse ON reberth.stream; DROP FUNCTION refuse()";
        pair.target.sql(DATABASE, allow).expect("it goes");
        let mut third = stream(&pair, method, source, target);
        pair.settle(&mut third).await;
        pair.assert_equal();
        third.stop().await.expect("it stops");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_gone_is_told_and_not_made_anew() {
    let pair = Pair::start("gone", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let free = "SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE active)";
    until(&pair.source, free).await;
    let gone = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots";
    pair.source.sql(DATABASE, gone).expect("it goes");
    let missed = "INSERT INTO plain VALUES (1, 1, 'in nobodys log')";
    pair.source.sql(DATABASE, missed).expect("a row");
    let mut stream = pair.stream();
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("there is a gap");
    assert_eq!(error.code(), "RB-REP-007", "{error}");
    let slots = "SELECT count(*) FROM pg_replication_slots";
    assert_eq!(pair.source.sql(DATABASE, slots).expect("slots").trim(), "0");
}
