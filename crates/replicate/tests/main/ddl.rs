//! The schema changes on the source while the stream runs.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::{self, Checkpoint, Direction, Phase};
use reberth_replicate::mysql::{schema, server};
use reberth_replicate::{LogPosition, ReplicateError};
use reberth_testkit::database::{Product, Server};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::learning::DATABASE;

use crate::kill::PORTS;
use crate::pair::{MYSQL, Pair, Products, address, error_of, reach};

const MARIADB: Products = (Product::MariaDb, Product::MariaDb);

const SCHEMA: &str = "CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL, note TEXT) ENGINE=InnoDB; \
     CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, parent_id INT, v INT, KEY (parent_id)) ENGINE=InnoDB; \
     CREATE TABLE spare (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; \
     INSERT INTO parent (name) VALUES ('a'), ('b'), ('c'); INSERT INTO child (parent_id, v) VALUES (1, 1), (2, 2), (3, 3); INSERT INTO spare VALUES (1, 1), (2, 2);";

/// Changes of the schema that are carried over, with the change of rows that follows each.
const CARRIED: &[(&str, &str)] = &[
    (
        "ALTER TABLE parent ADD COLUMN born DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) AFTER name, ADD flag BIT(3) DEFAULT b'101'",
        "INSERT INTO parent (name) VALUES ('d')",
    ),
    (
        "ALTER TABLE parent MODIFY name VARCHAR(90) CHARACTER SET latin1 NOT NULL, MODIFY id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT",
        "UPDATE parent SET name = REPEAT('x', 80) WHERE id = 2",
    ),
    (
        "ALTER TABLE parent CHANGE COLUMN note remark LONGTEXT",
        "UPDATE parent SET remark = 'said' WHERE id = 1",
    ),
    (
        "ALTER TABLE parent RENAME COLUMN remark TO words",
        "UPDATE parent SET words = 'said again' WHERE id = 1",
    ),
    (
        "ALTER TABLE parent DROP COLUMN words, COMMENT = 'DROP COLUMN name'",
        "DELETE FROM parent WHERE id = 3",
    ),
    (
        "CREATE UNIQUE INDEX by_v ON child (v)",
        "UPDATE child SET v = v + 10 ORDER BY v DESC",
    ),
    (
        "ALTER TABLE child RENAME INDEX by_v TO on_v",
        "INSERT INTO child (parent_id, v) VALUES (1, 50)",
    ),
    (
        "DROP INDEX on_v ON child",
        "INSERT INTO child (parent_id, v) VALUES (1, 50)",
    ),
    (
        "ALTER TABLE child MODIFY parent_id BIGINT UNSIGNED, ADD CONSTRAINT positive CHECK (v > 0)",
        "INSERT INTO child (parent_id, v) VALUES (1, 60)",
    ),
    (
        "DELETE FROM child WHERE parent_id = 3; ALTER TABLE child ADD CONSTRAINT of_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE",
        "DELETE FROM parent WHERE id = 1",
    ),
    (
        "ALTER TABLE child DROP FOREIGN KEY of_parent, DROP CONSTRAINT positive",
        "INSERT INTO child (parent_id, v) VALUES (999, -1)",
    ),
    (
        "CREATE TABLE fresh (id INT, v VARCHAR(10), PRIMARY KEY (id))",
        "INSERT INTO fresh VALUES (1, 'x'), (2, 'y')",
    ),
    (
        "CREATE TABLE fresh_like LIKE fresh",
        "INSERT INTO fresh_like SELECT * FROM fresh",
    ),
    (
        "RENAME TABLE fresh TO swap, fresh_like TO fresh, swap TO fresh_like",
        "INSERT INTO fresh VALUES (7, 'z')",
    ),
    (
        "CREATE TABLE queried AS SELECT id, name FROM parent",
        "INSERT INTO queried VALUES (77, 'q')",
    ),
    (
        "ALTER TABLE queried ADD PRIMARY KEY (id), RENAME TO asked",
        "DELETE FROM asked WHERE id = 77",
    ),
    (
        "DROP TABLE fresh, fresh_like",
        "INSERT INTO spare VALUES (3, 3)",
    ),
    ("TRUNCATE TABLE spare", "INSERT INTO spare VALUES (9, 9)"),
    (
        "ALTER TABLE spare CONVERT TO CHARACTER SET utf8mb4, AUTO_INCREMENT = 90",
        "INSERT INTO spare VALUES (10, 10)",
    ),
    (
        "ALTER TABLE spare PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (100), PARTITION high VALUES LESS THAN (1000))",
        "INSERT INTO spare VALUES (500, 1)",
    ),
    (
        "ALTER TABLE spare ADD PARTITION (PARTITION top VALUES LESS THAN MAXVALUE)",
        "INSERT INTO spare VALUES (5000, 1)",
    ),
    (
        "ALTER TABLE spare DROP PARTITION high",
        "INSERT INTO spare VALUES (600, 2)",
    ),
    (
        "ALTER TABLE spare ALTER v SET DEFAULT 5",
        "INSERT INTO spare (id) VALUES (601)",
    ),
    (
        "SET SESSION sql_mode = 'ANSI_QUOTES'; ALTER TABLE \"spare\" ADD \"a b\" TEXT COMMENT 'it''s', ADD at TIMESTAMP NULL",
        "INSERT INTO spare (id, \"a b\") VALUES (602, 'w')",
    ),
    (
        "SET SESSION time_zone = '+05:00'; ALTER TABLE spare ADD since TIMESTAMP NOT NULL DEFAULT '2020-02-02 02:02:02'",
        "INSERT INTO spare (id) VALUES (603)",
    ),
    (
        "ALTER TABLE spare ADD bare TIMESTAMP",
        "UPDATE spare SET v = 1000",
    ),
    (
        "SET SESSION foreign_key_checks = 0; CREATE TABLE orphan (id INT PRIMARY KEY, upper INT, FOREIGN KEY (upper) REFERENCES nowhere (id))",
        "INSERT INTO orphan VALUES (1, 1)",
    ),
    (
        "DROP TABLE orphan; ALTER DATABASE lms_core COLLATE utf8mb4_bin; CREATE TABLE by_default (v VARCHAR(5))",
        "INSERT INTO by_default VALUES ('a'), ('A')",
    ),
];

