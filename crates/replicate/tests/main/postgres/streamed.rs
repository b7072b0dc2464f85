//! Transactions that the source sends before they commit.

mod waiting;

use std::path::PathBuf;

use reberth_replicate::postgres::begin_equal::begin_equal;
use reberth_replicate::postgres::server;
use reberth_replicate::sealed::SpoolPlan;

use super::begin::until;
use super::*;

/// A pair whose source sends what is larger than 64 kB, and a folder for it.
pub(super) struct Sending {
    pub(super) pair: Pair,
    folder: PathBuf,
    bytes_max: u64,
}

impl Sending {
    pub(super) fn start(name: &str, source: Major) -> Sending {
        Sending::of(Pair::start(&format!("streamed-{name}"), source, Major::V18))
    }

    pub(super) fn of(pair: Pair) -> Sending {
        // The least that a server takes.
        let setting = "ALTER ROLE mover SET logical_decoding_work_mem = '64kB'";
        pair.source.sql("postgres", setting).expect("a setting");
        let folder = format!("reberth-waiting-{}", pair.source.port());
        Sending {
            pair,
            folder: std::env::temp_dir().join(folder),
            bytes_max: 1 << 30,
        }
    }

    pub(super) fn plan(&self) -> StreamPlan {
        StreamPlan {
            spool: Some(SpoolPlan {
                folder: self.folder.clone(),
                bytes_max: self.bytes_max,
            }),
            // So many share the memory that a megabyte is left for what waits here.
            streams: 16,
            ..self.pair.plan()
        }
    }

    async fn stream(&self) -> RunningStream {
        let mut stream = pipeline::start(self.plan(), Arc::new(Semaphore::new(2)));
        self.pair.settle(&mut stream).await;
        stream
    }

    fn write(&self, sql: &str) {
        self.pair.source.sql(DATABASE, sql).expect("a write");
    }

    async fn open(&self) -> Session {
        let mut open = session(&self.pair.source).await;
        open.run("beginning", "BEGIN").await.expect("a transaction");
        open
    }

    /// Everything has arrived, so many transactions came in pieces, and nothing had to be sent again.
    async fn arrives(&self, stream: &mut RunningStream, in_pieces: u32) {
        self.pair.settle(stream).await;
        self.pair.assert_equal();
        self.came_in_pieces(in_pieces).await;
        let progress = stream.progress();
        assert_eq!((progress.retries, progress.spool_warning), (0, None));
        assert_eq!(progress.spool_bytes, 0);
    }

