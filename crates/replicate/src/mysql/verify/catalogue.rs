//! What a server's catalogue says of its tables, part by part, in words that both families share where they can.

use std::collections::BTreeMap;

use super::column_default::{self, Told};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server::Flavour;
use crate::mysql::value::quote_text;

/// Each part of each table (`column price`, `index by_price`) with what the catalogue says of it.
pub(super) type Catalogue = BTreeMap<(String, String), String>;

/// Reads the catalogue of one database. `is_shared`: only what both families tell alike.
pub(super) async fn read(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    is_shared: bool,
) -> Result<Catalogue, ReplicateError> {
    let mut catalogue = Catalogue::new();
    for sql in part_queries(flavour, &quote_text(database)) {
        let parts: Vec<(String, String, String)> =
            session.rows("reading the catalogue", sql).await?;
        catalogue.extend(
            parts
                .into_iter()
                .map(|(table, part, text)| ((table, part), text.trim_end().to_owned())),
        );
    }
    catalogue.extend(read_columns(session, flavour, database, is_shared).await?);
    Ok(catalogue)
}

/// Indexes, foreign keys, partitions and the tables themselves.
fn part_queries(flavour: Flavour, database: &str) -> [String; 4] {
    let (column, hidden) = match flavour {
        Flavour::MariaDb => ("COLUMN_NAME", "IGNORED = 'YES'"),
        Flavour::MySql => ("COALESCE(COLUMN_NAME, EXPRESSION)", "IS_VISIBLE = 'NO'"),
    };
    [
        format!(
            "SELECT TABLE_NAME, CONCAT('index ', INDEX_NAME), CONCAT(IF(MAX(NON_UNIQUE), '', 'unique '), LOWER(MAX(INDEX_TYPE)), IF(MAX({hidden}), ' hidden', ''), ' (', \
             GROUP_CONCAT(CONCAT({column}, IF(SUB_PART IS NULL, '', CONCAT('(', SUB_PART, ')')), IF(COLLATION = 'D', ' desc', '')) ORDER BY SEQ_IN_INDEX), ') ', MAX(INDEX_COMMENT)) \
             FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {database} GROUP BY TABLE_NAME, INDEX_NAME"
        ),
        format!(
            "SELECT k.TABLE_NAME, CONCAT('foreign key ', k.CONSTRAINT_NAME), CONCAT('(', GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION), ') to ', MAX(k.REFERENCED_TABLE_NAME), '(', \
             GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION), ') on delete ', REPLACE(MAX(r.DELETE_RULE), 'NO ACTION', 'RESTRICT'), ' on update ', REPLACE(MAX(r.UPDATE_RULE), 'NO ACTION', 'RESTRICT')) \
             FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
             ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
             WHERE k.TABLE_SCHEMA = {database} AND k.REFERENCED_TABLE_NAME IS NOT NULL GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME"
        ),
        format!(
            "SELECT TABLE_NAME, CONCAT_WS(' ', 'partition', PARTITION_NAME, SUBPARTITION_NAME), \
             REPLACE(CONCAT_WS(' ', PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION, SUBPARTITION_METHOD, SUBPARTITION_EXPRESSION), '`', '') \
             FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = {database} AND PARTITION_NAME IS NOT NULL"
        ),
        format!(
            "SELECT TABLE_NAME, 'engine', CONCAT_WS(' ', ENGINE, ROW_FORMAT, TABLE_COMMENT) \
             FROM information_schema.TABLES WHERE TABLE_SCHEMA = {database} AND TABLE_TYPE = 'BASE TABLE'"
        ),
    ]
}

async fn read_columns(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    is_shared: bool,
) -> Result<Catalogue, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, LOWER(COLUMN_TYPE), IS_NULLABLE, COLUMN_DEFAULT, LOWER(EXTRA), COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, ''), \
         COALESCE(GENERATION_EXPRESSION, ''), COLUMN_COMMENT, ORDINAL_POSITION \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME NOT IN (SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {})",
        quote_text(database),
        quote_text(database)
    );
    let rows: Vec<mysql_async::Row> = session.rows("reading the catalogue", sql).await?;
    let mut columns = Catalogue::new();
    for row in rows {
        let text = |index: usize| {
            let value = row.get::<Option<String>, _>(index).flatten();
            value.unwrap_or_default()
        };
        let default = row.get::<Option<String>, _>(4).flatten();
        let said = if is_shared {
            let nullable = text(3);
            let (column_type, extra, charset) = (text(2), text(5), text(6));
            let told = Told {
                column_type: &column_type,
                extra: &extra,
                charset: &charset,
            };
            let default = column_default::shared(flavour, default, told);
            // JSON of MySQL has no character set of its own; MariaDB holds it as text in this one.
            let charset = match (column_type.as_str(), charset.as_str()) {
                ("json", _) => "utf8mb4",
                // MySQL tells of none where MariaDB tells of bytes.
                (_, "binary") => "",
                (_, charset) => charset,
            };
            let is_computed = !text(8).is_empty();
            format!(
                "{} null {nullable} default {default} {} {charset} computed {is_computed} {}",
                shared_type(&column_type),
                shared_extra(&extra),
                text(9)
            )
        } else {
            let default = default.unwrap_or_else(|| "none".to_owned());
            let said = [2, 3, 5, 7, 8, 9].map(text).join(" ");
            format!("{said} default {default}")
        };
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let place = row.get::<u64, _>(10).unwrap_or_default();
        columns.insert(
            (text(0), format!("column {}", text(1))),
            format!("{place}: {said}"),
        );
    }
    Ok(columns)
}

/// Display widths say nothing of what a column holds, and MySQL has dropped most of them. JSON is text for MariaDB.
fn shared_type(column_type: &str) -> String {
    let is_whole = ["tinyint", "smallint", "mediumint", "int", "bigint", "year"]
        .iter()
        .any(|word| column_type.starts_with(word));
    match (column_type.find('('), column_type.find(')')) {
        (Some(open), Some(close)) if is_whole => {
            format!("{}{}", &column_type[..open], &column_type[close + 1..])
        }
        _ if column_type == "json" => "longtext".to_owned(),
        _ => column_type.to_owned(),
    }
}

fn shared_extra(extra: &str) -> String {
    extra
        .replace("default_generated", "")
        .replace("current_timestamp()", "current_timestamp")
        .replace("persistent", "stored generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_say_the_same_of_the_same_column() {
        assert_eq!(shared_type("int(11) unsigned"), shared_type("int unsigned"));
        assert_ne!(shared_type("decimal(10,2)"), shared_type("decimal(10,3)"));
    }
}
