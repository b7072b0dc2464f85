//! What a schema needs that is moved: what is fine, what Reberth takes care of, and what it does not carry.

use std::collections::BTreeMap;

use super::{Preflight, Verdict};
use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::value::{quote_name, quote_text};

/// What the tables need, and what stands beside them.
pub(super) fn probe(schema: &Schema, found: &mut Preflight) {
    let bytes: u64 = schema.tables.values().map(|table| table.data_bytes).sum();
    found.note(
        "size",
        Verdict::Fine,
        format!(
            "{} tables, {} MB of rows by the server's estimate",
            schema.tables.len(),
            bytes / 1_000_000
        ),
    );
    for table in schema.tables.values() {
        probe_table(schema, table, found);
    }
    probe_cascades(schema, found);
    if !schema.sequences.is_empty() {
        found.note(
            "sequences",
            Verdict::Handled(
                "made with the tables, and set past the source's numbers behind the fence"
                    .to_owned(),
            ),
            schema.sequences.join(", "),
        );
    }
}

fn probe_table(schema: &Schema, table: &Table, found: &mut Preflight) {
    let subject = format!("table {}", table.name);
    for (is_so, seen, remedy) in [
        (
            has_line(table, "`", " /*M!100301 COMPRESSED*/"),
            "a compressed column",
            "ALTER TABLE … MODIFY the column without COMPRESSED: its values stand in the log in a form that this version does not read",
        ),
        (
            has_line(table, "UNIQUE KEY", " USING HASH"),
            "a unique index over a long text whole",
            "make it unique by a generated column with a hash: the server logs a hidden column of its own with this one",
        ),
    ] {
        if is_so {
            found.note(&subject, Verdict::Blocker(remedy.to_owned()), seen);
        }
    }
    if !table.engine.eq_ignore_ascii_case("InnoDB") {
        found.note(
            &subject,
            Verdict::Blocker(
                "convert it to InnoDB: rows of other engines cannot be read at one moment"
                    .to_owned(),
            ),
            format!("engine {}", table.engine),
        );
    } else if !table.has_key() {
        found.note(
            &subject,
            Verdict::Handled(
                "copied whole in one snapshot, its changes applied by matching all values"
                    .to_owned(),
            ),
            "no key",
        );
    } else if schema.needs_one_moment(table) {
        found.note(
            &subject,
            Verdict::Handled(
                "copied whole in one snapshot, which is held open on the source meanwhile"
                    .to_owned(),
            ),
            "cascades pass through it or rename what it refers to",
        );
    }
}

/// Whether a clause of the definition begins so and holds these words.
fn has_line(table: &Table, start: &str, words: &str) -> bool {
    table.create_statement.lines().any(|line| {
        line.strip_prefix("  ")
            .is_some_and(|clause| clause.starts_with(start) && clause.contains(words))
    })
}

/// Cascades are carried out by the applier, unless they lead in a circle: then no order of reading is right.
fn probe_cascades(schema: &Schema, found: &mut Preflight) {
    if let Err(error) = cascade::reading_levels(schema) {
        found.note(
            "cascades",
            Verdict::Blocker(
                "make one foreign key of the circle RESTRICT on the source until the cutover is done"
                    .to_owned(),
            ),
            error.to_string(),
        );
        return;
    }
    if schema
        .foreign_keys
        .iter()
        .any(|key| schema.is_changed_by_cascades(&key.child))
    {
        found.note(
            "cascades",
            Verdict::Handled(
                "carried out by the applier, since the source's log does not show them".to_owned(),
            ),
            "foreign keys with CASCADE or SET NULL",
        );
    }
}

/// System-versioned tables hold more than the rows that a SELECT shows.
pub(super) async fn probe_kinds(
    source: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} AND TABLE_TYPE NOT IN ('BASE TABLE', 'VIEW', 'SEQUENCE') ORDER BY TABLE_NAME",
        quote_text(&schema.database)
    );
    let tables: Vec<(String, String)> = source.rows("listing kinds of tables", sql).await?;
    for (name, kind) in tables {
        let remedy = match kind.as_str() {
            "SYSTEM VERSIONED" => {
                "this version does not carry the history of rows: ALTER TABLE … DROP SYSTEM VERSIONING on the source, after keeping the history elsewhere"
            }
            _ => "this version does not know tables of this kind: drop it on the source",
        };
        found.note(
            &format!("table {name}"),
            Verdict::Blocker(remedy.to_owned()),
            kind.to_lowercase(),
        );
    }
    Ok(())
}

/// A server that was not strict has stored values outside an ENUM as its label number 0, which reads as the empty text. A strict
/// server refuses it, or takes it for another label if the empty text is one.
pub(super) async fn probe_empty_labels(
    source: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    for (table, columns) in enum_columns(source, schema).await? {
        let conditions: Vec<String> = columns
            .iter()
            .map(|column| format!("{} + 0 = 0", quote_name(column)))
            .collect();
        let condition = conditions.join(" OR ");
        let sql = format!(
            "SELECT 1 FROM {}.{} WHERE {condition} LIMIT 1",
            quote_name(&schema.database),
            quote_name(&table)
        );
        let doing = format!("looking for values outside the ENUM columns of table {table}");
        let rows: Vec<u8> = source
            .rows_within(LONG_STATEMENT_LIMIT, &doing, sql)
            .await?;
        if !rows.is_empty() {
            found.note(
                &format!("table {table}"),
                Verdict::Blocker(format!(
                    "give the rows WHERE {condition} a label of the ENUM, or NULL"
                )),
                "an ENUM holds a value that is none of its labels",
            );
        }
    }
    Ok(())
}

/// The carried ENUM columns, by table.
async fn enum_columns(
    source: &mut Session,
    schema: &Schema,
) -> Result<BTreeMap<String, Vec<String>>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = {} AND DATA_TYPE = 'enum' ORDER BY TABLE_NAME, ORDINAL_POSITION",
        quote_text(&schema.database)
    );
    let rows: Vec<(String, String)> = source.rows("listing ENUM columns", sql).await?;
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in rows {
        let is_carried = schema.tables.get(&table).is_some_and(|table| {
            table
                .carried()
                .any(|index| table.columns[index].name == column)
        });
        if is_carried {
            columns.entry(table).or_default().push(column);
        }
    }
    Ok(columns)
}
