//! Kinds of tables and columns, through copy and stream: between servers of one family each definition arrives as it was, and between the two families in
//! the target's words.

use crate::pair::{MYSQL, Pair, Products};
use reberth_replicate::mysql::preflight::{self, Verdict};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::verify::verify;
use reberth_testkit::database::Product;

/// A name, the table with its first rows, and what happens to them while the stream runs.
type Case = (&'static str, &'static str, &'static str);

/// What both families have.
const SHARED: &[Case] = &[
    (
        "hidden",
        "CREATE TABLE hidden (id INT PRIMARY KEY, a INT INVISIBLE DEFAULT 3, b INT); INSERT INTO hidden (id, a, b) VALUES (1, 10, 1), (2, 20, 2);",
        "UPDATE hidden SET a = 11, b = 9 WHERE id = 1; INSERT INTO hidden (id, b) VALUES (3, 3);",
    ),
    (
        "computed",
        "CREATE TABLE computed (id INT PRIMARY KEY, n INT NOT NULL, twice INT GENERATED ALWAYS AS (n * 2) VIRTUAL, shout VARCHAR(20) GENERATED ALWAYS AS (CONCAT('n, (', n)) STORED, UNIQUE KEY twice_once (twice), KEY shouts (shout)); INSERT INTO computed (id, n) VALUES (1, 1), (2, 2);",
        "UPDATE computed SET n = n + 10; DELETE FROM computed WHERE id = 2; INSERT INTO computed (id, n) VALUES (3, 2);",
    ),
    (
        "checked",
        "CREATE TABLE checked (id INT PRIMARY KEY CHECK (id > 0), a INT, b VARCHAR(20), CONSTRAINT a_small CHECK (a < 1000), CONSTRAINT b_plain CHECK (b <> 'x, (y'), CHECK (a <> 7)); INSERT INTO checked VALUES (1, 1, 'b');",
        "UPDATE checked SET a = 999; INSERT INTO checked VALUES (2, NULL, NULL);",
    ),
    (
        "defaults",
        "CREATE TABLE defaults (id INT PRIMARY KEY, day DATE DEFAULT (CURRENT_DATE), made DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), word VARCHAR(20) DEFAULT 'it''s (a, b)', number DECIMAL(5,2) DEFAULT -1.50, sum INT DEFAULT (1 + 2), bits BIT(4) DEFAULT b'101', label ENUM('a','b') DEFAULT 'b'); INSERT INTO defaults (id) VALUES (1);",
        "INSERT INTO defaults (id) VALUES (2); UPDATE defaults SET word = 'x' WHERE id = 1;",
    ),
    (
        "by_range",
        "CREATE TABLE by_range (id INT, year INT NOT NULL, v VARCHAR(9), PRIMARY KEY (id, year)) PARTITION BY RANGE (year) (PARTITION old VALUES LESS THAN (2000), PARTITION new VALUES LESS THAN MAXVALUE); INSERT INTO by_range VALUES (1, 1990, 'a'), (2, 2010, 'b');",
        "UPDATE by_range SET year = 2020 WHERE id = 1; DELETE FROM by_range WHERE id = 2; INSERT INTO by_range VALUES (3, 1, 'c');",
    ),
    (
        "by_list",
        "CREATE TABLE by_list (id INT PRIMARY KEY, v INT) PARTITION BY LIST (id) (PARTITION odd VALUES IN (1, 3, 5), PARTITION even VALUES IN (2, 4)); INSERT INTO by_list VALUES (1, 1), (2, 2);",
        "UPDATE by_list SET id = 4 WHERE id = 1;",
    ),
    (
        "by_hash",
        "CREATE TABLE by_hash (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 4; INSERT INTO by_hash VALUES (1, 1), (2, 2);",
        "UPDATE by_hash SET v = 3; INSERT INTO by_hash VALUES (5, 5);",
    ),
    (
        "by_key",
        "CREATE TABLE by_key (id VARCHAR(9) PRIMARY KEY, v INT) PARTITION BY KEY (id) PARTITIONS 3; INSERT INTO by_key VALUES ('a', 1), ('b', 2);",
        "UPDATE by_key SET id = 'c' WHERE v = 1;",
    ),
    (
        "options",
        "CREATE TABLE options (id INT PRIMARY KEY, v TEXT COMMENT 'KEY `v` (`v`), \\n done') ROW_FORMAT=DYNAMIC COMMENT='it''s a \\\\ table, ) ENGINE=x'; INSERT INTO options VALUES (1, 'a');",
        "UPDATE options SET v = 'b';",
    ),
    (
        "numbered",
        "SET auto_increment_increment = 10, auto_increment_offset = 3; CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO numbered (v) VALUES (1), (2); SET auto_increment_increment = 1, auto_increment_offset = 1;",
        "INSERT INTO numbered (v) VALUES (3); SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO numbered VALUES (0, 4); SET SESSION sql_mode = DEFAULT;",
    ),
    (
        "`select` the ``odd`` näme/.,",
        "CREATE TABLE `select the ``odd`` näme/.,` (`order` INT, `a``b` INT, `ключ` VARCHAR(20), PRIMARY KEY (`order`), UNIQUE KEY `ke``y` (`a``b`), KEY `по ключу` (`ключ`)); INSERT INTO `select the ``odd`` näme/.,` VALUES (1, 1, 'a'), (2, 2, 'б');",
        "UPDATE `select the ``odd`` näme/.,` SET `a``b` = 9 WHERE `order` = 1; INSERT INTO `select the ``odd`` näme/.,` VALUES (3, 3, NULL);",
    ),
    (
        "long names",
        "CREATE TABLE t234567890123456789012345678901234567890123456789012345678901234 (c234567890123456789012345678901234567890123456789012345678901234 INT PRIMARY KEY, v INT, KEY k234567890123456789012345678901234567890123456789012345678901234 (v)); INSERT INTO t234567890123456789012345678901234567890123456789012345678901234 VALUES (1, 1);",
        "UPDATE t234567890123456789012345678901234567890123456789012345678901234 SET v = 2;",
    ),
    (
        "searched",
        "CREATE TABLE searched (id INT PRIMARY KEY, words TEXT, place POINT NOT NULL, FULLTEXT KEY words_in (words), SPATIAL KEY place_in (place)); INSERT INTO searched VALUES (1, 'some words', POINT(1, 2));",
        "UPDATE searched SET words = 'other words', place = POINT(3, 4); INSERT INTO searched VALUES (2, NULL, POINT(-5, 6));",
    ),
    (
        "searched by several",
        "CREATE TABLE searched_by_several (id INT PRIMARY KEY, title VARCHAR(99), body TEXT, FULLTEXT KEY t (title), KEY plain (title), FULLTEXT KEY b (body), FULLTEXT KEY both_of (title, body)); INSERT INTO searched_by_several VALUES (1, 'a title', 'some words');",
        "UPDATE searched_by_several SET body = 'other words'; INSERT INTO searched_by_several VALUES (2, NULL, 'more');",
    ),
    (
        "descending",
        "CREATE TABLE descending (a INT, b INT, PRIMARY KEY (a, b), KEY down (b DESC, a)); INSERT INTO descending VALUES (1, 1), (2, 2);",
        "UPDATE descending SET b = 7 WHERE a = 1;",
    ),
    (
        "family",
        "CREATE TABLE family (id INT PRIMARY KEY, parent INT, CONSTRAINT parent_of FOREIGN KEY (parent) REFERENCES family (id)); INSERT INTO family VALUES (1, NULL), (2, 1);",
        "INSERT INTO family VALUES (3, 2); UPDATE family SET parent = 1 WHERE id = 3;",
    ),
    (
        "charsets",
        "CREATE TABLE charsets (id INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin, b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci, c CHAR(9) CHARACTER SET gbk, d VARCHAR(9) CHARACTER SET sjis, UNIQUE KEY b_once (b)) DEFAULT CHARACTER SET latin1; INSERT INTO charsets VALUES (1, 'é', '🎓', _gbk x'd65c', _sjis x'835c');",
        "UPDATE charsets SET b = 'é'; INSERT INTO charsets VALUES (2, '€', 'f', '', '');",
    ),
    (
        "documents",
        "CREATE TABLE documents (id INT PRIMARY KEY, j JSON); INSERT INTO documents VALUES (1, '{\"bb\": [1, 2.5, \"é\\\\n\"], \"a\": {\"x\": null}}'), (2, NULL);",
        "UPDATE documents SET j = '{\"zz\": 1, \"y\": [true, -7, \"\\\\\"\"]}' WHERE id = 2; INSERT INTO documents VALUES (3, '[]');",
    ),
];

/// What only MariaDB has.
const MARIADB: &[Case] = &[
    (
        "spelled",
        "CREATE TABLE spelled (id INT PRIMARY KEY, u UUID, a INET4, b INET6); INSERT INTO spelled VALUES (1, '8400e29b-550e-41d4-aeff-8899aabbccdd', '127.0.0.0', '::'), (2, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '255.255.255.255', '1:0:2:3:4:5:6:7'), (3, '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::ffff:1.2.3.4'), (4, NULL, NULL, NULL), (5, 'ffffffff-ffff-1fff-8fff-ffffffffff00', '1.2.3.0', '::1.2.0.0');",
        "UPDATE spelled SET id = id + 10; INSERT INTO spelled VALUES (6, '12345678-9abc-5def-9234-56789abcdef0', '10.0.0.1', 'fe80::1'), (7, '1234567890ab6def923456789abcdef0', NULL, '1:0:0:2:3:0:0:4'), (8, '00000000-0000-1000-0000-000000000080', NULL, '0:0:1::'); DELETE FROM spelled WHERE id = 13;",
    ),
    (
        "ignored",
        "CREATE TABLE ignored_index (id INT PRIMARY KEY, v INT, KEY unused (v) IGNORED); INSERT INTO ignored_index VALUES (1, 1);",
        "UPDATE ignored_index SET v = 2;",
    ),
    (
        "squeezed",
        "CREATE TABLE squeezed (id INT PRIMARY KEY, v TEXT, w VARCHAR(3000), x BLOB) PAGE_COMPRESSED=1; INSERT INTO squeezed VALUES (1, REPEAT('é', 3000), 'short', ''), (2, '', NULL, REPEAT(x'00ff', 900));",
        "UPDATE squeezed SET v = REPEAT('b', 2000), w = REPEAT('é', 1000) WHERE id = 1; INSERT INTO squeezed VALUES (3, 'v', 'w', 'x');",
    ),
    (
        "texts",
        "CREATE TABLE texts (id INT PRIMARY KEY, v TEXT DEFAULT 'it''s', w VARCHAR(36) DEFAULT uuid()); INSERT INTO texts (id) VALUES (1);",
        "INSERT INTO texts (id) VALUES (2);",
    ),
    (
        "folded",
        "CREATE TABLE folded (id INT PRIMARY KEY, v VARCHAR(20) COLLATE utf8mb4_uca1400_ai_ci, UNIQUE KEY v_once (v)); INSERT INTO folded VALUES (1, 'a'), (2, 'b');",
        "UPDATE folded SET v = 'Ä' WHERE id = 1;",
    ),
];

/// What only MariaDB has and MySQL has no words for.
const MARIADB_ONLY: &[Case] = &[
    (
        "keyed",
        "CREATE TABLE keyed (u UUID PRIMARY KEY, a INET6 NOT NULL UNIQUE, v INT); INSERT INTO keyed VALUES ('8400e29b-550e-41d4-aeff-8899aabbccdd', '::1', 1), ('017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '::2', 2);",
        "UPDATE keyed SET v = v + 10; UPDATE keyed SET u = '12345678-9abc-5def-9234-56789abcdef0' WHERE v = 11; DELETE FROM keyed WHERE v = 12;",
    ),
    (
        "period",
        "CREATE TABLE period_of (id INT, a DATE, b DATE, PERIOD FOR p (a, b), PRIMARY KEY (id, p WITHOUT OVERLAPS)); INSERT INTO period_of VALUES (1, '2020-01-01', '2021-01-01');",
        "DELETE FROM period_of FOR PORTION OF p FROM '2020-03-01' TO '2020-04-01'; UPDATE period_of FOR PORTION OF p FROM '2020-05-01' TO '2020-06-01' SET id = 2;",
    ),
    (
        "sequences",
        "CREATE SEQUENCE invoice START WITH 100 INCREMENT BY 5 CACHE 10; CREATE TABLE invoices (id BIGINT DEFAULT NEXTVAL(invoice) PRIMARY KEY, v INT); INSERT INTO invoices (v) VALUES (1), (2);",
        "INSERT INTO invoices (v) SELECT v FROM invoices; SELECT NEXTVAL(invoice);",
    ),
];

/// What only MySQL has.
const ORACLE: &[Case] = &[
    (
        "unseen",
        "CREATE TABLE unseen (id INT PRIMARY KEY, v INT, KEY v_unseen (v) INVISIBLE); INSERT INTO unseen VALUES (1, 1);",
        "UPDATE unseen SET v = 2;",
    ),
    (
        "places",
        "CREATE TABLE places (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL KEY p_in (p)); INSERT INTO places VALUES (1, ST_GeomFromText('POINT(10 20)', 4326));",
        "UPDATE places SET p = ST_GeomFromText('POINT(-10 120)', 4326);",
    ),
    (
        "strict",
        "CREATE TABLE strict (id INT PRIMARY KEY, n INT NOT NULL, g INT AS (n + 1) STORED NOT NULL, t TEXT DEFAULT ('x'), CONSTRAINT idle CHECK (n > 100) NOT ENFORCED); INSERT INTO strict (id, n) VALUES (1, 1);",
        "UPDATE strict SET n = 5;",
    ),
    (
        "accents",
        "CREATE TABLE accents (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_0900_as_cs, b VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, UNIQUE KEY a_once (a)) COLLATE utf8mb4_0900_ai_ci; INSERT INTO accents VALUES (1, 'a', 'x'), (2, 'ä', 'y ');",
        "UPDATE accents SET a = 'A' WHERE id = 2;",
    ),
];

/// What only MySQL has and MariaDB has no words for.
const ORACLE_ONLY: &[Case] = &[(
    "expression",
    "CREATE TABLE expression (id INT PRIMARY KEY, v VARCHAR(20), KEY lowered ((LOWER(v)))); INSERT INTO expression VALUES (1, 'A');",
    "UPDATE expression SET v = 'B';",
)];

/// A table as wide as InnoDB allows with small columns.
fn wide(columns: usize) -> (String, String) {
    let list: Vec<String> = (0..columns)
        .map(|number| format!("c{number} TINYINT"))
        .collect();
    (
        format!(
            "CREATE TABLE wide (id INT PRIMARY KEY, {}) ROW_FORMAT=DYNAMIC; INSERT INTO wide (id, c0, c{}) VALUES (1, 1, 2);",
            list.join(","),
            columns - 1
        ),
        format!(
            "UPDATE wide SET c500 = 5, c{} = NULL; INSERT INTO wide (id) VALUES (2);",
            columns - 1
        ),
    )
}

fn sql_of(cases: &[&[Case]]) -> (String, String) {
    let (wide, widened) = wide(1010);
    let all = || cases.iter().flat_map(|cases| cases.iter());
    let made: String = all().map(|(_, made, _)| *made).collect();
    let changed: String = all().map(|(_, _, changed)| *changed).collect();
    (format!("{made} {wide}"), format!("{changed} {widened}"))
}

/// Rows of every table, as one client tells them of either server.
fn differing(pair: &Pair) -> Vec<String> {
    let list = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'lms_core' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1";
    let tables = pair.source.sql(list).expect("tables are listed");
    let differs = |table: &&str| {
        let sql = format!(
            "SELECT * FROM lms_core.`{}` ORDER BY 1, 2",
            table.replace('`', "``")
        );
        let read = |server: &reberth_testkit::database::Server| {
            server.sql(&sql).unwrap_or_else(|error| error.to_string())
        };
        read(&pair.source) != read(&pair.target)
    };
    tables.lines().filter(differs).map(str::to_owned).collect()
}

async fn carries(products: Products, name: &str, cases: &[&[Case]]) {
    let (made, changed) = sql_of(cases);
    let pair = Pair::with_on(products, name, &made);
    let mut stream = pair.follow().await;
    assert_eq!(differing(&pair), Vec::<String>::new(), "after the copy");
    pair.run(&changed);
    let mut reader = server::reader(&pair.forward().from)
        .await
        .expect("a session");
    let flavour = server::version(&mut reader)
        .await
        .expect("a version")
        .flavour;
    let end = server::log_end(&mut reader, flavour)
        .await
        .expect("a position");
    let drained =
        tokio::time::timeout(std::time::Duration::from_secs(60), stream.drain(&end)).await;
    assert!(
        drained
            .expect("it drains in time")
            .expect("the stream goes on")
    );
    assert_eq!(differing(&pair), Vec::<String>::new(), "after changes");
    let report = verify(&pair.forward(), |_, _| {})
        .await
        .expect("it verifies");
    assert!(
        report.is_equal(),
        "{:?} {:?} {:?}",
        report.differences,
        report.open,
        report.schema_differences
    );
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_table_arrives_on_mariadb() {
    let both = (Product::MariaDb, Product::MariaDb);
    carries(both, "kinds", &[SHARED, MARIADB, MARIADB_ONLY]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_table_arrives_on_mysql() {
    carries(MYSQL, "kinds-mysql", &[SHARED, ORACLE, ORACLE_ONLY]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadbs_tables_arrive_on_mysql() {
    carries(
        (Product::MariaDb, Product::MySql),
        "kinds-over",
        &[SHARED, MARIADB],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysqls_tables_arrive_on_mariadb() {
    carries(
        (Product::MySql, Product::MariaDb),
        "kinds-back",
        &[SHARED, ORACLE],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_other_family_has_no_words_for_blocks_and_translations_are_listed() {
    let (made, _) = sql_of(&[MARIADB, MARIADB_ONLY]);
    let pair = Pair::with_on((Product::MariaDb, Product::MySql), "kinds-refused", &made);
    let found = preflight::run(&pair.forward()).await.expect("it probes");
    let mut blocked: Vec<String> = found
        .blockers()
        .iter()
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect();
    blocked.sort();
    blocked.dedup();
    assert_eq!(
        blocked,
        [
            "sequence invoice",
            "table invoices",
            "table keyed",
            "table period_of"
        ]
    );
    let is_translated = |words: &str| {
        found.findings.iter().any(|finding| {
            matches!(finding.verdict, Verdict::Handled(_)) && finding.seen.contains(words)
        })
    };
    for words in [
        "uuid becomes char(36)",
        "utf8mb4_uca1400_ai_ci becomes",
        "INVISIBLE",
        "in brackets",
    ] {
        assert!(is_translated(words), "{words}");
    }
}

/// The source tells definitions in no mode at all; under its own mode their texts would be read otherwise.
async fn carries_under_a_mode(products: Products, name: &str, mode: &str) {
    let made = r"CREATE TABLE told (id INT PRIMARY KEY, a VARCHAR(9) NOT NULL DEFAULT '', b VARCHAR(9) DEFAULT 'x\\y', c VARCHAR(9) AS (CONCAT(a, '\\')) STORED, d DATE)";
    let pair = Pair::with_on(
        products,
        name,
        &format!(
            "{made}; INSERT INTO told (id, d) VALUES (1, '2026-01-02'); SET GLOBAL sql_mode = '{mode}'"
        ),
    );
    let stream = pair.follow().await;
    stream.stop().await.expect("it stops");
    let report = verify(&pair.forward(), |_, _| {})
        .await
        .expect("it verifies");
    assert!(report.is_equal(), "{:?}", report.schema_differences);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_mariadb_is_made_as_it_is_told_whatever_the_mode() {
    let mode = "ORACLE,NO_BACKSLASH_ESCAPES,EMPTY_STRING_IS_NULL";
    carries_under_a_mode((Product::MariaDb, Product::MariaDb), "kinds-mode", mode).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_mysql_is_made_as_it_is_told_whatever_the_mode() {
    let mode = "ANSI,NO_BACKSLASH_ESCAPES";
    carries_under_a_mode(MYSQL, "kinds-mode-mysql", mode).await;
}
