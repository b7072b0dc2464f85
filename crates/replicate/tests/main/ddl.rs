//! The schema changes on the source while the stream runs.

use reberth_testkit::database::{Product, Server};
use reberth_testkit::learning::DATABASE;

use crate::pair::{MYSQL, Pair, Products, usual};

pub(crate) const MARIADB: Products = (Product::MariaDb, Product::MariaDb);

pub(crate) const SCHEMA: &str = "CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL, note TEXT) ENGINE=InnoDB; \
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

/// A provider makes an empty database with defaults of its own.
async fn a_database_takes_the_defaults_of_the_source(products: Products, name: &str) {
    let pair = Pair::with_on(products, name, SCHEMA);
    pair.target
        .sql("CREATE DATABASE lms_core CHARACTER SET latin1")
        .expect("the target has the database");
    let mut stream = pair.follow().await;
    pair.run(
        "CREATE TABLE made (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO made VALUES (1, 'ä€')",
    );
    pair.drain(&mut stream).await;
    assert_same(&pair, "a table made by default").await;
    stream.stop().await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stood_there_takes_the_defaults_of_the_source() {
    a_database_takes_the_defaults_of_the_source(usual(), "ddl-stood").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_mysql_that_stood_there_takes_the_defaults_of_the_source() {
    a_database_takes_the_defaults_of_the_source(MYSQL, "ddl-stood-mysql").await;
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

/// What a character set stands for where no collation is named, in several sessions of MariaDB 11.8.
const OWN_COLLATIONS: &[(&str, &str)] = &[
    (
        "CREATE TABLE usual (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET utf8mb4)",
        "INSERT INTO usual VALUES (1, 'a')",
    ),
    (
        "SET SESSION character_set_collations = 'utf8mb4=utf8mb4_czech_ci,latin1=latin1_german2_ci'; ALTER TABLE usual ADD c TEXT CHARSET utf8mb4, ADD g TEXT CHARSET latin1",
        "INSERT INTO usual VALUES (2, 'b', 'č', 'ä')",
    ),
    (
        "SET SESSION character_set_collations = ''; ALTER TABLE usual ADD n TEXT CHARSET utf8mb4",
        "INSERT INTO usual VALUES (3, 'b', 'c', 'd', 'e')",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collations_of_the_session_are_carried_over() {
    let pair = Pair::with_on(
        (Product::MariaDb11, Product::MariaDb11),
        "ddl-collations",
        SCHEMA,
    );
    pair.target
        .sql("SET GLOBAL character_set_collations = 'utf8mb4=utf8mb4_thai_520_w2'")
        .unwrap();
    let mut stream = pair.follow().await;
    for (change, rows) in OWN_COLLATIONS {
        pair.run(&format!("{change}; {rows}"));
        pair.drain(&mut stream).await;
        assert_same(&pair, change).await;
    }
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_knows_no_collations_of_the_session_follows_what_names_no_character_set() {
    let pair = Pair::with_on(
        (Product::MariaDb11, Product::MariaDb),
        "ddl-collations-old",
        SCHEMA,
    );
    let mut stream = pair.follow().await;
    pair.run("ALTER TABLE spare ADD COLUMN words VARCHAR(20) NOT NULL DEFAULT 'none', ADD KEY (v); INSERT INTO spare VALUES (50, 1, 'some')");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    pair.run("ALTER TABLE spare ADD COLUMN more VARCHAR(20) CHARACTER SET utf8mb4");
    let stopped = crate::pair::error_of(&mut stream).await;
    assert!(
        stopped.to_string().contains("character_set_collations"),
        "{stopped}"
    );
}