/// What tools that change tables online send, with writes in between.
const ONLINE: &[&str] = &[
    // gh-ost
    "CREATE /* gh-ost */ TABLE `lms_core`.`_parent_ghc` (id bigint auto_increment, last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hint varchar(64) charset ascii not null, value varchar(4096) charset ascii not null, primary key(id), unique key hint_uidx(hint)) auto_increment=256 comment='gh-ost'",
    "CREATE /* gh-ost */ TABLE `lms_core`.`_parent_gho` LIKE `lms_core`.`parent`",
    "ALTER /* gh-ost */ TABLE `lms_core`.`_parent_gho` ADD COLUMN extra INT DEFAULT 4, AUTO_INCREMENT=4",
    "INSERT /* gh-ost `lms_core`.`parent` */ IGNORE INTO `lms_core`.`_parent_gho` (id, name, note) SELECT id, name, note FROM parent",
    "UPDATE parent SET name = 'changed' WHERE id = 2",
    "REPLACE /* gh-ost */ INTO `lms_core`.`_parent_gho` (id, name, note) SELECT id, name, note FROM parent WHERE id = 2",
    "INSERT INTO `_parent_ghc` (hint, value) VALUES ('state', 'Migrated')",
    "CREATE /* gh-ost */ TABLE `lms_core`.`_parent_del` (id int auto_increment primary key) engine=InnoDB comment='ghost-cut-over-sentry'",
    "DROP /* gh-ost */ TABLE IF EXISTS `lms_core`.`_parent_del`",
    "RENAME /* gh-ost */ TABLE `lms_core`.`parent` TO `lms_core`.`_parent_del`, `lms_core`.`_parent_gho` TO `lms_core`.`parent`",
    "INSERT INTO parent (name, extra) VALUES ('after', 9)",
    "DROP /* gh-ost */ TABLE IF EXISTS `lms_core`.`_parent_ghc`",
    "DROP /* gh-ost */ TABLE IF EXISTS `lms_core`.`_parent_del`",
    // pt-online-schema-change
    "CREATE TABLE `lms_core`.`_spare_new` (\n  `id` int(11) NOT NULL,\n  `v` int(11) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB",
    "ALTER TABLE `lms_core`.`_spare_new` ADD KEY by_v (v)",
    "CREATE TRIGGER `pt_osc_lms_core_spare_ins` AFTER INSERT ON `lms_core`.`spare` FOR EACH ROW REPLACE INTO `lms_core`.`_spare_new` (`id`, `v`) VALUES (NEW.`id`, NEW.`v`)",
    "INSERT LOW_PRIORITY IGNORE INTO `lms_core`.`_spare_new` (`id`, `v`) SELECT `id`, `v` FROM `lms_core`.`spare` LOCK IN SHARE MODE /*pt-online-schema-change 1 copy table*/",
    "INSERT INTO spare VALUES (40, 4)",
    "ANALYZE TABLE `lms_core`.`_spare_new` /* pt-online-schema-change */",
    "RENAME TABLE `lms_core`.`spare` TO `lms_core`.`_spare_old`, `lms_core`.`_spare_new` TO `lms_core`.`spare`",
    "SET foreign_key_checks=0; DROP TABLE IF EXISTS `lms_core`.`_spare_old`",
    "DROP TRIGGER IF EXISTS `lms_core`.`pt_osc_lms_core_spare_ins`",
    "INSERT INTO spare VALUES (41, 4)",
];

