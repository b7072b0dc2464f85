//! Every column type that is carried: copied, inserted, updated, deleted, as a value, as a key, and without a key.

use crate::pair::{MYSQL, Pair, Products, usual};
use reberth_replicate::mysql::verify::verify;

/// A type with values at its edges, as SQL. The first two are different from all others and from each other also as keys.
const TYPES: &[(&str, &[&str])] = &[
    ("TINYINT", &["-128", "127", "0", "-1"]),
    ("TINYINT UNSIGNED", &["255", "0", "127", "128"]),
    ("SMALLINT", &["-32768", "32767", "0", "-1"]),
    ("SMALLINT UNSIGNED", &["65535", "0", "32768"]),
    ("MEDIUMINT", &["-8388608", "8388607", "0", "-1"]),
    ("MEDIUMINT UNSIGNED", &["16777215", "0", "8388608"]),
    ("INT", &["-2147483648", "2147483647", "0", "-1"]),
    ("INT UNSIGNED", &["4294967295", "0", "2147483648"]),
    ("INT(8) ZEROFILL", &["42", "0", "4294967295"]),
    (
        "BIGINT",
        &["-9223372036854775808", "9223372036854775807", "0", "-1"],
    ),
    (
        "BIGINT UNSIGNED",
        &["18446744073709551615", "0", "9223372036854775808"],
    ),
    ("BOOLEAN", &["TRUE", "FALSE"]),
    (
        "DECIMAL(65,30)",
        &[
            "-12345678901234567890123456789012345.000000000000000000000000000001",
            "99999999999999999999999999999999999.999999999999999999999999999999",
            "0",
            "-0.1",
        ],
    ),
    ("DECIMAL(5,0)", &["-99999", "99999", "0"]),
    ("DECIMAL(10,9)", &["-9.000000001", "0.000000001", "0"]),
    ("DECIMAL(9,9)", &["-0.000000001", "0.999999999", "0"]),
    ("DECIMAL(12,4) UNSIGNED", &["0.0001", "99999999.9999"]),
    (
        "FLOAT",
        &[
            "16777215",
            "-3.40282346e38",
            "3.40282346e38",
            "1.17549435e-38",
            "1.4e-45",
            "0.1",
            "-0e0",
            "0e0",
        ],
    ),
    ("FLOAT(9,3)", &["1234.567", "-0.001", "0"]),
    (
        "DOUBLE",
        &[
            "1.7976931348623157e308",
            "-2.2250738585072014e-308",
            "4.9e-324",
            "0.1",
            "1e22",
            "123456789.12345678",
            "-0e0",
            "0e0",
        ],
    ),
    ("DOUBLE(12,4)", &["12345678.1234", "-0.0001", "0"]),
    ("BIT(1)", &["b'1'", "b'0'"]),
    ("BIT(7)", &["b'1111111'", "0"]),
    ("BIT(9)", &["b'100000001'", "0", "255", "39"]),
    ("BIT(64)", &["18446744073709551615", "0", "92", "10023"]),
    ("YEAR", &["2155", "1901", "0", "'0000'", "2000"]),
    (
        "DATE",
        &[
            "'9999-12-31'",
            "'1000-01-01'",
            "'0000-00-00'",
            "'2024-02-29'",
            "'2024-00-00'",
            "'2023-02-31'",
        ],
    ),
    (
        "DATETIME",
        &[
            "'9999-12-31 23:59:59'",
            "'1000-01-01 00:00:00'",
            "'0000-00-00 00:00:00'",
            "'2024-05-00 10:00:00'",
        ],
    ),
    (
        "DATETIME(1)",
        &["'2024-02-29 23:59:59.9'", "'1000-01-01 00:00:00.1'"],
    ),
    (
        "DATETIME(2)",
        &["'2024-02-29 23:59:59.99'", "'1000-01-01 00:00:00.01'"],
    ),
    (
        "DATETIME(3)",
        &["'2024-02-29 23:59:59.999'", "'1000-01-01 00:00:00.001'"],
    ),
    (
        "DATETIME(4)",
        &["'2024-02-29 23:59:59.9999'", "'1000-01-01 00:00:00.0001'"],
    ),
    (
        "DATETIME(5)",
        &["'2024-02-29 23:59:59.99999'", "'1000-01-01 00:00:00.00001'"],
    ),
    (
        "DATETIME(6)",
        &[
            "'9999-12-31 23:59:59.999999'",
            "'1000-01-01 00:00:00.000001'",
            "'0000-00-00 00:00:00'",
        ],
    ),
    (
        "TIMESTAMP",
        &[
            "'1970-01-01 00:00:01'",
            "'2038-01-19 03:14:07'",
            "'0000-00-00 00:00:00'",
            "'2024-02-29 12:00:00'",
        ],
    ),
    (
        "TIMESTAMP(1)",
        &["'2024-02-29 12:00:00.1'", "'2024-02-29 12:00:00.9'"],
    ),
    (
        "TIMESTAMP(2)",
        &["'2024-02-29 12:00:00.01'", "'2024-02-29 12:00:00.90'"],
    ),
    (
        "TIMESTAMP(3)",
        &["'2024-02-29 12:00:00.001'", "'2024-02-29 12:00:00.900'"],
    ),
    (
        "TIMESTAMP(4)",
        &["'2024-02-29 12:00:00.0001'", "'2024-02-29 12:00:00.9'"],
    ),
    (
        "TIMESTAMP(5)",
        &["'2024-02-29 12:00:00.00001'", "'2024-02-29 12:00:00.9'"],
    ),
    (
        "TIMESTAMP(6)",
        &[
            "'2024-02-29 12:00:00.000001'",
            "'2038-01-19 03:14:07.999999'",
            "'0000-00-00 00:00:00'",
        ],
    ),
    (
        "TIME",
        &[
            "'838:59:59'",
            "'-838:59:59'",
            "'00:00:00'",
            "'-00:00:01'",
            "'23:59:59'",
        ],
    ),
    (
        "TIME(1)",
        &["'-00:00:00.1'", "'00:00:00.1'", "'-10:00:00.9'"],
    ),
    (
        "TIME(2)",
        &[
            "'-00:00:00.01'",
            "'00:00:00.99'",
            "'-10:00:00.99'",
            "'-00:00:01.00'",
        ],
    ),
    (
        "TIME(3)",
        &["'-00:00:00.001'", "'00:00:00.999'", "'-10:59:59.999'"],
    ),
    (
        "TIME(4)",
        &["'-00:00:00.0001'", "'00:00:00.9999'", "'-10:59:59.9999'"],
    ),
    ("TIME(5)", &["'-00:00:00.00001'", "'00:00:00.99999'"]),
    (
        "TIME(6)",
        &[
            "'-838:59:58.999999'",
            "'838:59:58.999999'",
            "'-00:00:00.000001'",
            "'00:00:00.000001'",
        ],
    ),
    (
        "CHAR(5) CHARACTER SET utf8mb4",
        &["'\u{1F393}é'", "'b'", "''", "'a\\'\\\\'"],
    ),
    ("CHAR(5) CHARACTER SET latin1", &["'é€'", "'b'", "''"]),
    (
        "VARCHAR(20) CHARACTER SET utf8mb4",
        &[
            "'\u{1F393} x'",
            "'b'",
            "''",
            "' lead'",
            "'nul\\0nul'",
            "'q\\'\\\"\\\\%_\\n\\r\\Z'",
        ],
    ),
    (
        "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        &["'A'", "'a'", "'ä'", "'Ä'"],
    ),
    (
        "VARCHAR(300) CHARACTER SET utf8mb4",
        &["REPEAT('é', 200)", "'b'"],
    ),
    ("VARCHAR(20) CHARACTER SET utf8mb3", &["'é'", "'b'"]),
    (
        "VARCHAR(20) CHARACTER SET latin1",
        &["'é€'", "'b'", "'tail '"],
    ),
    (
        "VARCHAR(20) CHARACTER SET sjis",
        &["_sjis x'835c'", "'b'", "_sjis x'955c5c27'"],
    ),
    (
        "VARCHAR(20) CHARACTER SET gbk",
        &["_gbk x'd65c'", "'b'", "_gbk x'bf5c27'"],
    ),
    ("VARCHAR(20) CHARACTER SET ucs2", &["'é'", "'b'"]),
    ("VARCHAR(20) CHARACTER SET utf16", &["'\u{1F393}'", "'b'"]),
    (
        "BINARY(4)",
        &[
            "x'01000000'",
            "x'00000001'",
            "x'00000000'",
            "x'5c275c00'",
            "x'20202020'",
        ],
    ),
    ("BINARY(255)", &["x'01'", "REPEAT(x'ff', 255)"]),
    (
        "VARBINARY(20)",
        &["x'0100'", "x'01'", "x''", "x'5c27001a'", "x'ff20'"],
    ),
    (
        "ENUM('beta','alpha','it''s','é')",
        &["'alpha'", "'beta'", "'é'", "'it\\'s'"],
    ),
    ("ENUM('x','é') CHARACTER SET latin1", &["'x'", "'é'"]),
    (
        "SET('b','a','é','it''s')",
        &["'a,b'", "'é'", "''", "'b,a,é,it\\'s'"],
    ),
];

