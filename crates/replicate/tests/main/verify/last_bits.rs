//! Doubles and floats are compared to their last bit, though their texts are long or differ between the families.

use crate::pair::{MYSQL, Pair, Products};
use reberth_replicate::mysql::verify::verify;
use reberth_testkit::database::Product;

/// Doubles whose exact text is long, or not the same in both families, each with a neighbour.
const DOUBLES: [(&str, &str); 15] = [
    ("-2.2250738585072014e-308", "-2.225073858507202e-308"),
    ("1.7976931348623157e308", "1.7976931348623155e+308"),
    ("-1.2345678901234567e-5", "-1.234567890123457e-05"),
    ("4.0992696575760865e306", "4.099269657576087e+306"),
    ("1e-103", "1.0000000000000001e-103"),
    ("-1234567.8901234567", "-1234567.890123457"),
    ("5e-324", "1e-323"),
    ("1e-320", "1.0005e-320"),
    ("-1.7976931348623157e308", "-1.7976931348623155e+308"),
    ("1.2345678901234567e-10", "1.234567890123457e-10"),
    ("-2.3007864413529e-15", "-2.3007864413529003e-15"),
    ("1e15", "1000000000000000.1"),
    ("-9.999999999999999e-209", "-1e-208"),
    ("0.001", "0.0010000000000000002"),
    ("-1e99", "-1.0000000000000001e+99"),
];
/// Floats likewise.
const FLOATS: [(&str, &str); 3] = [
    ("1e-30", "1.0000001e-30"),
    ("-1e-10", "-1.0000001e-10"),
    ("3.4e38", "3.4000001e38"),
];

async fn every_last_bit_is_compared(products: Products, name: &str) {
    let pair = Pair::with_on(
        products,
        name,
        "CREATE TABLE doubles (id INT PRIMARY KEY, d DOUBLE, n DOUBLE NOT NULL DEFAULT 0, f FLOAT)",
    );
    for (id, (value, _)) in DOUBLES.iter().enumerate() {
        pair.run(&format!(
            "INSERT INTO doubles VALUES ({id}, {value}, {value}, NULL)"
        ));
    }
    for (id, (value, _)) in FLOATS.iter().enumerate() {
        pair.run(&format!(
            "INSERT INTO doubles (id, f) VALUES (10{id}, {value})"
        ));
    }
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    stream.stop().await.expect("it goes on");
    let report = verify(&pair.forward(), |_, _| {}).await.expect("it works");
    assert!(report.is_equal(), "{report:?}");
    let doubles = ["d", "n"].map(|column| (column, "", &DOUBLES[..]));
    let mut planted = Vec::new();
    for (column, before, values) in doubles.into_iter().chain([("f", "10", &FLOATS[..])]) {
        for (id, (_, neighbour)) in values.iter().enumerate() {
            let id = format!("{before}{id}");
            pair.target
                .sql(&format!(
                    "UPDATE lms_core.doubles SET {column} = {neighbour} WHERE id = {id}"
                ))
                .expect("the target is written");
            planted.push((id, column));
        }
    }
    let report = verify(&pair.forward(), |_, _| {}).await.expect("it works");
    for (id, column) in planted {
        let found = report.differences.iter().find(|found| found.key == id);
        let columns = found
            .map(|found| found.columns.join(" "))
            .unwrap_or_default();
        assert!(
            columns.split_whitespace().any(|word| word == column),
            "{column} of {id}: {columns:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_last_bit_of_a_double_is_compared() {
    every_last_bit_is_compared(MYSQL, "doubles-mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_last_bit_of_a_double_is_compared_across_families() {
    every_last_bit_is_compared((Product::MariaDb, Product::MySql), "doubles-crossed").await;
}
