//! Tables without a key: their rows are counted.

use reberth_replicate::postgres::capture::follow::Advanced;
use reberth_replicate::postgres::session::Session;

use super::{Captured, DATABASE, application, run};

const HEAPS: &str = "
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE owner (code text PRIMARY KEY);
CREATE TABLE heap (v int, note text);
CREATE TABLE odd (j json, x xml, p point, f float8, n numeric, c bpchar, fixed char(4), d timestamptz, i interval, b bytea, m mood, r pair, a text[], l line, o regclass, w aclitem[]);
CREATE TABLE child (owner text REFERENCES owner ON UPDATE CASCADE ON DELETE SET NULL, v int NOT NULL, u int UNIQUE, twice int GENERATED ALWAYS AS (v * 2) STORED, n bigint GENERATED ALWAYS AS IDENTITY);
CREATE INDEX ON child (v);
CREATE TABLE parted (area text, v int) PARTITION BY LIST (area);
CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n');
CREATE TABLE parted_s PARTITION OF parted FOR VALUES IN ('s');
CREATE TABLE parent (v int);
CREATE TABLE heir (extra text) INHERITS (parent);
CREATE TABLE nothing ();
CREATE TABLE big (v int, pad text);
INSERT INTO heap SELECT n % 5, 'same' FROM generate_series(1, 500) n;
INSERT INTO owner SELECT 'o' || n FROM generate_series(1, 9) n;
";

