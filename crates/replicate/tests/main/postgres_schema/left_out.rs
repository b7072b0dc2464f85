//! What cannot be made on the target is listed, or stops the move before the rows.

use super::*;

#[tokio::test]
async fn what_cannot_be_carried_is_listed() {
    let pair = Pair::rich(Major::V14, Major::V15);
    let extras = "
        CREATE PUBLICATION everything FOR ALL TABLES;
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'elsewhere.example');
        CREATE USER MAPPING FOR owner SERVER elsewhere OPTIONS (password 'not-to-be-carried');
        CREATE FOREIGN TABLE sales.far (n int) SERVER elsewhere;
        CREATE VIEW sales.of_far AS SELECT n FROM sales.far;
        CREATE FUNCTION sales.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION sales.watch();
        CREATE FUNCTION sales.in_c(text, text) RETURNS int LANGUAGE c AS '$libdir/fuzzystrmatch', 'levenshtein';";
    pair.source.sql("shop", extras).unwrap();
    let mut plan = pair.plan().await.unwrap();
    assert!(!format!("{plan:?}").contains("not-to-be-carried"));
    assert_eq!(plan.blockers(), Vec::<String>::new());
    let maker = pair.maker();
    maker.begin(&plan).await.unwrap();
    maker.make(&Stage::ALL, None).await.unwrap();
    let mut session = Session::open(&pair.to()).await.unwrap();
    let left = schema::left_out(&mut session).await.unwrap();
    let names: Vec<&str> = left.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(
        names,
        [
            "EVENT TRIGGER watch",
            "EXTENSION postgres_fdw",
            "FOREIGN TABLE sales.far",
            "FUNCTION sales.in_c(text, text)",
            "PUBLICATION everything",
            "SERVER elsewhere",
            "USER MAPPING USER MAPPING owner SERVER elsewhere",
            "VIEW sales.of_far",
        ]
    );
    assert!(left.iter().all(|left| !left.reason.is_empty()));
    plan.left_out.retain(|left| left.what.starts_with("VIEW"));
    assert_eq!(
        plan.left_out[0].reason,
        "it needs the FOREIGN TABLE sales.far, which is left out"
    );
}

#[tokio::test]
async fn a_refused_function_that_a_trigger_needs_stops_the_move_before_the_rows() {
    let pair = Pair::start(Major::V15, Major::V16);
    let function = "CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE c AS '$libdir/moddatetime', 'moddatetime'";
    pair.source.sql("shop", function).unwrap();
    let table = "CREATE TABLE t (k int PRIMARY KEY, at timestamptz);
        CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION public.stamp('at')";
    pair.source.sql_as("owner", "shop", table).unwrap();
    let plan = pair.plan().await.unwrap();
    pair.maker().begin(&plan).await.unwrap();
    let refusal = pair
        .maker()
        .make(&[Stage::Definition], None)
        .await
        .expect_err("no right to make it");
    assert_eq!(refusal.code(), "RB-REP-021");
    assert!(
        refusal
            .to_string()
            .contains("and TRIGGER public.t stamp needs it"),
        "{refusal}"
    );
    // When somebody with the right has made it there, the move goes on.
    pair.target.sql("shop", function).unwrap();
    let skip = "UPDATE reberth.schema_item SET state = 'done' WHERE kind = 'FUNCTION'";
    pair.target.sql_as("owner", "shop", skip).unwrap();
    pair.maker().make(&Stage::ALL, None).await.unwrap();
    pair.assert_as_by_pg_dump();
}

#[tokio::test]
async fn a_table_that_needs_an_extension_that_the_target_lacks_is_a_blocker() {
    let folder = std::env::temp_dir().join(format!("reberth-only-here-{}", std::process::id()));
    let extension = folder.join("extension");
    std::fs::create_dir_all(&extension).unwrap();
    let control = "default_version = '1.0'\ntrusted = true\nrelocatable = true\n";
    std::fs::write(extension.join("only_here.control"), control).unwrap();
    let script = "CREATE DOMAIN odd AS int CHECK (VALUE % 2 = 1);";
    std::fs::write(extension.join("only_here--1.0.sql"), script).unwrap();
    let path = format!("extension_control_path={}:$system", folder.display());
    let pair = Pair {
        source: Pair::server(Major::V18, "schema-source", &[&path]),
        target: Pair::server(Major::V18, "schema-target", &[]),
    };
    let sql = "CREATE EXTENSION only_here; CREATE TABLE lost (n odd); CREATE VIEW of_it AS SELECT * FROM lost; CREATE TABLE kept (n int)";
    pair.source.sql_as("owner", "shop", sql).unwrap();
    let plan = pair.plan().await.unwrap();
    let expected = "TABLE public.lost: it needs the EXTENSION only_here, which is left out";
    assert_eq!(plan.blockers(), [expected]);
    let listed: Vec<&str> = plan
        .left_out
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(
        listed,
        [
            "EXTENSION only_here",
            "TABLE public.lost",
            "VIEW public.of_it"
        ]
    );
    let refusal = pair.maker().begin(&plan).await.expect_err("a blocker");
    assert_eq!(refusal.code(), "RB-REP-004");
    assert_eq!(pair.target.sql("shop", NOTHING_WRITTEN).unwrap(), "t\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// None of the servers here is built with lz4, so the catalogue is told that a column has it.
#[tokio::test]
async fn a_compression_that_the_target_lacks_is_left_out_and_listed() {
    let pair = Pair::start(Major::V16, Major::V18);
    for sql in [
        "CREATE TABLE squeezed (v text, w text)",
        "UPDATE pg_attribute SET attcompression = 'l' WHERE attrelid = 'squeezed'::regclass AND attname = 'v'",
        "ALTER TABLE squeezed OWNER TO owner",
    ] {
        pair.source.sql("shop", sql).expect("a table");
    }
    let plan = pair.plan().await.expect("a plan");
    let listed: Vec<&str> = plan
        .left_out
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(listed, ["COMPRESSION lz4 of 1 column(s)"]);
    assert!(plan.blockers().is_empty());
    move_all(&pair).await;
    assert_eq!(differences(&pair).await, Vec::<String>::new());
}
