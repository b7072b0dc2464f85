//! A database as Heroku keeps it: the provider's own schema, event triggers that run its functions, extensions in a schema of their own, and with tables that the
//! application may not alter.

use reberth_replicate::postgres::capture::fence;
use reberth_replicate::postgres::preflight;
use reberth_replicate::postgres::schema;
use reberth_replicate::postgres::verify::verify;

use super::pipeline::{install_capture, plan, settle, stream};
use super::{Captured, DATABASE, OWNER, ROWS};

/// What the provider makes. Nobody else may look into its schema.
const PROVIDERS: &str = "
CREATE ROLE heroku_admin SUPERUSER;
SET ROLE heroku_admin;
CREATE SCHEMA _heroku;
CREATE TABLE _heroku.moves (id serial PRIMARY KEY, command text);
CREATE FUNCTION _heroku.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO _heroku.moves (command) VALUES (tg_tag); END $$;
CREATE FUNCTION _heroku.keep() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF tg_tag = 'DROP EXTENSION' THEN RAISE EXCEPTION 'not this one'; END IF; END $$;
CREATE EVENT TRIGGER log_ends ON ddl_command_end EXECUTE FUNCTION _heroku.note();
CREATE EVENT TRIGGER log_drops ON sql_drop EXECUTE FUNCTION _heroku.note();
CREATE EVENT TRIGGER before_drop ON ddl_command_start EXECUTE FUNCTION _heroku.keep();
ALTER EVENT TRIGGER before_drop ENABLE ALWAYS;
CREATE SCHEMA heroku_ext;
GRANT USAGE ON SCHEMA heroku_ext TO PUBLIC;
CREATE EXTENSION citext SCHEMA heroku_ext;
CREATE TABLE heroku_ext.spatial (id serial PRIMARY KEY, text text);
ALTER EXTENSION citext ADD TABLE heroku_ext.spatial;
ALTER EXTENSION citext ADD SEQUENCE heroku_ext.spatial_id_seq;
INSERT INTO heroku_ext.spatial (text) VALUES ('its own'), ('added'), ('added');
CREATE TABLE heroku_ext.hidden (id int);
ALTER EXTENSION citext ADD TABLE heroku_ext.hidden;
GRANT SELECT ON heroku_ext.spatial TO PUBLIC;
UPDATE pg_extension SET extconfig = ARRAY['heroku_ext.spatial'::regclass, 'heroku_ext.hidden'::regclass]::oid[], extcondition = ARRAY['WHERE text <> ''its own''', ''] WHERE extname = 'citext';
CREATE EXTENSION pg_stat_statements SCHEMA public";

const TABLES: &str = "
CREATE TABLE member (id int PRIMARY KEY, mail heroku_ext.citext UNIQUE);
INSERT INTO member SELECT n, 'Member' || n || '@example.org' FROM generate_series(1, 500) n";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_heroku_arrives_without_what_is_the_providers() {
    let pair = Captured::start("heroku", ROWS);
    pair.source
        .sql(DATABASE, PROVIDERS)
        .expect("the provider's");
    pair.source.sql_as(OWNER, DATABASE, TABLES).expect("tables");
    pair.target
        .sql(DATABASE, "DROP TABLE t, u")
        .expect("an empty target");
    let plan = plan(&pair);
    install_capture(&pair).await;
    let blockers = preflight::blockers(&plan).await.expect("blockers");
    assert_eq!(blockers, Vec::<String>::new());
    let remarks = preflight::remarks(&plan).await.expect("remarks");
    let told = |words: &str| {
        remarks
            .iter()
            .filter(|remark| remark.contains(words))
            .count()
    };
    assert_eq!(told("heroku_ext.spatial holds 2 row(s)"), 1, "{remarks:#?}");
    assert_eq!(told("heroku_ext.hidden may hold rows"), 1, "{remarks:#?}");
    let mut stream = stream(&pair);
    settle(&pair, &mut stream).await;
    pair.write("UPDATE member SET mail = upper(mail::text)::heroku_ext.citext WHERE id < 100");
    settle(&pair, &mut stream).await;
    let report = verify(&plan, |_, _| {}).await.expect("a report");
    assert!(report.is_equal(), "{report:#?}");
    stream.stop().await.expect("it stops");
    let mut source = pair.source_session().await;
    fence::raise(&mut source).await.expect("a fence");
    let standing = fence::read(&mut source).await.expect("the fence");
    assert!(standing.open.is_empty(), "{:?}", standing.open);
    let mut target = pair.target_session().await;
    let left_out = schema::left_out(&mut target)
        .await
        .expect("what is left out");
    assert_eq!(left_out, Vec::new());
    let theirs = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = '_heroku') + (SELECT count(*) FROM pg_event_trigger)";
    assert_eq!(
        pair.target.sql(DATABASE, theirs).expect("a count").trim(),
        "0"
    );
}
