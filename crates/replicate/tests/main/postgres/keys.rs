//! Which row a change is about: by keys that are equal and not alike, by keys that hold only at the end of a transaction, by no key.

use reberth_replicate::postgres::state::Method;
use reberth_testkit::postgres::Major;

use super::two_ways::{prepare, stream};
use super::{DATABASE, PATIENCE, Pair};

/// A key is what the server takes for one: 0.4 and 0.40 are one row.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_equal_and_not_alike_are_one_row() {
    for (name, method) in [
        ("alike-slot", Method::Logical),
        ("alike-capture", Method::TriggerCapture),
    ] {
        let pair = Pair::start(name, Major::V15, Major::V16);
        let made = "CREATE TABLE alike (k numeric PRIMARY KEY, v text, big text); ALTER TABLE alike ALTER big SET STORAGE EXTERNAL; INSERT INTO alike SELECT n / 10.0, n, repeat(md5(n::text), 300) FROM generate_series(1, 9) n";
        pair.source.sql(DATABASE, made).expect("a table");
        prepare(&pair, method).await;
        let mut stream = stream(&pair, method, pair.source.port(), pair.target.port());
        pair.settle(&mut stream).await;
        for changes in [
            "UPDATE alike SET k = k::numeric(9, 5)",
            "BEGIN; UPDATE alike SET k = 0.40 WHERE k = 0.4; UPDATE alike SET k = 0.4 WHERE k = 0.4; COMMIT",
            "BEGIN; UPDATE alike SET k = 0.500, v = 'x' WHERE k = 0.5; UPDATE alike SET k = 0.50000, v = 'y' WHERE k = 0.5; UPDATE alike SET v = 'z' WHERE k = 0.5; COMMIT",
            "BEGIN; DELETE FROM alike WHERE k = 0.6; INSERT INTO alike VALUES (0.6, 'again'); DELETE FROM alike WHERE k = 0.6; INSERT INTO alike VALUES (0.60000, 'and again'); COMMIT",
            "BEGIN; INSERT INTO alike VALUES (7.0, 'new'); UPDATE alike SET k = 7.00; DELETE FROM alike WHERE k > 7; UPDATE alike SET k = 7.0; COMMIT",
        ] {
            // Alone with a key, where all would get the same.
            let changes = changes.replace("SET k = 7.00;", "SET k = 7.00 WHERE k = 7;");
            let changes = changes.replace("SET k = 7.0;", "SET k = 7.0 WHERE k = 7;");
            pair.source.sql(DATABASE, &changes).expect("changes");
            pair.settle(&mut stream).await;
            pair.assert_equal();
        }
        stream.stop().await.expect("it stops");
    }
}

/// The log does not repeat a value that is stored outside of its row, though it is the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_stored_outside_of_its_row_is_known() {
    let pair = Pair::start("outside", Major::V15, Major::V16);
    let made = "CREATE TABLE far (k text PRIMARY KEY, v int); ALTER TABLE far ALTER k SET STORAGE EXTERNAL; INSERT INTO far SELECT repeat(md5(n::text), 75), n FROM generate_series(1, 9) n";
    pair.source.sql(DATABASE, made).expect("a table");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    for changes in [
        "UPDATE far SET v = -v WHERE v < 5",
        "UPDATE far SET k = k || 'x' WHERE v = 6; DELETE FROM far WHERE v = 7",
    ] {
        pair.source.sql(DATABASE, changes).expect("changes");
        pair.settle(&mut stream).await;
        pair.assert_equal();
    }
    stream.stop().await.expect("it stops");
}

/// In a transaction two rows may share the value of a key that is asked for only at its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_deferred_names_no_row() {
    let pair = Pair::start("deferred", Major::V15, Major::V16);
    let made = "CREATE TABLE queue (place int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, v text); ALTER TABLE queue REPLICA IDENTITY FULL; INSERT INTO queue VALUES (1, 'a'), (2, 'b');
        CREATE TABLE half (place int UNIQUE, v text); ALTER TABLE half REPLICA IDENTITY FULL; INSERT INTO half VALUES (NULL, 'a'), (NULL, 'b'), (3, 'c')";
    pair.source.sql(DATABASE, made).expect("tables");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    for changes in [
        "BEGIN; UPDATE queue SET place = 2 WHERE v = 'a'; UPDATE queue SET place = 1 WHERE v = 'b'; COMMIT",
        "UPDATE half SET v = 'x' WHERE v = 'a'; UPDATE half SET place = 1 WHERE v = 'b'; DELETE FROM half WHERE place IS NULL",
    ] {
        pair.source.sql(DATABASE, changes).expect("changes");
        pair.settle(&mut stream).await;
        pair.assert_equal();
    }
    stream.stop().await.expect("it stops");
}

/// Rows are told apart by all that they hold, NULLs too, and one that is not there is a difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_key_that_is_missing_stops_the_stream() {
    let pair = Pair::start("missing", Major::V15, Major::V16);
    let rows = "INSERT INTO keyless VALUES (1, 'a'), (1, NULL), (2, NULL)";
    pair.source.sql(DATABASE, rows).expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    for (lost, change) in [
        (
            "(1, NULL)",
            "DELETE FROM keyless WHERE v = 1 AND note IS NULL",
        ),
        ("(2, NULL)", "UPDATE keyless SET v = 3 WHERE v = 2"),
    ] {
        let (v, _) = lost[1..].split_once(',').expect("two fields");
        let lose = format!("DELETE FROM keyless WHERE v = {v} AND note IS NULL");
        pair.target.sql(DATABASE, &lose).expect("it goes");
        pair.source.sql(DATABASE, change).expect("a change");
        let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
        let error = ended.expect("it ends").expect_err("a row is missing");
        assert_eq!(error.code(), "RB-REP-012", "{change}: {error}");
        let again = format!("INSERT INTO keyless VALUES {lost}");
        pair.target.sql(DATABASE, &again).expect("it comes again");
        stream = pair.stream();
        pair.settle(&mut stream).await;
        pair.assert_equal();
    }
    stream.stop().await.expect("it stops");
}
