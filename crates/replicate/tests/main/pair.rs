//! A source with data and writers, and an empty target.

use std::time::Duration;

use crate::rows;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::progress::Progress;
use reberth_replicate::{Address, LogPosition, ReplicateError, Secret};
use reberth_testkit::database::{Product, Server};
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};

/// How long a test waits for a stream that must get somewhere.
const PATIENCE: Duration = Duration::from_secs(180);

/// Which servers stand on the two sides: source, target.
pub(crate) type Products = (Product, Product);
/// Oracle's server on both sides.
pub(crate) const MYSQL: Products = (Product::MySql, Product::MySql);

/// The servers of tests that ask for none by name: MariaDB, unless `PAIR` says otherwise, as in `PAIR=mysql-mariadb`.
pub(crate) fn usual() -> Products {
    let pair = std::env::var("PAIR").unwrap_or_else(|_| "mariadb-mariadb".to_owned());
    let product = |name: &str| match name {
        "mariadb" => Product::MariaDb,
        "mariadb11" => Product::MariaDb11,
        "mysql" => Product::MySql,
        _ => panic!("PAIR={pair}: there are mariadb, mariadb11 and mysql"),
    };
    let (source, target) = pair.split_once('-').expect("PAIR=SOURCE-TARGET");
    (product(source), product(target))
}

/// Two servers.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
}

impl Pair {
    /// A seeded source and an empty target.
    pub(crate) fn start(name: &str) -> Pair {
        Pair::start_on(usual(), name)
    }

    /// The same on chosen servers.
    pub(crate) fn start_on(products: Products, name: &str) -> Pair {
        Pair::seeded(products, name, Size::SMALL)
    }

    fn seeded((source, target): Products, name: &str, size: Size) -> Pair {
        let source = Server::start_as(source, &format!("{name}-source"), &[]);
        let target = Server::start_as(target, &format!("{name}-target"), &[]);
        let (source, target) = (
            source.expect("the source starts"),
            target.expect("the target starts"),
        );
        learning::seed(&source, size).expect("the source is seeded");
        learning::prepare_target(&target).expect("the target has accounts");
        Pair { source, target }
    }

    /// The plan of moving source to target.
    pub(crate) fn forward(&self) -> StreamPlan {
        self.forward_over(self.source.port(), self.target.port())
    }

    /// The same over other ports, such as those of proxies.
    pub(crate) fn forward_over(&self, source: u16, target: u16) -> StreamPlan {
        Pair::plan(source, target)
    }

    /// The plan of moving between servers on those ports.
    pub(crate) fn plan(source: u16, target: u16) -> StreamPlan {
        StreamPlan {
            database: DATABASE.to_owned(),
            direction: Direction::Forward,
            from: address(source, "reader", "source"),
            to: address(target, "writer", "target"),
            workers: 2,
            spool: None,
            bytes_per_s_most: None,
            streams: 1,
        }
    }

    /// A source with little data, on which that SQL was run in the database to be moved, and an empty target.
    pub(crate) fn with(name: &str, sql: &str) -> Pair {
        Pair::with_on(usual(), name, sql)
    }

    /// The same on chosen servers.
    pub(crate) fn with_on(products: Products, name: &str, sql: &str) -> Pair {
        let size = Size {
            learners: 30,
            submissions: 60,
        };
        let pair = Pair::seeded(products, name, size);
        pair.run(sql);
        pair
    }

    /// Runs SQL on the source, in the database that is moved.
    pub(crate) fn run(&self, sql: &str) {
        self.source
            .sql(&format!("USE {DATABASE}; {sql}"))
            .expect("the SQL runs on the source");
    }

    /// The written end of the source's log.
    pub(crate) fn log_end(&self) -> LogPosition {
        let status = self
            .source
            .sql("SHOW MASTER STATUS")
            .expect("the end of the log");
        let mut fields = status.split('\t');
        let file = fields.next().expect("a file");
        LogPosition::new(
            file,
            fields.next().expect("an offset").parse().expect("a number"),
        )
        .expect("a position")
    }

    /// Waits until the stream has applied all that is in the source's log now.
    pub(crate) async fn drain(&self, stream: &mut RunningStream) {
        let end = self.log_end();
        let drained = tokio::time::timeout(PATIENCE, stream.drain(&end)).await;
        let drained = drained.unwrap_or_else(|_| panic!("still at {:?}", stream.progress()));
        assert!(
            drained.expect("the stream goes on"),
            "the stream was stopped"
        );
    }

    /// Starts a stream and waits until it follows.
    pub(crate) async fn follow(&self) -> RunningStream {
        let mut stream = RunningStream::start(self.forward());
        reach(&mut stream, |progress| progress.phase == "following").await;
        stream
    }

    /// Tables whose rows are not the same on the two servers, by every value.
    pub(crate) fn differing_tables(&self) -> Vec<String> {
        rows::differing_tables(&self.source, &self.target)
    }
}

/// Waits, for a bounded time, until the condition holds of a stream's progress.
pub(crate) async fn reach(stream: &mut RunningStream, condition: impl FnMut(&Progress) -> bool) {
    let reached = tokio::time::timeout(PATIENCE, stream.wait_until(condition)).await;
    let reached = reached.unwrap_or_else(|_| panic!("still at {:?}", stream.progress()));
    assert!(
        reached.expect("the stream goes on"),
        "the stream was stopped"
    );
}

/// Waits, for a bounded time, until a question to a server has the answer.
pub(crate) async fn becomes(server: &Server, question: &str, answer: &str) {
    let mut tries = 0;
    // MySQL refuses to list sessions (3854) while one stands in a statement whose bytes are no text.
    while !server
        .sql(question)
        .is_ok_and(|found| found.trim() == answer)
    {
        tries += 1;
        assert!(tries < 600, "never {answer}: {question}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits for the error that ends a stream.
pub(crate) async fn error_of(stream: &mut RunningStream) -> ReplicateError {
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let ended = ended.unwrap_or_else(|_| panic!("no error; still at {:?}", stream.progress()));
    ended.expect_err("the stream ends with an error")
}

/// An account on a loopback server.
pub(crate) fn address(port: u16, user: &str, side: &'static str) -> Address {
    Address::parse(
        &Secret::new(format!(
            "mysql://{user}:{PASSWORD}@127.0.0.1:{port}/?tls=off"
        )),
        user,
        side,
    )
    .expect("a good address")
}
