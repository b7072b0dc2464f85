//! What was begun of a schema is brought up to the source by the next start, as long as no stream has begun.

use std::time::Duration;

use reberth_replicate::postgres::state::{self, Checkpoint, Method};
use reberth_replicate::postgres::table::Tables;
use reberth_replicate::stream::{Direction, Phase};

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

/// The plan that was begun, and then a source whose table is another one.
async fn begun_and_changed(pair: &Pair) -> SchemaPlan {
    let sql = "CREATE TABLE changed (n int); CREATE TABLE other (n int)";
    pair.source.sql_as("owner", "shop", sql).expect("tables");
    let maker = pair.maker();
    let plan = pair.plan().await.expect("a plan");
    maker.begin(&plan).await.expect("it is written down");
    let made = maker.make(&[Stage::Definition], None).await;
    made.expect("definitions");
    let sql = "ALTER TABLE changed ADD COLUMN later text";
    pair.source.sql_as("owner", "shop", sql).expect("a change");
    pair.plan().await.expect("a plan")
}

const COLUMNS: &str =
    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'changed'::regclass AND attnum > 0";

#[tokio::test]
async fn no_table_is_removed_once_a_stream_has_begun() {
    let pair = Pair::start(Major::V15, Major::V15);
    let changed = begun_and_changed(&pair).await;
    let mut session = Session::open(&pair.to()).await.unwrap();
    state::prepare_tables(&mut session).await.unwrap();
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        method: Method::Logical,
        position: "0/0".to_owned(),
        certain_from: "0/0".to_owned(),
        source_identity: String::new(),
        tables: Tables::new(),
    };
    let begin = async |session: &mut Session| {
        state::begin(session, Direction::Forward, "shop", &checkpoint).await
    };
    begin(&mut session).await.expect("a stream");
    let again = begin(&mut session).await.expect_err("it has begun");
    assert_eq!(again.code(), "RB-REP-011");
    let refused = pair
        .maker()
        .begin(&changed)
        .await
        .expect_err("it has begun");
    assert_eq!(refused.code(), "RB-REP-011");
    assert_eq!(pair.target.sql("shop", COLUMNS).unwrap().trim(), "1");
}

#[tokio::test]
async fn a_table_that_holds_a_row_is_not_removed() {
    let pair = Pair::start(Major::V15, Major::V15);
    let changed = begun_and_changed(&pair).await;
    let row = "INSERT INTO public.changed VALUES (1)";
    pair.target.sql_as("owner", "shop", row).expect("a row");
    let refused = pair.maker().begin(&changed).await.expect_err("a row");
    assert_eq!(refused.code(), "RB-REP-005");
    assert!(refused.to_string().contains("public.changed"), "{refused}");
    assert_eq!(pair.target.sql("shop", COLUMNS).unwrap().trim(), "1");
    let empty = "DELETE FROM public.changed";
    pair.target.sql_as("owner", "shop", empty).expect("it goes");
    pair.maker().begin(&changed).await.expect("it is empty");
}

