//! What was begun of a schema is brought up to the source by the next start, as long as no stream has begun.

use super::*;

/// Since major 16 a table of an inheritance may not have a generated column where its parent has an ordinary one.
const REFUSED_BY_18: &str = "
    CREATE TABLE sales.zz_parent (a int, b int);
    CREATE TABLE sales.zz_child (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
    ALTER TABLE sales.zz_child INHERIT sales.zz_parent;";
/// A person's remedy, and what else happened meanwhile: things that were made are altered, detached, renamed, gone; others have come.
const MEANWHILE: &str = "
    DROP TABLE sales.zz_child;
    ALTER TABLE sales.base ADD COLUMN later text;
    ALTER TABLE sales.measure DETACH PARTITION sales.measure_rest;
    ALTER TABLE sales.everything RENAME TO all_of_it;
    COMMENT ON TABLE sales.all_of_it IS NULL;
    DROP VIEW sales.rich;
    CREATE TABLE sales.come (id bigserial PRIMARY KEY, of_base int REFERENCES sales.base);
    CREATE VIEW sales.of_come AS SELECT later, of_base FROM sales.come JOIN sales.base ON a = of_base;";

#[tokio::test]
async fn a_schema_that_changed_since_a_failed_start_arrives_as_it_is_now() {
    let pair = Pair::rich(Major::V15, Major::V18);
    pair.source
        .sql_as("owner", "shop", REFUSED_BY_18)
        .expect("tables");
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    let refusal = maker.make(&[Stage::Definition], None).await;
    let refusal = refusal.expect_err("18 refuses a table");
    assert_eq!(refusal.code(), "RB-REP-021");
    assert!(refusal.to_string().contains("zz_child"), "{refusal}");
    pair.source
        .sql_as("owner", "shop", MEANWHILE)
        .expect("changes");
    move_all(&pair).await;
    pair.assert_as_by_pg_dump();
}

#[tokio::test]
async fn what_is_made_and_unchanged_is_kept() {
    let pair = Pair::rich(Major::V17, Major::V17);
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    let made = "SELECT oid FROM pg_class WHERE relnamespace = 'sales'::regnamespace AND relname <> 'sums' ORDER BY oid";
    let before = pair.target.sql("shop", made).unwrap();
    let sql = "CREATE TABLE sales.come (n int); COMMENT ON TABLE sales.base IS 'new'";
    pair.source.sql_as("owner", "shop", sql).expect("a change");
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    assert_eq!(pair.target.sql("shop", made).unwrap(), before);
    move_all(&pair).await;
    pair.assert_as_by_pg_dump();
}

#[tokio::test]
async fn what_a_person_does_without_stays_left_out() {
    let pair = Pair::start(Major::V15, Major::V18);
    let sql = format!("CREATE SCHEMA sales; {REFUSED_BY_18}");
    pair.source.sql_as("owner", "shop", &sql).expect("tables");
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    let refusal = maker.make(&[Stage::Definition], None).await;
    refusal.expect_err("18 refuses a table");
    let without = "UPDATE reberth.schema_item SET state = 'refused', reason = 'not wanted' WHERE name = 'sales.zz_child'";
    pair.target
        .sql_as("owner", "shop", without)
        .expect("a mark");
    let come = "CREATE TABLE sales.a_come (n int)";
    pair.source.sql_as("owner", "shop", come).expect("a table");
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    maker.make(&Stage::ALL, None).await.unwrap();
    let mut session = Session::open(&pair.to()).await.unwrap();
    let left = schema::left_out(&mut session).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].what, "TABLE sales.zz_child");
    assert_eq!(differences(&pair).await, Vec::<String>::new());
}

/// An index is no reason to stop if the target refuses it, but one that has no room now is not left out.
#[tokio::test]
async fn an_index_that_the_disk_has_no_room_for_stops_the_move_and_is_made_later() {
    let pair = Pair::start(Major::V16, Major::V16);
    let sql = "
        CREATE FUNCTION sized(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('reberth_test.disk', true) = 'full' THEN RAISE 'no space' USING ERRCODE = 'disk_full'; END IF;
            RETURN n; END $$;
        CREATE TABLE filled (n int);
        CREATE INDEX by_size ON filled (public.sized(n));
        INSERT INTO filled VALUES (1)";
    pair.source.sql_as("owner", "shop", sql).expect("a table");
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    pair.copy_by_pg_dump("--data-only", "shop");
    let full = "ALTER DATABASE shop SET reberth_test.disk = 'full'";
    pair.target.sql("postgres", full).expect("a setting");
    let full = maker.make(&Stage::ALL, None).await;
    assert_eq!(full.expect_err("no room").code(), "RB-REP-027");
    let roomy = "ALTER DATABASE shop RESET reberth_test.disk";
    pair.target.sql("postgres", roomy).expect("a setting");
    maker.make(&Stage::ALL, None).await.unwrap();
    pair.assert_as_by_pg_dump();
}
