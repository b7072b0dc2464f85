//! From one family to the other, and from a newer MariaDB to an older one.

use reberth_replicate::mysql::preflight;
use reberth_replicate::mysql::verify::verify;
use reberth_testkit::database::Product;

use crate::pair::{Pair, Products};
use crate::rules::follow_changes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_mysql_to_mariadb() {
    follow_changes((Product::MySql, Product::MariaDb)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_mariadb_to_mysql() {
    follow_changes((Product::MariaDb, Product::MySql)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_a_newer_mariadb() {
    follow_changes((Product::MariaDb11, Product::MariaDb)).await;
}

/// Programs as the sessions of a server make them that use its own default collation.
async fn programs_cross(products: Products, name: &str, collation: &str) {
    let programs = format!(
        "SET NAMES utf8mb4 COLLATE {collation}; SET GLOBAL log_bin_trust_function_creators = 1;
         CREATE FUNCTION plain(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
         CREATE FUNCTION said(a VARCHAR(40) CHARACTER SET utf8mb4 COLLATE {collation}) RETURNS VARCHAR(40) CHARACTER SET utf8mb4 COLLATE {collation} DETERMINISTIC RETURN IF(a = 'x' COLLATE {collation}, 'é', '{collation}');
         CREATE FUNCTION timed() RETURNS DATETIME DETERMINISTIC RETURN '2026-01-01 00:00:00.7';
         CREATE PROCEDURE counted(OUT n INT) READS SQL DATA SELECT COUNT(*) INTO n FROM learner;
         CREATE VIEW first_ones AS SELECT id, plain(id) AS twice FROM learner WHERE name <> 'x';
         CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' DO DELETE FROM badge"
    );
    let pair = Pair::with_on(products, name, &programs);
    let grants = match products.0 {
        Product::MySql => "GRANT SHOW_ROUTINE ON *.* TO reader@'%'",
        _ => "GRANT SELECT ON mysql.proc TO reader@'%'",
    };
    pair.run(&format!(
        "GRANT TRIGGER, EVENT ON lms_core.* TO reader@'%'; {grants}"
    ));
    pair.target
        .sql("SET GLOBAL log_bin_trust_function_creators = 1")
        .expect("the target makes functions");
    pair.follow().await.stop().await.expect("the stream stops");
    let report = verify(&pair.forward(), |_, _| {})
        .await
        .expect("both answer");
    assert_eq!(report.schema_differences, Vec::<String>::new());
    let used = "USE lms_core; SELECT said('x'), LENGTH(said('y')) > 10, twice, timed() FROM first_ones LIMIT 1";
    let answers = [&pair.source, &pair.target].map(|server| server.sql(used));
    let answers = answers.map(|answer| answer.expect("the programs run"));
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_cross_from_mysql_to_mariadb() {
    let products = (Product::MySql, Product::MariaDb);
    programs_cross(products, "crossed-programs-in", "utf8mb4_0900_ai_ci").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_cross_from_a_newer_mariadb_to_mysql() {
    let products = (Product::MariaDb11, Product::MySql);
    programs_cross(products, "crossed-programs-out", "utf8mb4_uca1400_ai_ci").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_the_target_refuses_stops_no_row_and_is_named() {
    let pair = Pair::with_on(
        (Product::MariaDb, Product::MySql),
        "crossed-refused",
        "SET GLOBAL log_bin_trust_function_creators = 1; CREATE PROCEDURE of_mariadb() SELECT NVL2(1, 2, 3); CREATE PROCEDURE worse() DELETE FROM badge WHERE FALSE RETURNING code;
         SET sql_mode = 'SIMULTANEOUS_ASSIGNMENT'; CREATE PROCEDURE swaps() UPDATE learner SET name = email, email = name; SET sql_mode = DEFAULT;
         CREATE VIEW odd AS SELECT id, TO_CHAR(joined_at, 'YYYY') AS y FROM learner; CREATE VIEW plain AS SELECT id FROM learner; GRANT SELECT ON mysql.proc TO reader@'%'",
    );
    let mut stream = pair.follow().await;
    pair.run("UPDATE learner SET points = points + 1");
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
    let report = verify(&pair.forward(), |_, _| {}).await.unwrap();
    let named = |name: &str| {
        report
            .schema_differences
            .iter()
            .any(|words| words.contains(name))
    };
    assert!(
        named("procedure worse is missing")
            && named("procedure swaps is missing")
            && named("view odd is missing"),
        "{report:?}"
    );
    let found = preflight::run(&pair.forward()).await.expect("both answer");
    let blockers = found.blockers();
    assert!(
        blockers.len() == 1 && blockers[0].contains("swaps"),
        "{blockers:?}"
    );
    assert!(!named("plain"), "{report:?}");
}

/// Changes of the schema by a session that speaks its server's own default collation, and names collations that the other family does not have.
async fn changes_of_the_schema_cross(products: Products, name: &str, collations: [&str; 3]) {
    let [own, named, of_database] = collations;
    let pair = Pair::with_on(products, name, "CREATE TABLE seat (id INT PRIMARY KEY)");
    let mut stream = pair.follow().await;
    pair.run(&format!(
        "SET NAMES utf8mb4 COLLATE {own}, collation_server = {own};
         ALTER TABLE seat ADD label VARCHAR(9) NOT NULL DEFAULT 'é', ADD named VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {named} DEFAULT 'a';
         SET sql_mode = 'NO_BACKSLASH_ESCAPES'; ALTER TABLE seat ADD slash VARCHAR(9) DEFAULT '\\', ADD behind VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {named}; SET sql_mode = DEFAULT; INSERT INTO seat (id) VALUES (1);
         ALTER DATABASE COLLATE {of_database}; CREATE TABLE made (v VARCHAR(9) PRIMARY KEY); INSERT INTO made VALUES ('a'), ('A'), ('a ')"
    ));
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("the stream stops");
    let report = verify(&pair.forward(), |_, _| {}).await;
    let differences = report.expect("both answer").schema_differences;
    assert_eq!(differences, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_schema_cross_from_mysql_to_mariadb() {
    changes_of_the_schema_cross(
        (Product::MySql, Product::MariaDb),
        "crossed-schema-in",
        [
            "utf8mb4_0900_ai_ci",
            "utf8mb4_sv_0900_ai_ci",
            "utf8mb4_0900_bin",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_schema_cross_from_a_newer_mariadb_to_mysql() {
    changes_of_the_schema_cross(
        (Product::MariaDb11, Product::MySql),
        "crossed-schema-out",
        [
            "utf8mb4_uca1400_ai_ci",
            "utf8mb4_uca1400_swedish_ai_ci",
            "utf8mb4_nopad_bin",
        ],
    )
    .await;
}

/// Defaults that the two families write in other words, and a counter that has given its last number.
const ODD_DEFAULTS: &str = r"CREATE TABLE odd (id TINYINT AUTO_INCREMENT PRIMARY KEY, a BINARY(4) DEFAULT '', b VARBINARY(10) DEFAULT 'abc', c BINARY(3) NOT NULL DEFAULT 'q',
    d ENUM('a','b') CHARACTER SET binary DEFAULT 'a', e SET('x','y') CHARACTER SET binary NOT NULL DEFAULT 'x,y', f BIT(3) DEFAULT b'101', g DECIMAL(5,2) DEFAULT 1,
    h VARCHAR(9) DEFAULT '''', i VARCHAR(9) DEFAULT 'a\\b', j VARCHAR(9) DEFAULT 'é', m DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), n DOUBLE DEFAULT 1e10) CHARACTER SET latin1;
    CREATE TABLE computed (id INT PRIMARY KEY, k VARCHAR(20) DEFAULT (CONCAT('a b', '(c)')), l INT DEFAULT (1 + 2)) CHARACTER SET latin1;
    INSERT INTO odd (id) VALUES (127)";

async fn odd_defaults_cross(products: Products, name: &str) {
    let pair = Pair::with_on(products, name, ODD_DEFAULTS);
    let stream = pair.follow().await;
    stream.stop().await.expect("the stream stops");
    let report = verify(&pair.forward(), |_, _| {}).await;
    let report = report.expect("both answer");
    assert_eq!(report.schema_differences, Vec::<String>::new());
    let is_odd = |words: &String| words.contains("table odd");
    assert!(!report.counters_behind.iter().any(is_odd), "{report:?}");
    // Another default is told.
    let other = "ALTER TABLE lms_core.odd ALTER b SET DEFAULT 'abd', ALTER h SET DEFAULT '\"'";
    pair.target.sql(other).expect("the target takes it");
    let report = verify(&pair.forward(), |_, _| {}).await;
    let differences = report.expect("both answer").schema_differences;
    assert_eq!(differences.len(), 2, "{differences:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_cross_from_mysql_to_mariadb() {
    odd_defaults_cross((Product::MySql, Product::MariaDb), "crossed-defaults-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_cross_from_mariadb_to_mysql() {
    odd_defaults_cross((Product::MariaDb, Product::MySql), "crossed-defaults-out").await;
}
