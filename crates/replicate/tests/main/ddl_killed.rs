//! Processes killed at every step of carrying a schema change over.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;

use crate::ddl::{MARIADB, SCHEMA, assert_same};
use crate::kill::PORTS;
use crate::pair::{MYSQL, Pair, Products, address, reach};

/// A place at which the stream's process is held on the target, and killed.
struct Hold {
    what: &'static str,
    prepare: &'static str,
    change: &'static str,
    /// What the test's own session on the target does to hold it.
    by: &'static [&'static str],
    /// The statement in which it then waits.
    waits_in: &'static str,
}

const HOLDS: &[Hold] = &[
    Hold {
        what: "before the intent",
        prepare: "",
        change: "ALTER TABLE parent ADD held_1 INT NOT NULL DEFAULT 1",
        by: &["SELECT GET_LOCK(CONCAT('reberth-ddl:', LEFT(SHA2('lms_core', 256), 40)), 1)"],
        waits_in: "SELECT GET_LOCK('reberth-ddl:",
    },
    Hold {
        what: "after the intent, before the statement",
        prepare: "",
        change: "ALTER TABLE parent ADD held_2 INT NOT NULL DEFAULT 2, MODIFY name VARCHAR(70) NOT NULL",
        by: &["START TRANSACTION", "SELECT * FROM lms_core.parent"],
        waits_in: "ALTER TABLE parent ADD held_2",
    },
    Hold {
        what: "after the statement, before its conclusion",
        prepare: "",
        change: "ALTER TABLE parent ADD held_3 INT NOT NULL DEFAULT 3",
        by: &[
            "START TRANSACTION",
            "SELECT * FROM reberth.source_schema FOR UPDATE",
        ],
        waits_in: "UPDATE reberth.source_schema",
    },
    Hold {
        what: "between two steps of a swap",
        prepare: "CREATE TABLE twin LIKE spare; INSERT INTO twin VALUES (77, 7)",
        change: "RENAME TABLE spare TO middle, twin TO spare, middle TO twin",
        by: &["START TRANSACTION", "SELECT * FROM lms_core.twin"],
        waits_in: "RENAME TABLE `lms_core`.`twin`",
    },
    Hold {
        what: "after the last step of a swap",
        prepare: "",
        change: "RENAME TABLE spare TO middle, twin TO spare, middle TO twin",
        by: &[
            "START TRANSACTION",
            "SELECT * FROM reberth.source_schema FOR UPDATE",
        ],
        waits_in: "UPDATE reberth.source_schema",
    },
    Hold {
        what: "between two tables that are dropped",
        prepare: "CREATE TABLE one (id INT PRIMARY KEY); CREATE TABLE two (id INT PRIMARY KEY); INSERT INTO two VALUES (1)",
        change: "DROP TABLE one, two",
        by: &["START TRANSACTION", "SELECT * FROM lms_core.two"],
        waits_in: "DROP TABLE IF EXISTS `lms_core`.`two`",
    },
    Hold {
        what: "after a new table was made",
        prepare: "",
        change: "CREATE TABLE made AS SELECT id, name FROM parent",
        by: &[
            "START TRANSACTION",
            "SELECT * FROM reberth.source_schema FOR UPDATE",
        ],
        waits_in: "UPDATE reberth.source_schema",
    },
];

fn process(pair: &Pair) -> Child {
    process_from(pair.source.port(), pair)
}

/// The process that moves data, reading over that port.
pub(crate) fn process_from(source: u16, pair: &Pair) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["kill::the_process_that_is_killed", "--exact", "--nocapture"])
        .env(PORTS, format!("{source} {}", pair.target.port()))
        .stdout(Stdio::null())
        .spawn()
        .expect("the process starts")
}

/// Waits until a session on the target stands in a statement that begins like that.
pub(crate) fn wait_for_statement(pair: &Pair, beginning: &str, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let pattern = beginning.replace('_', "\\_").replace('\'', "''");
    let sql =
        format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '{pattern}%'");
    // MySQL refuses the list (3854) while a session stands in a statement whose bytes are no text.
    while !pair.target.sql(&sql).is_ok_and(|count| count.trim() != "0") {
        assert!(
            Instant::now() < deadline,
            "{what}: no session came to {beginning}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn a_kill_at_every_step_changes_nothing(products: Products, name: &str) {
    let pair = Pair::with_on(products, name, SCHEMA);
    pair.follow().await.stop().await.expect("it goes on");
    for hold in HOLDS {
        let what = hold.what;
        let mut stream = pair.follow().await;
        pair.run(hold.prepare);
        pair.drain(&mut stream).await;
        stream.stop().await.expect("it goes on");
        let mut holder = server::writer(&address(pair.target.port(), "writer", "target"))
            .await
            .expect("it goes on");
        for sql in hold.by {
            holder.run("holding", sql).await.expect("it goes on");
        }
        pair.run(&format!("INSERT INTO parent (name) VALUES ('before'); {}; INSERT INTO parent (name) VALUES ('after')", hold.change));
        let mut child = process(&pair);
        wait_for_statement(&pair, hold.waits_in, what);
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
        // The dead process's session still stands in its statement when the successor begins.
        let mut stream = RunningStream::start(pair.forward());
        reach(&mut stream, |progress| progress.epoch > 0).await;
        holder
            .run("letting go", "ROLLBACK")
            .await
            .expect("it goes on");
        holder
            .run("letting go", "DO RELEASE_ALL_LOCKS()")
            .await
            .expect("it goes on");
        pair.drain(&mut stream).await;
        assert_same(&pair, what).await;
        stream.stop().await.expect("it goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_every_step_changes_nothing_on_mariadb() {
    a_kill_at_every_step_changes_nothing(MARIADB, "ddl-kill").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_every_step_changes_nothing_on_mysql() {
    a_kill_at_every_step_changes_nothing(MYSQL, "ddl-kill-mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_under_writes_and_changes_lose_nothing() {
    let pair = Pair::with("ddl-random", SCHEMA);
    pair.follow().await.stop().await.expect("it goes on");
    for round in 0..5_u64 {
        let mut child = process(&pair);
        let statements: Vec<String> = (0..2)
            .map(|number| {
                let column = format!("c{round}_{number}");
                format!(
                    "INSERT INTO parent (name) VALUES ('{column}'); ALTER TABLE parent ADD {column} INT DEFAULT {number}; UPDATE parent SET {column} = id; \
                     CREATE TABLE t_{column} (id INT PRIMARY KEY); INSERT INTO t_{column} VALUES (1), (2); RENAME TABLE t_{column} TO u_{column}; \
                     DELETE FROM u_{column} WHERE id = 1; ALTER TABLE parent DROP {column}; DROP TABLE u_{column}"
                )
            })
            .collect();
        pair.run(&statements.join("; "));
        tokio::time::sleep(Duration::from_millis(150 + round * 260)).await;
        assert_eq!(
            child.try_wait().expect("its state"),
            None,
            "round {round}: it ended by itself"
        );
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
    }
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    assert_same(&pair, "after the kills").await;
    stream.stop().await.expect("it goes on");
}
