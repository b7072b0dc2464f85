//! A PostgreSQL schema arrives whole: between owners without special rights, across majors, killed and gone on with.

use std::process::Command;

use reberth_replicate::postgres::schema::{self, Maker, PgDump, SchemaPlan, Stage};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::{Address, ReplicateError, Secret};
use reberth_testkit::postgres::{Major, PASSWORD, Postgres, client_program};

const RICH: &str = include_str!("postgres_schema/rich.sql");
const SINCE_14: &str = include_str!("postgres_schema/rich_since_14.sql");
const SINCE_15: &str = include_str!("postgres_schema/rich_since_15.sql");
const SINCE_18: &str = include_str!("postgres_schema/rich_since_18.sql");

mod access_method;
mod killed;
mod left_out;
mod no_rows;
mod renewal;

/// Two servers, each with a database of an owner without special rights; the source's holds the rich schema.
struct Pair {
    source: Postgres,
    target: Postgres,
}

impl Pair {
    fn start(from: Major, to: Major) -> Pair {
        Pair {
            source: Pair::server(from, "schema-source", &["wal_level=replica"]),
            target: Pair::server(to, "schema-target", &[]),
        }
    }

    fn server(major: Major, name: &str, settings: &[&str]) -> Postgres {
        let server = Postgres::start(major, name, settings).expect("it starts");
        server.restricted_owner("shop", "owner").expect("an owner");
        server
    }

    fn rich(from: Major, to: Major) -> Pair {
        let pair = Pair::start(from, to);
        let files = [
            (Major::V13, RICH),
            (Major::V14, SINCE_14),
            (Major::V15, SINCE_15),
            (Major::V18, SINCE_18),
        ];
        for (_, sql) in files.iter().filter(|(since, _)| *since <= from) {
            let made = pair.source.sql_as("owner", "shop", sql);
            made.expect("the rich schema is made");
        }
        pair
    }

    fn address(server: &Postgres, side: &'static str) -> Address {
        let url = server.url("owner", PASSWORD, "shop");
        Address::parse(&Secret::new(url), side, side).expect("an address")
    }

    fn from(&self) -> Address {
        Pair::address(&self.source, "source")
    }

    fn to(&self) -> Address {
        Pair::address(&self.target, "target")
    }

    async fn plan(&self) -> Result<SchemaPlan, ReplicateError> {
        schema::read(&self.from(), &self.to(), &pg_dump()).await
    }

    async fn plan_as_administrator(&self) -> SchemaPlan {
        let sql = format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'");
        self.source.sql("postgres", &sql).expect("a password");
        let url = Secret::new(self.source.url("postgres", PASSWORD, "shop"));
        let from = Address::parse(&url, "source", "source").expect("an address");
        let plan = schema::read(&from, &self.to(), &pg_dump()).await;
        plan.expect("a plan")
    }

    fn maker(&self) -> Maker {
        Maker::new(&self.to(), 3, &[])
    }

    /// Brings what pg_dump dumps into a database of the target, by the tools of PostgreSQL and its administrator.
    fn copy_by_pg_dump(&self, options: &str, database: &str) {
        // The newer pg_dump sets what an older server does not know.
        let script = format!(
            "\"$PG_DUMP\" --no-owner --no-acl --no-blobs {options} --dbname=\"$FROM\" | grep -v '^SET transaction_timeout' |
             \"$PSQL\" --quiet --no-psqlrc --output=/dev/null --set=ON_ERROR_STOP=1 --dbname=\"$TO\""
        );
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &script])
            .env("PG_DUMP", client_program("pg_dump").expect("pg_dump"))
            .env("PSQL", client_program("psql").expect("psql"))
            .env("FROM", self.source.administrator("shop"))
            .env("TO", self.target.administrator(database))
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{output:?}");
    }

    /// What pg_dump prints of the target, and of a database beside it into which pg_dump's own dump was put.
    fn assert_as_by_pg_dump(&self) {
        let made = self
            .target
            .sql("postgres", "CREATE DATABASE reference TEMPLATE template0");
        made.expect("a database");
        self.copy_by_pg_dump("", "reference");
        let made = self
            .target
            .sql("reference", "ALTER SCHEMA public OWNER TO owner");
        made.expect("an owner");
        assert_same(
            &printed(&self.target, "reference"),
            &printed(&self.target, "shop"),
        );
    }
}

