//! Following a source by triggers, as the ordinary owner of a database that gives nobody the REPLICATION right.

mod attack;
mod fence;
mod harm;
mod heroku;
mod keyless;
mod pipeline;
mod random;
mod touched;

use std::collections::BTreeMap;

use reberth_replicate::claim::Claim;
use reberth_replicate::postgres::capture::follow::{Advanced, Follower};
use reberth_replicate::postgres::capture::{Cut, apply, catalogue, install, keys, remove};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::{self, Checkpoint, Method, StreamState};
use reberth_replicate::postgres::table;
use reberth_replicate::progress::Progress;
use reberth_replicate::stream::{Direction, Phase};
use reberth_replicate::{Address, ReplicateError, Secret};
use reberth_testkit::postgres::{Major, PASSWORD, Postgres};
use tokio::sync::watch;

/// More than any of these tests notes.
const LIMIT_BYTES: u64 = 1 << 30;
const OWNER: &str = "keeper";
const DATABASE: &str = "shop";

/// A restricted source, a target with the same empty tables, and what follows.
pub(crate) struct Captured {
    pub(crate) source: Postgres,
    pub(crate) target: Postgres,
    pub(crate) publish: watch::Sender<Progress>,
    claim: Claim,
}

impl Captured {
    /// Starts two servers, and makes the schema on both as the source's owner.
    pub(crate) fn start(name: &str, schema: &str) -> Captured {
        Captured::start_majors(name, schema, Major::V15, Major::V16)
    }

    pub(crate) fn start_majors(name: &str, schema: &str, from: Major, to: Major) -> Captured {
        let settings = ["wal_level=replica", "max_prepared_transactions=10"];
        let source = Postgres::start(from, &format!("{name}-source"), &settings)
            .expect("the servers answer");
        let target =
            Postgres::start(to, &format!("{name}-target"), &[]).expect("the servers answer");
        for server in [&source, &target] {
            server
                .restricted_owner(DATABASE, OWNER)
                .expect("the servers answer");
            server
                .sql_as(OWNER, DATABASE, schema)
                .expect("the servers answer");
        }
        Captured {
            source,
            target,
            publish: watch::channel(Progress::default()).0,
            claim: Claim::new().expect("the servers answer"),
        }
    }

    fn address(&self, side: &'static str) -> Address {
        let url = match side {
            "source" => self.source.url(OWNER, PASSWORD, DATABASE),
            _ => {
                let sql = format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'");
                self.target
                    .sql("postgres", &sql)
                    .expect("the servers answer");
                self.target.url("postgres", PASSWORD, DATABASE)
            }
        };
        Address::parse(&Secret::new(url), "reader", side).expect("the servers answer")
    }

    pub(crate) async fn source_session(&self) -> Session {
        Session::open(&self.address("source"))
            .await
            .expect("the servers answer")
    }

    pub(crate) async fn target_session(&self) -> Session {
        Session::open(&self.address("target"))
            .await
            .expect("the servers answer")
    }

    /// Installs the capture and begins a stream whose first batch brings every table whole.
    pub(crate) async fn begin(&self) -> Result<(), ReplicateError> {
        self.begin_from(|standing| standing.file = 0).await
    }

    /// Installs the capture and begins a stream between two sides that are equal.
    pub(crate) async fn begin_equal(&self) -> Result<(), ReplicateError> {
        self.begin_from(|_| {}).await
    }

    async fn begin_from(
        &self,
        known: impl FnMut(&mut catalogue::Standing),
    ) -> Result<(), ReplicateError> {
        let mut source = self.source_session().await;
        let mut target = self.target_session().await;
        let tables = table::read(&mut source).await?;
        let captured = keys::read(&mut source, &tables).await?;
        install::install(&mut source, &captured, LIMIT_BYTES).await?;
        let mut before = catalogue::read(&mut source).await?;
        let first = Cut::now(&mut source).await?;
        before.values_mut().for_each(known);
        state::prepare_tables(&mut target).await?;
        let stream = format!("forward:{DATABASE}");
        apply::store_catalogue(&mut target, &stream, &before).await?;
        let checkpoint = Checkpoint {
            phase: Phase::Following,
            method: Method::TriggerCapture,
            position: first.text().to_owned(),
            certain_from: "0/0".to_owned(),
            source_identity: String::new(),
            tables,
        };
        state::begin(&mut target, Direction::Forward, DATABASE, &checkpoint).await
    }

    pub(crate) async fn take_over(&mut self) -> StreamState {
        let mut target = self.target_session().await;
        StreamState::take_over(&mut target, Direction::Forward, DATABASE, &mut self.claim)
            .await
            .expect("the servers answer")
    }

