//! What must stand or fall together on the target, and under whose epoch: shown by refusing a part of it.

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;
use reberth_testkit::learning::DATABASE;

use crate::mixed_moments::WAITING;
use crate::pair::{MYSQL, Pair, Products, address, becomes, error_of, usual};

const SCHEMA: &str =
    "CREATE TABLE seat (id INT PRIMARY KEY, v INT); INSERT INTO seat VALUES (1, 1), (2, 2);";

/// A trigger that lets no statement change a column.
fn refuse_change(table: &str, column: &str) -> String {
    format!(
        "CREATE TRIGGER reberth.refuse BEFORE UPDATE ON reberth.{table} FOR EACH ROW SET NEW.{column} = IF(NEW.{column} = OLD.{column}, NEW.{column}, (SELECT 1 UNION SELECT 2))"
    )
}

impl Pair {
    fn on_target(&self, sql: &str) -> String {
        let answer = self.target.sql(sql).expect("it works");
        answer.trim().to_owned()
    }

    fn seats_on_target(&self) -> String {
        self.on_target(&format!(
            "SELECT COALESCE(GROUP_CONCAT(id ORDER BY id), '') FROM {DATABASE}.seat"
        ))
    }

    async fn follows_exactly(&self) {
        let mut stream = self.follow().await;
        self.drain(&mut stream).await;
        assert_eq!(self.differing_tables(), Vec::<String>::new());
        stream.stop().await.expect("it stops");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_there_only_with_the_progress_that_tells_of_them() {
    refuse_progress(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_there_only_with_the_progress_that_tells_of_them_on_mysql() {
    refuse_progress(MYSQL).await;
}

async fn refuse_progress(products: Products) {
    let pair = Pair::with_on(products, "progress", SCHEMA);
    pair.follows_exactly().await;
    // The checkpoint cannot move, so nothing of the batch may stay.
    pair.on_target(&refuse_change("stream", "log_offset"));
    pair.run("INSERT INTO seat VALUES (3, 3); UPDATE seat SET v = 9 WHERE id = 1");
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert_eq!(error.code(), "RB-REP-003", "{error}");
    assert_eq!(pair.seats_on_target(), "1,2");
    pair.on_target("DROP TRIGGER reberth.refuse");
    pair.follows_exactly().await;
    // The chunk cannot be counted, so neither its rows nor its mark may stay.
    pair.run("INSERT INTO seat VALUES (4, 4)");
    pair.follows_exactly().await;
    pair.copy_again(&[("seat", "TRUE", "TRUE")]);
    pair.on_target(&refuse_change("chunk", "row_count"));
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert_eq!(error.code(), "RB-REP-003", "{error}");
    let is_done = "SELECT is_done FROM reberth.chunk WHERE table_name = 'seat'";
    let left = (pair.seats_on_target(), pair.on_target(is_done));
    assert_eq!(left, (String::new(), "0".to_owned()));
    pair.on_target("DROP TRIGGER reberth.refuse");
    pair.follows_exactly().await;
}

/// It commits by itself, so the word that it is done comes after it, and may not come at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_was_carried_out_and_not_noted_is_seen() {
    let pair = Pair::with("seen", SCHEMA);
    pair.follows_exactly().await;
    pair.on_target(&refuse_change("schema_change", "steps_done"));
    pair.run("ALTER TABLE seat ADD w INT NOT NULL DEFAULT 4; INSERT INTO seat VALUES (3, 3, 3)");
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert_eq!(error.code(), "RB-REP-003", "{error}");
    let made = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_NAME = 'seat' AND COLUMN_NAME = 'w'";
    assert_eq!(pair.on_target(made), "1");
    pair.on_target("DROP TRIGGER reberth.refuse");
    pair.follows_exactly().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_overtaken_writes_no_row() {
    overtake(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_overtaken_writes_no_row_on_mysql() {
    overtake(MYSQL).await;
}

/// The successor is only a word in the table here: it has ended no session, as if the predecessor's could not be ended.
async fn overtake(products: Products) {
    let pair = Pair::with_on(products, "overtake", SCHEMA);
    let raise = "UPDATE reberth.stream SET epoch = epoch + 1, raised_by = 'somebody'";
    let move_on = "UPDATE reberth.stream SET log_offset = log_offset + 1";
    for (what, overtake, undo) in [
        ("another epoch", raise, "DO 1"),
        (
            "another place under the same epoch",
            move_on,
            "UPDATE reberth.stream SET log_offset = log_offset - 1",
        ),
    ] {
        let mut stream = pair.follow().await;
        pair.drain(&mut stream).await;
        pair.on_target(overtake);
        pair.run("INSERT INTO seat VALUES (7, 7)");
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-011", "{what}: {error}");
        assert_eq!(pair.seats_on_target(), "1,2", "{what}");
        pair.on_target(undo);
        pair.follows_exactly().await;
        pair.run("DELETE FROM seat WHERE id = 7");
        pair.follows_exactly().await;
    }
    // A chunk that is being read, and not written yet.
    pair.copy_again(&[("seat", "TRUE", "TRUE")]);
    let mut holder = pair.lock_on_source("seat WRITE").await;
    let mut stream = RunningStream::start(pair.forward());
    becomes(&pair.source, WAITING, "1").await;
    pair.on_target(raise);
    let unlocked = holder.run("letting go", "UNLOCK TABLES").await;
    unlocked.expect("it works");
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-011", "{error}");
    assert_eq!(pair.seats_on_target(), "");
    pair.follows_exactly().await;
}

/// It holds the checkpoint's row and does nothing more, like a process that was stopped in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_predecessor_holds_is_taken_from_it() {
    let pair = Pair::with("holds", SCHEMA);
    pair.follows_exactly().await;
    pair.on_target("SET GLOBAL innodb_lock_wait_timeout = 3600");
    let address = address(pair.target.port(), "writer", "target");
    let mut predecessor = server::writer(&address).await.expect("a session");
    let register = format!(
        "INSERT INTO reberth.session (stream, connection_id, epoch) SELECT name, {}, epoch FROM reberth.stream",
        predecessor.id()
    );
    for sql in [
        register.as_str(),
        "START TRANSACTION",
        "UPDATE reberth.stream SET turn = turn + 1",
        "INSERT INTO lms_core.seat VALUES (99, 99)",
    ] {
        predecessor.run("holding", sql).await.expect("it works");
    }
    pair.follows_exactly().await;
    let late = predecessor.run("committing late", "COMMIT").await;
    assert!(late.is_err(), "its session goes on");
}
