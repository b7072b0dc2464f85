//! Two PostgreSQL servers, a front door, an application, and a journal.

use std::sync::Arc;

use reberth_cutover::{Edge, FencedBy, Passage, Postgres as Family, Side};
use reberth_journal::testing::ScratchJournal;
use reberth_replicate::postgres::capture::{install, keys};
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::table;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::{Address, LogPosition, Secret};
use reberth_testkit::fault_proxy::FaultProxy;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::postgres::{
    APP, MASTER, OWNER, prepare_target, seed, seed_with_roles,
};
use reberth_testkit::learning::{DATABASE, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};
use reberth_testkit::postgres::{Major, PASSWORD, Postgres, client_program};
use tokio::sync::Semaphore;

use crate::crosses::{Crosses, PATIENCE, Way};

const SIZE: Size = Size {
    learners: 200,
    submissions: 1_000,
};
/// What every submission leaves in a table without a key: two rows more, and one row fewer.
const KEYLESS: &str = "CREATE TABLE footstep (learner_id bigint, note text);
    CREATE FUNCTION tread() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO public.footstep SELECT n % 2, NULL FROM generate_series(1, 2) n;
      DELETE FROM public.footstep WHERE ctid = (SELECT ctid FROM public.footstep LIMIT 1);
      RETURN NULL; END $$;
    CREATE TRIGGER tread AFTER INSERT ON submission FOR EACH ROW EXECUTE FUNCTION tread()";
/// More than any test notes.
const NOTED_BYTES_MAX: u64 = 1 << 30;

pub(crate) struct Crossing {
    pub(crate) source: Postgres,
    pub(crate) target: Postgres,
    pub(crate) door: FrontDoor,
    /// Stands before the control port of the front door.
    pub(crate) control: FaultProxy,
    pub(crate) ledger: Ledger,
    pub(crate) exempt: Vec<String>,
    pub(crate) method: Method,
    journal: ScratchJournal,
    writers: Option<Writers>,
}

impl Crossing {
    /// Little data, an application that writes, and what a stream needs before it begins.
    pub(crate) async fn start(name: &str, method: Method) -> Crossing {
        let (major, level) = match method {
            Method::Logical => (Major::V16, "wal_level=logical"),
            Method::TriggerCapture | Method::DumpWindow => (Major::V15, "wal_level=replica"),
        };
        let settings = [level, "max_prepared_transactions=5"];
        let source = Postgres::start(major, &format!("{name}-source"), &settings);
        let source = source.expect("the source starts");
        let target = Postgres::start(Major::V18, &format!("{name}-target"), &settings[1..]);
        let target = target.expect("the target starts");
        match method {
            Method::Logical => seed_with_roles(&source, SIZE),
            Method::TriggerCapture | Method::DumpWindow => seed(&source, SIZE),
        }
        .expect("the source is seeded");
        let app = match method {
            Method::Logical => APP,
            Method::TriggerCapture | Method::DumpWindow => OWNER,
        };
        prepare_target(&target, app).expect("the target has accounts");
        let servers = [("source", source.port()), ("target", target.port())];
        let door = FrontDoor::start(&servers, "source").await;
        let door = door.expect("the front door opens");
        let control = door.control();
        let port = control.rsplit_once(':').expect("a port").1;
        let control = FaultProxy::start(port.parse().expect("a number")).await;
        let mut crossing = Crossing {
            source,
            target,
            door,
            control: control.expect("the proxy starts"),
            ledger: Ledger::new(),
            exempt: Vec::new(),
            method,
            journal: ScratchJournal::new(),
            writers: None,
        };
        if method == Method::TriggerCapture {
            let keyless = crossing.source.sql_as(OWNER, DATABASE, KEYLESS);
            keyless.expect("a table without a key");
            crossing.install_capture().await;
        }
        crossing.let_the_application_write();
        crossing
    }

