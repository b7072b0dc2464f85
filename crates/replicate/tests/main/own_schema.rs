//! Reberth's own schema, which the last stream takes along while another may begin.

use crate::pair::{MYSQL, Pair, Products, address, becomes, usual};
use reberth_replicate::connection::Session;
use reberth_replicate::mysql::objects::{Kind, keep};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::{self, Direction, operation};
use reberth_testkit::learning::DATABASE;

const SCHEMA: &str = "CREATE TABLE seat (id INT PRIMARY KEY, v INT)";
const WAITING: &str = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT GET_LOCK(''reberth:own-schema''%'";

/// A session on the target beside the stream's own.
async fn beside(pair: &Pair) -> Session {
    let address = address(pair.target.port(), "writer", "target");
    server::writer(&address).await.expect("a session")
}

/// One that stands where whoever makes, fills or removes the schema stands.
async fn holder(pair: &Pair) -> Session {
    let mut session = beside(pair).await;
    let sql = "SELECT GET_LOCK('reberth:own-schema', 0)";
    let taken: Option<Option<u64>> = session.row("taking the turn", sql).await.expect("it works");
    assert_eq!(taken.flatten(), Some(1));
    session
}

/// The first row of another stream is written between the look and the removal.
async fn a_stream_that_begins_keeps_the_schema(products: Products) {
    let pair = Pair::with_on(products, "own-kept", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let (holder, mut stopping) = (holder(&pair).await, beside(&pair).await);
    let stopped =
        tokio::spawn(
            async move { state::forget(&mut stopping, Direction::Forward, DATABASE).await },
        );
    becomes(&pair.target, WAITING, "1").await;
    pair.target
        .sql("INSERT INTO reberth.stream (name, epoch, phase, log_file, log_offset, certain_file, certain_offset, source_identity) VALUES ('forward:other', 0, 'copying', 'l.1', 4, 'l.1', 4, 'x')")
        .expect("another begins");
    drop(holder);
    let removed = stopped.await.expect("it ends").expect("it stops");
    assert!(!removed.iter().any(|what| what.starts_with("the schema")));
    let left = pair.target.sql("SELECT name FROM reberth.stream");
    assert_eq!(left.expect("it is there").trim(), "forward:other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_take_along_a_stream_that_begins() {
    a_stream_that_begins_keeps_the_schema(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_take_along_a_stream_that_begins_on_mysql() {
    a_stream_that_begins_keeps_the_schema(MYSQL).await;
}

/// The schema goes after the stream has made its tables there, and before it writes its first row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begins_when_the_last_one_has_taken_the_schema_along() {
    let pair = Pair::with("own-gone", SCHEMA);
    let mut session = beside(&pair).await;
    let checkpoint = {
        pair.follow().await.stop().await.expect("it works");
        let peeked = state::peek(&mut session, Direction::Forward, DATABASE).await;
        peeked.expect("it is read").expect("it has begun")
    };
    let holder = holder(&pair).await;
    let mut beginning = beside(&pair).await;
    let begun = tokio::spawn(async move {
        state::begin(&mut beginning, Direction::Forward, "other", &checkpoint).await
    });
    becomes(&pair.target, WAITING, "1").await;
    pair.target
        .sql("DROP DATABASE reberth")
        .expect("the last one stops");
    drop(holder);
    begun.await.expect("it ends").expect("it begins");
    let there = state::peek(&mut session, Direction::Forward, "other").await;
    there.expect("it is read").expect("it has begun");
}

/// What is kept there is dropped elsewhere right after: nothing else has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_are_kept_in_a_schema_that_stays() {
    let pair = Pair::with("own-triggers", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    pair.target
        .sql(&format!("SET GLOBAL log_bin_trust_function_creators = 1; USE {DATABASE}; CREATE TRIGGER counts BEFORE INSERT ON seat FOR EACH ROW SET NEW.v = 1"))
        .expect("the target has a trigger");
    let (holder, mut keeping) = (holder(&pair).await, beside(&pair).await);
    let kept = tokio::spawn(async move { keep::take_triggers(&mut keeping, DATABASE).await });
    becomes(&pair.target, WAITING, "1").await;
    pair.target
        .sql("DROP DATABASE reberth")
        .expect("the last one stops");
    drop(holder);
    let kept = kept.await.expect("it ends").expect("they are kept");
    assert_eq!(kept, ["counts"]);
}

/// Its row keeps the schema, so it has no need of the turn, which a session that nobody ends may hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_has_begun_waits_for_no_turn() {
    let pair = Pair::with("own-begun", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let (_holder, mut session) = (holder(&pair).await, beside(&pair).await);
    let paused = operation::pause(&mut session, Direction::Forward, DATABASE, "a test").await;
    paused.expect("it is held");
    let resumed = operation::resume(&mut session, Direction::Forward, DATABASE).await;
    assert!(resumed.expect("it goes on"));
    pair.follow().await.stop().await.expect("it works");
}

/// Another comes in between two definers that are tried.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_turn_is_given_back_after_each_definer() {
    let pair = Pair::with("own-definers", SCHEMA);
    let trigger = |name: &str, time: &str, user: &str| {
        format!(
            "CREATE DEFINER = {user}@localhost TRIGGER {name} {time} INSERT ON seat FOR EACH ROW SET @counted = 1;"
        )
    };
    let (early, late) = (
        trigger("early", "BEFORE", "a"),
        trigger("late", "AFTER", "b"),
    );
    pair.target
        .sql(&format!("SET GLOBAL log_bin_trust_function_creators = 1; CREATE DATABASE {DATABASE}; USE {DATABASE}; {SCHEMA}; {early} {late}"))
        .expect("the target has triggers");
    let (holder, mut trying) = (holder(&pair).await, beside(&pair).await);
    let tried =
        tokio::spawn(
            async move { keep::foreign_definers(&mut trying, DATABASE, Kind::Trigger).await },
        );
    becomes(&pair.target, WAITING, "1").await;
    let mut next = beside(&pair).await;
    let taken = tokio::spawn(async move {
        let sql = "SELECT GET_LOCK('reberth:own-schema', 60)";
        let taken = next.row::<Option<u64>>("taking the turn", sql).await;
        (next, taken)
    });
    becomes(&pair.target, WAITING, "2").await;
    drop(holder);
    let (next, taken) = taken.await.expect("it ends");
    assert_eq!(taken.expect("it is answered").flatten(), Some(1));
    becomes(&pair.target, WAITING, "1").await;
    drop(next);
    let refused = tried.await.expect("it ends").expect("they are tried");
    assert_eq!(
        refused,
        [
            "trigger early of a@localhost",
            "trigger late of b@localhost"
        ]
    );
}

/// Whoever writes what the schema is kept for has the turn until it is written: a stop beside it waits, and finds it.
async fn the_turn_lasts_until_it_is_written(
    pair: &Pair,
    (writer, table): (u32, &str),
    in_the_way: Session,
) {
    let writes = format!(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {writer} AND INFO LIKE 'INSERT INTO reberth.{table} %'"
    );
    becomes(&pair.target, &writes, "1").await;
    let holds = pair.target.sql("SELECT IS_USED_LOCK('reberth:own-schema')");
    assert_eq!(holds.expect("it is told").trim(), writer.to_string());
    let mut stopping = beside(pair).await;
    let stopped =
        tokio::spawn(
            async move { state::forget(&mut stopping, Direction::Forward, DATABASE).await },
        );
    becomes(&pair.target, WAITING, "1").await;
    drop(in_the_way);
    let removed = stopped.await.expect("it ends").expect("it stops");
    assert!(
        !removed.iter().any(|what| what.contains("the schema")),
        "{removed:?}"
    );
}

/// A session that has written the same row and decides nothing.
async fn in_the_way(pair: &Pair, sql: &str) -> Session {
    let mut session = beside(pair).await;
    for sql in ["START TRANSACTION", sql] {
        session
            .run("writing the same row", sql)
            .await
            .expect("it works");
    }
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_has_the_turn_until_its_row_is_written() {
    let pair = Pair::with("own-first-row", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let mut beginning = beside(&pair).await;
    let peeked = state::peek(&mut beginning, Direction::Forward, DATABASE).await;
    let checkpoint = peeked.expect("it is read").expect("it has begun");
    let sql = "INSERT INTO reberth.stream (name, epoch, phase, log_file, log_offset, certain_file, certain_offset, source_identity) VALUES ('forward:other', 0, 'copying', 'l.1', 4, 'l.1', 4, 'x')";
    let (in_the_way, writer) = (in_the_way(&pair, sql).await, beginning.id());
    let begun = tokio::spawn(async move {
        state::begin(&mut beginning, Direction::Forward, "other", &checkpoint).await
    });
    the_turn_lasts_until_it_is_written(&pair, (writer, "stream"), in_the_way).await;
    begun.await.expect("it ends").expect("it begins");
    let left = pair.target.sql("SELECT name FROM reberth.stream");
    assert_eq!(left.expect("it is there").trim(), "forward:other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_keeps_triggers_has_the_turn_until_they_are_written() {
    let pair = Pair::with("own-kept-row", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let trigger = format!(
        "USE {DATABASE}; CREATE TRIGGER counts BEFORE INSERT ON seat FOR EACH ROW SET NEW.v = 1"
    );
    pair.target
        .sql(&format!(
            "SET GLOBAL log_bin_trust_function_creators = 1; {trigger}"
        ))
        .expect("the target has a trigger");
    let mut keeping = beside(&pair).await;
    // Makes the table, too.
    let kept = keep::take_triggers(&mut keeping, DATABASE).await;
    assert_eq!(kept.expect("they are kept"), ["counts"]);
    pair.target
        .sql(&format!("DELETE FROM reberth.kept_program; {trigger}"))
        .expect("it is there again");
    let sql = format!(
        "INSERT INTO reberth.kept_program (database_name, kind, name, place, statement, charset, collation, sql_mode) VALUES ('{DATABASE}', 'trigger', 'counts', 0, '', '', '', '')"
    );
    let (in_the_way, writer) = (in_the_way(&pair, &sql).await, keeping.id());
    let kept = tokio::spawn(async move { keep::take_triggers(&mut keeping, DATABASE).await });
    the_turn_lasts_until_it_is_written(&pair, (writer, "kept_program"), in_the_way).await;
    let kept = kept.await.expect("it ends").expect("they are kept");
    assert_eq!(kept, ["counts"]);
}

/// The rows are gone when the turn at the schema is waited for, so the stream has ended, whoever has that turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_though_the_schema_cannot_be_removed() {
    let pair = Pair::with("own-held", SCHEMA);
    pair.follow().await.stop().await.expect("it works");
    let (holder, mut session) = (holder(&pair).await, beside(&pair).await);
    let removed = state::forget(&mut session, Direction::Forward, DATABASE).await;
    let removed = removed.expect("it ends");
    let told = removed.last().expect("it tells");
    assert!(told.starts_with("perhaps not the schema reberth"), "{told}");
    assert!(told.contains(&format!("session {}", holder.id())), "{told}");
    drop(holder);
    let mut again = state::forget(&mut session, Direction::Forward, DATABASE).await;
    let last = again.as_mut().ok().and_then(Vec::pop);
    assert_eq!(last.as_deref(), Some("the schema reberth"));
}
