//! The source becomes another server.

use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::touched::Touched;
use reberth_replicate::mysql::verify::verify;
use reberth_replicate::mysql::{schema, server};
use reberth_testkit::database::Server;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::pair::{Pair, error_of, reach};

const SIZE: Size = Size {
    learners: 60,
    submissions: 300,
};

/// A source with a replica behind one address.
struct Cluster {
    pair: Pair,
    door: FrontDoor,
}

impl Cluster {
    /// The replica holds the source's data and follows it; its log holds what it receives.
    async fn start(name: &str) -> (Cluster, Server) {
        let mut pair = Pair::with(name, "CREATE TABLE seat (id INT PRIMARY KEY, place INT)");
        pair.source =
            Server::start(&format!("{name}-primary"), &["--log-slave-updates"]).expect("it works");
        learning::seed(&pair.source, SIZE).expect("it works");
        let replica = Server::start(
            &format!("{name}-replica"),
            &["--log-slave-updates", "--skip-slave-start"],
        )
        .expect("it works");
        learning::seed(&replica, SIZE).expect("it works");
        pair.run("CREATE TABLE seat (id INT PRIMARY KEY, place INT)");
        replica
            .sql("CREATE TABLE lms_core.seat (id INT PRIMARY KEY, place INT); RESET MASTER")
            .expect("it works");
        let place = pair
            .source
            .sql("SELECT @@gtid_binlog_pos")
            .expect("it works");
        replica
            .sql(&format!(
                "SET GLOBAL gtid_slave_pos = '{}'; CHANGE MASTER TO master_host = '127.0.0.1', master_port = {}, master_user = 'reader', \
                 master_password = '{PASSWORD}', master_use_gtid = slave_pos; START SLAVE",
                place.trim(),
                pair.source.port()
            ))
            .expect("it works");
        let servers = [("primary", pair.source.port()), ("replica", replica.port())];
        let door = FrontDoor::start(&servers, "primary")
            .await
            .expect("it works");
        (Cluster { pair, door }, replica)
    }

    fn plan(&self) -> StreamPlan {
        self.pair
            .forward_over(self.door.port(), self.pair.target.port())
    }

    async fn follow(&self) -> RunningStream {
        let mut stream = RunningStream::start(self.plan());
        reach(&mut stream, |progress| progress.phase == "following").await;
        stream
    }

    /// Ends the primary and makes the replica the source, behind the same address.
    async fn fail_over(&mut self, replica: Server) {
        self.pair.source.kill();
        replica
            .sql("STOP SLAVE; RESET SLAVE ALL")
            .expect("it works");
        self.pair.source = replica;
        let mut control = tokio::net::TcpStream::connect(self.door.control())
            .await
            .expect("it works");
        control
            .write_all(b"open replica\n")
            .await
            .expect("it works");
        let mut answer = String::new();
        control.read_to_string(&mut answer).await.expect("it works");
        assert!(answer.starts_with("open replica"), "{answer}");
    }

