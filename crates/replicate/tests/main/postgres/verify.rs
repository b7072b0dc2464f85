//! Equal databases are told to be equal, also while writes go on, and each planted difference is found.

use reberth_replicate::postgres::verify::{VerifyReport, verify};
use reberth_testkit::postgres::Major;

use super::{DATABASE, Pair, session};

async fn report(pair: &Pair) -> VerifyReport {
    verify(&pair.plan(), |_, _| {}).await.expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_difference_is_found_across_majors() {
    let pair = Pair::start("planted", Major::V13, Major::V18);
    pair.source
        .sql(DATABASE, super::follow::ROWS)
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let equal = report(&pair).await;
    assert!(
        equal.is_equal() && equal.is_sealed() && equal.rows > 5000,
        "{equal:#?}"
    );
    // Without a stream there is nothing to wait for, and a difference is one at once.
    pair.target
        .sql(DATABASE, "DROP SCHEMA reberth CASCADE")
        .expect("the checkpoint goes");
    for (table, plant) in [
        ("odd", "UPDATE odd SET f = '0' WHERE id = 2"),
        ("odd", "UPDATE odd SET n = 0.000 WHERE id = 3"),
        (
            "odd",
            "UPDATE odd SET i = '32 days -03:04:05.6' WHERE id = 1",
        ),
        ("odd", "UPDATE odd SET j = '{\"a\": 1}' WHERE id = 1"),
        ("odd", "UPDATE odd SET b = '\\x00fe' WHERE id = 1"),
        ("odd", "UPDATE odd SET c = '' WHERE id = 3"),
        ("odd", "UPDATE odd SET m = 'wild' WHERE id = 1"),
        ("odd", "UPDATE odd SET a = '{1,2,3,4}' WHERE id = 1"),
        ("odd", "UPDATE odd SET t = '4713-01-02 BC' WHERE id = 3"),
        ("plain", "UPDATE plain SET note = note || ' ' WHERE id = 7"),
        ("plain", "DELETE FROM plain WHERE id = 4999"),
        ("plain", "INSERT INTO plain VALUES (0, 0, '')"),
        (
            "plain",
            "WITH one AS (SELECT v FROM plain WHERE id = 1) UPDATE plain p SET v = CASE id WHEN 1 THEN 14 ELSE 7 END WHERE id IN (1, 2)",
        ),
        ("named", "UPDATE named SET b = 0.1 WHERE a = 'k1'"),
        (
            "keyless",
            "DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless)",
        ),
        (
            "keyless",
            "UPDATE keyless SET v = 2 WHERE ctid = (SELECT min(ctid) FROM keyless WHERE v = 1)",
        ),
        ("parted_low", "UPDATE parted SET v = -1 WHERE id = 60"),
    ] {
        let undo = format!(
            "SET session_replication_role = replica; CREATE TABLE kept AS SELECT * FROM {table}; {plant}"
        );
        pair.target.sql(DATABASE, &undo).expect("a difference");
        let found = report(&pair).await;
        assert!(found.differing > 0, "{plant}: not found");
        let named = found
            .differences
            .iter()
            .all(|difference| difference.table.contains(table));
        assert!(named, "{plant}: {:?}", found.differences);
        let columns = if table == "odd" {
            "id, m, ms, j, f, r, c, b, t, i, n, a, money, bits, x"
        } else {
            "*"
        };
        let back = format!(
            "SET session_replication_role = replica; TRUNCATE {table} CASCADE; INSERT INTO {table} {} SELECT {columns} FROM kept; DROP TABLE kept",
            if table == "odd" {
                format!("({columns}) OVERRIDING SYSTEM VALUE")
            } else {
                String::new()
            }
        );
        pair.target.sql(DATABASE, &back).expect("it is taken back");
    }
    // What only the end of a move brings level.
    pair.target
        .sql(
            DATABASE,
            "SELECT setval('odd_id_seq', 1000000), setval('counted_n_seq', 1000000)",
        )
        .expect("sequences");
    let again = report(&pair).await;
    assert!(again.is_equal(), "{again:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_go_on_are_no_differences_and_a_real_one_is_found_among_them() {
    let pair = Pair::start("busy", Major::V15, Major::V15);
    pair.source
        .sql(DATABASE, "INSERT INTO plain SELECT n, n, 'x' FROM generate_series(1, 2000) n; INSERT INTO keyless VALUES (1, 'a')")
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let mut writer = session(&pair.source).await;
    let writing = async {
        for round in 0_u64.. {
            let sql = format!(
                "UPDATE plain SET v = v + 1 WHERE id % 50 = {} AND id <> 777; DELETE FROM plain WHERE id = {round} + 3000; INSERT INTO plain VALUES ({round} + 3001, 0, 'new')",
                round % 50
            );
            writer.run("writing", sql).await.expect("a write");
        }
    };
    let comparing = async {
        let equal = report(&pair).await;
        assert_eq!(equal.differing, 0, "{:?}", equal.differences);
        pair.target
            .sql(DATABASE, "UPDATE plain SET note = 'y' WHERE id = 777")
            .expect("a difference");
        let found = report(&pair).await;
        let keys: Vec<&str> = found
            .differences
            .iter()
            .map(|difference| difference.key.as_str())
            .collect();
        assert_eq!(keys, ["777"], "{found:#?}");
    };
    tokio::select! {
        () = writing => {}
        () = comparing => {}
    }
}

/// What the target has not applied yet is no difference: it is left open, and equal when it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_behind_is_not_told_to_differ() {
    let pair = Pair::start("behind", Major::V15, Major::V15);
    pair.source
        .sql(DATABASE, super::follow::ROWS)
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let mut locker = session(&pair.target).await;
    let lock = "BEGIN; LOCK TABLE plain IN EXCLUSIVE MODE";
    locker.run("locking", lock).await.expect("a lock");
    let changes = "UPDATE plain SET v = -v WHERE id = 7; DELETE FROM plain WHERE id = 8; INSERT INTO plain VALUES (9000, 1, 'new')";
    pair.source.sql(DATABASE, changes).expect("changes");
    let behind = report(&pair).await;
    assert_eq!((behind.differing, behind.undecided), (0, 3), "{behind:#?}");
    assert!(!behind.is_equal() && !behind.is_base());
    locker.run("unlocking", "ROLLBACK").await.expect("no lock");
    pair.settle(&mut stream).await;
    let equal = report(&pair).await;
    assert!(equal.is_equal(), "{equal:#?}");
    stream.stop().await.expect("it stops");
}

/// A restored table has first what it inherits, wherever its own columns stood: rows, changes and the comparison go by names.
#[tokio::test(flavor = "multi_thread")]
async fn columns_in_another_order_are_compared_by_name() {
    let pair = Pair::start("order", Major::V15, Major::V18);
    let made = "CREATE TABLE parent (a int NOT NULL); CREATE TABLE heir (z text, y int NOT NULL, PRIMARY KEY (y)) INHERITS (parent);
        ALTER TABLE parent ADD COLUMN late int; ALTER TABLE parent REPLICA IDENTITY FULL;
        CREATE TABLE adopted (late int, a int NOT NULL UNIQUE); ALTER TABLE adopted REPLICA IDENTITY FULL; ALTER TABLE adopted INHERIT parent;
        INSERT INTO heir (a, z, y, late) SELECT n, 'z', n + 1000, n + 2000 FROM generate_series(1, 9) n";
    pair.source.sql(DATABASE, made).expect("a heir");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let changed = "UPDATE heir SET late = -y, z = NULL WHERE a = 3; INSERT INTO heir (a, z, y) VALUES (10, 'new', 1); DELETE FROM heir WHERE a = 4";
    pair.source.sql(DATABASE, changed).expect("changes");
    pair.settle(&mut stream).await;
    let equal = report(&pair).await;
    assert!(equal.is_equal(), "{equal:#?}");
    let told: Vec<&String> = equal
        .told
        .iter()
        .filter(|line| line.contains("heir"))
        .collect();
    assert_eq!(told.len(), 1, "{:?}", equal.told);
    let by_name = "SELECT a, z, y, late FROM heir ORDER BY y";
    assert_eq!(
        pair.source.sql(DATABASE, by_name).expect("rows"),
        pair.target.sql(DATABASE, by_name).expect("rows")
    );
    pair.target
        .sql(
            DATABASE,
            "SET session_replication_role = replica; UPDATE heir SET late = 7 WHERE a = 5",
        )
        .expect("a difference");
    assert_eq!(report(&pair).await.differing, 1);
}
