//! A row as bytes that stand for it alone: no two different rows have the same.
//!
//! Read from the left, each value tells where it ends, so the bytes can be taken apart again in one way only:
//! - a number or a time is its text, ended by a comma, and NULL is `-`: no number is a bare dash;
//! - text in utf8mb3 or utf8mb4 is ended by the byte `FF`, and NULL is the byte `FE`: neither stands in any text of those character sets, and the servers
//!   store no others (they refuse them, or store a question mark);
//! - all else is its length, a comma, its bytes, and NULL has `-` for its length. BINARY(n) has its length in the definition.
//!
//! A value above [`LONG_BYTES`] is represented by its own SHA-256 (in text marked by `FD`): no statement meets the server's limits for strings because of
//! one value. Every value is taken by its bytes, whatever its character set and collation; FLOAT and DOUBLE by a text of our own
//! ([`double_text`](super::double_text)); times in UTC, which the session sees to; ENUM and SET by their labels. The empty binary string in front makes the
//! whole a binary string, so that the server converts no text from one character set into another.
//!
//! Columns that the server computes are in it too: an expression that came out different on the target is found by its values.

use std::collections::BTreeSet;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::{Column, Schema, Table};
use crate::mysql::value::{ColumnClass, quote_name, quote_text};
use crate::mysql::verify::double_text::double_text;

/// Values above this many bytes are hashed by themselves.
const LONG_BYTES: u32 = 8192;

/// What makes a binary string of all that stands beside it.
pub(super) const BINARY: &str = "CAST('' AS BINARY)";

/// How the bytes of a table's rows are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowBytes {
    /// Name and expressions of each column.
    columns: Vec<(String, String)>,
}

/// Columns by table and name.
pub(super) type NamedColumns = BTreeSet<(String, String)>;

/// Asks which columns may hold long values.
pub(super) async fn long_columns(
    session: &mut Session,
    database: &str,
) -> Result<NamedColumns, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} \
         AND (CHARACTER_OCTET_LENGTH > {LONG_BYTES} OR DATA_TYPE IN ('json', 'geometry', 'vector'))",
        quote_text(database)
    );
    let rows: Vec<(String, String)> = session.rows("reading columns", sql).await?;
    Ok(rows.into_iter().collect())
}

/// Asks which columns the target keeps as JSON documents of MySQL, though the source has text: the server writes them anew, so their text is another.
pub(super) async fn rewritten_documents(
    target: &mut Session,
    schema: &Schema,
) -> Result<NamedColumns, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND DATA_TYPE = 'json'",
        quote_text(&schema.database)
    );
    let documents: Vec<(String, String)> = target.rows("reading columns", sql).await?;
    let is_text_at_source = |(table, column): &(String, String)| {
        let table = schema.tables.get(table);
        let column = table.and_then(|table| Some(&table.columns[table.column_index(column)?]));
        column.is_some_and(|column| column.class != ColumnClass::Json)
    };
    Ok(documents.into_iter().filter(is_text_at_source).collect())
}

impl RowBytes {
    /// The bytes of a table's rows, without the columns of `left_out`.
    pub(super) fn of(table: &Table, long: &NamedColumns, left_out: &NamedColumns) -> RowBytes {
        let expressions = |column: &Column| {
            let is_long = long.contains(&(table.name.clone(), column.name.clone()));
            (column.name.clone(), value_bytes(column, is_long))
        };
        RowBytes {
            columns: table
                .columns
                .iter()
                .filter(|column| !left_out.contains(&(table.name.clone(), column.name.clone())))
                .map(expressions)
                .collect(),
        }
    }

    /// Arguments, for `CONCAT` or `GROUP_CONCAT`, that together are a row's bytes.
    pub(super) fn arguments(&self) -> String {
        let mut arguments = BINARY.to_owned();
        for (_, expressions) in &self.columns {
            arguments.push(',');
            arguments.push_str(expressions);
        }
        arguments
    }

    /// The columns, each with the arguments that are its bytes.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns
            .iter()
            .map(|(name, expressions)| (name.as_str(), expressions.as_str()))
    }
}

/// The expressions, separated by commas, whose texts one after another are a value's bytes. None of them is ever NULL, because `GROUP_CONCAT`
/// leaves out a row with a NULL in it.
fn value_bytes(column: &Column, is_long: bool) -> String {
    let name = quote_name(&column.name);
    match &column.class {
        ColumnClass::Text { charset } | ColumnClass::Label { charset }
            if matches!(charset.as_str(), "utf8" | "utf8mb3" | "utf8mb4") =>
        {
            ended_text(&name, column.nullable, is_long)
        }
        ColumnClass::Json => ended_text(&name, column.nullable, true),
        ColumnClass::FixedBinary { .. } if column.nullable => {
            format!("ISNULL({name}),IFNULL({name},'')")
        }
        ColumnClass::FixedBinary { .. } => name,
        ColumnClass::Bytes => measured(&name, &name, column.nullable, is_long),
        ColumnClass::Text { .. } | ColumnClass::Label { .. } => {
            let bytes = format!("CAST({name} AS BINARY)");
            measured(&name, &bytes, column.nullable, is_long)
        }
        ColumnClass::Integer { .. }
        | ColumnClass::Decimal
        | ColumnClass::Temporal
        | ColumnClass::Year => ended_number(&name, column.nullable),
        ColumnClass::Float | ColumnClass::Double => {
            ended_number(&double_text(&name), column.nullable)
        }
        ColumnClass::Bit => ended_number(&format!("{name}+0"), column.nullable),
        other => {
            let bytes = other.hash_expression(&name);
            measured(&bytes, &bytes, column.nullable, is_long)
        }
    }
}

fn ended_number(value: &str, nullable: bool) -> String {
    if nullable {
        format!("IFNULL({value},'-'),','")
    } else {
        format!("{value},','")
    }
}

fn ended_text(name: &str, nullable: bool, is_long: bool) -> String {
    let bytes = match (is_long, nullable) {
        (true, _) => format!(
            "IF(LENGTH({name})>{LONG_BYTES},CONCAT(x'FD',SHA2({name},256)),CAST({name} AS BINARY))"
        ),
        (false, true) => format!("CAST({name} AS BINARY)"),
        (false, false) => name.to_owned(),
    };
    if nullable {
        format!("IFNULL({bytes},x'FE'),x'FF'")
    } else {
        format!("{bytes},x'FF'")
    }
}

fn measured(value: &str, bytes: &str, nullable: bool, is_long: bool) -> String {
    let bytes = if is_long {
        format!("IF(LENGTH({value})>{LONG_BYTES},SHA2({value},256),{bytes})")
    } else {
        bytes.to_owned()
    };
    if nullable {
        format!("IFNULL(LENGTH({value}),'-'),',',IFNULL({bytes},'')")
    } else {
        format!("LENGTH({value}),',',{bytes}")
    }
}
