//! A window without writes: what its account must be able to read is known before, and who writes all the same is seen at the end.

use std::collections::BTreeSet;

use reberth_replicate::postgres::finish::finish;
use reberth_replicate::postgres::preflight;

use super::*;

impl Pair {
    /// A pair whose source is read by an account that may only read tables, and decides transactions in two steps.
    fn read_only(name: &str) -> (Pair, StreamPlan) {
        let mut pair = Pair::start(name, Major::V15, Major::V16);
        let viewer = format!(
            "ALTER SYSTEM SET max_prepared_transactions = 5; CREATE ROLE viewer LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO viewer"
        );
        for statement in viewer.split(';') {
            pair.source.sql(DATABASE, statement).expect("an account");
        }
        pair.source.shut_down().expect("it ends in order");
        pair.source.resume().expect("it comes back");
        let url = Secret::new(pair.source.url("viewer", PASSWORD, DATABASE));
        let plan = StreamPlan {
            from: Address::parse(&url, "source", "source").expect("an address"),
            method: Method::DumpWindow,
            ..pair.plan()
        };
        (pair, plan)
    }

    fn write(&self, sql: &str) {
        self.source.sql(DATABASE, sql).expect("a write");
    }
}

const READ_ALL: &str = "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO viewer";

#[tokio::test]
async fn what_may_not_be_read_at_the_end_is_told_before_the_beginning() {
    let (pair, plan) = Pair::read_only("window-rights");
    pair.write("SELECT lo_from_bytea(77, 'read by few'), lo_from_bytea(78, 'read by all')");
    pair.write("GRANT SELECT ON LARGE OBJECT 78 TO PUBLIC");
    pair.write("CREATE SCHEMA \"Hidden\"; CREATE TABLE \"Hidden\".later (n int) PARTITION BY RANGE (n); CREATE TABLE shut (n int); CREATE SEQUENCE \"Hidden\".open");
    pair.write("GRANT SELECT ON \"Hidden\".open TO viewer");
    let found = preflight::blockers(&plan).await.expect("blockers");
    let expected = [
        "1 schema(s) of the source: GRANT USAGE ON SCHEMA \"Hidden\"",
        "2 table(s) of the source: GRANT SELECT ON TABLE \"Hidden\".later",
        "2 sequence(s) of the source: GRANT SELECT ON SEQUENCE public.counted_n_seq",
        "1 large object(s) of the source: GRANT SELECT ON LARGE OBJECT 77",
    ];
    let expected =
        expected.map(|what| format!("viewer may not read {what} TO viewer there, and so for each"));
    assert_eq!(found, expected);
    let odd = format!("CREATE ROLE \"Odd.Reader\" LOGIN PASSWORD '{PASSWORD}'");
    pair.write(&odd);
    let url = Secret::new(pair.source.url("Odd.Reader", PASSWORD, DATABASE));
    let other = StreamPlan {
        from: Address::parse(&url, "source", "source").expect("an address"),
        ..plan.clone()
    };
    let found = preflight::blockers(&other).await.expect("blockers");
    let remedy =
        "GRANT USAGE ON SCHEMA \"Hidden\" TO \"Odd.Reader\" there, and so for each".to_owned();
    assert!(found[0].ends_with(&remedy), "{found:?}");
    let remarks = preflight::remarks(&other).await.expect("remarks");
    let remedy = "GRANT pg_read_all_stats TO \"Odd.Reader\" on the source";
    let of_rights = remarks.iter().find(|remark| remark.contains(remedy));
    assert!(of_rights.is_some(), "{remarks:?}");
    pair.write(READ_ALL);
    pair.write("GRANT SELECT ON LARGE OBJECT 77 TO viewer; GRANT SELECT ON shut TO viewer; DROP SCHEMA \"Hidden\" CASCADE");
    let found = preflight::blockers(&plan).await.expect("blockers");
    assert_eq!(found, Vec::<String>::new());
}

