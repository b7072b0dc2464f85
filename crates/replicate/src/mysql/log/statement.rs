//! Statements in the log: where a transaction begins and ends, and what no row event tells.
//!
//! With row logging a statement in the log is a boundary, a schema change, or something about accounts. Whatever is
//! not known to be harmless counts as a schema change and stops the stream: a stop is a nuisance, a missed change is a loss.

use crate::mysql::ddl::change::Change;
use crate::mysql::ddl::{self, Quoting};
use crate::mysql::objects::statement as program;
use crate::mysql::schema::Schema;

/// What a logged statement means to the tables in scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A transaction begins.
    Begin,
    /// A transaction begins that will be prepared.
    BeginPrepared {
        /// Its name.
        xid: String,
    },
    /// It is committed.
    Commit,
    /// It is rolled back.
    Rollback,
    /// A mark inside a transaction; what was rolled back to it is not in the log.
    Savepoint,
    /// Another database's business.
    OutOfScope,
    /// No row and no column of ours changes.
    Harmless,
    /// All rows of a table go.
    Truncate {
        /// The table.
        table: String,
    },
    /// A prepared transaction is decided.
    Decided {
        /// Its name.
        xid: String,
        /// Whether it is committed.
        committed: bool,
    },
    /// The schema changes.
    SchemaChange,
    /// Rows change without row events.
    DataChange,
}

/// Reads a statement logged while `database` was the session's default.
pub(super) fn read(schema: &Schema, database: &str, query: &str, quoting: Quoting) -> Statement {
    let text = without_comments(query);
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter(|word| !word.is_empty())
        .take(6)
        .map(str::to_ascii_uppercase)
        .collect();
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("BEGIN", _) | ("START", "TRANSACTION") => Statement::Begin,
        ("COMMIT", _) => Statement::Commit,
        ("ROLLBACK", "TO") | ("SAVEPOINT", _) | ("RELEASE", "SAVEPOINT") => Statement::Savepoint,
        ("ROLLBACK", _) => Statement::Rollback,
        ("XA", "COMMIT") => Statement::Decided {
            xid: xid_name(&text),
            committed: true,
        },
        ("XA", "ROLLBACK") => Statement::Decided {
            xid: xid_name(&text),
            committed: false,
        },
        ("XA", "START") => Statement::BeginPrepared {
            xid: xid_name(&text),
        },
        ("XA", _) => Statement::Savepoint,
        ("INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "CALL" | "WITH", _) => {
            if concerns(schema, database, &text) {
                Statement::DataChange
            } else {
                Statement::OutOfScope
            }
        }
        _ => definition(schema, database, query, quoting),
    }
}

/// What a statement about definitions means. One that cannot be read is a change of ours, if it may concern us.
fn definition(schema: &Schema, database: &str, query: &str, quoting: Quoting) -> Statement {
    let Ok(understood) = ddl::statement::read(query, database, quoting) else {
        return match concerns(schema, database, query) {
            true if program::is_about_a_program(&without_comments(query)) => Statement::Harmless,
            true => Statement::SchemaChange,
            false => Statement::OutOfScope,
        };
    };
    let databases = understood.change.databases();
    if !databases.is_empty() && !databases.contains(&schema.database.as_str()) {
        return Statement::OutOfScope;
    }
    match understood.change {
        Change::Nothing | Change::Program => Statement::Harmless,
        Change::Alter(alteration) if alteration.is_counter_only => Statement::Harmless,
        Change::Truncate { table } if schema.tables.contains_key(&table.table) => {
            Statement::Truncate { table: table.table }
        }
        _ => Statement::SchemaChange,
    }
}

/// A statement concerns us if its session stood in our database or if it names our database.
fn concerns(schema: &Schema, database: &str, text: &str) -> bool {
    database == schema.database
        || text
            .to_ascii_lowercase()
            .contains(&schema.database.to_ascii_lowercase())
}

fn xid_name(text: &str) -> String {
    let name = text.split_whitespace().skip(2).collect::<String>();
    // `X'0A',X'',1` in either case of the digits, and MariaDB's 0x form.
    name.trim_end_matches(';')
        .to_ascii_lowercase()
        .replace("x'", "X'")
}

