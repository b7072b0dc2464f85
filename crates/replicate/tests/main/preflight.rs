//! What would not arrive whole is named before anything is moved.

use crate::pair::Pair;
use reberth_replicate::mysql::preflight::{self, Verdict};
use reberth_testkit::learning::DATABASE;

/// SQL, and the subjects of the blockers that it causes.
const CASES: &[(&str, &[&str])] = &[
    (
        "CREATE TABLE squeezed (id INT PRIMARY KEY, v TEXT COMPRESSED)",
        &["table squeezed"],
    ),
    (
        "CREATE TABLE long_unique (id INT PRIMARY KEY, v TEXT, UNIQUE KEY v_once (v))",
        &["table long_unique"],
    ),
    (
        "CREATE TABLE price (id INT PRIMARY KEY, cents INT) WITH SYSTEM VERSIONING",
        &["table price"],
    ),
    (
        "SET sql_mode = ''; CREATE TABLE answer (id INT PRIMARY KEY, sure ENUM('yes','no') NULL, sent ENUM('','post'));
         INSERT INTO answer VALUES (1, 'perhaps', 'post')",
        &["table answer"],
    ),
    (
        "CREATE TABLE choice (id INT PRIMARY KEY, sure ENUM('yes','no') NULL, sent ENUM('','post'), several SET('a','b'));
         INSERT INTO choice VALUES (1, NULL, '', '')",
        &[],
    ),
    (
        "CREATE TABLE hen (id INT PRIMARY KEY, egg INT, KEY (egg));
         CREATE TABLE egg (id INT PRIMARY KEY, hen INT, CONSTRAINT egg_hen FOREIGN KEY (hen) REFERENCES hen (id) ON UPDATE CASCADE);
         ALTER TABLE hen ADD CONSTRAINT hen_egg FOREIGN KEY (egg) REFERENCES egg (id) ON UPDATE CASCADE",
        &["cascades"],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_carried_blocks() {
    let pair = Pair::with("preflight", "");
    let mut expected: Vec<&str> = Vec::new();
    for (sql, subjects) in CASES {
        pair.run(sql);
        expected.extend(*subjects);
        expected.sort_unstable();
        let blockers = preflight::run(&pair.forward()).await.unwrap().blockers();
        let mut found: Vec<&str> = blockers
            .iter()
            .filter_map(|line| Some(line.split_once(':')?.0))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{sql}: {blockers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_takes_no_load_is_told_what_it_costs() {
    let pair = Pair::with("loading", "");
    for takes_load in [true, false] {
        let sql = format!("SET GLOBAL local_infile = {takes_load}");
        pair.target.sql(&sql).unwrap();
        let found = preflight::run(&pair.forward()).await.unwrap();
        let finding = found
            .findings
            .iter()
            .find(|finding| finding.subject == "writing of rows");
        let verdict = &finding.expect("it is told").verdict;
        assert_eq!(*verdict == Verdict::Fine, takes_load, "{verdict:?}");
        assert!(!matches!(verdict, Verdict::Blocker(_)), "{verdict:?}");
    }
}

/// A start that is killed while it makes the tables leaves some of them and no state: the next start needs nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_tables_of_a_killed_start_stand_in_nobodys_way() {
    let pair = Pair::with("leftovers", "CREATE TABLE lesson (id INT PRIMARY KEY)");
    let verdict = async || {
        let found = preflight::run(&pair.forward()).await.unwrap().findings;
        let mut found = found
            .into_iter()
            .filter(|finding| finding.subject == "target database");
        found.next().expect("it is told").verdict
    };
    assert_eq!(verdict().await, Verdict::Fine);
    for (sql, is_blocked) in [
        ("CREATE TABLE lesson (id INT PRIMARY KEY)", false),
        ("INSERT INTO lesson VALUES (1)", true),
        ("TRUNCATE lesson", false),
        ("CREATE TABLE stranger (id INT PRIMARY KEY)", true),
    ] {
        pair.target
            .sql(&format!(
                "CREATE DATABASE IF NOT EXISTS {DATABASE}; USE {DATABASE}; {sql}"
            ))
            .unwrap();
        let verdict = verdict().await;
        assert_eq!(
            matches!(verdict, Verdict::Blocker(_)),
            is_blocked,
            "{sql}: {verdict:?}"
        );
    }
}
