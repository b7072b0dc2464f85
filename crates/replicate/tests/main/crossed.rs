//! From one family to the other, and from a newer MariaDB to an older one.

use reberth_testkit::database::{Product, Server};
use reberth_testkit::learning::DATABASE;

use crate::rules::follow_changes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_mysql_to_mariadb() {
    follow_changes((Product::MySql, Product::MariaDb)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_a_newer_mariadb() {
    follow_changes((Product::MariaDb11, Product::MariaDb)).await;
}

/// Tables whose rows are not the same on both servers, value by value.
pub(crate) fn differing_tables(source: &Server, target: &Server) -> Vec<String> {
    let columns = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{DATABASE}' ORDER BY TABLE_NAME, ORDINAL_POSITION"
    );
    let list = source.sql(&columns).expect("the columns are listed");
    // MariaDB calls JSON a text with a check, so the source and the target may each be the one that knows.
    let other = target.sql(&columns).expect("the columns are listed");
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for (line, other) in list.lines().zip(other.lines()) {
        let fields: Vec<&str> = line.split('\t').collect();
        let is_json = line.ends_with("\tjson") || other.ends_with("\tjson");
        let value = value(fields[1], if is_json { "json" } else { fields[2] });
        match tables.last_mut() {
            Some((table, values)) if table == fields[0] => values.push(value),
            _ => tables.push((fields[0].to_owned(), vec![value])),
        }
    }
    let differs = |(table, values): &(String, Vec<String>)| {
        let sql = format!("SELECT {} FROM {DATABASE}.`{table}`", values.join(","));
        let rows = |server: &Server| {
            let answer = server.sql(&sql).expect("the rows are read");
            let mut rows: Vec<String> = answer.lines().map(str::to_owned).collect();
            rows.sort();
            rows
        };
        rows(source) != rows(target)
    };
    let differing = tables.iter().filter(|table| differs(table));
    differing.map(|(table, _)| table.clone()).collect()
}

/// An expression that both families answer with the same text exactly if the values are the same.
fn value(column: &str, kind: &str) -> String {
    match kind {
        "float" | "double" => format!("`{column}`*1e0"),
        "bit" => format!("`{column}`+0"),
        // The servers print JSON each in its own way; of what the tests hold, this is the same.
        "json" => format!(
            "HEX(REPLACE(JSON_UNQUOTE(JSON_EXTRACT(`{column}`, '$.a[2]')), ' ', '')), JSON_LENGTH(`{column}`)"
        ),
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" | "date"
        | "time" | "datetime" | "timestamp" => format!("`{column}`"),
        _ => format!("HEX(`{column}`)"),
    }
}
