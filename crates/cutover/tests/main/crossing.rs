//! Two servers, a front door, an application, and a journal: what a passage crosses, again and again.

use reberth_cutover::{Edge, FencedBy, MySql, Passage, Side};
use reberth_journal::testing::ScratchJournal;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::{Product, Server};
use reberth_testkit::fault_proxy::FaultProxy;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

use crate::crosses::{Crosses, PATIENCE, Way};

const SIZE: Size = Size {
    learners: 200,
    submissions: 1_000,
};
pub(crate) struct Crossing {
    pub(crate) source: Server,
    pub(crate) target: Server,
    pub(crate) door: FrontDoor,
    /// Stands before the control port of the front door.
    pub(crate) control: FaultProxy,
    pub(crate) ledger: Ledger,
    pub(crate) exempt: Vec<String>,
    /// What shuts the source.
    pub(crate) fenced_by: FencedBy,
    journal: ScratchJournal,
    writers: Option<Writers>,
}

impl Crossing {
    /// Servers with little data, and an application that writes.
    pub(crate) async fn start(name: &str) -> Crossing {
        Crossing::start_on(Product::MariaDb, name).await
    }

    /// The same with two servers of a product.
    pub(crate) async fn start_on(product: Product, name: &str) -> Crossing {
        let start = |side| Server::start_as(product, &format!("{name}-{side}"), &[]);
        let source = start("source").expect("the source starts");
        let target = start("target").expect("the target starts");
        learning::seed(&source, SIZE).expect("the source is seeded");
        learning::prepare_target(&target).expect("the target has accounts");
        let servers = [("source", source.port()), ("target", target.port())];
        let door = FrontDoor::start(&servers, "source")
            .await
            .expect("the front door opens");
        let control: u16 = door
            .control()
            .rsplit_once(':')
            .expect("a port")
            .1
            .parse()
            .expect("a number");
        let control = FaultProxy::start(control).await.expect("the proxy starts");
        let exempt = vec![
            "root@localhost".to_owned(),
            "mariadb.sys@localhost".to_owned(),
        ];
        let (ledger, journal) = (Ledger::new(), ScratchJournal::new());
        let mut crossing = Crossing {
            source,
            target,
            door,
            control,
            ledger,
            exempt,
            fenced_by: FencedBy::Accounts,
            journal,
            writers: None,
        };
        crossing.let_the_application_write();
        crossing
    }