fn without_comments(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    let mut rest = query.trim();
    while let Some(start) = rest.find("/*") {
        // A version comment holds code that the server runs.
        if rest[start..].starts_with("/*!") || rest[start..].starts_with("/*M!") {
            break;
        }
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find("*/") else {
            return text;
        };
        rest = &rest[start + end + 2..];
    }
    text.push_str(rest);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn schema() -> Schema {
        let table = crate::mysql::schema::Table {
            name: "course".into(),
            columns: vec![],
            identity: vec![],
            identity_index: None,
            engine: "InnoDB".into(),
            auto_increment_column: None,
            create_statement: String::new(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        };
        Schema {
            database: "lms".into(),
            charset: String::new(),
            collation: String::new(),
            tables: BTreeMap::from([("course".to_owned(), table)]),
            foreign_keys: vec![],
            sequences: Vec::new(),
            recopied: BTreeMap::new(),
        }
    }

    #[test]
    fn every_statement_has_a_meaning_and_doubt_stops() {
        use Statement::*;
        for (database, query, meaning) in [
            ("lms", "BEGIN", Begin),
            ("", "COMMIT", Commit),
            ("lms", "SAVEPOINT `a`", Savepoint),
            ("lms", "ROLLBACK TO `a`", Savepoint),
            (
                "lms",
                "TRUNCATE TABLE `lms`.`course`",
                Truncate {
                    table: "course".into(),
                },
            ),
            (
                "lms",
                "truncate course",
                Truncate {
                    table: "course".into(),
                },
            ),
            ("lms", "TRUNCATE TABLE other", SchemaChange),
            ("lms", "ALTER TABLE course ADD x INT", SchemaChange),
            ("other", "ALTER TABLE lms.course ADD x INT", SchemaChange),
            ("other", "ALTER TABLE t ADD x INT", OutOfScope),
            (
                "lms",
                "ALTER TABLE `lms`.`course` AUTO_INCREMENT = 900",
                Harmless,
            ),
            (
                "lms",
                "/* reberth */ ALTER TABLE `course` AUTO_INCREMENT=900",
                Harmless,
            ),
            (
                "lms",
                "ALTER TABLE `course` ADD x INT, AUTO_INCREMENT=900",
                SchemaChange,
            ),
            (
                "lms",
                "ALTER TABLE `course` DROP x AUTO_INCREMENT=900",
                SchemaChange,
            ),
            ("lms", "INSERT INTO course VALUES (1)", DataChange),
            ("lms", "CREATE USER x@y", Harmless),
            ("lms", "CREATE TABLE z (a INT)", SchemaChange),
            ("lms", "DROP /*!40005 TEMPORARY */ TABLE z", Harmless),
            ("lms", "CREATE OR REPLACE USER x@y", Harmless),
            ("lms", "CREATE OR REPLACE TABLE z (a INT)", SchemaChange),
            ("lms", "ALTER TABLE course AUTO_INCREMENT = 900;", Harmless),
            ("lms", "TRUNCATE TABLE other.course", OutOfScope),
            ("other", "TRUNCATE TABLE course /* lms */", OutOfScope),
            ("other", "TRUNCATE TABLE course -- lms", OutOfScope),
            (
                "other",
                "TRUNCATE `lms`.`course`",
                Truncate {
                    table: "course".into(),
                },
            ),
            ("lms", "TRUNCATE TABLE secret -- course", SchemaChange),
            (
                "",
                "XA COMMIT X'6162',X'',1",
                Decided {
                    xid: "X'6162',X'',1".into(),
                    committed: true,
                },
            ),
            (
                "",
                "XA ROLLBACK X'6162',X'',1",
                Decided {
                    xid: "X'6162',X'',1".into(),
                    committed: false,
                },
            ),
        ] {
            assert_eq!(
                read(&schema(), database, query, Quoting::default()),
                meaning,
                "{query}"
            );
        }
    }
}
