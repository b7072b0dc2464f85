//! What changed since a base is compared, read past the applier; nothing else is, and nothing of it escapes.

use std::collections::BTreeSet;

use reberth_replicate::ReplicateError;
use reberth_replicate::postgres::base::{self, Base};
use reberth_replicate::postgres::server;
use reberth_replicate::postgres::verify::{Compared, compare_touched};
use reberth_replicate::running::RunningStream;
use reberth_testkit::postgres::Major;

use super::{DATABASE, Pair, session};

/// Both sides equal, a stream between them, and a base that it has passed.
async fn based(name: &str, source: Major, target: Major) -> (Pair, RunningStream, Base) {
    let pair = Pair::start(name, source, target);
    pair.source
        .sql(DATABASE, super::follow::ROWS)
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let laid = base::lay(&pair.plan()).await.expect("a base");
    assert!(stream.drain(&laid.log).await.expect("it goes on"));
    (pair, stream, laid)
}

/// Waits until everything of now is applied, and compares what has changed.
async fn compare(pair: &Pair, stream: &mut RunningStream, base: &Base) -> Compared {
    let mut source = session(&pair.source).await;
    let until = server::barrier(&mut source).await.expect("a barrier");
    assert!(stream.drain(&until).await.expect("it goes on"));
    compare_touched(&pair.plan(), &base.name, &until)
        .await
        .expect("a comparison")
}