    pub(crate) async fn follower(&mut self) -> Follower {
        let state = self.take_over().await;
        Follower::open(&self.address("source"), &state)
            .await
            .expect("the servers answer")
    }

    /// Begins, and brings what is there.
    pub(crate) async fn followed(&mut self) -> Follower {
        self.begin().await.expect("the servers answer");
        let mut follower = self.follower().await;
        follower
            .advance(&self.publish)
            .await
            .expect("the servers answer");
        follower
    }

    /// Runs statements on the source as the application.
    pub(crate) fn write(&self, sql: &str) {
        self.source
            .sql_as(OWNER, DATABASE, sql)
            .expect("the servers answer");
    }

    /// Every table of a side by the hash of its rows, which the server's text tells, whatever their order.
    pub(crate) fn hashes(server: &Postgres) -> BTreeMap<String, String> {
        let tables = server
            .sql(DATABASE, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'reberth', '_heroku', 'heroku_ext') AND schemaname NOT LIKE 'pg_temp%' ORDER BY 1")
            .expect("the servers answer");
        let hash = |table: &str| {
            let sql = format!(
                "SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM ONLY {table} t"
            );
            (
                table.to_owned(),
                server.sql(DATABASE, &sql).expect("the servers answer"),
            )
        };
        tables.lines().map(hash).collect()
    }

    pub(crate) fn assert_equal(&self, when: &str) {
        assert_eq!(
            Captured::hashes(&self.source),
            Captured::hashes(&self.target),
            "{when}"
        );
    }

    /// Steps until a batch finds nothing, and compares.
    pub(crate) async fn settle(&self, follower: &mut Follower, when: &str) {
        loop {
            if follower
                .advance(&self.publish)
                .await
                .expect("the servers answer")
                == Advanced::Idle
            {
                break;
            }
        }
        self.assert_equal(when);
    }
}

/// Two small tables, one with a second unique index.
pub(crate) const ROWS: &str = "
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE u (id int PRIMARY KEY, place int UNIQUE, v text);
INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 100) n;
INSERT INTO u SELECT n, n, 'u' || n FROM generate_series(1, 100) n;
";

/// A session of the application, with the search path of one.
pub(crate) async fn application(pair: &Captured) -> Session {
    let address = pair.address("source");
    Session::open_with(
        &address,
        &[("search_path", "public"), ("application_name", "shop")],
    )
    .await
    .expect("the servers answer")
}

/// Runs statements that must not fail.
pub(crate) async fn run(session: &mut Session, sql: &str) {
    session
        .run("writing", sql)
        .await
        .expect("the servers answer");
}