#[tokio::test]
async fn every_kind_of_change_of_a_bag_arrives() {
    let mut pair = Captured::start("capture-heaps", HEAPS);
    let mut follower = pair.followed().await;
    pair.assert_equal("after the first batch");
    for (what, sql) in [
        ("some of many alike", "DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v = 1 LIMIT 7); INSERT INTO heap SELECT 1, 'same' FROM generate_series(1, 3)"),
        ("whole rows changed", "UPDATE heap SET v = v + 1; UPDATE heap SET v = v - 1, note = NULL WHERE v = 5"),
        ("changed and changed back", "UPDATE heap SET note = 'x' WHERE v = 2; UPDATE heap SET note = 'same' WHERE v = 2"),
        ("nulls and empty texts", "INSERT INTO heap VALUES (NULL, NULL), (NULL, ''), (NULL, NULL); DELETE FROM heap WHERE note = ''; INSERT INTO heap VALUES (7, 'NULL'), (7, '\\N'), (7, '{}')"),
        ("types without an equality", "INSERT INTO odd (j, x, p) SELECT '{\"a\": 1,  \"a\":2}', '<a>1</a>', '(0.1,1e300)' FROM generate_series(1, 3); INSERT INTO odd (j) VALUES ('{\"a\":1}');
          DELETE FROM odd WHERE ctid = (SELECT min(ctid) FROM odd); UPDATE odd SET x = '<a/>' WHERE ctid = (SELECT max(ctid) FROM odd WHERE p IS NOT NULL)"),
        ("what an equality does not see", "INSERT INTO odd (f, n, c, fixed) VALUES (0, 1.0, 'a', 'b'), ('-0', 1.00, 'a ', 'b '), ('NaN', 'NaN', '', ''), (0.1::float8 + 0.2, 1e-20, ' ', 'abcd'), ('-infinity', 1, 'a', 'b')"),
        ("and take it away", "DELETE FROM odd WHERE f::text = '-0'; UPDATE odd SET n = 1.000 WHERE n = 1; DELETE FROM odd WHERE f = 'NaN'; UPDATE odd SET c = c || ' ' WHERE c IS NOT NULL"),
        ("settings of the session", "SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Kolkata'; SET extra_float_digits = -5; SET bytea_output = 'escape'; SET IntervalStyle = 'sql_standard';
          INSERT INTO odd (f, d, i, b, m, r, a, l) SELECT 0.1 + 0.2, '02/03/2024 01:02:03.456789', '1 mon -3 days 04:05', 'a\\000\\377'::bytea, 'wild', ROW(NULL, 'x,\"y')::pair, '{a,NULL,\"\",\"NULL\"}', '{1,2,3}' FROM generate_series(1, 2);
          UPDATE odd SET i = i * 2, a = a || 'b'::text, r = ROW(NULL, NULL) WHERE m = 'wild' AND ctid = (SELECT max(ctid) FROM odd)"),
        ("names of the catalogue", "INSERT INTO odd (o, w) VALUES ('heap', '{keeper=r/keeper}'), ('heap', NULL); DELETE FROM odd WHERE o = 'heap'::regclass AND w IS NULL; UPDATE odd SET o = 'odd' WHERE w IS NOT NULL"),
        ("cascades", "INSERT INTO child (owner, v, u) SELECT 'o' || 1 + n % 9, n, n FROM generate_series(1, 90) n; UPDATE owner SET code = 'new' WHERE code = 'o3'; DELETE FROM owner WHERE code IN ('o1', 'o2')"),
        ("swapped unique values", "BEGIN; UPDATE child SET u = -1 WHERE u = 50; UPDATE child SET u = 50 WHERE u = 51; UPDATE child SET u = 51 WHERE u = -1; COMMIT"),
        ("upserts", "INSERT INTO child (v, u) VALUES (1000, 5), (1001, 1001) ON CONFLICT (u) DO UPDATE SET v = excluded.v"),
        ("partitions", "INSERT INTO parted SELECT CASE WHEN n % 2 = 0 THEN 'n' ELSE 's' END, n / 10 FROM generate_series(1, 60) n; UPDATE parted SET area = 's' WHERE v = 2; DELETE FROM parted_s WHERE v = 3"),
        ("inheritance", "INSERT INTO parent VALUES (1), (1); INSERT INTO heir VALUES (1, 'h'), (1, 'h'); UPDATE parent SET v = v + 1; DELETE FROM heir WHERE ctid = (SELECT min(ctid) FROM heir)"),
        ("no columns", "INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES"),
        ("one of no columns less", "DELETE FROM nothing WHERE ctid = (SELECT min(ctid) FROM nothing)"),
        ("stored outside", "INSERT INTO big SELECT 1, (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 5000) n) FROM generate_series(1, 3)"),
        ("and left as it is", "UPDATE big SET v = 2 WHERE ctid = (SELECT min(ctid) FROM big)"),
        ("truncate between rows", "BEGIN; INSERT INTO heap VALUES (1, 'before'); TRUNCATE heap; INSERT INTO heap VALUES (2, 'after'), (2, 'after'); COMMIT; DELETE FROM heap WHERE ctid = (SELECT min(ctid) FROM heap)"),
        ("truncate of nothing else", "TRUNCATE nothing"),
        ("rolled back", "BEGIN; SAVEPOINT a; DELETE FROM heap; ROLLBACK TO a; INSERT INTO heap VALUES (3, 'kept'); COMMIT; BEGIN; DELETE FROM heap; ROLLBACK"),
        ("written anew", "INSERT INTO heap VALUES (4, 'x'); VACUUM FULL heap; INSERT INTO heap VALUES (4, 'x')"),
    ] {
        pair.write(sql);
        pair.settle(&mut follower, what).await;
    }
}

#[tokio::test]
async fn a_trigger_that_changes_other_rows_disturbs_no_sum() {
    let schema = format!(
        "{HEAPS}
        CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF pg_trigger_depth() = 1 THEN
            UPDATE heap SET note = note || '+' WHERE v = NEW.v; DELETE FROM heap WHERE ctid = (SELECT min(ctid) FROM heap WHERE v = NEW.v + 1);
            INSERT INTO heap VALUES (NEW.v + 1, 'back');
          END IF; RETURN NULL; END $$;
        CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v = NEW.v % 40; RETURN NEW; END $$;
        CREATE TRIGGER a_busy AFTER INSERT OR UPDATE ON heap FOR EACH ROW EXECUTE FUNCTION busy();
        CREATE TRIGGER z_busy AFTER INSERT OR UPDATE ON heap FOR EACH ROW EXECUTE FUNCTION busy();
        CREATE TRIGGER other BEFORE INSERT OR UPDATE ON heap FOR EACH ROW EXECUTE FUNCTION other();"
    );
    let mut pair = Captured::start("capture-heap-triggers", &schema);
    let mut follower = pair.followed().await;
    for sql in [
        "UPDATE heap SET v = v + 1 WHERE ctid IN (SELECT ctid FROM heap LIMIT 10)",
        "INSERT INTO heap SELECT n, 'new' FROM generate_series(36, 50) n",
        "WITH gone AS (DELETE FROM heap WHERE v = 3 RETURNING *) INSERT INTO heap SELECT v + 20, note FROM gone",
    ] {
        pair.write(sql);
        pair.settle(&mut follower, sql).await;
    }
}

#[tokio::test]
async fn transactions_out_of_order_add_up() {
    let mut pair = Captured::start("capture-heap-order", HEAPS);
    let mut follower = pair.followed().await;
    let (mut old, mut young) = (application(&pair).await, application(&pair).await);
    run(
        &mut old,
        "BEGIN; UPDATE heap SET note = 'old' WHERE v = 1; INSERT INTO heap VALUES (2, 'same')",
    )
    .await;
    run(&mut young, "DELETE FROM heap WHERE v = 2").await;
    pair.settle(&mut follower, "the older is open").await;
    run(&mut old, "DELETE FROM heap WHERE v = 3; COMMIT").await;
    pair.settle(&mut follower, "the older has committed").await;
}

#[tokio::test]
async fn what_came_with_the_copy_is_not_counted_again() {
    let mut pair = Captured::start("capture-heap-copied", HEAPS);
    pair.begin_equal().await.unwrap();
    // Behind S_0, and before the snapshot that the table is read in.
    let before = "DELETE FROM heap WHERE v = 1; INSERT INTO heap VALUES (2, 'copied')";
    pair.write(before);
    pair.target.sql(DATABASE, before).unwrap();
    let snapshot = pair
        .source
        .sql(DATABASE, "SELECT pg_current_snapshot()")
        .unwrap();
    let read = format!(
        "INSERT INTO reberth.reading (stream, table_path, snapshot) VALUES ('forward:{DATABASE}', '\"public\".\"heap\"', '{}')",
        snapshot.trim()
    );
    pair.target.sql(DATABASE, &read).unwrap();
    pair.write("DELETE FROM heap WHERE v = 2; INSERT INTO heap VALUES (1, 'later')");
    let mut follower = pair.follower().await;
    pair.settle(&mut follower, "behind the copy").await;
}

#[tokio::test]
async fn a_row_that_is_not_there_stops_the_stream_with_nothing_applied() {
    let mut pair = Captured::start("capture-heap-lost", HEAPS);
    let mut follower = pair.followed().await;
    pair.target
        .sql(
            DATABASE,
            "DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v = 1 LIMIT 1)",
        )
        .unwrap();
    let there = Captured::hashes(&pair.target);
    pair.write("INSERT INTO owner VALUES ('more'); DELETE FROM heap WHERE v = 1");
    let error = follower.advance(&pair.publish).await.unwrap_err();
    assert_eq!(error.code(), "RB-REP-012", "{error}");
    assert!(
        error
            .to_string()
            .contains("100 row(s) should have gone, and 99"),
        "{error}"
    );
    drop(follower);
    assert_eq!(there, Captured::hashes(&pair.target));
}

#[tokio::test]
async fn inserts_alone_read_no_table() {
    let mut pair = Captured::start("capture-heap-log", HEAPS);
    let mut follower = pair.followed().await;
    let mut source = Session::open(&pair.address("source")).await.unwrap();
    // Nobody could read the table now; the notes alone tell what came.
    pair.write("INSERT INTO heap SELECT n, 'log' FROM generate_series(1, 300) n");
    run(
        &mut source,
        "BEGIN; LOCK TABLE public.heap IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    assert_eq!(
        follower.advance(&pair.publish).await.unwrap(),
        Advanced::Applied(300)
    );
    run(&mut source, "ROLLBACK").await;
    pair.settle(&mut follower, "inserted").await;
}