/// A maker that read its items before another start made the plan anew.
#[tokio::test]
async fn a_run_whose_items_were_made_anew_stops() {
    let pair = Pair::start(Major::V15, Major::V15);
    let sql = "CREATE TABLE changed (n int)";
    pair.source.sql_as("owner", "shop", sql).expect("a table");
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    let mut locker = Session::open(&pair.to()).await.unwrap();
    let alone = "SELECT pg_advisory_lock(hashtext('reberth.schema_item'))";
    locker.run("locking", alone).await.unwrap();
    let stale = tokio::spawn(async move { maker.make(&[Stage::Definition], None).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')";
    let waiting = async {
        while pair.target.sql("shop", waits).unwrap().trim() != "t" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(180), waiting).await;
    waited.expect("it waits for its turn");
    let sql = "ALTER TABLE changed ADD COLUMN later text";
    pair.source.sql_as("owner", "shop", sql).expect("a change");
    let anew = pair.plan().await.unwrap();
    pair.maker().begin(&anew).await.expect("made anew");
    drop(locker);
    let stopped = stale.await.unwrap().expect_err("its items are gone");
    assert_eq!(stopped.code(), "RB-REP-011", "{stopped}");
}

#[tokio::test]
async fn a_base_type_that_changed_is_made_anew_with_its_functions() {
    let pair = Pair::start(Major::V17, Major::V17);
    let functions = |cost: u32| {
        format!(
            "CREATE OR REPLACE FUNCTION made_in(cstring) RETURNS made IMMUTABLE STRICT COST {cost} LANGUAGE internal AS 'textin';
             CREATE OR REPLACE FUNCTION made_out(made) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';"
        )
    };
    let made = format!(
        "CREATE TYPE made; {} CREATE TYPE made (INPUT = made_in, OUTPUT = made_out, LIKE = text); CREATE TABLE of_made (m made)",
        functions(1)
    );
    pair.source.sql("shop", &made).expect("a type");
    // Only an administrator may make one.
    let sql = format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'");
    pair.target.sql("postgres", &sql).expect("a password");
    let url = Secret::new(pair.target.url("postgres", PASSWORD, "shop"));
    let to = Address::parse(&url, "target", "target").unwrap();
    let maker = Maker::new(&to, 3, &[]);
    let begin = async || maker.begin(&pair.plan_as_administrator().await).await;
    begin().await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    pair.source.sql("shop", &functions(2)).expect("a change");
    begin().await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    pair.assert_as_by_pg_dump();
}

/// As an older build wrote it down.
#[tokio::test]
async fn a_plan_that_did_not_say_how_items_are_removed_learns_it() {
    let pair = Pair::start(Major::V15, Major::V15);
    let changed = begun_and_changed(&pair).await;
    let back = "ALTER TABLE changed DROP COLUMN later";
    pair.source.sql_as("owner", "shop", back).expect("a change");
    let older = "UPDATE reberth.schema_item SET removal = ''";
    pair.target.sql_as("owner", "shop", older).expect("a plan");
    let same = pair.plan().await.unwrap();
    pair.maker().begin(&same).await.unwrap();
    let said = "SELECT removal FROM reberth.schema_item WHERE name = 'public.changed'";
    let said = pair.target.sql("shop", said).unwrap();
    assert_eq!(said.trim(), "DROP TABLE public.changed;");
    pair.maker().begin(&changed).await.unwrap();
}

/// An index is no reason to stop if the target refuses it, but one that has no room now is not left out.
#[tokio::test]
async fn an_index_that_the_target_has_no_room_for_stops_the_move_and_is_made_later() {
    let pair = Pair::start(Major::V16, Major::V16);
    let sql = "
        CREATE FUNCTION sized(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('reberth_test.lack', true) <> '' THEN RAISE 'no space' USING ERRCODE = current_setting('reberth_test.lack'); END IF;
            RETURN n; END $$;
        CREATE TABLE filled (n int);
        CREATE INDEX by_size ON filled (public.sized(n));
        INSERT INTO filled VALUES (1)";
    pair.source.sql_as("owner", "shop", sql).expect("a table");
    let maker = pair.maker();
    maker.begin(&pair.plan().await.unwrap()).await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    pair.copy_by_pg_dump("--data-only", "shop");
    for (full, code) in [("disk_full", "RB-REP-027"), ("out_of_memory", "RB-REP-021")] {
        let full = format!("ALTER DATABASE shop SET reberth_test.lack = '{full}'");
        pair.target.sql("postgres", &full).expect("a setting");
        let full = maker.make(&Stage::ALL, None).await;
        assert_eq!(full.expect_err("no room").code(), code);
    }
    let roomy = "ALTER DATABASE shop RESET reberth_test.lack";
    pair.target.sql("postgres", roomy).expect("a setting");
    maker.make(&Stage::ALL, None).await.unwrap();
    pair.assert_as_by_pg_dump();
}
