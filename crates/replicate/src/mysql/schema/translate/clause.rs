//! The lines between the brackets: columns, indexes, constraints.

use super::{Translation, has_words, outside_quotes};
use crate::mysql::server::Flavour;

/// A column, index or constraint in the target's words; `None` if nothing of it is left.
pub(super) fn line(line: &str, to: Flavour, result: &mut Translation) -> Option<String> {
    let text = line.trim_start();
    let translated = match to {
        Flavour::MariaDb => to_mariadb(text, result)?,
        Flavour::MySql => to_mysql(text, result)?,
    };
    Some(format!("  {translated}"))
}

fn is_column(text: &str) -> bool {
    text.starts_with('`')
}

fn name_of(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_default()
}

fn to_mariadb(text: &str, result: &mut Translation) -> Option<String> {
    let (text, words) = without_version_comments(text);
    let mut text = text;
    for word in words {
        match word.as_str() {
            "INVISIBLE" if is_column(&text) => insert_before_end(&mut text, " INVISIBLE"),
            "INVISIBLE" => {
                insert_before_end(&mut text, " IGNORED");
                result.changes.push(format!(
                    "index {} stays out of use as IGNORED",
                    name_of(&text)
                ));
            }
            "NOT ENFORCED" => {
                result.changes.push(format!(
                    "check {} is left out: it is not enforced, and MariaDB enforces all",
                    name_of(&text)
                ));
                return None;
            }
            "NOT NULL" => insert_before_end(&mut text, " NOT NULL"),
            word if word.starts_with("SRID") => result.changes.push(format!(
                "column {} no longer insists on its {word}; every value keeps its own",
                name_of(&text)
            )),
            word if word.starts_with("WITH PARSER") => result.blockers.push(format!(
                "index {} uses a parser that MariaDB does not have: drop it on the source",
                name_of(&text)
            )),
            _ => {}
        }
    }
    if is_column(&text) {
        return Some(computed_without_null(&text, result));
    }
    if (text.contains("KEY")) && has_words(&text, "((") {
        result.blockers.push(format!(
            "index {} is made of an expression, which MariaDB cannot: replace it by an index on a generated column", name_of(&text)
        ));
    }
    Some(text)
}

/// MariaDB does not let a computed column be declared NOT NULL.
fn computed_without_null(text: &str, result: &mut Translation) -> String {
    if !has_words(text, "GENERATED ALWAYS AS") {
        return text.to_owned();
    }
    let changed = outside_quotes(text, |piece| {
        piece
            .replace("STORED NOT NULL", "STORED")
            .replace("VIRTUAL NOT NULL", "VIRTUAL")
    });
    if changed != text {
        result.changes.push(format!(
            "generated column {} loses its NOT NULL, which MariaDB does not know there",
            name_of(text)
        ));
    }
    changed
}

/// The text without `/*!12345 … */`, and the words that stood in them.
fn without_version_comments(text: &str) -> (String, Vec<String>) {
    let (mut kept, mut words, mut rest) = (String::new(), Vec::new(), text);
    while let Some(start) = rest.find("/*!") {
        let Some(length) = rest[start..].find("*/") else {
            break;
        };
        kept.push_str(rest[..start].trim_end());
        let inner =
            rest[start + 3..start + length].trim_start_matches(|c: char| c.is_ascii_digit());
        words.push(inner.trim().to_owned());
        rest = &rest[start + length + 2..];
    }
    kept.push_str(rest);
    (kept, words)
}

/// Adds words before the comma that ends the line, and before a comment of the column.
fn insert_before_end(text: &mut String, words: &str) {
    let end = text.trim_end_matches(',').len();
    text.insert_str(end, words);
}

