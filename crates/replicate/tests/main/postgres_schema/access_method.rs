//! How a table is stored is part of it: an archive of pg_dump tells it beside the definition.

use super::*;

const STORED_OTHERWISE: &str = "
    CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE stored (n int PRIMARY KEY) USING heap2;
    CREATE MATERIALIZED VIEW kept USING heap2 AS SELECT n FROM stored;
    CREATE TABLE usual (n int);
    CREATE TABLE parted (n int) PARTITION BY LIST (n);
    CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN (1) USING heap2;
    CREATE TABLE parted_two PARTITION OF parted FOR VALUES IN (2);";

fn administrator(server: &Postgres, side: &'static str) -> Address {
    let sql = format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'");
    server.sql("postgres", &sql).expect("a password");
    let url = Secret::new(server.url("postgres", PASSWORD, "shop"));
    Address::parse(&url, side, side).expect("an address")
}

async fn check(from: Major, to: Major, more: &str) {
    let pair = Pair::start(from, to);
    let sql = format!("{STORED_OTHERWISE} {more}");
    pair.source.sql("shop", &sql).expect("tables");
    let source = administrator(&pair.source, "source");
    let target = administrator(&pair.target, "target");
    let plan = schema::read(&source, &target, &pg_dump()).await;
    let plan = plan.expect("a plan");
    let maker = Maker::new(&target, 3, &[]);
    maker.begin(&plan).await.expect("it is written down");
    maker.make(&Stage::ALL, None).await.expect("all is made");
    let found = compare(&source, &target).await;
    assert_eq!(found, []);
    pair.assert_as_by_pg_dump();
    // A difference of it is found, of tables and of views.
    let usual = "ALTER TABLE stored SET ACCESS METHOD heap; ALTER MATERIALIZED VIEW kept SET ACCESS METHOD heap";
    pair.target.sql("shop", usual).expect("another method");
    let found = compare(&source, &target).await;
    let found: Vec<&str> = found.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        found,
        ["MATERIALIZED VIEW public.kept", "TABLE public.stored"]
    );
}

#[tokio::test]
async fn tables_are_stored_by_the_access_method_that_the_source_uses() {
    check(Major::V15, Major::V18, "").await;
}

#[tokio::test]
async fn a_partitioned_table_keeps_the_access_method_that_its_partitions_get() {
    let more = "ALTER TABLE parted SET ACCESS METHOD heap2;";
    check(Major::V18, Major::V18, more).await;
}

async fn compare(source: &Address, target: &Address) -> Vec<schema::SchemaDifference> {
    let found = schema::compare(source, target, &pg_dump()).await;
    found.expect("they are compared")
}
