//! Differences of every kind are found, and nothing else is called one.

mod gate;
mod last_bits;

use crate::pair::{MYSQL, Pair, Products, usual};
use reberth_replicate::mysql::verify::{VerifyReport, verify};
use reberth_testkit::database::Product;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

const SCHEMA: &str = "
CREATE TABLE t (id INT PRIMARY KEY, b BLOB, s VARCHAR(40) NULL, f FLOAT, d DOUBLE, n INT, KEY by_n (n));
INSERT INTO t SELECT seq, REPEAT(CHAR(seq), 300), CONCAT('s', seq), seq / 3, seq / 7, seq FROM seq_1_to_900;
CREATE TABLE loose (v VARCHAR(10), w INT); INSERT INTO loose VALUES ('a',1),('a',1),('b',2),(NULL,NULL);
CREATE TABLE up (id INT PRIMARY KEY); CREATE TABLE down (id INT PRIMARY KEY, up INT, CONSTRAINT d FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE);
CREATE TABLE deep (id INT PRIMARY KEY, down INT, CONSTRAINT e FOREIGN KEY (down) REFERENCES down (id) ON DELETE CASCADE);
CREATE TABLE deepest (deep INT, CONSTRAINT f FOREIGN KEY (deep) REFERENCES deep (id) ON DELETE CASCADE);
CREATE TABLE emptied (id INT PRIMARY KEY); INSERT INTO emptied VALUES (7);
INSERT INTO up VALUES (1),(2),(3); INSERT INTO down VALUES (10,1),(20,2),(30,3); INSERT INTO deep VALUES (100,10),(200,20); INSERT INTO deepest VALUES (100),(200),(200);";

/// Each row of `kinds` is changed on the target in one way: the column, and the expression that spoils it.
const KINDS: &[(&str, &str)] = &[
    ("small_blob", "INSERT(small_blob, 150, 1, '!')"),
    ("long_blob", "INSERT(long_blob, 50000, 1, '!')"),
    ("long_text", "CONCAT(LEFT(long_text, 19999), 'y')"),
    ("word", "NULL"),
    ("word", "''"),
    ("word", "CONCAT(word, ' ')"),
    ("word", "UPPER(word)"),
    ("emoji", "LEFT(emoji, 1)"),
    ("latin", "CONVERT(x'E9FE' USING latin1)"),
    ("wide", "CONCAT(wide, _utf16 x'0020')"),
    ("fixed", "x'0A00000000000001'"),
    ("fixed", "NULL"),
    ("f", "f + 1.2e-7"),
    ("d", "d + 1.2e-16"),
    ("amount", "amount + 0.000000001"),
    ("at", "at + INTERVAL 1 HOUR"),
    ("seen", "seen + INTERVAL 1 MICROSECOND"),
    ("day", "'0000-00-00'"),
    ("span", "'-00:00:00.01'"),
    ("bits", "bits ^ 1"),
    ("state", "'paid'"),
    ("tags", "'a'"),
    ("doc", "REPLACE(doc, 'key', 'kez')"),
    ("place", "ST_GeomFromText('POINT(1 2.0000000000000004)')"),
    (
        "borders",
        "CONCAT(borders, 'x'), after_border = SUBSTRING(after_border, 2)",
    ),
    ("year_of", "year_of + 1"),
    // Nothing, and what looks like nothing.
    ("blank", "NULL"),
    ("void", "''"),
    ("blank_bytes", "NULL"),
    ("void_bytes", "''"),
    ("nought", "NULL"),
    ("unknown", "0"),
];

const KINDS_SCHEMA: &str = "SET sql_mode = ''; CREATE TABLE kinds (id INT PRIMARY KEY, small_blob BLOB NOT NULL, long_blob LONGBLOB, long_text LONGTEXT, word VARCHAR(40), emoji VARCHAR(10) CHARACTER SET utf8mb4 NOT NULL,
 latin VARCHAR(10) CHARACTER SET latin1 NOT NULL, wide VARCHAR(10) CHARACTER SET utf16, fixed BINARY(8), f FLOAT NOT NULL, d DOUBLE NOT NULL, amount DECIMAL(30,9), at TIMESTAMP(6) NOT NULL DEFAULT '2024-01-01', seen DATETIME(6),
 day DATE, span TIME(2), bits BIT(33), state ENUM('new','paid'), tags SET('a','b'), doc JSON, place POINT NOT NULL, borders VARCHAR(20) NOT NULL, after_border VARCHAR(20) NOT NULL, year_of YEAR,
 blank VARCHAR(9) DEFAULT '', void VARCHAR(9), blank_bytes VARBINARY(9) DEFAULT '', void_bytes VARBINARY(9), nought INT DEFAULT 0, unknown INT, twice INT AS (id * 2) VIRTUAL);
