//! Definitions of tables for a server of the other family.
//!
//! The two families read most of each other's statements, and pass over the rest without a word: MariaDB skips MySQL's version comments, MySQL skips
//! MariaDB's. So a definition is taken apart and every part that the other server would not understand, or would take for a comment, is either put into
//! its own words (a [`Finding`](crate::mysql::preflight::Finding) says how), or refused. What neither is nor is refused, both read alike.

mod clause;
mod collation;
mod option;
mod quoted;

use crate::error::ReplicateError;
use crate::mysql::ddl::Quoting;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server::Flavour;
use crate::mysql::value::ColumnClass;

pub(crate) use collation::in_program as program;
pub(crate) use collation::nearest_in_mariadb as collation_numbered;
pub(crate) use collation::translated as collation;

/// What became of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// The statement for the target.
    pub create_statement: String,
    /// What was put into other words.
    pub changes: Vec<String>,
    /// What has no words there, with a remedy.
    pub blockers: Vec<String>,
}

/// The definition of a table in the words of the target's family.
pub fn table(table: &Table, from: Flavour, to: Flavour) -> Translation {
    let mut result = Translation::default();
    if from == to {
        result.create_statement.clone_from(&table.create_statement);
        return result;
    }
    refuse_keys_in_another_order(table, to, &mut result);
    let mut lines: Vec<String> = Vec::new();
    let mut is_tail = false;
    for line in table.create_statement.lines() {
        is_tail |= line.starts_with(')');
        let line = collation::in_text(line, to, &mut result);
        let translated = match (is_tail, line.starts_with(')')) {
            (true, true) => Some(option::line(&line, to, &mut result)),
            (true, false) => Some(option::partition(&line, to, &mut result)),
            (false, _) if line.starts_with("  ") => clause::line(&line, to, &mut result),
            (false, _) => Some(line),
        };
        lines.extend(translated);
    }
    result.create_statement = with_commas(lines);
    result.changes.sort();
    result.changes.dedup();
    result
}

/// Clauses may have gone, so the commas between them are set anew.
fn with_commas(lines: Vec<String>) -> String {
    let closing = lines.iter().position(|line| line.starts_with(')'));
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let is_clause = number > 0 && closing.is_some_and(|closing| number < closing);
        if number > 0 {
            text.push('\n');
        }
        let is_last = closing == Some(number + 1);
        text.push_str(if is_clause {
            line.trim_end_matches(',')
        } else {
            line
        });
        if is_clause && !is_last {
            text.push(',');
        }
    }
    text
}

/// MariaDB orders UUIDs and addresses by their bytes, a text by its letters: ranges of keys would hold other rows on the other side.
fn refuse_keys_in_another_order(table: &Table, to: Flavour, result: &mut Translation) {
    let is_spelled =
        |index: &&usize| matches!(table.columns[**index].class, ColumnClass::Spelled { .. });
    for index in table.identity.iter().filter(is_spelled) {
        if to == Flavour::MySql {
            result.blockers.push(format!(
                "column {} is part of the key and of a type that only MariaDB has: give the table a key of another type, or move to MariaDB",
                table.columns[*index].name
            ));
        }
    }
}

/// The schema in the words of the target's family.
pub fn schema(mut schema: Schema, from: Flavour, to: Flavour) -> Result<Schema, ReplicateError> {
    let mut blockers = Vec::new();
    for one in schema.tables.values_mut() {
        let translation = table(one, from, to);
        blockers.extend(
            translation
                .blockers
                .iter()
                .map(|blocker| format!("table {}: {blocker}", one.name)),
        );
        one.create_statement = translation.create_statement;
    }
    if from != to {
        schema.collation = collation(&schema.collation, to).unwrap_or(schema.collation);
    }
    match blockers.is_empty() {
        true => Ok(schema),
        false => Err(ReplicateError::Blocked(blockers)),
    }
}

/// The class of column on the target that holds values of this one.
pub(crate) fn class(class: &ColumnClass, from: Flavour, to: Flavour) -> ColumnClass {
    match (class, from, to) {
        (ColumnClass::Json, Flavour::MySql, Flavour::MariaDb) => ColumnClass::Text {
            charset: "utf8mb4".to_owned(),
        },
        (ColumnClass::Spelled { .. }, Flavour::MariaDb, Flavour::MySql) => ColumnClass::Text {
            charset: "ascii".to_owned(),
        },
        (class, ..) => class.clone(),
    }
}

/// A definition cut into what is between quotes of any kind or in a comment, and what is not.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    quoted::pieces(text, Quoting::default())
}

/// The text of a definition with what stands outside of quotes changed.
fn outside_quotes(text: &str, change: impl FnMut(&str) -> String) -> String {
    quoted::with_code_changed(text, Quoting::default(), change)
}

/// Whether words of a definition stand outside of quotes.
fn has_words(text: &str, words: &str) -> bool {
    pieces(text)
        .iter()
        .any(|(is_quoted, piece)| !is_quoted && piece.contains(words))
}

#[cfg(test)]
mod tests;