const SHOP: &str = "
CREATE TABLE owner (code varchar(12) PRIMARY KEY, n int);
CREATE TABLE item (id int PRIMARY KEY, owner varchar(12) REFERENCES owner ON DELETE CASCADE ON UPDATE CASCADE, place int UNIQUE, pad text, twice int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE moment (at timestamptz, f float8, day date, b bytea, v text, PRIMARY KEY (at, f, day, b));
CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v numeric);
CREATE TABLE counted (k text PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v int);
CREATE TABLE parted (id int, area text, v int, PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n');
CREATE TABLE parted_s PARTITION OF parted FOR VALUES IN ('s');
CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (parent);
CREATE TABLE \"Odd \"\"name\" (\"Key one\" uuid, \"k'2\" char(5), PRIMARY KEY (\"Key one\", \"k'2\"));
INSERT INTO owner SELECT 'o' || n, n FROM generate_series(1, 50) n;
";

#[tokio::test]
async fn every_kind_of_change_arrives() {
    let mut pair = Captured::start("capture", SHOP);
    pair.write(
        "INSERT INTO item (id, owner, place, pad) SELECT n, 'o' || (1 + n % 50), n, repeat('x', 20) FROM generate_series(1, 2000) n",
    );
    let mut follower = pair.followed().await;
    pair.assert_equal("after the first batch");
    for (what, sql) in [
        ("insert", "INSERT INTO owner VALUES ('new', 1), ('old', 2); INSERT INTO numbered (v) SELECT n / 7.0 FROM generate_series(1, 300) n"),
        ("update", "UPDATE item SET pad = pad || id WHERE id % 3 = 0; UPDATE numbered SET v = 'NaN' WHERE id < 10"),
        ("delete", "DELETE FROM item WHERE id % 7 = 0"),
        ("key change", "UPDATE owner SET code = 'changed' WHERE code = 'o7'; UPDATE item SET id = id + 10000 WHERE id < 100"),
        ("swapped unique values", "BEGIN; UPDATE item SET place = -1 WHERE id = 500; UPDATE item SET place = 500 WHERE id = 501; UPDATE item SET place = 501 WHERE id = 500; COMMIT"),
        ("deleted and inserted again", "BEGIN; DELETE FROM item WHERE id = 601; INSERT INTO item (id, owner, place, pad) VALUES (601, 'o1', 601, 'again'); COMMIT"),
        ("cascade", "DELETE FROM owner WHERE code IN ('o1', 'o2', 'o3'); UPDATE owner SET code = 'c' || code WHERE code IN ('o4', 'o5')"),
        ("upsert", "INSERT INTO owner VALUES ('o9', 90), ('o99', 99) ON CONFLICT (code) DO UPDATE SET n = excluded.n + 1"),
        ("settings of the session", "SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Kolkata'; SET extra_float_digits = -5; SET bytea_output = 'escape';
          INSERT INTO moment VALUES ('2024-03-02 01:02:03.456789+02', 0.1 + 0.2, '02/03/2024', 'a\\000\\377'::bytea, 'x'), ('-infinity', 'NaN', 'infinity', '', 'y');
          UPDATE moment SET v = 'z'"),
        ("identity that is no key", "INSERT INTO counted (k, v) VALUES ('a', 1), ('b', 2); UPDATE counted SET n = DEFAULT, v = 3 WHERE k = 'a'"),
        ("partitions", "INSERT INTO parted SELECT n, CASE WHEN n % 2 = 0 THEN 'n' ELSE 's' END, n FROM generate_series(1, 100) n; UPDATE parted SET v = 0 WHERE id < 9;
          INSERT INTO parted_n VALUES (1000, 'n', 1)"),
        ("moved between partitions", "UPDATE parted SET area = 's' WHERE id < 50; DELETE FROM parted_s WHERE id = 3"),
        ("inheritance", "INSERT INTO parent VALUES (1, 1), (2, 2); INSERT INTO child VALUES (1, 10, 'c'), (7, 70, 'c'); UPDATE parent SET v = v + 1; DELETE FROM parent WHERE id = 7"),
        ("odd names", "INSERT INTO \"Odd \"\"name\" VALUES ('00000000-0000-0000-0000-000000000001', 'ab'); UPDATE \"Odd \"\"name\" SET \"k'2\" = 'a''b'"),
        ("truncate and insert", "BEGIN; INSERT INTO numbered (v) VALUES (1); TRUNCATE numbered; INSERT INTO numbered (v) VALUES (2); COMMIT; INSERT INTO numbered (v) VALUES (3)"),
        ("truncate cascade", "TRUNCATE owner CASCADE; INSERT INTO owner VALUES ('o1', 1); INSERT INTO item (id, owner) VALUES (1, 'o1')"),
        ("truncate of partitions", "TRUNCATE parted; INSERT INTO parted VALUES (1, 'n', 1), (2, 's', 2); TRUNCATE parted_s; INSERT INTO parted VALUES (3, 's', 2)"),
        ("rolled back", "BEGIN; TRUNCATE item; ROLLBACK; BEGIN; SAVEPOINT a; INSERT INTO owner VALUES ('no', 1); ROLLBACK TO a; INSERT INTO owner VALUES ('yes', 1); COMMIT"),
        ("a table written anew", "UPDATE owner SET n = 5; VACUUM FULL owner"),
    ] {
        pair.write(sql);
        pair.settle(&mut follower, what).await;
    }
}

#[tokio::test]
async fn everything_is_taken_off_whatever_was_half_done() {
    let pair = Captured::start("capture-off", SHOP);
    let listed = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'reberth%') || ' ' || (SELECT count(*) FROM pg_namespace WHERE nspname = 'reberth')";
    pair.begin().await.unwrap();
    let mut source = pair.source_session().await;
    // A second installation finds everything there; one behind a tampered trigger mends it.
    let forget = "DELETE FROM reberth.stream";
    pair.target.sql(DATABASE, forget).unwrap();
    pair.begin().await.unwrap();
    pair.target.sql(DATABASE, forget).unwrap();
    pair.write("ALTER TABLE owner DISABLE TRIGGER reberth_capture_update; DROP TRIGGER reberth_capture_insert ON item");
    pair.begin().await.unwrap();
    let triggers = pair.source.sql(DATABASE, "SELECT count(*), bool_and(tgenabled = 'A') FROM pg_trigger WHERE tgname LIKE 'reberth%'").unwrap();
    assert_eq!(triggers.trim(), "40\tt");
    pair.write("DROP TRIGGER reberth_capture_delete ON item; DROP FUNCTION reberth.capture_check(); DROP TABLE reberth.change_2");
    remove::remove(&mut source).await.unwrap();
    assert_eq!(pair.source.sql(DATABASE, listed).unwrap().trim(), "0 0");
    assert_eq!(
        remove::remove(&mut source).await.unwrap(),
        Vec::<String>::new()
    );
    pair.write("INSERT INTO owner VALUES ('free', 1)");
}
