//! The keys that were noted since a base are kept, and compared past the applier.

use reberth_replicate::LogPosition;
use reberth_replicate::postgres::base::{self, Base};
use reberth_replicate::postgres::capture::install;
use reberth_replicate::postgres::server;
use reberth_replicate::postgres::verify::{Compared, compare_touched};
use reberth_replicate::running::RunningStream;

use super::pipeline::{install_capture, plan, settle, stream};
use super::{Captured, ROWS};

const TABLES: &str = "
CREATE TABLE pair (a text, b int, v text, PRIMARY KEY (b, a));
CREATE TABLE parted (id int, area text, PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n');
CREATE TABLE parted_s PARTITION OF parted FOR VALUES IN ('s');
INSERT INTO pair SELECT 'a' || n, n, 'v' FROM generate_series(1, 500) n;
INSERT INTO parted SELECT n, 'n' FROM generate_series(1, 500) n;
";

async fn based(name: &str) -> (Captured, RunningStream, Base) {
    let pair = Captured::start(name, &format!("{ROWS} {TABLES}"));
    pair.target
        .sql(super::DATABASE, "DROP TABLE t, u, pair, parted")
        .expect("it works");
    install_capture(&pair).await;
    let mut stream = stream(&pair);
    settle(&pair, &mut stream).await;
    let base = base::lay(&plan(&pair)).await.expect("it works");
    assert!(stream.drain(&base.log).await.expect("it works"));
    (pair, stream, base)
}

/// Waits until everything of now is applied. Returns up to where that is.
async fn apply(pair: &Captured, stream: &mut RunningStream) -> LogPosition {
    let mut source = pair.source_session().await;
    let until = server::barrier(&mut source).await.expect("it works");
    assert!(stream.drain(&until).await.expect("it works"));
    until
}

async fn compare(pair: &Captured, stream: &mut RunningStream, base: &Base) -> Compared {
    let until = apply(pair, stream).await;
    compare_touched(&plan(pair), &base.name, &until)
        .await
        .expect("it works")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_applier_dropped_is_found_by_its_noted_key() {
    let (pair, mut stream, base) = based("noted").await;
    pair.write("UPDATE pair SET a = 'it''s {\"moved\\' WHERE b = 1; DELETE FROM pair WHERE b = 2; UPDATE parted SET area = 's' WHERE id = 3; INSERT INTO pair VALUES ('', 0, NULL)");
    pair.write("BEGIN; INSERT INTO t VALUES (5000, 'x'); SAVEPOINT one; DELETE FROM t WHERE id = 5000; ROLLBACK TO one; COMMIT");
    let equal = compare(&pair, &mut stream, &base).await;
    assert!(equal.report.is_equal(), "{:#?}", equal.report);
    assert_eq!(
        (equal.changes, equal.keys, equal.report.tables.len()),
        (7, 7, 0)
    );
    for (change, plant, found) in [
        (
            "UPDATE pair SET v = 'new' WHERE b = 10",
            "UPDATE pair SET v = 'v' WHERE b = 10",
            1,
        ),
        (
            "DELETE FROM pair WHERE b = 11",
            "INSERT INTO pair VALUES ('a11', 11, 'v')",
            2,
        ),
        (
            "UPDATE parted SET area = 's' WHERE id = 12",
            "UPDATE parted SET area = 'n' WHERE id = 12",
            4,
        ),
        ("TRUNCATE t", "INSERT INTO t VALUES (1, 'old')", 5),
    ] {
        pair.write(change);
        apply(&pair, &mut stream).await;
        pair.target.sql(super::DATABASE, plant).unwrap();
        let compared = compare(&pair, &mut stream, &base).await;
        assert_eq!(compared.report.differing, found, "{:#?}", compared.report);
    }
    stream.stop().await.unwrap();
}

fn noted(pair: &Captured) -> u32 {
    let count = "SELECT count(*) FROM reberth.change";
    let count = pair.source.sql(super::DATABASE, count).expect("it works");
    count.trim().parse().expect("it works")
}

/// Rows that a part of the change table holds for a base stay in it, whatever the stream has applied.
#[tokio::test(flavor = "multi_thread")]
async fn noted_keys_are_kept_for_a_base_but_not_at_the_cost_of_the_capture() {
    let mut pair = Captured::start("noted-kept", ROWS);
    let mut follower = pair.followed().await;
    let plan = plan(&pair);
    let base = base::lay(&plan).await.unwrap();
    let idle = "((date_part('minute', clock_timestamp())::int + 3) % 4)::smallint";
    let note = |keys: u32| {
        format!(
            "INSERT INTO reberth.change (part, table_id, key) SELECT {idle}, 't'::regclass, ARRAY[n::text] FROM generate_series(1, {keys}) n"
        )
    };
    pair.write(&note(50));
    follower.advance(&pair.publish).await.unwrap();
    follower.tend().await.unwrap();
    assert_eq!(noted(&pair), 50);
    let compared = compare_touched(&plan, &base.name, &base.log).await.unwrap();
    assert_eq!((compared.keys, compared.report.is_equal()), (50, true));
    // It has moved, so that nothing of it is held any more.
    follower.tend().await.unwrap();
    assert_eq!(noted(&pair), 0);

    pair.write(&note(2_000));
    follower.advance(&pair.publish).await.unwrap();
    let mut source = pair.source_session().await;
    let bytes = install::noted_bytes(&mut source).await.unwrap();
    let limit = format!(
        "UPDATE reberth.capture SET limit_bytes = {}",
        bytes + bytes / 2
    );
    pair.write(&limit);
    drop(follower);
    let mut follower = pair.follower().await;
    follower.tend().await.unwrap();
    assert_eq!(noted(&pair), 0);
    let lost = compare_touched(&plan, &base.name, &base.log).await;
    assert_eq!(lost.unwrap_err().code(), "RB-REP-026");
}