fn to_mysql(text: &str, result: &mut Translation) -> Option<String> {
    if text.starts_with("PERIOD FOR") || has_words(text, "WITHOUT OVERLAPS") {
        result.blockers.push(
            "it has a PERIOD, which MySQL does not have: drop the period on the source".to_owned(),
        );
        return Some(text.to_owned());
    }
    if is_column(text) {
        return Some(column_to_mysql(text, result));
    }
    if text.starts_with("UNIQUE KEY") && has_words(text, "USING HASH") {
        result.blockers.push(format!(
            "unique index {} covers a long text whole, which MySQL cannot: make it of a generated hash column", name_of(text)
        ));
    }
    if text.starts_with("CONSTRAINT `CONSTRAINT_") {
        // MariaDB's own names are unique in a table, MySQL wants them so in a database: it finds names itself.
        let check = text.find(" CHECK").map_or(text, |at| &text[at + 1..]);
        result
            .changes
            .push("checks without a name of their own are named by MySQL".to_owned());
        return Some(check.to_owned());
    }
    if has_words(text, " IGNORED") {
        result.changes.push(format!(
            "index {} stays out of use as INVISIBLE",
            name_of(text)
        ));
    }
    Some(outside_quotes(text, |piece| {
        piece
            .replace(" IGNORED", " INVISIBLE")
            .replace(" CLUSTERING=YES", "")
    }))
}

/// Types of columns that only MariaDB has, and what holds their values in MySQL.
const SPELLED: [(&str, &str); 3] = [
    (
        " uuid",
        " char(36) CHARACTER SET ascii COLLATE ascii_general_ci",
    ),
    (
        " inet6",
        " varchar(45) CHARACTER SET ascii COLLATE ascii_general_ci",
    ),
    (
        " inet4",
        " varchar(15) CHARACTER SET ascii COLLATE ascii_general_ci",
    ),
];

fn column_to_mysql(text: &str, result: &mut Translation) -> String {
    let name = name_of(text);
    let name_length = name.len() + 2;
    let (quoted, mut declared) = (
        text[..name_length].to_owned(),
        text[name_length..].to_owned(),
    );
    for (theirs, ours) in SPELLED {
        if let Some(rest) = declared.strip_prefix(theirs)
            && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            result
                .changes
                .push(format!("column {name}:{theirs} becomes{ours}"));
            declared = format!("{ours}{rest}");
            break;
        }
    }
    for (words, what) in [
        (" /*M!100301 COMPRESSED*/", "is no longer compressed"),
        (" WITHOUT SYSTEM VERSIONING", "has no versions anyway"),
    ] {
        if declared.contains(words) {
            result.changes.push(format!("column {name} {what}"));
            declared = declared.replace(words, "");
        }
    }
    if has_words(&declared, "nextval(") || has_words(&declared, "NEXT VALUE FOR") {
        result.blockers.push(format!("the default of column {name} is taken from a sequence, which MySQL does not have: make the column AUTO_INCREMENT on the source"));
    }
    format!("{quoted}{}", default_in_brackets(&declared, result, name))
}

/// MySQL wants brackets around a default that is computed, and around every default of a long text.
fn default_in_brackets(declared: &str, result: &mut Translation, name: &str) -> String {
    const PLAIN: [&str; 3] = ["NULL", "current_timestamp", "("];
    let Some(start) = declared.find(" DEFAULT ").map(|at| at + 9) else {
        return declared.to_owned();
    };
    let value = &declared[start..];
    if has_words(&declared[..start], "GENERATED")
        || PLAIN.iter().any(|plain| value.starts_with(plain))
    {
        return declared.to_owned();
    }
    let end = start + value_length(value);
    let kind = declared.trim_start();
    let is_long = [
        "tinytext",
        "text",
        "mediumtext",
        "longtext",
        "tinyblob",
        "blob",
        "mediumblob",
        "longblob",
        "json",
        "geometry",
        "point",
    ]
    .iter()
    .any(|long| kind.starts_with(long));
    let is_literal = value.starts_with(|c: char| c == '\'' || c == '-' || c.is_ascii_digit())
        || value.starts_with("b'")
        || value.starts_with("x'");
    if is_literal && !is_long {
        return declared.to_owned();
    }
    result
        .changes
        .push(format!("the default of column {name} is put in brackets"));
    format!(
        "{}({}){}",
        &declared[..start],
        &declared[start..end],
        &declared[end..]
    )
}

/// The length of a literal or of a call with its arguments.
fn value_length(value: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    for (is_quoted, piece) in super::pieces(value) {
        if is_quoted {
            at += piece.len();
            continue;
        }
        for character in piece.chars() {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ' ' | ',' if depth == 0 => return at,
                _ => {}
            }
            at += character.len_utf8();
        }
    }
    at
}
