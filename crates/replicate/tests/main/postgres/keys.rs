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

/// Rows that are alike are counted, whatever their types: as many go as went, of those that are alike in everything.
#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_key_go_as_often_as_they_went() {
    let pair = Pair::start("tally", Major::V15, Major::V17);
    let made = "CREATE TABLE tally (a int, b numeric, c char(4), d float8, e json, f point, g text, always int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (a * 2) STORED);
        ALTER TABLE tally ALTER g SET STORAGE EXTERNAL; ALTER TABLE tally REPLICA IDENTITY FULL;
        CREATE TABLE bare (); ALTER TABLE bare REPLICA IDENTITY FULL;
        CREATE TABLE document (j json); ALTER TABLE document REPLICA IDENTITY FULL;
        INSERT INTO document SELECT format('{\"n\": %s}', n % 2)::json FROM generate_series(1, 40) n; INSERT INTO document VALUES ('{\"n\":1}'), (NULL);
        CREATE TABLE once (u int UNIQUE, v text); ALTER TABLE once REPLICA IDENTITY FULL;
        INSERT INTO once VALUES (1, 'a'), (2, 'b'), (3, 'c'), (NULL, 'd'), (NULL, 'd');
        INSERT INTO bare SELECT FROM generate_series(1, 9);
        INSERT INTO tally (a, b, c, d, e, f, g, always) OVERRIDING SYSTEM VALUE
            SELECT n % 3, 0.4, 'x', '-0', '{\"a\": 1}', '(1,2)', repeat('long', 1000), 1 FROM generate_series(1, 30) n;
        INSERT INTO tally (a, b, c, d, e, f, g, always) OVERRIDING SYSTEM VALUE
            VALUES (1, 0.40, 'x', '-0', '{\"a\": 1}', '(1,2)', repeat('long', 1000), 1), (1, 0.4, 'x', '0', '{\"a\": 1}', '(1,2)', repeat('long', 1000), 1),
                (1, 0.4, 'x', '-0', '{\"a\":1}', '(1,2)', repeat('long', 1000), 1), (NULL, 0.4, NULL, NULL, NULL, NULL, NULL, 1), (NULL, 0.4, NULL, NULL, NULL, NULL, NULL, 1)";
    pair.source.sql(DATABASE, made).expect("tables");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let some = |count: u32, of: &str| {
        format!("ctid = ANY (ARRAY(SELECT ctid FROM tally WHERE {of} LIMIT {count}))")
    };
    for changes in [
        format!("DELETE FROM tally WHERE {}", some(4, "a = 1 AND b::text = '0.4' AND d::text = '-0' AND e::text LIKE '% %'")),
        format!("UPDATE tally SET a = 7 WHERE {}", some(3, "a = 2")),
        "UPDATE tally SET c = 'y' WHERE b::text = '0.40' OR d::text = '0' OR e::text NOT LIKE '% %'".to_owned(),
        format!("DELETE FROM tally WHERE {}; UPDATE tally SET b = 0.5 WHERE a IS NULL", some(1, "a IS NULL")),
        "BEGIN; UPDATE tally SET a = a + 1; UPDATE tally SET a = a - 1; DELETE FROM tally WHERE a = 0; COMMIT".to_owned(),
        "UPDATE document SET j = '{\"n\": 2}' WHERE ctid = ANY (ARRAY(SELECT ctid FROM document WHERE j::text = '{\"n\": 1}' LIMIT 7))".to_owned(),
        "BEGIN; DELETE FROM document WHERE j::text = '{\"n\": 0}' OR j IS NULL; UPDATE document SET j = NULL WHERE j::text = '{\"n\": 1}'; COMMIT".to_owned(),
        "DELETE FROM bare WHERE ctid = ANY (ARRAY(SELECT ctid FROM bare LIMIT 4))".to_owned(),
        "BEGIN; UPDATE once SET u = NULL WHERE v = 'a'; UPDATE once SET u = 1 WHERE v = 'b'; UPDATE once SET u = 2 WHERE v = 'a'; DELETE FROM once WHERE ctid = (SELECT min(ctid) FROM once WHERE v = 'd'); COMMIT".to_owned(),
        "BEGIN; DELETE FROM tally; INSERT INTO tally (a) VALUES (1), (1), (2); COMMIT".to_owned(),
    ] {
        pair.source.sql(DATABASE, &changes).unwrap_or_else(|error| panic!("{changes}: {error}"));
        pair.settle(&mut stream).await;
        pair.assert_equal();
    }
    stream.stop().await.expect("it stops");
}
