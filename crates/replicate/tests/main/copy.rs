//! How rows get from one server to the other: by LOAD DATA where it can be had and keeps every byte, else by INSERT.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::verify;
use reberth_testkit::database::{Product, Server};
use reberth_testkit::learning::{self, Size};

use crate::memory::highest_kib;
use crate::pair::{MYSQL, Pair, Products, becomes, error_of, reach};

const MARIADB: Products = (Product::MariaDb, Product::MariaDb);

/// Rows that are easily changed on the way.
const SQL: &str = "SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'); CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO numbered VALUES (0, 1), (7, 2);
     CREATE TABLE mixed (id INT NOT NULL PRIMARY KEY, t VARCHAR(50) CHARACTER SET utf8mb4, l VARCHAR(20) CHARACTER SET latin1, b BLOB, n DECIMAL(20,6), f FLOAT, j JSON, x BIT(9),
       e ENUM('one','\u{e9}'), at DATETIME(6), g INT GENERATED ALWAYS AS (id + 1) STORED, p POINT);
     INSERT INTO mixed (id, t, l, b, n, f, j, x, e, at, p) VALUES
       (0, 'zero is a number too', '\u{e9}', x'5c5c090a0d00271a22', -0.000001, 16777215, '{\"a\": \"tab\\\\tline\\\\n\"}', b'100000001', '\u{e9}', '2024-02-29 23:59:59.999999', POINT(1.5, -2)),
       (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
       (2, '', '', '', 0, 0, '\"\"', 0, 'one', '1000-01-01', POINT(0, 0)),
       (3, '\\\\N', '\\\\', x'4e', 1, 0.1, '[]', 10, 'one', '2024-01-01', POINT(9, 10)),
       (4, 'a\tb\nc\\\\d\u{1F393}', 'x\ty', REPEAT(x'5c0a', 200), 5, 1e-30, 'null', 92, 'one', '2024-01-01', POINT(92, 9));
     CREATE TABLE keyless (v VARCHAR(20), w INT); INSERT INTO keyless VALUES ('a\\\\', NULL), ('a\\\\', NULL), (NULL, 0), ('', 1);";

/// Statements of that kind that the server has run.
fn statements(server: &Server, kind: &str) -> u64 {
    let status = server.sql(&format!("SHOW GLOBAL STATUS LIKE 'Com_{kind}'"));
    let status = status.expect("a status");
    let count = status.split_whitespace().nth(1);
    count.expect("a count").parse().expect("a number")
}

async fn copies(products: Products, takes_load: bool) {
    let pair = Pair::with_on(products, "copy", SQL);
    pair.target
        .sql(&format!("SET GLOBAL local_infile = {takes_load}"))
        .expect("it works");
    let stream = pair.follow().await;
    assert_eq!(statements(&pair.target, "load") > 0, takes_load);
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_loaded_as_they_are() {
    copies(MARIADB, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_loaded_as_they_are_on_mysql() {
    copies(MYSQL, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_takes_no_load_gets_inserts() {
    copies(MARIADB, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mysql_target_that_takes_no_load_gets_inserts() {
    copies(MYSQL, false).await;
}

/// Whole numbers as keys, dense or not, at both ends of what there is; chunks of 40,000 numbers. In `dense` there is no row at the border.
const NUMBERED: &str = "CREATE TABLE dense (id INT PRIMARY KEY, v INT); INSERT INTO dense SELECT seq, seq FROM seq_1_to_90000; DELETE FROM dense WHERE id % 3 = 2 OR id = 40000;
     CREATE TABLE low (id BIGINT PRIMARY KEY, v INT); INSERT INTO low SELECT CAST(seq AS SIGNED) - 9223372036854775807 - 2, seq FROM seq_1_to_50000;
     CREATE TABLE high (id BIGINT UNSIGNED PRIMARY KEY, v INT); INSERT INTO high SELECT 18446744073709551615 - seq + 1, seq FROM seq_1_to_50000;
     CREATE TABLE sparse (id BIGINT PRIMARY KEY, v INT); INSERT INTO sparse SELECT (CAST(seq AS SIGNED) - 25000) * 1000000007, seq FROM seq_1_to_50000;
     ANALYZE TABLE dense, low, high, sparse;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbered_tables_are_cut_without_gap_or_overlap() {
    let pair = Pair::with("numbered", NUMBERED);
    let mut stream = pair.follow().await;
    let chunks =
        "SELECT COUNT(*), SUM(bounds LIKE '%\"40000\"%') FROM reberth.chunk WHERE table_name = ";
    for (table, expected) in [
        ("dense", "3\t2"),
        ("low", "2\t0"),
        ("high", "2\t0"),
        ("sparse", "2\t0"),
    ] {
        let cut = pair.target.sql(&format!("{chunks} '{table}'")).unwrap();
        assert_eq!(cut.trim(), expected, "{table}");
    }
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    // Verification cuts likewise, and has to meet every row once, those behind the highest number of all too.
    pair.run("INSERT INTO dense VALUES (2000000000, 0), (-2000000000, 0)");
    pair.drain(&mut stream).await;
    let report = verify::verify(&pair.forward(), |_, _| {}).await.unwrap();
    assert!(report.is_equal(), "{report:?}");
    for (table, rows) in [
        ("dense", 60_001),
        ("low", 50_000),
        ("high", 50_000),
        ("sparse", 50_000),
    ] {
        let verified = report.tables.iter().find(|verified| verified.name == table);
        assert_eq!(
            verified.map(|verified| verified.rows),
            Some(rows),
            "{table}"
        );
    }
    stream.stop().await.unwrap();
}

/// The borders of the chunks are keys whose order by bytes is another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_text_are_cut_by_their_own_collation() {
    let pair = Pair::with(
        "collated",
        "CREATE TABLE spelled (code VARCHAR(20) COLLATE utf8mb4_unicode_ci PRIMARY KEY); INSERT INTO spelled SELECT CONCAT(IF(seq DIV 40000 % 2, 'k', 'K'), LPAD(seq, 7, '0')) FROM seq_1_to_100000; ANALYZE TABLE spelled",
    );
    let stream = pair.follow().await;
    let chunks = "SELECT COUNT(*) > 2 FROM reberth.chunk WHERE table_name = 'spelled'";
    assert_eq!(pair.target.sql(chunks).expect("a count").trim(), "1");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

/// With LOCAL the server cuts what does not fit and only warns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_would_cut_a_value_leaves_nothing_behind() {
    let pair = Pair::with(
        "cut",
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'short'), (2, 'much too long');",
    );
    pair.follow().await.stop().await.unwrap();
    // As if the table had not been copied yet, and somebody had made its column narrower.
    pair.target
        .sql(
            "TRUNCATE lms_core.t; ALTER TABLE lms_core.t MODIFY v VARCHAR(5);
             UPDATE reberth.stream SET phase = 'copying'; UPDATE reberth.chunk SET is_done = FALSE WHERE table_name = 't';",
        )
        .unwrap();
    let error = error_of(&mut RunningStream::start(pair.forward())).await;
    assert_eq!(error.code(), "RB-REP-003", "{error}");
    let left = "SELECT COUNT(*), (SELECT COUNT(*) FROM reberth.chunk WHERE table_name = 't' AND is_done) FROM lms_core.t";
    assert_eq!(pair.target.sql(left).unwrap().trim(), "0\t0");
}

/// The budget of one process is 256 MiB; one of these rows alone is larger.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_hundreds_of_megabytes_passes_within_the_budget() {
    let options = ["--max-allowed-packet=1G", "--innodb-log-file-size=1G"];
    let start = |name: &str| Server::start(name, &options).expect("a server");
    let pair = Pair {
        source: start("blob-source"),
        target: start("blob-target"),
    };
    let size = Size {
        learners: 1,
        submissions: 1,
    };
    learning::seed(&pair.source, size).unwrap();
    learning::prepare_target(&pair.target).unwrap();
    pair.run(
        "CREATE TABLE blobs (id INT PRIMARY KEY, body LONGBLOB, tail VARCHAR(9)); \
         INSERT INTO blobs VALUES (1, REPEAT(x'0a5c61ff', 75000000), 'end'), (2, '', NULL), (3, REPEAT('b', 20000000), 'x');",
    );
    let stream = pair.follow().await;
    let highest = highest_kib();
    eprintln!("highest memory: {highest} KiB");
    assert!(highest < 256 * 1024, "{highest} KiB");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

/// What makes a server hold transactions back that are in its log already, and what lets go of them. A replica is to acknowledge them, and there is none.
fn holding_back(product: Product) -> [&'static str; 2] {
    match product {
        Product::MySql => [
            "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; SET GLOBAL rpl_semi_sync_source_timeout = 3600000; SET GLOBAL rpl_semi_sync_source_enabled = ON",
            "SET GLOBAL rpl_semi_sync_source_enabled = OFF",
        ],
        _ => [
            "SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC; SET GLOBAL rpl_semi_sync_master_timeout = 3600000; SET GLOBAL rpl_semi_sync_master_enabled = ON",
            "SET GLOBAL rpl_semi_sync_master_enabled = OFF",
        ],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_position_lies_before_what_is_logged_and_not_visible_yet() {
    begin_before_the_unseen(MARIADB, "DO 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_position_of_mysql_lies_before_what_is_logged_and_not_visible_yet() {
    begin_before_the_unseen(MYSQL, "DO 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_position_of_mysql_without_names_lies_before_what_is_not_visible_yet() {
    let unnamed = "SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = OFF_PERMISSIVE; SET GLOBAL gtid_mode = OFF";
    begin_before_the_unseen(MYSQL, unnamed).await;
}

/// Its table is copied while it cannot be seen, so it can come by the replay only.
async fn begin_before_the_unseen(products: Products, setting: &str) {
    let pair = Pair::with_on(
        products,
        "first",
        "CREATE TABLE held (id INT PRIMARY KEY); INSERT INTO held VALUES (1); DROP TABLE lesson_view",
    );
    let [hold_back, let_go] = holding_back(pair.source.product());
    pair.run(setting);
    pair.run(hold_back);
    let before = pair.log_end();
    let pair = Arc::new(pair);
    let held = pair.clone();
    let held = tokio::task::spawn_blocking(move || held.run("INSERT INTO held VALUES (2)"));
    while pair.log_end() == before {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // It is in the log and cannot be seen.
    becomes(&pair.source, "SELECT COUNT(*) FROM lms_core.held", "1").await;
    let mut stream = RunningStream::start(pair.forward());
    reach(&mut stream, |progress| progress.phase == "copying").await;
    let copied = "SELECT COALESCE(SUM(is_done), 0) FROM reberth.chunk WHERE table_name = 'held'";
    becomes(&pair.target, copied, "1").await;
    assert!(!held.is_finished(), "it was to be held back until now");
    pair.run(let_go);
    held.await.expect("it is written");
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

/// A table without a key is read at one place of the log. Here a transaction stands in the log for seconds before anybody sees it, because a replica is to
/// acknowledge it and there is none: a place behind it would leave it out of the copy and of the replay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_logged_and_not_visible_yet_is_not_taken_for_copied() {
    let pair = Pair::with_on(
        MYSQL,
        "unseen",
        "CREATE TABLE loose (v INT); INSERT INTO loose VALUES (1)",
    );
    pair.run("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; SET GLOBAL rpl_semi_sync_source_timeout = 10000; SET GLOBAL rpl_semi_sync_source_enabled = ON");
    let before = pair.log_end();
    let mut stream = std::thread::scope(|scope| {
        scope.spawn(|| pair.run("INSERT INTO loose VALUES (2)"));
        while pair.log_end() == before {
            std::thread::sleep(Duration::from_millis(20));
        }
        let seen = pair
            .source
            .sql("SELECT COUNT(*) FROM lms_core.loose")
            .expect("it works");
        assert_eq!(seen.trim(), "1", "it is in the log and cannot be seen");
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(pair.follow()))
    });
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}
