//! The last gate before a cutover: it reads the source's log itself, and looks at no more rows than changed.

use super::{SCHEMA, found};
use crate::pair::{MYSQL, Pair, Products, address, usual};
use reberth_replicate::mysql::touched::compare_between;
use reberth_replicate::mysql::{schema, server};
use reberth_testkit::learning::DATABASE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_gate_finds_what_the_applier_dropped() {
    find_what_was_dropped(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_gate_finds_what_the_applier_of_mysql_dropped() {
    find_what_was_dropped(MYSQL).await;
}

async fn find_what_was_dropped(products: Products) {
    let pair = Pair::with_on(products, "gate", SCHEMA);

    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    let from = pair.log_end();
    stream.stop().await.expect("it works");
    let mut session = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .expect("it works");
    let schema = schema::read(&mut session, DATABASE)
        .await
        .expect("it works");
    let gate = async |from| {
        let compared = compare_between(&pair.forward(), &schema, from, &pair.log_end())
            .await
            .expect("it works");
        found(&compared.report)
    };
    assert_eq!(gate(from.clone()).await, Vec::<String>::new());
    pair.run("UPDATE t SET n = -1 WHERE id = 5; UPDATE t SET n = n WHERE id = 6; DELETE FROM t WHERE id = 7; INSERT INTO t (id) VALUES (2000); DELETE FROM up WHERE id = 1; UPDATE loose SET w = 9 WHERE w = 1 LIMIT 1; TRUNCATE TABLE emptied");
    let dropped = [
        "deepest 2 rows on the source, 3 on the target different",
        "deep 100 extra",
        "down 10 extra",
        "emptied 7 extra",
        "loose 4 rows on the source, 4 on the target different",
        "t 2000 missing",
        "t 5 different",
        "t 7 extra",
        "up 1 extra",
    ];
    let mut dropped: Vec<String> = dropped.iter().map(|line| (*line).to_owned()).collect();
    dropped.sort();
    // The checkpoint stands behind the changes, and the target holds none of them.
    let stand_at = |offset: u64| {
        pair.target
            .sql(&format!("UPDATE reberth.stream SET log_offset = {offset}"))
            .expect("it works")
    };
    let stood = pair
        .target
        .sql("SELECT log_offset FROM reberth.stream")
        .expect("it works")
        .trim()
        .parse()
        .expect("it works");
    stand_at(pair.log_end().offset());
    assert_eq!(gate(from.clone()).await, dropped);
    stand_at(stood);
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
    assert_eq!(gate(from).await, Vec::<String>::new());
}

/// What it changed stands in the log before the place from which the gate reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_gate_looks_at_everything_behind_an_earlier_transaction_decided_late() {
    let pair = Pair::with("decided", SCHEMA);
    let mut stream = pair.follow().await;
    pair.run("XA START 'x'; INSERT INTO t (id) VALUES (3000); XA END 'x'; XA PREPARE 'x'");
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    let from = pair.log_end();
    pair.run("XA COMMIT 'x'");
    // As if the applier had dropped it.
    let end = pair.log_end();
    let forged = format!("UPDATE reberth.stream SET log_offset = {}", end.offset());
    pair.target.sql(&forged).unwrap();
    let mut session = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let schema = schema::read(&mut session, DATABASE).await.unwrap();
    let compared = compare_between(&pair.forward(), &schema, from, &end)
        .await
        .unwrap();
    assert_eq!(found(&compared.report), ["t 3000 missing"]);
}

/// More keys than are held at once: each part is compared as it is read, and none of the table's other rows is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changed_keys_are_looked_up_part_by_part() {
    let pair = Pair::with(
        "gate-parts",
        "CREATE TABLE wide (k VARBINARY(1000) PRIMARY KEY, n INT, pad LONGTEXT); CREATE TABLE seed (n INT PRIMARY KEY); \
         INSERT INTO seed WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 100) SELECT n FROM c; \
         INSERT INTO wide SELECT RPAD(n, 1000, SHA2(n, 512)), n, REPEAT('x', 4000) FROM (SELECT (a.n - 1) * 100 + b.n AS n FROM seed a, seed b) s",
    );
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    let from = pair.log_end();
    pair.run("UPDATE wide SET n = -n WHERE n < 9900");
    pair.drain(&mut stream).await;
    // As if the applier had dropped the first change and the last, and another hand had changed a row that nobody touched.
    pair.target
        .sql("UPDATE lms_core.wide SET n = 0 WHERE n IN (-1, -9899, 9950)")
        .unwrap();
    let mut session = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let schema = schema::read(&mut session, DATABASE).await.unwrap();
    let compared = compare_between(&pair.forward(), &schema, from, &pair.log_end())
        .await
        .unwrap();
    assert_eq!((compared.changes, compared.keys), (9_899, 9_899));
    assert!(compared.report.tables.is_empty());
    assert_eq!(compared.report.differing, 2, "{:?}", compared.report);
    stream.stop().await.unwrap();
}