    /// Waits until the replica has all that the primary has logged.
    fn catch_up(&self, replica: &Server) {
        let place = self
            .pair
            .source
            .sql("SELECT @@gtid_binlog_pos")
            .expect("it works");
        let waited = replica.sql(&format!("SELECT MASTER_GTID_WAIT('{}', 30)", place.trim()));
        assert_eq!(waited.expect("it works").trim(), "0");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_goes_on_in_the_log_of_a_promoted_replica() {
    let (mut cluster, replica) = Cluster::start("failover").await;
    let ledger = Ledger::new();
    let writers = |seed| {
        let plan = WritersPlan {
            speaks: Speaks::MySql,
            port: cluster.door.port(),
            writers: 3,
            rate_per_s: 200,
            learners: SIZE.learners,
            courses: 20,
            seed,
        };
        Writers::start(&ledger, &plan)
    };
    let before = writers(1);
    let mut stream = cluster.follow().await;
    replica.sql("FLUSH BINARY LOGS").unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // What is written now is only in the replica's log when the stream comes back.
    stream.stop().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    before.stop().await;
    cluster.catch_up(&replica);
    let after = writers(2);
    stream = RunningStream::start(cluster.plan());
    tokio::time::sleep(Duration::from_millis(300)).await;
    after.stop().await;
    cluster.catch_up(&replica);
    cluster.fail_over(replica).await;
    let last = {
        let plan = WritersPlan {
            speaks: Speaks::MySql,
            port: cluster.door.port(),
            writers: 3,
            rate_per_s: 200,
            learners: SIZE.learners,
            courses: 20,
            seed: 3,
        };
        Writers::start(&ledger, &plan)
    };
    let applied = stream.progress().transactions_applied;
    reach(&mut stream, |progress| {
        progress.retrying.is_none() && progress.transactions_applied > applied + 50
    })
    .await;
    last.stop().await;
    cluster.pair.drain(&mut stream).await;
    let verdict = ledger
        .compare(cluster.pair.target.port(), "writer")
        .await
        .unwrap();
    assert!(
        verdict.is_exact() && verdict.acknowledged > 100,
        "{verdict:?}"
    );
    assert_eq!(cluster.pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_lost_in_the_failover_is_named() {
    let (mut cluster, replica) = Cluster::start("lost").await;
    let mut stream = cluster.follow().await;
    cluster.catch_up(&replica);
    replica.sql("STOP SLAVE").unwrap();
    cluster.pair.run("INSERT INTO seat VALUES (1, 1)");
    let lost = cluster.pair.source.sql("SELECT @@gtid_binlog_pos").unwrap();
    cluster.pair.drain(&mut stream).await;
    cluster.fail_over(replica).await;
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-016", "{error}");
    assert!(error.to_string().contains(lost.trim()), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_only_the_new_server_has_is_named() {
    let (mut cluster, replica) = Cluster::start("errant").await;
    let mut stream = cluster.follow().await;
    cluster.catch_up(&replica);
    replica
        .sql(&format!("INSERT INTO {DATABASE}.seat VALUES (77, 1)"))
        .unwrap();
    let errant = replica.sql("SELECT @@gtid_binlog_pos").unwrap();
    // What the primary writes now stands behind it in the replica's log.
    cluster.pair.run("INSERT INTO seat VALUES (1, 1)");
    cluster.pair.run("INSERT INTO seat VALUES (2, 2)");
    cluster.catch_up(&replica);
    cluster.pair.drain(&mut stream).await;
    cluster.fail_over(replica).await;
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-016", "{error}");
    assert!(error.to_string().contains(errant.trim()), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_during_the_copy_stops_it() {
    let (mut cluster, replica) = Cluster::start("early").await;
    cluster.catch_up(&replica);
    let mut stream = cluster.follow().await;
    cluster.pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    cluster
        .pair
        .target
        .sql("UPDATE reberth.stream SET phase = 'copying'")
        .unwrap();
    cluster.fail_over(replica).await;
    let error = error_of(&mut RunningStream::start(cluster.plan())).await;
    assert_eq!(error.code(), "RB-REP-006", "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_server_says_is_neither_compared_nor_read() {
    let pair = Pair::with("failover-gate", "CREATE TABLE seat (id INT PRIMARY KEY)");
    let stream = pair.follow().await;
    let schema = {
        let mut session = server::reader(&pair.forward().from).await.unwrap();
        schema::read(&mut session, DATABASE).await.unwrap()
    };
    // Of the same data, with a log of the same file, and a place in it that the other has passed.
    let other = Pair::with("failover-other", "CREATE TABLE seat (id INT PRIMARY KEY)");
    let plan = pair.forward_over(other.source.port(), pair.target.port());
    other.run("INSERT INTO seat SELECT seq FROM seq_1_to_900");
    let position = stream.progress().applied.unwrap();
    let gate = Touched::read(&plan, &schema, position.clone(), &other.log_end()).await;
    let looks: [(&str, Option<ReplicateError>); 2] = [
        ("verify", verify(&plan, |_, _| {}).await.err()),
        ("gate", gate.err()),
    ];
    for (what, error) in looks {
        let error = error.unwrap_or_else(|| panic!("{what}: another server was believed"));
        assert!(
            error.to_string().contains("in whose place stands"),
            "{what}: {error}"
        );
        assert!(error.may_retry(), "{what}");
    }
    stream.stop().await.unwrap();
}
