//! Whether two servers hold the same rows.
//!
//! Not by the server's own checksums: MariaDB's `CHECKSUM TABLE` leaves a stored generated column out but takes whatever its null bit was in
//! the table's buffer, so that two tables of the same rows, and even one table asked twice, may have different sums.

use std::collections::HashMap;

use reberth_testkit::database::Server;
use reberth_testkit::learning::DATABASE;

/// Tables whose rows are not the same on both servers, value by value, with the rows.
pub(crate) fn differing_tables(source: &Server, target: &Server) -> Vec<String> {
    let columns = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = '{DATABASE}' AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME, ORDINAL_POSITION"
    );
    let list = source.sql(&columns).expect("the columns are listed");
    // MariaDB calls JSON a text with a check, so the source and the target may each be the one that knows.
    let other = target.sql(&columns).expect("the columns are listed");
    let is_crossed = source.product() != target.product();
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for line in list.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let as_json = format!("{}\t{}\tjson", fields[0], fields[1]);
        let is_json = line == as_json || other.lines().any(|line| line == as_json);
        let kind = match is_json {
            true if is_crossed => "json",
            true => "longtext",
            false => fields[2],
        };
        let value = value(fields[1], kind);
        match tables.last_mut() {
            Some((table, values)) if table == fields[0] => values.push(value),
            _ => tables.push((fields[0].to_owned(), vec![value])),
        }
    }
    let differing = tables.iter().filter_map(|(table, values)| {
        let sql = format!("SELECT {} FROM {DATABASE}.`{table}`", values.join(","));
        let rows = |server: &Server| server.sql(&sql).expect("the rows are read");
        let (source, target) = (rows(source), rows(target));
        let (left, right) = (beyond(&source, &target), beyond(&target, &source));
        let is_same = left.is_empty() && right.is_empty();
        (!is_same).then(|| {
            format!("{table}: only the source has {left:?}, only the target has {right:?}")
        })
    });
    differing.collect()
}

/// The rows that one has oftener than the other.
fn beyond<'a>(one: &'a str, other: &'a str) -> Vec<&'a str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for row in other.lines() {
        *counts.entry(row).or_default() += 1;
    }
    let is_beyond = |row: &&'a str| match counts.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    one.lines().filter(is_beyond).collect()
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
        // They may be longer than an answer can be.
        "longtext" | "longblob" => format!("LENGTH(`{column}`), SHA2(`{column}`, 256)"),
        _ => format!("HEX(`{column}`)"),
    }
}