/// Types that make no key of their whole value.
const LARGE_TYPES: &[(&str, &[&str])] = &[
    ("TINYTEXT", &["'é'", "''"]),
    ("TEXT CHARACTER SET sjis", &["_sjis x'835c'", "''"]),
    ("TEXT", &["REPEAT('\u{1F393}', 10000)", "'tail  '"]),
    ("MEDIUMTEXT", &["REPEAT('é', 400000)", "'b'"]),
    ("LONGTEXT", &["REPEAT('\\'', 70000)", "'b'"]),
    ("TINYBLOB", &["x'00ff5c27'", "x''"]),
    ("BLOB", &["REPEAT(x'00ff5c27', 15000)", "x'00'"]),
    ("MEDIUMBLOB", &["REPEAT(x'5c', 400000)", "x'0000'"]),
    ("LONGBLOB", &["REPEAT(x'00', 70000)", "x''"]),
    ("JSON", &["'{\"a\": [1, 2.50, \"é\\\\n\"]}'", "'null'"]),
    (
        "GEOMETRY",
        &[
            "ST_GeomFromText('POINT(1 2)', 4326)",
            "ST_GeomFromText('LINESTRING(0 0,1 1)')",
        ],
    ),
    ("POINT", &["POINT(1.5, -2)", "POINT(0, 0)"]),
    (
        "POLYGON",
        &[
            "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')",
            "ST_GeomFromText('POLYGON((0 0,2 0,2 2,0 0))')",
        ],
    ),
];

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
