//! Every column type that is carried: copied, inserted, updated, deleted, as a value, as a key, and without a key.

mod values;

use crate::pair::{MYSQL, Pair, Products, usual};
use reberth_replicate::mysql::verify::verify;

use values::{LARGE_TYPES, TYPES};

const SESSION: &str =
    "SET sql_mode = 'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'; SET time_zone = '+00:00';";

/// Tables with the type as a value (`v`), as a key (`k`), as the second part of a key (`c`), and in a table without a key (`n`).
fn tables(number: usize, column: &str, values: &[&str], is_key: bool) -> String {
    let mut sql = format!(
        "CREATE TABLE v{number} (id INT PRIMARY KEY, v {column} NULL, w INT); CREATE TABLE n{number} (v {column} NULL, w INT);"
    );
    if is_key {
        sql += &format!(
            "CREATE TABLE k{number} (v {column} NOT NULL, w INT, PRIMARY KEY (v)); CREATE TABLE c{number} (a INT NOT NULL, v {column} NOT NULL, w INT, UNIQUE KEY only (a, v));"
        );
    }
    for (at, value) in values.iter().enumerate() {
        sql += &format!(
            "INSERT INTO v{number} VALUES ({at}, {value}, 0); INSERT INTO n{number} VALUES ({value}, 0), ({value}, 0);"
        );
        if is_key {
            sql += &format!(
                "INSERT IGNORE INTO k{number} VALUES ({value}, 0); INSERT IGNORE INTO c{number} VALUES (1, {value}, 0);"
            );
        }
    }
    sql + &format!(
        "INSERT INTO v{number} VALUES (90, NULL, 0); INSERT INTO n{number} VALUES (NULL, NULL);"
    )
}

/// Inserts, updates and deletes of each of them.
fn changes(number: usize, values: &[&str], is_key: bool) -> String {
    let (first, second) = (values[0], values[1]);
    let mut sql = String::new();
    for (at, value) in values.iter().enumerate() {
        sql += &format!(
            "INSERT INTO v{number} VALUES ({}, {value}, 1); INSERT INTO n{number} VALUES ({value}, 1);",
            100 + at
        );
        if is_key {
            sql += &format!("INSERT IGNORE INTO c{number} VALUES (2, {value}, 1);");
        }
    }
    sql += &format!(
        "UPDATE v{number} SET v = {second} WHERE id = 0; UPDATE v{number} SET v = NULL WHERE id = 1; UPDATE v{number} SET v = {first} WHERE id = 90; DELETE FROM v{number} WHERE id = 100;
         UPDATE n{number} SET w = 2 ORDER BY w LIMIT 3; DELETE FROM n{number} WHERE w = 0 LIMIT 1; UPDATE n{number} SET v = {first} WHERE v IS NULL;"
    );
    if is_key {
        sql += &format!(
            "UPDATE k{number} SET w = w + 1; UPDATE c{number} SET w = w + 1 WHERE a = 1; UPDATE c{number} SET a = 3 WHERE a = 2;
             DELETE FROM k{number} LIMIT 1; DELETE FROM c{number} WHERE a = 1 LIMIT 1; INSERT IGNORE INTO k{number} VALUES ({first}, 5), ({second}, 5);
             DELETE FROM k{number} ORDER BY v LIMIT 1;"
        );
    }
    sql
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_arrives_byte_for_byte() {
    carry_every_type(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_mysql_arrives_byte_for_byte() {
    carry_every_type(MYSQL).await;
}

async fn carry_every_type(products: Products) {
    let all: Vec<(&str, &[&str], bool)> = TYPES
        .iter()
        .map(|(column, values)| (*column, *values, true))
        .chain(
            LARGE_TYPES
                .iter()
                .map(|(column, values)| (*column, *values, false)),
        )
        .collect();
    let made: String = all
        .iter()
        .enumerate()
        .map(|(number, (column, values, is_key))| tables(number, column, values, *is_key))
        .collect();
    let pair = Pair::with_on(products, "types", &format!("{SESSION} {made}"));
    let name = |table: &String| {
        let number = table[1..]
            .split(':')
            .next()
            .and_then(|text| text.parse().ok());
        number.map_or(table.clone(), |number: usize| {
            format!("{} in {table}", all[number].0)
        })
    };
    let mut stream = pair.follow().await;
    assert_eq!(
        pair.differing_tables().iter().map(name).collect::<Vec<_>>(),
        Vec::<String>::new(),
        "after the copy"
    );
    let changed: String = all
        .iter()
        .enumerate()
        .map(|(number, (_, values, is_key))| changes(number, values, *is_key))
        .collect();
    pair.run(&format!("{SESSION} {changed}"));
    pair.drain(&mut stream).await;
    assert_eq!(
        pair.differing_tables().iter().map(name).collect::<Vec<_>>(),
        Vec::<String>::new(),
        "after changes"
    );
    let report = verify(&pair.forward(), |_, _| {}).await.expect("it works");
    assert!(
        report.is_equal(),
        "{:?} {:?} {:?}",
        report.differences,
        report.open,
        report.schema_differences
    );
    stream.stop().await.expect("it works");
}