    async fn install_capture(&self) {
        let mut session = Session::open(&self.plan(Direction::Forward).from)
            .await
            .expect("the owner logs in");
        let tables = table::read(&mut session)
            .await
            .expect("the tables are read");
        let captured = keys::read(&mut session, &tables)
            .await
            .expect("every table can be followed");
        install::install(&mut session, &captured, NOTED_BYTES_MAX)
            .await
            .expect("the capture is installed");
    }

    pub(crate) fn let_the_application_write(&mut self) {
        // On a source that has one role only, a target role of the same name stands for it.
        let plan = WritersPlan {
            speaks: Speaks::Postgres(self.app()),
            port: self.door.port(),
            writers: 4,
            rate_per_s: 120,
            learners: SIZE.learners,
            courses: 20,
            seed: 11,
        };
        self.writers = Some(Writers::start(&self.ledger, &plan));
    }

    pub(crate) async fn stop_the_application(&mut self) {
        if let Some(writers) = self.writers.take() {
            writers.stop().await;
        }
    }

    /// The application's role.
    pub(crate) fn app(&self) -> &'static str {
        match self.method {
            Method::Logical => APP,
            Method::TriggerCapture | Method::DumpWindow => OWNER,
        }
    }

    /// The role that moves on the source: the application's own, where there is no other.
    pub(crate) fn mover(&self, side: &str) -> &'static str {
        match (self.method, side) {
            (Method::TriggerCapture | Method::DumpWindow, "source") => OWNER,
            _ => MASTER,
        }
    }

    pub(crate) fn server(&self, side: &str) -> &Postgres {
        match side {
            "source" => &self.source,
            _ => &self.target,
        }
    }

    pub(crate) fn address(&self, side: &'static str, role: &str) -> Address {
        let url = Secret::new(self.server(side).url(role, PASSWORD, DATABASE));
        Address::parse(&url, role, side).expect("a good address")
    }

    fn side(&self, name: &'static str) -> Side {
        Side {
            name,
            fence: self.address(name, self.mover(name)),
            app: self.address(name, self.app()),
            writer: self.address(name, self.mover(name)),
            fenced_by: FencedBy::Accounts,
        }
    }

    pub(crate) fn plan(&self, direction: Direction) -> StreamPlan {
        let (source, target) = (
            self.address("source", self.mover("source")),
            self.address("target", MASTER),
        );
        let (from, to, method) = match direction {
            Direction::Forward => (source, target, self.method),
            Direction::Reverse => (target, source, Method::Logical),
        };
        StreamPlan {
            database: DATABASE.to_owned(),
            direction,
            from,
            to,
            method,
            pg_dump: client_program("pg_dump").expect("pg_dump"),
            workers: 2,
            bytes_per_s_most: None,
            spool: None,
            streams: 1,
        }
    }

    /// A write of the application, past the front door. `Err` holds the server's words.
    pub(crate) fn write_as_the_application(&self, side: &str) -> Result<(), String> {
        let sql = "UPDATE badge SET awarded_at = awarded_at WHERE learner_id = 1";
        let written = self.server(side).sql_as(self.app(), DATABASE, sql);
        written.map(drop).map_err(|error| format!("{error:?}"))
    }

    /// Exactly one side takes the application's writes, and it is that one.
    pub(crate) fn only_writer(&self, side: &'static str) {
        let other = if side == "source" { "target" } else { "source" };
        self.write_as_the_application(side)
            .expect("the side that has the writes takes them");
        let refusal = self
            .write_as_the_application(other)
            .expect_err("the other side refuses the application");
        let is_refused = ["not permitted to log in", "is being moved"];
        assert!(
            is_refused.iter().any(|words| refusal.contains(words)),
            "{refusal}"
        );
    }

    /// What an undone cutover leaves: the source as it was, and the application on it.
    pub(crate) async fn source_is_as_before(&self) {
        self.only_writer("source");
        self.the_application_writes().await;
        let left = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'reberth_fence_refuse'), to_regclass('reberth.stream') IS NULL, to_regclass('reberth.resting') IS NULL, \
             (SELECT count(*) FROM pg_trigger WHERE tgname = 'audit' AND tgenabled = 'O'), (SELECT count(*) FROM pg_roles WHERE NOT rolcanlogin AND rolname IN ('app', 'keeper', 'master'))";
        let left = self.source.sql(DATABASE, left).expect("the source answers");
        assert_eq!(left.trim(), "0\tt\tt\t1\t0");
        let slots = self
            .target
            .sql(DATABASE, "SELECT count(*) FROM pg_replication_slots");
        assert_eq!(slots.expect("the target answers").trim(), "0");
        let edge = Edge::new(self.door.control())
            .state()
            .await
            .expect("the door answers");
        assert!(!edge.is_held && edge.leads_to == "source", "{edge:?}");
    }

    /// Stops the application, lets that stream carry over what is left, and compares both sides with the ledger and with each other.
    pub(crate) async fn settle(&mut self, direction: Direction) {
        self.stop_the_application().await;
        self.carry_over(direction).await;
        for server in [&self.source, &self.target] {
            let verdict = self
                .ledger
                .compare_postgres(server)
                .expect("the ledger is compared");
            assert!(verdict.is_exact(), "{verdict:?}");
        }
        assert_eq!(rows(&self.source), rows(&self.target));
    }

    /// Lets the stream of a direction apply all that is in the log now, and stops it.
    pub(crate) async fn carry_over(&self, direction: Direction) {
        let plan = self.plan(direction);
        let mut stream: RunningStream = pipeline::start(plan.clone(), Arc::new(Semaphore::new(2)));
        let side = if direction == Direction::Forward {
            "source"
        } else {
            "target"
        };
        let end = self
            .server(side)
            .sql(DATABASE, "SELECT pg_current_wal_insert_lsn()");
        let end: LogPosition = end
            .expect("the end of the log")
            .trim()
            .parse()
            .expect("a place");
        let drained = tokio::time::timeout(PATIENCE, stream.drain(&end)).await;
        assert!(
            drained
                .expect("the stream drains in time")
                .expect("it goes on")
        );
        stream.stop().await.expect("the stream stops");
    }

    /// What is left of the base of a verification, on both sides.
    pub(crate) fn bases(&self) -> String {
        let slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '%base'";
        let rows = "SELECT coalesce((xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM reberth.base', false, true, '')))[1]::text, '') \
                    WHERE to_regclass('reberth.base') IS NOT NULL";
        let read = |server: &Postgres| {
            let read = |sql| server.sql(DATABASE, sql).expect("the server answers");
            format!("{} {}", read(slots).trim(), read(rows).trim())
        };
        format!("{}, {}", read(&self.source), read(&self.target))
    }
}

impl Crosses for Crossing {
    type Family = Family;

    fn fresh_passage(&self, way: Way) -> Passage<Family> {
        let (source, target) = (self.side("source"), self.side("target"));
        let (forward, reverse) = (self.plan(Direction::Forward), self.plan(Direction::Reverse));
        let (from, to, stream, back) = match way {
            Way::There => (source, target, forward, reverse),
            Way::Back => (target, source, reverse, forward),
        };
        let edge = Edge::new(format!("127.0.0.1:{}", self.control.port()));
        Passage::new(DATABASE, from, to, stream, back, edge, self.exempt.clone())
    }

    fn scratch(&self) -> &ScratchJournal {
        &self.journal
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// The hash of every table's rows, whatever their order.
fn rows(server: &Postgres) -> Vec<String> {
    let tables =
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let tables = server.sql(DATABASE, tables).expect("the server answers");
    let read = |table: &str| {
        let sql = format!(
            "SELECT '{table}', count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {table} t"
        );
        server.sql(DATABASE, &sql).expect("the server answers")
    };
    tables.lines().map(read).collect()
}