/// Rows and definitions are the same on both sides.
pub(crate) async fn assert_same(pair: &Pair, what: &str) {
    assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{what}");
    assert_eq!(
        definitions(&pair.source),
        definitions(&pair.target),
        "{what}"
    );
}

/// All tables with what is defined of them, line by line in order of letters, without their counters.
fn definitions(server: &Server) -> Vec<String> {
    let list = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{DATABASE}' ORDER BY 1"
    );
    let tables = server.sql(&list).expect("tables are listed");
    let show = |table: &str| format!("SHOW CREATE TABLE {DATABASE}.`{table}`");
    let all: Vec<String> = tables.lines().map(show).collect();
    let answer = server.sql(&all.join(";")).expect("the definitions");
    let define = |text: &str| {
        let counter = text.split(" AUTO_INCREMENT=").nth(1).unwrap_or_default();
        let counter = counter.split(' ').next().unwrap_or_default();
        let text = text.replace(&format!(" AUTO_INCREMENT={counter}"), "");
        // MySQL prints a column's character set too where it was written down.
        let text = text.replace("CHARACTER SET utf8mb4 COLLATE", "COLLATE");
        let lines = text.split("\\n").map(|line| line.trim_end_matches(','));
        let mut lines: Vec<&str> = lines.collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    answer.lines().map(define).collect()
}