/// The transactions are open when the comparison begins, or when it ends, or were, and are committed by now.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_open_over_a_comparison_is_seen() {
    let (pair, plan) = Pair::read_only("window-writers");
    pair.write(READ_ALL);
    pair.write("INSERT INTO plain SELECT n, n, 'p' FROM generate_series(1, 100) n");
    let mut stream = pipeline::start(plan.clone(), Arc::new(Semaphore::new(2)));
    reach(&mut stream, |progress| progress.phase == "copied").await;
    stream.stop().await.expect("it stops");

    let mut open = session(&pair.source).await;
    let late = "BEGIN; INSERT INTO keyless VALUES (1, 'late')";
    open.run("writing", late).await.expect("a row");
    let compared = |table: &str, _| panic!("{table} was compared beside an open writer");
    let refused = finish(&plan, compared).await.expect_err("it is open");
    assert_eq!(refused.code(), "RB-REP-029", "{refused}");
    let by = format!("public.keyless by session {}", open.id());
    assert!(refused.to_string().contains(&by), "{refused}");
    open.run("writing", "ROLLBACK").await.expect("no row");

    // While the last comparison runs, which reads every table the second time.
    let mut seen = BTreeSet::new();
    let mut is_written = false;
    let write_late = |table: &str, _| {
        if !seen.insert(table.to_owned()) && !is_written {
            is_written = true;
            pair.write(&format!("{late}; PREPARE TRANSACTION 'late'"));
        }
    };
    let refused = finish(&plan, write_late).await.expect_err("it is prepared");
    assert_eq!(refused.code(), "RB-REP-029", "{refused}");
    let by = "public.keyless by a prepared transaction";
    assert!(refused.to_string().contains(by), "{refused}");

    pair.write("COMMIT PREPARED 'late'");
    let refused = finish(&plan, |_, _| {}).await.expect_err("a row more");
    assert_eq!(refused.code(), "RB-REP-028", "{refused}");
    let first = "the first in \"public\".\"keyless\":";
    assert!(refused.to_string().contains(first), "{refused}");
    pair.write("DELETE FROM keyless");
    finish(&plan, |_, _| {}).await.expect("nobody writes");
    pair.assert_equal();
}

/// Of each of these the comparison would see nothing, or wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn who_empties_makes_or_alters_a_table_or_writes_large_objects_is_a_writer() {
    let (pair, plan) = Pair::read_only("window-locks");
    pair.write(READ_ALL);
    pair.write("SELECT lo_from_bytea(77, 'large'); GRANT SELECT ON LARGE OBJECT 77 TO viewer");
    let mut stream = pipeline::start(plan.clone(), Arc::new(Semaphore::new(2)));
    reach(&mut stream, |progress| progress.phase == "copied").await;
    stream.stop().await.expect("it stops");

    let mut open = session(&pair.source).await;
    let name = "SET application_name = 'application'";
    open.run("naming", name).await.expect("a name");
    for (change, what) in [
        ("TRUNCATE keyless", "public.keyless"),
        ("ALTER TABLE keyless ADD more int", "public.keyless"),
        ("LOCK TABLE keyless IN EXCLUSIVE MODE", "public.keyless"),
        (
            "CREATE TRIGGER quiet BEFORE INSERT ON keyless EXECUTE FUNCTION hush()",
            "public.keyless",
        ),
        ("CREATE TABLE fresh AS SELECT 1 AS n", "a new table"),
        ("SELECT lo_from_bytea(78, 'new')", "large objects"),
        ("SELECT lo_put(77, 0, 'other')", "large objects"),
        ("SELECT lo_unlink(77)", "large objects"),
    ] {
        let begun = open.run("changing", format!("BEGIN; {change}")).await;
        begun.unwrap_or_else(|error| panic!("{change}: {error}"));
        let compared = |table: &str, _| panic!("{table} was compared beside {change}");
        let refused = finish(&plan, compared).await.expect_err(change);
        assert_eq!(refused.code(), "RB-REP-029", "{change}: {refused}");
        let by = format!("open: {what} by session {}", open.id());
        assert!(refused.to_string().contains(&by), "{change}: {refused}");
        open.run("changing", "ROLLBACK").await.expect("no change");
    }
    // To read one takes the lock of a write: a verification of ours may do so meanwhile.
    let mut reads = session(&pair.source).await;
    let read = "BEGIN; SELECT lo_get(77)";
    reads.run("reading", read).await.expect("an object");
    finish(&plan, |_, _| {}).await.expect("nobody writes");
    pair.assert_equal();
}