    pub(crate) fn let_the_application_write(&mut self) {
        let plan = WritersPlan {
            speaks: Speaks::MySql,
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

    fn side(&self, name: &'static str) -> Side {
        let (port, writer) = match name {
            "source" => (self.source.port(), "reverse"),
            _ => (self.target.port(), "writer"),
        };
        Side {
            name,
            fence: address(port, "fence", name),
            app: address(port, "app", name),
            writer: address(port, writer, name),
            fenced_by: match name {
                "source" => self.fenced_by.clone(),
                _ => FencedBy::Accounts,
            },
        }
    }

    fn plan(&self, direction: Direction) -> StreamPlan {
        let (source, target) = (self.source.port(), self.target.port());
        let (from, to) = match direction {
            Direction::Forward => (
                address(source, "reader", "source"),
                address(target, "writer", "target"),
            ),
            Direction::Reverse => (
                address(target, "writer", "target"),
                address(source, "reverse", "source"),
            ),
        };
        StreamPlan {
            database: DATABASE.to_owned(),
            direction,
            from,
            to,
            workers: 2,
            spool: None,
            bytes_per_s_most: None,
            streams: 1,
        }
    }

    /// A write of the application, past the front door. `Err` holds the server's words.
    pub(crate) async fn write_as_the_application(&self, side: &'static str) -> Result<(), String> {
        let words = |error: reberth_replicate::ReplicateError| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        };
        let mut session = self.side(side).app.connect(&[]).await.map_err(words)?;
        session
            .run(
                "writing",
                format!("UPDATE {DATABASE}.badge SET awarded_at = awarded_at LIMIT 1"),
            )
            .await
            .map(drop)
            .map_err(words)
    }

    /// Exactly one side takes the application's writes, and it is that one.
    pub(crate) async fn only_writer(&self, side: &'static str) {
        let other = if side == "source" { "target" } else { "source" };
        self.write_as_the_application(side)
            .await
            .expect("the side that has the writes takes them");
        let refusal = self
            .write_as_the_application(other)
            .await
            .expect_err("the other side refuses the application");
        let words = match (other, &self.fenced_by) {
            ("source", FencedBy::ReadOnly) => "--read-only option",
            ("source", FencedBy::Provider(_)) => "Access denied",
            _ => "is locked",
        };
        assert!(refusal.contains(words), "{refusal}");
    }

    /// What an undone cutover leaves: the source as it was, and the application on it.
    pub(crate) async fn source_is_as_before(&self) {
        self.only_writer("source").await;
        self.the_application_writes().await;
        let schemas = self
            .source
            .sql("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'reberth'")
            .expect("the source answers");
        assert_eq!(
            schemas.trim(),
            "0",
            "a schema reberth is left on the source"
        );
        assert_eq!(
            locked(&self.source),
            locked_by_the_server(&self.source),
            "locked on the source"
        );
        let read_only = self.source.sql("SELECT @@global.read_only");
        assert_eq!(read_only.expect("the source answers").trim(), "0");
        let edge = Edge::new(self.door.control())
            .state()
            .await
            .expect("the door answers");
        assert!(!edge.is_held && edge.leads_to == "source", "{edge:?}");
    }

    /// Stops the application, lets that stream carry over what is left, and compares both sides with the ledger and with each other.
    pub(crate) async fn settle(&mut self, direction: Direction) {
        self.stop_the_application().await;
        let plan = self.plan(direction);
        let mut stream = RunningStream::start(plan.clone());
        let server = if direction == Direction::Forward {
            &self.source
        } else {
            &self.target
        };
        let status = server
            .sql("SHOW MASTER STATUS")
            .expect("the end of the log");
        let mut fields = status.split('\t');
        let (file, offset) = (
            fields.next().expect("a file"),
            fields.next().expect("an offset").parse().expect("a number"),
        );
        let end = reberth_replicate::LogPosition::new(file, offset).expect("a position");
        let drained = tokio::time::timeout(PATIENCE, stream.drain(&end))
            .await
            .expect("the stream drains in time");
        assert!(drained.expect("the stream goes on"));
        stream.stop().await.expect("the stream stops");
        for (port, user) in [
            (self.source.port(), "reverse"),
            (self.target.port(), "writer"),
        ] {
            let verdict = self
                .ledger
                .compare(port, user)
                .await
                .expect("the ledger is compared");
            assert!(verdict.is_exact(), "as {user}: {verdict:?}");
        }
        assert_eq!(rows(&self.source), rows(&self.target));
    }
}

impl Crosses for Crossing {
    type Family = MySql;

    fn fresh_passage(&self, way: Way) -> Passage<MySql> {
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

/// Accounts that a server locks by itself.
pub(crate) fn locked_by_the_server(server: &Server) -> &'static [&'static str] {
    match server.product() {
        Product::MySql => &[
            "mysql.infoschema@localhost",
            "mysql.session@localhost",
            "mysql.sys@localhost",
        ],
        _ => &["mariadb.sys@localhost"],
    }
}

/// Accounts that are locked on a server.
pub(crate) fn locked(server: &Server) -> Vec<String> {
    let sql = match server.product() {
        Product::MySql => {
            "SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE account_locked = 'Y' ORDER BY 1"
        }
        _ => {
            "SELECT CONCAT(User, '@', Host) FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true') ORDER BY 1"
        }
    };
    server
        .sql(sql)
        .expect("the server answers")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The next number that each table gives, by table.
pub(crate) fn counters(server: &Server) -> Vec<(String, u64)> {
    // Otherwise MySQL answers from statistics that may be a day old.
    let fresh = match server.product() {
        Product::MySql => "SET SESSION information_schema_stats_expiry = 0;",
        _ => "",
    };
    let sql = format!(
        "{fresh} SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{DATABASE}' AND AUTO_INCREMENT IS NOT NULL ORDER BY 1"
    );
    let text = server.sql(&sql).expect("the server answers");
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(table, next)| (table.to_owned(), next.parse().expect("a number")))
        .collect()
}

/// All rows, sorted. Not the server's own checksums, which are not the same for the same rows where a column is generated.
fn rows(server: &Server) -> Vec<String> {
    let tables = [
        "badge",
        "course",
        "enrollment",
        "learner",
        "lesson_view",
        "submission",
    ];
    let read = |table| {
        server.sql(&format!(
            "SELECT '{table}', {table}.* FROM {DATABASE}.{table}"
        ))
    };
    let text = tables.map(|table| read(table).expect("the server answers"));
    let mut rows: Vec<String> = text
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect();
    rows.sort();
    rows
}

fn address(port: u16, user: &str, side: &'static str) -> Address {
    let url = format!("mysql://{user}:{PASSWORD}@127.0.0.1:{port}/?tls=off");
    Address::parse(&Secret::new(url), user, side).expect("a good address")
}
