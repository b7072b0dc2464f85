//! The default of a column in words that both families share.
//!
//! `information_schema` of MariaDB writes a default as SQL: a text in quotes with escapes, a number or an expression bare. That of MySQL writes the text itself, bytes of a binary type as hexadecimal digits without the
//! zeros that pad them, and marks an expression in `EXTRA`, with quotes escaped and their character set before them. Seen on MariaDB 10.11 and MySQL 9.7.

use crate::mysql::server::Flavour;

/// What the catalogue says of a column, in lower case but for the default.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) column_type: &'a str,
    pub(super) extra: &'a str,
    /// Empty where it has none; MySQL has none for `ENUM` and `SET` of bytes.
    pub(super) charset: &'a str,
}

/// The default as both families would tell it.
pub(super) fn shared(flavour: Flavour, default: Option<String>, told: Told<'_>) -> String {
    let Some(default) = default else {
        return "none".to_owned();
    };
    let said = match flavour {
        Flavour::MariaDb if default == "NULL" => return "none".to_owned(),
        Flavour::MariaDb => match default.strip_prefix('\'') {
            Some(quoted) => unescaped(quoted.strip_suffix('\'').unwrap_or(quoted)),
            None => expression(&default),
        },
        Flavour::MySql if told.extra.contains("default_generated") => expression(&default),
        Flavour::MySql => match default.strip_prefix("0x") {
            Some(digits) if holds_bytes(told) => return format!("bytes {}", digits.to_lowercase()),
            _ => default,
        },
    };
    if holds_bytes(told) {
        let bytes = said.trim_end_matches('\0').bytes();
        let digits: String = bytes.map(|byte| format!("{byte:02x}")).collect();
        return format!("bytes {digits}");
    }
    said
}

fn holds_bytes(told: Told<'_>) -> bool {
    let is_list = told.column_type.starts_with("enum(") || told.column_type.starts_with("set(");
    let is_binary = ["binary(", "varbinary("]
        .iter()
        .any(|start| told.column_type.starts_with(start));
    is_binary || is_list && matches!(told.charset, "" | "binary")
}

/// The text of a literal, without its quotes.
fn unescaped(quoted: &str) -> String {
    let mut text = String::new();
    let mut rest = quoted.chars();
    while let Some(next) = rest.next() {
        text.push(match next {
            '\'' => {
                rest.next();
                '\''
            }
            '\\' => match rest.next() {
                Some('0') => '\0',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('Z') => '\x1a',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    text
}

/// An expression without what only one family writes: brackets around it, names in quotes, blanks, and character sets before texts.
fn expression(sql: &str) -> String {
    if let Some(rest) = sql.to_lowercase().strip_prefix("current_timestamp") {
        return format!("now{}", rest.replace("()", ""));
    }
    let plain = sql.replace("\\'", "'");
    // What stands between quotes is a text, and every second part does.
    let parts = plain.split('\'').enumerate().map(|(number, part)| {
        if number % 2 == 1 {
            part.to_owned()
        } else {
            let sql = without_charset(part).to_lowercase();
            sql.replace(['(', ')', '`', ' '], "")
        }
    });
    parts.collect::<Vec<String>>().join("'")
}

/// Without the character set of the text that follows: a word at the end that begins with `_`.
fn without_charset(before: &str) -> &str {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let head = before.trim_end_matches(is_of_word);
    match before[head.len()..].starts_with('_') {
        true => head,
        false => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(column_type: &str, mariadb: Option<&str>, mysql: Option<&str>, extra: &str) {
        let told = |extra| Told {
            column_type,
            extra,
            charset: "",
        };
        let here = shared(Flavour::MariaDb, mariadb.map(str::to_owned), told(""));
        let there = shared(Flavour::MySql, mysql.map(str::to_owned), told(extra));
        assert_eq!(here, there);
    }

    #[test]
    fn both_families_say_the_same_of_the_same_default() {
        same("varchar(9)", Some("NULL"), None, "");
        same("varchar(9)", Some("'it''s'"), Some("it's"), "");
        same("varchar(9)", Some(r"'a\\b'"), Some(r"a\b"), "");
        same("varchar(9)", Some("''"), Some(""), "");
        same("int", Some("0"), Some("0"), "");
        same("decimal(5,2)", Some("1.00"), Some("1.00"), "");
        same("binary(4)", Some(r"'\0\0\0\0'"), Some("0x"), "");
        same("binary(3)", Some(r"'q\0\0'"), Some("0x71"), "");
        same("varbinary(10)", Some("'abc'"), Some("0x616263"), "");
        same("enum('a','b')", Some("'a'"), Some("0x61"), "");
        same("set('x','y')", Some("'x,y'"), Some("0x782C79"), "");
        let now = "default_generated";
        same(
            "datetime",
            Some("current_timestamp()"),
            Some("CURRENT_TIMESTAMP"),
            now,
        );
        same(
            "datetime(6)",
            Some("current_timestamp(6)"),
            Some("CURRENT_TIMESTAMP(6)"),
            now,
        );
        let parts = r"concat(_utf8mb4\'a b\',_utf8mb4\'(c)\')";
        same("varchar(20)", Some("concat('a b','(c)')"), Some(parts), now);
        same("int", Some("(1 + 2)"), Some("(1 + 2)"), now);
    }

    #[test]
    fn other_defaults_stay_others() {
        let told = Told {
            column_type: "varchar(9)",
            extra: "",
            charset: "utf8mb4",
        };
        let said = |flavour, text: &str| shared(flavour, Some(text.to_owned()), told);
        assert_ne!(said(Flavour::MariaDb, "'A'"), said(Flavour::MySql, "a"));
        assert_ne!(said(Flavour::MariaDb, "'0x41'"), said(Flavour::MySql, "A"));
        assert_eq!(
            said(Flavour::MariaDb, "'0x41'"),
            said(Flavour::MySql, "0x41")
        );
        assert_ne!(
            said(Flavour::MariaDb, "'none'"),
            said(Flavour::MySql, "None")
        );
        let computed = Told {
            extra: "default_generated",
            ..told
        };
        let default = |text: &str| Some(text.to_owned());
        assert_ne!(
            shared(Flavour::MariaDb, default("concat('A','b')"), told),
            shared(
                Flavour::MySql,
                default(r"concat(_utf8mb4\'a\',_utf8mb4\'b\')"),
                computed
            )
        );
    }
}