async fn changes_are_carried_over(products: Products, name: &str) {
    let pair = Pair::with_on(products, name, SCHEMA);
    let mut stream = pair.follow().await;
    for (change, rows) in CARRIED {
        pair.run(&format!("{change}; {rows}"));
        pair.drain(&mut stream).await;
        assert_same(&pair, change).await;
    }
    stream.stop().await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_schema_are_carried_over_on_mariadb() {
    changes_are_carried_over(MARIADB, "ddl").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_schema_are_carried_over_on_mysql() {
    changes_are_carried_over(MYSQL, "ddl-mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_that_change_tables_online_are_followed() {
    let pair = Pair::with("ddl-online", SCHEMA);
    let mut stream = pair.follow().await;
    for statement in ONLINE {
        pair.run(statement);
    }
    pair.drain(&mut stream).await;
    assert_same(&pair, "after both tools").await;
    stream.stop().await.expect("it goes on");
}

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
    Command::new(std::env::current_exe().expect("this program"))
        .args(["kill::the_process_that_is_killed", "--exact", "--nocapture"])
        .env(
            PORTS,
            format!("{} {}", pair.source.port(), pair.target.port()),
        )
        .stdout(Stdio::null())
        .spawn()
        .expect("the process starts")
}

/// Waits until a session on the target stands in a statement that begins like that.
fn wait_for_statement(pair: &Pair, beginning: &str, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let pattern = beginning.replace('_', "\\_").replace('\'', "''");
    let sql =
        format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '{pattern}%'");
    while pair.target.sql(&sql).expect("sessions are listed").trim() == "0" {
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

/// The place that the error names.
fn place_of(error: &ReplicateError) -> LogPosition {
    match error {
        ReplicateError::SchemaChanged { position, .. } => position.clone(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_carried_over_can_be_done_by_hand_and_passed() {
    let pair = Pair::with(
        "ddl-past",
        &format!("{SCHEMA} CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT)"),
    );
    let mut stream = pair.follow().await;
    let mut session = server::writer(&address(pair.target.port(), "writer", "target"))
        .await
        .expect("it goes on");
    for (change, by_hand) in [
        (
            "ALTER TABLE parent ADD u CHAR(36) DEFAULT (UUID())",
            "ALTER TABLE parent ADD u CHAR(36)",
        ),
        (
            "ALTER TABLE parent MODIFY u CHAR(36) DEFAULT ''; ALTER TABLE spare RENAME COLUMN id TO v, RENAME COLUMN v TO id",
            "ALTER TABLE spare RENAME COLUMN id TO v, RENAME COLUMN v TO id",
        ),
        ("CREATE SEQUENCE s", "DO 0"),
        ("RENAME TABLE child TO elsewhere.child", "DROP TABLE child"),
    ] {
        pair.run(&format!("INSERT INTO parent (name) VALUES ('x'); {change}; INSERT INTO parent (name) VALUES ('y')"));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-008", "{change}: {error}");
        let place = place_of(&error);
        // It says the same again, and moves nothing.
        let again = error_of(&mut RunningStream::start(pair.forward())).await;
        assert_eq!(place_of(&again), place, "{change}");
        pair.target
            .sql(&format!("USE {DATABASE}; {by_hand}"))
            .expect("it goes on");
        // Another place does not help.
        state::allow_past(
            &mut session,
            Direction::Forward,
            DATABASE,
            &place.at(place.offset() + 1),
        )
        .await
        .expect("it goes on");
        assert_eq!(
            place_of(&error_of(&mut RunningStream::start(pair.forward())).await),
            place,
            "{change}"
        );
        state::allow_past(&mut session, Direction::Forward, DATABASE, &place)
            .await
            .expect("it goes on");
        stream = pair.follow().await;
    }
    pair.drain(&mut stream).await;
    let count = |server: &Server| {
        server
            .sql("SELECT COUNT(*), MAX(id), SUM(LENGTH(name)) FROM lms_core.parent")
            .expect("it goes on")
    };
    assert_eq!(count(&pair.source), count(&pair.target));
    let past = pair.log_end();
    pair.run("INSERT INTO parent (name) VALUES ('z')");
    pair.drain(&mut stream).await;
    let refused = state::allow_past(&mut session, Direction::Forward, DATABASE, &past).await;
    assert!(refused.is_ok() || refused.is_err_and(|error| error.code() == "RB-REP-004"));
    stream.stop().await.expect("it goes on");
}

/// A stream whose copy is slow, so that what happens now is replayed over it.
async fn slow_copy(pair: &Pair) -> (FaultProxy, RunningStream) {
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("it goes on");
    proxy.set(Traffic::Slow(Duration::from_millis(10)));
    let plan = pair.forward_over(proxy.port(), pair.target.port());
    let mut stream = RunningStream::start(plan);
    reach(&mut stream, |progress| progress.chunks_done > 0).await;
    (proxy, stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_made_during_the_copy_arrives() {
    let pair = Pair::with(
        "ddl-copy",
        &format!(
            "{SCHEMA} CREATE TABLE strict (id INT PRIMARY KEY, u INT, UNIQUE KEY (u)); INSERT INTO strict VALUES (1, 1)"
        ),
    );
    let (proxy, mut stream) = slow_copy(&pair).await;
    pair.run("CREATE TABLE late (id INT PRIMARY KEY, parent_id INT, UNIQUE KEY (parent_id), FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL); INSERT INTO late VALUES (1, 1), (2, 2); DELETE FROM parent WHERE id = 2; CREATE VIEW seen AS SELECT 1");
    pair.run("DROP VIEW seen");
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_same(&pair, "after the copy").await;
    pair.run("ALTER TABLE late ADD x INT; DELETE FROM parent WHERE id = 1");
    pair.drain(&mut stream).await;
    assert_same(&pair, "after a cascade of the new table").await;
    stream.stop().await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_change_during_the_copy_stops_it_and_cannot_be_passed() {
    let pair = Pair::with("ddl-void", SCHEMA);
    let (proxy, mut stream) = slow_copy(&pair).await;
    pair.run("INSERT INTO parent (name) VALUES ('x'); ALTER TABLE parent ADD y INT");
    proxy.set(Traffic::Pass);
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-008", "{error}");
    assert!(
        error.to_string().contains("the copy is not certain yet"),
        "{error}"
    );
    let mut session = server::writer(&address(pair.target.port(), "writer", "target"))
        .await
        .expect("it goes on");
    let refused = state::allow_past(
        &mut session,
        Direction::Forward,
        DATABASE,
        &place_of(&error),
    )
    .await;
    assert_eq!(refused.expect_err("refused").code(), "RB-REP-004");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_the_target_closes_the_way_back() {
    let pair = Pair::with("ddl-back", SCHEMA);
    pair.follow().await.stop().await.expect("it goes on");
    let to = address(pair.source.port(), "reverse", "source");
    let from = address(pair.target.port(), "writer", "target");
    let mut reader = server::reader(&from).await.expect("it goes on");
    let flavour = server::version(&mut reader)
        .await
        .expect("it goes on")
        .flavour;
    let mut writer = server::writer(&to).await.expect("it goes on");
    state::prepare_tables(&mut writer)
        .await
        .expect("it goes on");
    let position = server::visible_position(&mut reader, flavour)
        .await
        .expect("it goes on");
    let checkpoint = Checkpoint {
        phase: Phase::Following,
        certain_from: position.clone(),
        position,
        executed: None,
        source_identity: server::identity(&mut reader, flavour)
            .await
            .expect("it goes on"),
        schema: schema::read(&mut reader, DATABASE)
            .await
            .expect("it goes on"),
    };
    state::begin(&mut writer, Direction::Reverse, DATABASE, &checkpoint)
        .await
        .expect("it goes on");
    let back = StreamPlan {
        direction: Direction::Reverse,
        from,
        to,
        ..pair.forward()
    };
    let mut stream = RunningStream::start(back);
    pair.target.sql("USE lms_core; INSERT INTO spare VALUES (800, 8); ALTER TABLE spare ADD target_only INT; INSERT INTO spare VALUES (801, 8, 8)").expect("it goes on");
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-008", "{error}");
    assert!(
        error.to_string().contains("the way back is closed"),
        "{error}"
    );
    let rows = pair
        .source
        .sql("SELECT COUNT(*) FROM lms_core.spare WHERE id >= 800")
        .expect("it goes on");
    assert_eq!(rows.trim(), "1", "what came before is carried back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_logged_as_statements_stop_the_stream_and_other_databases_do_not() {
    let pair = Pair::with(
        "ddl-statements",
        &format!(
            "{SCHEMA} CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (id INT); SELECT 1, 1 INTO OUTFILE 'rows.txt'"
        ),
    );
    let mut stream = pair.follow().await;
    pair.source
        .sql("SET SESSION binlog_format = 'STATEMENT'; USE elsewhere; INSERT INTO t SELECT 1; UPDATE t SET id = id + 1; ALTER TABLE t ADD x INT; DROP TABLE t; CREATE TABLE u (id INT); TRUNCATE u")
        .expect("it goes on");
    pair.drain(&mut stream).await;
    for statement in [
        "INSERT INTO spare SELECT id + 100, v FROM spare",
        "LOAD DATA INFILE 'rows.txt' IGNORE INTO TABLE spare",
        "DELETE FROM spare LIMIT 1",
    ] {
        let before = pair.log_end();
        pair.run(&format!(
            "SET SESSION binlog_format = 'STATEMENT'; {statement}"
        ));
        let error = error_of(&mut stream).await;
        assert_eq!(error.code(), "RB-REP-009", "{statement}: {error}");
        let text = error.to_string();
        assert!(text.contains("spare"), "{text}");
        let ReplicateError::StatementLogged { position, .. } = error else {
            panic!("{text}")
        };
        assert!(position >= before, "{position} {before}");
        pair.target
            .sql("DROP DATABASE reberth; DROP DATABASE lms_core")
            .expect("it goes on");
        stream = pair.follow().await;
    }
    stream.stop().await.expect("it goes on");
}