/// Shows the lines from the first one that differs.
fn assert_same(expected: &str, found: &str) {
    let same = expected
        .lines()
        .zip(found.lines())
        .take_while(|(one, other)| one == other);
    let from = same.count();
    let rest = |text: &str| {
        text.lines()
            .skip(from)
            .take(12)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(rest(expected), rest(found));
}

fn pg_dump() -> PgDump {
    PgDump::new(client_program("pg_dump").expect("pg_dump"))
}

/// The whole schema as pg_dump prints it, without what a dump says of itself.
fn printed(server: &Postgres, database: &str) -> String {
    let output = Command::new(client_program("pg_dump").expect("pg_dump"))
        .args([
            "--schema-only",
            "--no-owner",
            "--no-acl",
            "--exclude-schema=reberth",
        ])
        .arg(format!("--dbname={}", server.administrator(database)))
        .output()
        .expect("pg_dump runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.starts_with("-- Dumped") && !line.contains("restrict "))
        .collect::<Vec<_>>()
        .join("\n")
}

async fn move_all(pair: &Pair) {
    let plan = pair.plan().await.expect("a plan");
    let maker = pair.maker();
    maker.begin(&plan).await.expect("it is written down");
    maker
        .make(&[Stage::Definition], None)
        .await
        .expect("definitions");
    pair.copy_by_pg_dump("--data-only", "shop");
    maker.make(&Stage::ALL, None).await.expect("the rest");
}

const NOTHING_WRITTEN: &str = "SELECT to_regclass('reberth.schema_item') IS NULL";
const INVALID_INDEXES: &str = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";

async fn check_rich(from: Major, to: Major) -> Pair {
    let pair = Pair::rich(from, to);
    move_all(&pair).await;
    pair.assert_as_by_pg_dump();
    let filled = "SELECT (SELECT sum(n) FROM sales.sums), (SELECT total FROM sales.sums_of_sums),
        (SELECT string_agg(matviewname, ' ') FROM pg_matviews WHERE NOT ispopulated),
        (SELECT count(*) FROM pg_index WHERE NOT indisvalid)";
    let target = pair.target.sql("shop", filled);
    assert_eq!(target.expect("an answer"), "200\t200\tempty\t0\n");
    pair
}

#[tokio::test]
async fn a_rich_schema_arrives_as_it_was() {
    let pair = check_rich(Major::V15, Major::V15).await;
    assert_same(
        &printed(&pair.source, "shop"),
        &printed(&pair.target, "shop"),
    );
}

#[tokio::test]
async fn a_rich_schema_of_13_arrives_on_18() {
    check_rich(Major::V13, Major::V18).await;
}

async fn differences(pair: &Pair) -> Vec<String> {
    let told = schema::compare(&pair.from(), &pair.to(), &pg_dump()).await;
    let told = told.expect("a comparison").into_iter();
    told.map(|difference| difference.what).collect()
}

#[tokio::test]
async fn planted_differences_of_the_schema_are_found() {
    let pair = Pair::rich(Major::V13, Major::V18);
    move_all(&pair).await;
    assert_eq!(differences(&pair).await, Vec::<String>::new());
    let plant = "
        DROP INDEX sales.everything_brin;
        CREATE INDEX more ON sales.base (note);
        ALTER TABLE sales.base ALTER note SET DEFAULT 'other';
        ALTER TABLE sales.customer ENABLE TRIGGER off;
        ALTER TABLE sales.measure_rest ALTER place SET STATISTICS 5;
        ALTER TABLE sales.booking VALIDATE CONSTRAINT not_followed;
        DROP POLICY own ON sales.customer;
        CREATE OR REPLACE VIEW sales.rich AS SELECT id, email FROM sales.customer WHERE balance > 11 WITH LOCAL CHECK OPTION;
        ALTER VIEW sales.counted RESET (security_barrier);
        COMMENT ON TABLE sales.everything IS 'almost all types';
        ALTER TYPE sales.mood ADD VALUE 'new';
        ALTER SEQUENCE sales.tiny INCREMENT BY 2;
        CREATE OR REPLACE FUNCTION sales.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT n * 3';
        REFRESH MATERIALIZED VIEW sales.empty;";
    pair.source
        .sql("shop", "DELETE FROM sales.booking WHERE room > 50")
        .unwrap();
    pair.target
        .sql("shop", "DELETE FROM sales.booking WHERE room > 50")
        .unwrap();
    pair.target.sql("shop", plant).unwrap();
    assert_eq!(
        differences(&pair).await,
        [
            "COMMENT sales.TABLE everything",
            "DEFAULT sales.derived note",
            "FK CONSTRAINT sales.booking not_followed",
            "FUNCTION sales.twice(integer)",
            "INDEX sales.everything_brin",
            "INDEX sales.more",
            "MATERIALIZED VIEW DATA sales.empty",
            "POLICY sales.customer own",
            "RULE sales.counted _RETURN",
            "SEQUENCE sales.tiny",
            "TABLE sales.base",
            "TABLE sales.measure_rest",
            "TRIGGER sales.customer off",
            "TYPE sales.mood",
            "VIEW sales.rich",
        ]
    );
}

#[tokio::test]
async fn a_rich_schema_of_18_arrives_on_18() {
    check_rich(Major::V18, Major::V18).await;
}

#[tokio::test]
async fn a_target_of_an_older_major_is_refused() {
    let pair = Pair::start(Major::V18, Major::V15);
    let refusal = pair.plan().await.expect_err("an older target");
    assert_eq!(refusal.code(), "RB-REP-004");
    assert!(
        refusal.to_string().contains("PostgreSQL 18, the target 15"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_target_with_tables_of_others_is_left_alone() {
    let pair = Pair::rich(Major::V15, Major::V16);
    let plan = pair.plan().await.unwrap();
    pair.target
        .sql_as("owner", "shop", "CREATE TABLE public.theirs ()")
        .unwrap();
    let refusal = pair.maker().begin(&plan).await.expect_err("not empty");
    assert_eq!(refusal.code(), "RB-REP-005");
    assert!(refusal.to_string().contains("public.theirs"), "{refusal}");
    assert_eq!(pair.target.sql("shop", NOTHING_WRITTEN).unwrap(), "t\n");
}

#[tokio::test]
async fn the_scripts_give_back_roles_owners_and_grants() {
    let pair = Pair::rich(Major::V15, Major::V15);
    let roles = "
        CREATE ROLE \"the readers\" NOLOGIN;
        CREATE ROLE reporter LOGIN PASSWORD 'secret' CONNECTION LIMIT 3 CREATEDB;
        CREATE ROLE nobody_here LOGIN;
        CREATE ROLE strong SUPERUSER;
        GRANT \"the readers\" TO reporter WITH ADMIN OPTION;
        GRANT SELECT ON ALL TABLES IN SCHEMA sales TO \"the readers\";
        CREATE POLICY reported ON sales.base TO reporter USING (a > 0);
        ALTER TABLE sales.base OWNER TO reporter;
        ALTER FUNCTION sales.twice(int) OWNER TO strong;
        ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT EXECUTE ON FUNCTIONS TO reporter;
        ALTER ROLE reporter IN DATABASE shop SET search_path TO sales, \"$user\";
        ALTER DATABASE shop SET \"my.setting\" TO 'it''s';";
    pair.source.sql("shop", roles).unwrap();
    let plan = pair.plan_as_administrator().await;
    assert!(!plan.scripts.roles.contains("secret"));
    assert!(!plan.scripts.roles.contains("nobody_here"));
    assert!(
        plan.scripts
            .roles
            .contains("\n-- ALTER ROLE \"strong\" SUPERUSER;\n")
    );
    // A policy names a role, so the roles come first.
    let blockers = plan.blockers();
    assert!(
        blockers.len() == 1 && blockers[0].contains("the role reporter"),
        "{blockers:?}"
    );
    let refusal = pair
        .maker()
        .begin(&plan)
        .await
        .expect_err("a role is missing");
    assert_eq!(refusal.code(), "RB-REP-004");
    // The owner is there, as the role that moves.
    let script = plan
        .scripts
        .roles
        .replace("CREATE ROLE \"owner\" LOGIN;", "");
    pair.target.sql("shop", &script).unwrap();
    let plan = pair.plan_as_administrator().await;
    let maker = pair.maker();
    maker.begin(&plan).await.unwrap();
    maker.make(&Stage::ALL, None).await.unwrap();
    pair.target.sql("shop", &plan.scripts.rights).unwrap();
    let with_rights = |server: &Postgres| {
        // The order within a list of rights says nothing.
        let rights = "
            SELECT rolname, rolcanlogin, rolcreatedb, rolconnlimit FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1;
            SELECT setconfig FROM pg_db_role_setting ORDER BY 1;
            SELECT oid::regclass, (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(relacl) AS one), relowner::regrole
            FROM pg_class WHERE relnamespace = 'sales'::regnamespace ORDER BY oid::regclass::text;
            SELECT oid::regprocedure, (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(proacl) AS one), proowner::regrole
            FROM pg_proc WHERE pronamespace = 'sales'::regnamespace ORDER BY oid::regprocedure::text;
            SELECT attrelid::regclass, attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY attrelid::regclass::text, 2;
            SELECT nspname, nspacl FROM pg_namespace WHERE nspname IN ('sales', 'public') ORDER BY 1;
            SELECT defaclrole::regrole, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1, 2";
        server.sql("shop", rights).unwrap()
    };
    pair.source.sql("shop", "DROP ROLE nobody_here").unwrap();
    assert_same(&with_rights(&pair.source), &with_rights(&pair.target));
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_not_left_out_in_silence() {
    let server = Pair::server(Major::V16, "hidden", &[]);
    let sql = "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); ALTER TABLE t FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY;
        CREATE POLICY one ON t USING (n = 1)";
    server.sql_as("owner", "shop", sql).unwrap();
    let mut session = Session::open(&Pair::address(&server, "source"))
        .await
        .unwrap();
    let read = session
        .rows::<(i32,)>("reading", "SELECT n FROM public.t")
        .await;
    let refusal = read.expect_err("one row is hidden");
    assert_eq!(refusal.code(), "RB-REP-003");
}