fn whole(compared: &Compared) -> BTreeSet<&str> {
    let tables = compared.report.tables.iter();
    tables.map(|table| table.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_every_kind_are_looked_up_and_the_base_moves() {
    let (pair, mut stream, base) = based("touched", Major::V13, Major::V18).await;
    let nothing = compare(&pair, &mut stream, &base).await;
    assert!(nothing.report.is_equal(), "{:#?}", nothing.report);
    assert_eq!((nothing.changes, nothing.keys), (0, 0));
    assert!(whole(&nothing).is_empty());

    pair.source
        .sql(DATABASE, super::follow::CHANGES)
        .expect("changes");
    let some = compare(&pair, &mut stream, &base).await;
    assert!(some.report.is_equal(), "{:#?}", some.report);
    assert!(some.keys > 2_000 && some.changes > some.keys, "{some:?}");
    let without_key = [
        "\"public\".\"assorted\"",
        "\"public\".\"counted\"",
        "\"public\".\"empty_row\"",
        "\"public\".\"keyless\"",
    ];
    assert_eq!(whole(&some), without_key.into());

    pair.source
        .sql(
            DATABASE,
            "TRUNCATE plain CASCADE; INSERT INTO plain VALUES (1, 2, 'after'); TRUNCATE parted",
        )
        .expect("changes");
    let emptied = compare(&pair, &mut stream, &base).await;
    assert!(emptied.report.is_equal(), "{:#?}", emptied.report);
    assert_eq!(
        (emptied.keys, whole(&emptied)),
        (
            0,
            [
                "\"public\".\"child\"",
                "\"public\".\"parted_high\"",
                "\"public\".\"parted_low\"",
                "\"public\".\"plain\"",
            ]
            .into()
        )
    );
    let again = compare(&pair, &mut stream, &base).await;
    assert_eq!((again.changes, whole(&again).len()), (0, 0));
    stream.stop().await.expect("it stops");
}

/// An applier that dropped a change leaves the target as each of these plants does. The base stays where it is, so the keys of all are named each time.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_applier_dropped_is_found() {
    let (pair, mut stream, base) = based("dropped", Major::V15, Major::V15).await;
    pair.target
        .sql(
            DATABASE,
            "UPDATE plain SET note = 'nobody touched it' WHERE id = 4000",
        )
        .expect("a difference");
    let unseen = compare(&pair, &mut stream, &base).await;
    assert!(unseen.report.is_equal(), "it costs by what changed only");
    for (number, (table, change, plant)) in [
        (
            "plain",
            "UPDATE plain SET note = 'new' WHERE id = 1",
            "UPDATE plain SET note = 'note 1' WHERE id = 1",
        ),
        (
            "plain",
            "DELETE FROM plain WHERE id = 2",
            "INSERT INTO plain VALUES (2, 14, 'note 2')",
        ),
        (
            "plain",
            "INSERT INTO plain VALUES (9000, 1, '')",
            "DELETE FROM plain WHERE id = 9000",
        ),
        (
            "named",
            "UPDATE named SET a = 'it''s \"moved\\' WHERE a = 'k3'",
            "UPDATE named SET a = 'k3' WHERE a LIKE 'it%'",
        ),
        (
            "named",
            "UPDATE named SET b = 0.40 WHERE a = 'k4'",
            "UPDATE named SET b = 0.4 WHERE a = 'k4'",
        ),
        (
            "two_keys",
            "BEGIN; UPDATE two_keys SET place = 1000 WHERE id = 1; UPDATE two_keys SET place = -1 WHERE id = 2; COMMIT",
            "UPDATE two_keys SET place = -1001 WHERE id = 1",
        ),
        (
            "keyless",
            "INSERT INTO keyless VALUES (7, 'twice'), (7, 'twice')",
            "DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless WHERE v = 7)",
        ),
        (
            "odd",
            "UPDATE odd SET f = 0 WHERE id = 2",
            "UPDATE odd SET f = '-0' WHERE id = 2",
        ),
        (
            "parted_low",
            "UPDATE parted SET v = -1 WHERE id = 60",
            "UPDATE parted SET v = 60 WHERE id = 60",
        ),
        (
            "Quoted",
            "DELETE FROM \"Quoted \"\"name'\" WHERE \"the key\" = ''",
            "INSERT INTO \"Quoted \"\"name'\" VALUES ('', NULL)",
        ),
        (
            "child",
            "INSERT INTO child VALUES (1, 5); TRUNCATE child",
            "INSERT INTO child VALUES (1, 5)",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        pair.source.sql(DATABASE, change).expect("a change");
        pair.settle(&mut stream).await;
        let plant = format!("SET session_replication_role = replica; {plant}");
        pair.target.sql(DATABASE, &plant).expect("a plant");
        let found = compare(&pair, &mut stream, &base).await;
        let tables: Vec<&str> = found
            .report
            .differences
            .iter()
            .map(|difference| difference.table.as_str())
            .collect();
        assert!(
            tables.len() > number && tables.iter().any(|found| found.contains(table)),
            "{change}: {:#?}",
            found.report
        );
    }
    stream.stop().await.expect("it stops");
}

/// No row of the log tells of it: the file of the table does.
#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_or_unpublished_table_is_compared_whole() {
    let (pair, mut stream, base) = based("rewritten", Major::V16, Major::V17).await;
    pair.source
        .sql(
            DATABASE,
            "ALTER TABLE plain ALTER COLUMN v TYPE int USING CASE id WHEN 5 THEN -5 ELSE v END",
        )
        .expect("a rewrite");
    let found = compare(&pair, &mut stream, &base).await;
    let keys = found.report.differences.iter();
    let keys: Vec<&str> = keys.map(|difference| difference.key.as_str()).collect();
    assert_eq!(keys, ["5"], "{:#?}", found.report);
    assert_eq!(whole(&found), ["\"public\".\"plain\""].into());
    let heal = "UPDATE plain SET v = -5 WHERE id = 5";
    pair.target.sql(DATABASE, heal).expect("it is healed");
    assert!(compare(&pair, &mut stream, &base).await.report.is_equal());
    pair.source
        .sql(
            DATABASE,
            &format!("ALTER PUBLICATION {} DROP TABLE named", pair.plan().mark()),
        )
        .expect("it is not published");
    pair.source
        .sql(
            DATABASE,
            "ALTER TABLE named DISABLE TRIGGER loud; UPDATE named SET big = 'unheard' WHERE a = 'k9'",
        )
        .expect("a change");
    let found = compare(&pair, &mut stream, &base).await;
    assert_eq!(found.report.differing, 1, "{:#?}", found.report);
    assert_eq!(found.report.differences[0].table, "\"public\".\"named\"");
    stream.stop().await.expect("it stops");
}

/// More keys than are held at once, in one transaction: each part is compared as it is read.
#[tokio::test(flavor = "multi_thread")]
async fn many_changed_keys_are_looked_up_part_by_part() {
    let pair = Pair::start("parts", Major::V15, Major::V15);
    pair.source
        .sql(
            DATABASE,
            "CREATE TABLE long_keys (k text PRIMARY KEY, n int, pad text); ALTER TABLE long_keys ALTER k SET STORAGE PLAIN, ALTER pad SET STORAGE PLAIN; \
             INSERT INTO long_keys SELECT repeat(md5(n::text), 60), n, repeat('x', 3000) FROM generate_series(1, 10000) n",
        )
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let base = base::lay(&pair.plan()).await.expect("a base");
    pair.source
        .sql(DATABASE, "UPDATE long_keys SET n = -n WHERE n < 9900")
        .expect("changes");
    pair.settle(&mut stream).await;
    pair.target
        .sql(
            DATABASE,
            "UPDATE long_keys SET n = 0 WHERE n IN (-1, -9899, 9950)",
        )
        .expect("plants");
    let found = compare(&pair, &mut stream, &base).await;
    assert_eq!((found.changes, found.keys), (9_899, 9_899));
    assert!(whole(&found).is_empty());
    assert_eq!(found.report.differing, 2, "{:#?}", found.report);
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_go_on_are_no_differences_and_the_base_moves_among_them() {
    let (pair, mut stream, base) = based("touched-busy", Major::V15, Major::V16).await;
    let mut writer = session(&pair.source).await;
    let writing = async {
        for round in 0_u64.. {
            let sql = format!(
                "UPDATE plain SET v = v + 1 WHERE id % 50 = {} OR id = 4; DELETE FROM plain WHERE id = {round} + 7000; INSERT INTO plain VALUES ({round} + 7001, 0, 'new')",
                round % 50
            );
            writer.run("writing", sql).await.expect("a write");
        }
    };
    let comparing = async {
        let mut told = 0;
        while told < 1_000 {
            let live = compare(&pair, &mut stream, &base).await;
            assert!(live.report.is_base(), "{:#?}", live.report);
            told += live.changes;
        }
    };
    tokio::select! {
        () = writing => {}
        () = comparing => {}
    }
    let rest = compare(&pair, &mut stream, &base).await;
    assert!(rest.report.is_equal(), "{:#?}", rest.report);
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_gone_is_told_and_leaves_nothing() {
    let (pair, mut stream, first) = based("base-gone", Major::V15, Major::V15).await;
    let plan = pair.plan();
    let second = base::lay(&plan).await.expect("another base");
    assert!(stream.drain(&second.log).await.expect("it goes on"));
    let lost = |error: ReplicateError| assert_eq!(error.code(), "RB-REP-026", "{error}");
    lost(
        compare_touched(&plan, &first.name, &second.log)
            .await
            .expect_err("the first is gone"),
    );
    let slots = "SELECT count(*) FROM pg_replication_slots";
    assert_eq!(pair.source.sql(DATABASE, slots).expect("slots").trim(), "2");
    pair.source
        .sql(
            DATABASE,
            &format!("SELECT pg_drop_replication_slot('{}')", plan.base_slot()),
        )
        .expect("the slot goes");
    lost(
        compare_touched(&plan, &second.name, &second.log)
            .await
            .expect_err("its slot is gone"),
    );
    base::lay(&plan).await.expect("a third base");
    assert_eq!(base::take_away(&plan).await.expect("it goes").len(), 2);
    assert_eq!(base::take_away(&plan).await.expect("it is gone").len(), 0);
    assert_eq!(pair.source.sql(DATABASE, slots).expect("slots").trim(), "1");
    stream.stop().await.expect("it stops");
}