    async fn came_in_pieces(&self, transactions: u32) {
        let told =
            format!("SELECT sum(stream_txns) >= {transactions} FROM pg_stat_replication_slots");
        until(&self.pair.source, &told).await;
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// About a kilobyte each.
fn rows(first: u32, last: u32) -> String {
    format!(
        "INSERT INTO plain SELECT n, n, repeat(md5(n::text), 30) FROM generate_series({first}, {last}) n"
    )
}

async fn run(open: &mut Session, sql: &str) {
    open.run("writing", sql).await.expect("a write");
}

/// Waits until so much of an open transaction is here that it has gone to disk.
async fn is_here(stream: &mut RunningStream) {
    reach(stream, |progress| progress.spool_bytes > 0).await;
}

async fn savepoints(name: &str, source: Major) {
    let sending = Sending::start(name, source);
    let mut stream = sending.stream().await;
    let mut open = sending.open().await;
    for sql in [
        &rows(1, 3000),
        "SAVEPOINT a",
        &rows(3001, 6000),
        "SAVEPOINT b",
        &rows(6001, 9000),
    ] {
        run(&mut open, sql).await;
    }
    is_here(&mut stream).await;
    sending.write("INSERT INTO plain VALUES (-1, 1, 'of another')");
    for sql in [
        "ROLLBACK TO b",
        "INSERT INTO two_keys VALUES (1, 1, repeat('t', 9000))",
        &rows(6001, 6500),
        "SAVEPOINT c",
        &rows(10_001, 12_000),
        "SAVEPOINT d",
        "DELETE FROM plain WHERE id < 500",
        "ROLLBACK TO c",
        "SAVEPOINT e",
        "SAVEPOINT f",
        &rows(20_001, 23_000),
        "UPDATE plain SET v = 0",
        "RELEASE f",
        "INSERT INTO keyless VALUES (1, 'of e')",
        "ROLLBACK TO e",
        "UPDATE plain SET note = 'after' WHERE id % 7 = 0",
        "COMMIT",
    ] {
        run(&mut open, sql).await;
    }
    sending.write("UPDATE plain SET v = v + 1 WHERE id < 100");
    sending.arrives(&mut stream, 1).await;
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_to_a_savepoint_does_not_arrive() {
    savepoints("14", Major::V14).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_to_a_savepoint_does_not_arrive_from_the_newest() {
    savepoints("18", Major::V18).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_run_side_by_side_stay_apart() {
    let sending = Sending::start("side", Major::V16);
    let mut stream = sending.stream().await;
    let (mut one, mut other, mut third) = (
        sending.open().await,
        sending.open().await,
        sending.open().await,
    );
    for turn in 0..6 {
        let first = turn * 1000 + 1;
        run(&mut one, &rows(first, first + 999)).await;
        run(&mut other, &rows(first + 10_000, first + 10_999)).await;
        run(&mut third, &rows(first + 20_000, first + 20_999)).await;
        sending.write(&rows(first + 30_000, first + 30_020));
    }
    is_here(&mut stream).await;
    run(&mut third, "ROLLBACK").await;
    run(&mut other, "UPDATE plain SET v = -v WHERE id < 30000").await;
    run(&mut other, "COMMIT").await;
    run(&mut one, "UPDATE plain SET v = v + 7 WHERE id < 6001").await;
    run(&mut one, "COMMIT").await;
    sending.arrives(&mut stream, 2).await;
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncate_in_the_middle_keeps_its_place() {
    let sending = Sending::start("truncate", Major::V15);
    sending.write(&rows(100_001, 100_100));
    let mut stream = sending.stream().await;
    let sql = format!(
        "BEGIN; {}; TRUNCATE plain CASCADE; {}; INSERT INTO keyless SELECT n % 3, 'k' FROM generate_series(1, 3000) n; COMMIT",
        rows(1, 3000),
        rows(2000, 5000)
    );
    sending.write(&sql);
    sending.arrives(&mut stream, 1).await;
    stream.stop().await.expect("it stops");
}

/// A change of a table that was rolled back is none; one that commits stops the stream before its transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_changes_stops_the_stream_only_where_it_commits() {
    let sending = Sending::start("altered", Major::V17);
    let mut stream = sending.stream().await;
    let mut open = sending.open().await;
    for sql in [
        &rows(1, 1000),
        "SAVEPOINT s",
        "ALTER TABLE plain ADD more int",
        &rows(1001, 6000),
    ] {
        run(&mut open, sql).await;
    }
    is_here(&mut stream).await;
    for sql in ["ROLLBACK TO s", &rows(1001, 2000), "COMMIT"] {
        run(&mut open, sql).await;
    }
    sending.write("INSERT INTO plain VALUES (5000, 1, 'goes on')");
    sending.arrives(&mut stream, 1).await;
    let done = format!(
        "BEGIN; {}; ALTER TABLE plain ADD more int; {}; COMMIT",
        rows(6001, 7000),
        rows(7001, 9000)
    );
    sending.write(&done);
    let ended = stream.wait_until(|_| false).await.expect_err("it stops");
    assert_eq!(ended.code(), "RB-REP-008", "{ended}");
    let count = "SELECT count(*) FROM plain";
    let count = sending.pair.target.sql(DATABASE, count).expect("a count");
    assert_eq!(count.trim(), "2001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_transaction_arrives_when_it_is_decided() {
    let mut pair = Pair::start("streamed-prepared", Major::V15, Major::V18);
    let more = "ALTER SYSTEM SET max_prepared_transactions = 5";
    pair.source.sql("postgres", more).expect("a setting");
    pair.source.shut_down().expect("it ends");
    pair.source.resume().expect("it comes back");
    let sending = Sending::of(pair);
    let mut stream = sending.stream().await;
    for (name, first) in [("kept", 1), ("undone", 10_001)] {
        let sql = format!(
            "BEGIN; {}; SAVEPOINT s; {}; PREPARE TRANSACTION '{name}'",
            rows(first, first + 1999),
            rows(first + 2000, first + 3999)
        );
        sending.write(&sql);
    }
    is_here(&mut stream).await;
    sending.write("INSERT INTO keyless VALUES (1, 'between')");
    sending.pair.settle(&mut stream).await;
    let count = "SELECT count(*) FROM plain";
    let early = sending.pair.target.sql(DATABASE, count).expect("a count");
    assert_eq!(early.trim(), "0");
    sending.write("COMMIT PREPARED 'kept'");
    sending.write("ROLLBACK PREPARED 'undone'");
    sending.arrives(&mut stream, 2).await;
    stream.stop().await.expect("it stops");
}

/// The stream back leaves a large transaction of the stream there out, and not one of the application.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_transaction_of_the_stream_there_does_not_come_back() {
    let sending = Sending::start("loops", Major::V18);
    let setting = "ALTER ROLE mover SET logical_decoding_work_mem = '64kB'";
    let target = &sending.pair.target;
    target.sql("postgres", setting).expect("a setting");
    let mut there = sending.stream().await;
    let forward = sending.plan();
    let plan = StreamPlan {
        direction: Direction::Reverse,
        from: forward.to.clone(),
        to: forward.from.clone(),
        ..forward
    };
    begin_equal(&plan).await.expect("the way back begins");
    let mut back = pipeline::start(plan, Arc::new(Semaphore::new(2)));
    reach(&mut back, |progress| progress.phase == "following").await;
    sending.write(&rows(1, 5000));
    sending.write("INSERT INTO keyless SELECT 1, 'there' FROM generate_series(1, 3000)");
    sending.pair.settle(&mut there).await;
    there.stop().await.expect("it stops");
    let own = format!(
        "BEGIN; {}; UPDATE plain SET v = 0 WHERE id % 3 = 0; COMMIT",
        rows(5001, 9000)
    );
    target.sql(DATABASE, &own).expect("changes");
    let end: LogPosition = server::barrier(&mut session(target).await)
        .await
        .expect("a place");
    assert!(back.drain(&end).await.expect("it goes on"));
    sending.pair.assert_equal();
    let told = "SELECT sum(stream_txns) >= 2 FROM pg_stat_replication_slots";
    until(target, told).await;
    back.stop().await.expect("it stops");
}
