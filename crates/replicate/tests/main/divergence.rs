//! A foreign writer on the target is found by the first batch that touches its rows, and nothing of that batch is kept.

use reberth_testkit::learning::DATABASE;

use crate::pair::{MYSQL, Pair, Products, error_of, reach};
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_testkit::database::Product;

/// `plain` has one unique index, so its rows are written over in place; `seat` has two, so they are deleted and inserted (rule 14).
const SCHEMA: &str = "
CREATE TABLE plain (id INT PRIMARY KEY, v VARCHAR(20), KEY plain_v (v));
CREATE TABLE seat (id INT PRIMARY KEY, place INT, pad INT, UNIQUE KEY seat_place (place));
CREATE TABLE note (v VARCHAR(20));
INSERT INTO plain VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e');
INSERT INTO seat VALUES (1, 1, 0), (2, 2, 0), (3, 3, 0);
INSERT INTO note VALUES ('n'), ('m');";

/// What it is, what somebody does to the target, what happens on the source, how the target is mended.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "a row to be written over is gone",
        "DELETE FROM plain WHERE id = 1",
        "UPDATE plain SET v = 'x' WHERE id = 1",
        "INSERT INTO plain VALUES (1, 'a')",
    ),
    (
        "one of several rows to be written over is gone",
        "DELETE FROM plain WHERE id = 3",
        "UPDATE plain SET v = 'y'",
        "INSERT INTO plain VALUES (3, 'c')",
    ),
    (
        "a row to be deleted is gone",
        "DELETE FROM plain WHERE id = 5",
        "DELETE FROM plain WHERE id = 5",
        "INSERT INTO plain VALUES (5, 'y')",
    ),
    (
        "a row to be inserted stands there",
        "INSERT INTO plain VALUES (9, 'z')",
        "INSERT INTO plain VALUES (8, 'h'), (9, 'i')",
        "DELETE FROM plain WHERE id = 9",
    ),
    (
        "other rows hold the unique values of rows to be changed",
        "DELETE FROM seat WHERE id < 3; INSERT INTO seat VALUES (501, 1, 0), (502, 2, 0)",
        "UPDATE seat SET pad = pad + 1",
        "DELETE FROM seat WHERE id > 500; INSERT INTO seat VALUES (1, 1, 0), (2, 2, 0)",
    ),
    (
        "a row without a key has changed",
        "UPDATE note SET v = 'N' WHERE v = 'n'",
        "UPDATE note SET v = 'o' WHERE v = 'n'",
        "UPDATE note SET v = 'n' WHERE v = 'N'",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_writer_stops_the_stream() {
    stop_at_each((Product::MariaDb, Product::MariaDb)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_writer_stops_the_stream_on_mysql() {
    stop_at_each(MYSQL).await;
}

async fn stop_at_each(products: Products) {
    let pair = Pair::with_on(products, "divergence", SCHEMA);
    let mut stream = pair.follow().await;
    for (what, foreign, change, mend) in CASES {
        let on_target = |sql: &str| {
            pair.target
                .sql(&format!("USE {DATABASE}; {sql}"))
                .expect("the SQL runs on the target");
        };
        let content = || {
            let sql = "SELECT * FROM plain; SELECT * FROM seat; SELECT * FROM note ORDER BY v";
            pair.target
                .sql(&format!("USE {DATABASE}; {sql}"))
                .expect("the content")
        };
        on_target(foreign);
        let before = content();
        // The mark comes first in the same transaction, so that a part that was kept would show.
        pair.run(&format!(
            "BEGIN; INSERT INTO note VALUES ('mark'); {change}; COMMIT"
        ));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-012", "{what}: {error}");
        assert_eq!(content(), before, "{what}");
        on_target(mend);
        stream = RunningStream::start(pair.forward());
        reach(&mut stream, |progress| progress.phase == "following").await;
        pair.drain(&mut stream).await;
        assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{what}");
    }
    stream.stop().await.expect("the stream stops");
}