INSERT INTO kinds (id, small_blob, long_blob, long_text, word, emoji, latin, wide, fixed, f, d, amount, at, seen, day, span, bits, state, tags, doc, place, borders, after_border, year_of)
SELECT seq, REPEAT('\\0', 300), REPEAT('z', 70000), REPEAT('x', 20000), 'word', _utf8mb4 x'61F09F9880', _latin1 x'E9FF', _utf16 x'0041', x'0A', 1.3, 1.1, 12345678901234567890.123456789, '2024-03-31 01:30:00.5', '2024-03-31 02:30:00.5',
 '2024-02-29', '-00:00:01.5', 5, 'new', 'a,b', '{\"key\": 1}', ST_GeomFromText('POINT(1 2)'), 'ab', 'xcd', 2024 FROM seq_1_to_40;";

fn found(report: &VerifyReport) -> Vec<String> {
    let mut lines: Vec<String> = report
        .differences
        .iter()
        .map(|found| format!("{} {} {}", found.table, found.key, found.kind))
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_differences_are_all_found() {
    find_planted_differences(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_planted_in_mysql_are_all_found() {
    find_planted_differences(MYSQL).await;
}

async fn find_planted_differences(products: Products) {
    let pair = Pair::with_on(products, "planted", SCHEMA);
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it works");
    let report = verify(&pair.forward(), |_, _| {}).await.expect("it works");
    assert!(
        report.is_equal(),
        "{:?} {:?}",
        found(&report),
        report.schema_differences
    );
    pair.target
        .sql(
            "SET foreign_key_checks = 0; USE lms_core;
             UPDATE t SET b = INSERT(b, 150, 1, '!') WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t SELECT 1000, b, s, f, d, n FROM t WHERE id = 3;
             UPDATE t SET s = NULL WHERE id = 4; UPDATE t SET s = '' WHERE id = 5; UPDATE t SET s = 's6 ' WHERE id = 6; UPDATE t SET f = 2.3333337 WHERE id = 7;
             UPDATE t SET d = 8 / 7e0 + 2.3e-16 WHERE id = 8; UPDATE t SET n = 19 - n WHERE id IN (9, 10); UPDATE t SET s = 'S11' WHERE id = 11;
             UPDATE loose SET v = 'c' WHERE v = 'a'; ALTER TABLE t DROP KEY by_n, ADD KEY by_n (n, id); DELETE FROM deepest WHERE deep = 200 LIMIT 1;",
        )
        .expect("it works");
    let report = verify(&pair.forward(), |_, _| {}).await.expect("it works");
    let wanted = [
        "deepest 3 rows on the source, 2 on the target different",
        // Two equal rows became two other equal ones: an exclusive-or of hashes would not see it.
        "loose 4 rows on the source, 4 on the target different",
        "t 1 different",
        "t 10 different",
        "t 1000 extra",
        "t 11 different",
        "t 2 missing",
        "t 4 different",
        "t 5 different",
        "t 6 different",
        "t 7 different",
        "t 8 different",
        "t 9 different",
    ];
    assert_eq!(found(&report), wanted);
    assert_eq!(
        report.schema_differences,
        ["index by_n of table t is \"btree (n)\" on the source and \"btree (n,id)\" on the target"]
    );
    assert!(!report.is_equal() && report.open.is_empty() && report.is_sealed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_difference_is_found_by_key_and_column() {
    let pair = Pair::with("kinds", KINDS_SCHEMA);
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(report.is_equal(), "{report:?}");
    for (number, (column, spoilt)) in KINDS.iter().enumerate() {
        let sql = format!(
            "SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'; UPDATE lms_core.kinds SET {column} = {spoilt} WHERE id = {}",
            number + 1
        );
        pair.target.sql(&sql).unwrap();
    }
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    let mut differences = report.differences.iter();
    for (number, (column, spoilt)) in KINDS.iter().enumerate() {
        let key = (number + 1).to_string();
        let found = differences.clone().find(|found| found.key == key);
        let columns = found
            .map(|found| found.columns.join(" "))
            .unwrap_or_default();
        assert!(columns.starts_with(column), "{spoilt}: {columns:?}");
    }
    assert_eq!(report.differing, KINDS.len() as u64);
    assert!(differences.all(|found| found.table == "kinds" && found.kind == "different"));
    let forged = VerifyReport {
        differing: 0,
        differences: Vec::new(),
        ..report
    };
    assert!(forged.is_equal() && !forged.is_sealed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn constant_writes_raise_no_false_alarm() {
    let pair = Pair::start("alarm");
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .unwrap();
    let ledger = Ledger::new();
    let plan = WritersPlan {
        speaks: Speaks::MySql,
        port: door.port(),
        writers: 3,
        rate_per_s: 200,
        learners: Size::SMALL.learners,
        courses: 20,
        seed: 9,
    };
    let writers = Writers::start(&ledger, &plan);
    let stream = pair.follow().await;
    for _ in 0..2 {
        let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
        assert_eq!(
            (report.differing, &report.schema_differences),
            (0, &Vec::new()),
            "{:?}",
            report.differences
        );
    }
    // A target that has fallen behind is not a target that differs.
    stream.stop().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    writers.stop().await;
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(report.differing, 0, "{:?}", report.differences);
    assert!(!report.is_equal() && !report.open.is_empty());
    // Its open keys need not stand in the log again, so no gate may build on it.
    assert!(report.target_was_behind && !report.is_base());
}

/// A row that the target has not come to yet is no difference, and no proof either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_target_has_not_come_to_is_left_open() {
    let pair = Pair::with("behind", "CREATE TABLE t (id INT PRIMARY KEY)");
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    pair.run("INSERT INTO t VALUES (5)");
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    let open: Vec<&str> = report.open.iter().map(|open| open.key.as_str()).collect();
    assert_eq!((report.differing, open), (0, vec!["5"]), "{report:?}");
    assert!(!report.is_equal() && !report.is_base());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_are_compared_part_by_part() {
    let pair = Pair::with(
        "parts",
        "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT AUTO_INCREMENT PRIMARY KEY, p INT, n INT DEFAULT 1, s VARCHAR(20), KEY by_n (n), KEY by_s (s(5)), UNIQUE KEY one (s), CONSTRAINT to_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
         CREATE TABLE checked (n INT PRIMARY KEY, CONSTRAINT low CHECK (n < 9));
         CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION few VALUES LESS THAN (10), PARTITION many VALUES LESS THAN MAXVALUE);
         INSERT INTO c (s) VALUES ('a'),('b'),('c'); DELETE FROM c WHERE id = 3",
    );
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(report.is_equal(), "{:?}", report.schema_differences);
    // Ids that the source has given and taken back: no difference before the cutover, but told.
    let counter = "the counter of table c stands at 4 on the source and at 3 on the target";
    assert!(
        report.counters_behind.contains(&counter.to_owned()),
        "{:?}",
        report.counters_behind
    );
    for (change, word) in [
        ("c ALTER n SET DEFAULT 2", "column n of table c is"),
        ("c DROP KEY by_n", "index by_n of table c is missing"),
        (
            "c DROP KEY by_s, ADD KEY by_s (s(6))",
            "index by_s of table c is",
        ),
        ("c DROP KEY one, ADD KEY one (s)", "index one of table c is"),
        (
            "c ADD KEY more (n)",
            "index more of table c is on the target only",
        ),
        (
            "c DROP FOREIGN KEY to_p; ALTER TABLE c ADD CONSTRAINT to_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL",
            "foreign key to_p of table c is",
        ),
        (
            "checked DROP CONSTRAINT low; ALTER TABLE checked ADD CONSTRAINT low CHECK (n < 10)",
            "table checked is defined differently",
        ),
        (
            "c MODIFY s VARCHAR(20) COLLATE utf8mb4_bin",
            "column s of table c is",
        ),
        ("p ROW_FORMAT = COMPACT", "engine of table p is"),
        (
            "parted REORGANIZE PARTITION few INTO (PARTITION few VALUES LESS THAN (5), PARTITION some VALUES LESS THAN (10))",
            "partition few of table parted is",
        ),
        (
            "parted ADD COLUMN more INT",
            "columns or key of table parted differ",
        ),
    ] {
        pair.target
            .sql(&format!(
                "SET foreign_key_checks = 0; USE lms_core; ALTER TABLE {change}"
            ))
            .unwrap();
        let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
        let found = report.schema_differences.join("\n");
        assert!(found.contains(word), "{change}: {found}");
        assert_eq!(report.differing, 0, "{:?}", report.differences);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_cuts_off_is_not_called_equal() {
    // Statistics from when its rows were small make a chunk whose text does not fit.
    let pair = Pair::with(
        "long",
        "CREATE TABLE grown (id INT PRIMARY KEY, s VARCHAR(8000)) CHARACTER SET latin1 STATS_AUTO_RECALC=0; INSERT INTO grown SELECT seq, 's' FROM seq_1_to_10; ANALYZE TABLE grown;
         INSERT INTO grown SELECT seq, REPEAT('s', 8000) FROM seq_11_to_3000",
    );
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.unwrap();
    assert!(verify(&pair.forward(), |_, _| {}).await.unwrap().is_equal());
    pair.target
        .sql("UPDATE lms_core.grown SET s = INSERT(s, 8000, 1, 't') WHERE id = 3000")
        .unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(found(&report), ["grown 3000 different"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compared_is_no_proof() {
    let pair = Pair::with_on(
        (Product::MariaDb, Product::MySql),
        "verify-documents",
        "CREATE TABLE doc (id INT PRIMARY KEY, j JSON); INSERT INTO doc VALUES (1, '{\"b\": 1,   \"a\": [2.50]}')",
    );
    pair.follow().await.stop().await.unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(
        report.is_equal() && report.not_compared.is_empty(),
        "{report:?}"
    );
    // Now the server writes the documents in its own way.
    pair.target
        .sql("ALTER TABLE lms_core.doc MODIFY j JSON")
        .unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert_eq!(report.not_compared.len(), 1, "{report:?}");
    assert!(!report.is_equal() && !report.is_base());
}
