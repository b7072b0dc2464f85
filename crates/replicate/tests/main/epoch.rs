//! Who holds a stream: a run that raised the epoch itself goes on, whoever was overtaken ends.

use crate::pair::{MYSQL, Pair, Products, address, becomes, error_of, reach, usual};
use reberth_replicate::connection::Session;
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::{self, Claim, Direction, StreamState};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::learning::DATABASE;

const SCHEMA: &str =
    "CREATE TABLE seat (id INT PRIMARY KEY, v INT); INSERT INTO seat VALUES (1, 1), (2, 2);";

/// A session on the target beside the stream's own.
async fn beside(pair: &Pair) -> Session {
    let address = address(pair.target.port(), "writer", "target");
    server::writer(&address).await.expect("a session")
}

/// A stream that follows over a proxy to the target, and has lost its connections.
async fn cut_off(pair: &Pair) -> (FaultProxy, RunningStream) {
    let proxy = FaultProxy::start(pair.target.port())
        .await
        .expect("it works");
    let mut stream = RunningStream::start(pair.forward_over(pair.source.port(), proxy.port()));
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    proxy.set(Traffic::Cut);
    pair.run("INSERT INTO seat VALUES (3, 3)");
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    (proxy, stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_epoch_raised_over_a_wire_that_broke_is_our_own() {
    raise_without_an_answer(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_epoch_raised_over_a_wire_that_broke_is_our_own_on_mysql() {
    raise_without_an_answer(MYSQL).await;
}

/// The wire breaks while the raise waits for a lock, so the server carries it out and has nobody to tell.
async fn raise_without_an_answer(products: Products) {
    let pair = Pair::with_on(products, "raise", SCHEMA);
    let (proxy, mut stream) = cut_off(&pair).await;
    let mut holder = beside(&pair).await;
    for sql in [
        "START TRANSACTION",
        "UPDATE reberth.stream SET turn = turn + 1",
    ] {
        holder.run("holding the row", sql).await.expect("it works");
    }
    proxy.set(Traffic::Pass);
    becomes(&pair.target, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE reberth.stream SET epoch%'", "1").await;
    proxy.set(Traffic::Cut);
    holder.run("letting go", "COMMIT").await.expect("it works");
    becomes(&pair.target, "SELECT epoch FROM reberth.stream", "2").await;
    proxy.set(Traffic::Pass);
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

/// The stream that began anew has come to the number that the first one held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begun_anew_under_the_same_number_is_not_our_own() {
    let pair = Pair::with("anew", SCHEMA);
    let (proxy, mut old) = cut_off(&pair).await;
    let mut session = beside(&pair).await;
    state::forget(&mut session, Direction::Forward, DATABASE)
        .await
        .expect("it works");
    pair.target.sql("DROP DATABASE lms_core").expect("it works");
    let mut new = pair.follow().await;
    assert_eq!(new.progress().epoch, old.progress().epoch);
    proxy.set(Traffic::Pass);
    let error = error_of(&mut old).await;
    assert_eq!(error.code(), "RB-REP-011", "{error:?}");
    pair.drain(&mut new).await;
    new.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_ends_with_the_successor() {
    let pair = Pair::with("claim", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let mut session = beside(&pair).await;
    let (mut first, mut second) = (Claim::new().expect("one"), Claim::new().expect("another"));
    let mut epochs = Vec::new();
    for claim in [&mut first, &mut second] {
        for _ in 0..2 {
            let taken =
                StreamState::take_over(&mut session, Direction::Forward, DATABASE, claim).await;
            epochs.push(taken.expect("it is taken").epoch());
        }
    }
    assert_eq!(epochs, [2, 3, 4, 5]);
    let error =
        StreamState::take_over(&mut session, Direction::Forward, DATABASE, &mut first).await;
    assert_eq!(error.expect_err("it is overtaken").code(), "RB-REP-011");
}

/// Its successor has cut the tables itself, and would find chunks that it did not make.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overtaken_run_stores_no_chunks() {
    let pair = Pair::with("chunks", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let mut session = beside(&pair).await;
    let mut states = Vec::new();
    for _ in 0..2 {
        let mut claim = Claim::new().expect("a claim");
        let taken =
            StreamState::take_over(&mut session, Direction::Forward, DATABASE, &mut claim).await;
        states.push(taken.expect("it is taken"));
    }
    let overtaken = states[0].store_chunks(&mut session, &[]).await;
    assert_eq!(overtaken.expect_err("it is overtaken").code(), "RB-REP-011");
    let holder = states[1].store_chunks(&mut session, &[]).await;
    holder.expect("who holds the stream stores them");
}

/// What it would still make, an index or a trigger, asks for no epoch.
async fn an_overtaken_run_has_no_session_left(products: Products) {
    let pair = Pair::with_on(products, "no-session", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let (mut first, mut second) = (beside(&pair).await, beside(&pair).await);
    let mut states = Vec::new();
    for session in [&mut first, &mut second] {
        let mut claim = Claim::new().expect("a claim");
        let taken = StreamState::take_over(session, Direction::Forward, DATABASE, &mut claim).await;
        states.push(taken.expect("it is taken"));
    }
    let index = "ALTER TABLE lms_core.seat ADD KEY (v)";
    first
        .run("making an index", index)
        .await
        .expect_err("the session is ended");
    let late = states[0].open_writer().await;
    assert_eq!(
        late.expect_err("it is overtaken").code(),
        "RB-REP-011",
        "one that comes late"
    );
    second
        .run("making an index", index)
        .await
        .expect("who holds the stream has its sessions");
    states[1].open_writer().await.expect("and more of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overtaken_run_has_no_session_left_to_write_with() {
    an_overtaken_run_has_no_session_left(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overtaken_run_has_no_session_left_to_write_with_on_mysql() {
    an_overtaken_run_has_no_session_left(MYSQL).await;
}

/// Oracle's server refuses to list its sessions by a query while one of them runs a statement whose bytes are no text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predecessor_is_looked_for_among_statements_that_are_no_text() {
    let pair = Pair::with_on(MYSQL, "bytes", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let mut busy = beside(&pair).await;
    busy.run("speaking bytes", "SET NAMES binary")
        .await
        .expect("it works");
    let speaking = tokio::spawn(async move {
        busy.run("sleeping", b"DO SLEEP(600), '\xF0\x9F\x8E\x93\xFF'")
            .await
    });
    becomes(
        &pair.target,
        "SELECT COUNT(*) FROM performance_schema.processlist WHERE STATE = 'User sleep'",
        "1",
    )
    .await;
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
    speaking.abort();
}

/// A stream without its chunks would copy once more over what it has copied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_is_killed_removes_nothing() {
    let pair = Pair::with("stop-killed", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let kept = "SELECT (SELECT COUNT(*) FROM reberth.chunk), (SELECT COUNT(*) FROM reberth.source_schema), (SELECT COUNT(*) FROM reberth.stream)";
    let before = pair.target.sql(kept).expect("they are counted");
    let (mut holder, mut stopping) = (beside(&pair).await, beside(&pair).await);
    for sql in [
        "START TRANSACTION",
        "UPDATE reberth.stream SET turn = turn + 1",
    ] {
        holder.run("holding the row", sql).await.expect("it works");
    }
    let id = stopping.id();
    let stopped =
        tokio::spawn(
            async move { state::forget(&mut stopping, Direction::Forward, DATABASE).await },
        );
    becomes(&pair.target, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DELETE FROM reberth.stream%'", "1").await;
    pair.target
        .sql(&format!("KILL {id}"))
        .expect("it is killed");
    stopped.await.expect("it ends").expect_err("it is killed");
    drop(holder);
    becomes(&pair.target, kept, before.trim()).await;
    pair.follow().await.stop().await.expect("it goes on");
}

/// Left by a stop that was killed: its place in the log is not that of a new copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_stream_does_not_take_over_the_place_of_an_old_one() {
    let pair = Pair::with("left-over", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    pair.target
        .sql("DELETE FROM reberth.source_schema; DROP DATABASE lms_core")
        .expect("it works");
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert_eq!(error.code(), "RB-REP-003", "{error}");
    let mut session = beside(&pair).await;
    state::forget(&mut session, Direction::Forward, DATABASE)
        .await
        .expect("a stop removes it");
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begins_over_tables_that_were_half_made() {
    let pair = Pair::with("half", SCHEMA);
    let mut session = beside(&pair).await;
    state::prepare_tables(&mut session, Direction::Forward, DATABASE)
        .await
        .expect("it works");
    pair.target
        .sql("DROP TABLE reberth.source_schema")
        .expect("it works");
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
}

/// The server still carries out what a process that was killed had sent, while its successor looks at what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_a_dead_predecessor_is_making_is_left_alone() {
    let pair = Pair::with(
        "index",
        &format!("{SCHEMA} ALTER TABLE seat ADD UNIQUE KEY seat_v (v)"),
    );
    pair.follow().await.stop().await.expect("it works");
    pair.target
        .sql("UPDATE reberth.stream SET phase = 'replaying'; DROP INDEX seat_v ON lms_core.seat")
        .expect("it works");
    let (mut reader, mut dead) = (beside(&pair).await, beside(&pair).await);
    for sql in [
        "START TRANSACTION",
        "DO (SELECT COUNT(*) FROM lms_core.seat)",
    ] {
        reader
            .run("holding the table", sql)
            .await
            .expect("it works");
    }
    let made = tokio::spawn(async move {
        dead.run(
            "making an index",
            "ALTER TABLE lms_core.seat ADD UNIQUE KEY seat_v (v)",
        )
        .await
    });
    let waiting =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE%seat%'";
    becomes(&pair.target, waiting, "1").await;
    let mut stream = RunningStream::start(pair.forward());
    becomes(&pair.target, waiting, "2").await;
    reader.run("letting go", "COMMIT").await.expect("it works");
    made.await.expect("it ends").expect("the index is made");
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_an_older_build_goes_on() {
    let pair = Pair::with("epoch-older", "CREATE TABLE one (id INT PRIMARY KEY)");
    pair.follow().await.stop().await.unwrap();
    pair.target
        .sql("ALTER TABLE reberth.stream DROP COLUMN raised_by; ALTER TABLE reberth.operation DROP COLUMN paused_epoch")
        .unwrap();
    let mut stream = pair.follow().await;
    pair.run("INSERT INTO one VALUES (1)");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_build_keeps_of_prepared_transactions_is_refused_by_name() {
    let pair = Pair::start("older-build");
    pair.follow().await.stop().await.expect("it goes on");
    let run = |sql: &str| pair.target.sql(sql).expect("the target is written");
    run(
        "CREATE TABLE reberth.prepared (stream VARCHAR(100) NOT NULL, xid VARCHAR(200) NOT NULL, part INT UNSIGNED NOT NULL, changes LONGTEXT NOT NULL, PRIMARY KEY (stream, xid, part))",
    );
    run("INSERT INTO reberth.prepared VALUES ('forward:another', 'x', 0, '[]')");
    pair.follow()
        .await
        .stop()
        .await
        .expect("another stream's do not matter");
    run("INSERT INTO reberth.prepared SELECT name, '0x61,0x62,7', 0, '[]' FROM reberth.stream");
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert!(error.to_string().contains("0x61,0x62,7"), "{error}");
    run("DELETE FROM reberth.prepared");
    pair.follow()
        .await
        .stop()
        .await
        .expect("nothing is left of them");
}
