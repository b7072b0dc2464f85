//! Statements about programs in the log. They change no row: what they made is read again when programs are brought level.

/// Whether a `CREATE`, `ALTER` or `DROP` is about a view, routine, trigger or event.
///
/// Between the verb and the kind stand only options (`OR REPLACE`, `ALGORITHM=…`, `DEFINER=…`, `SQL SECURITY …`), and no name among them can be
/// taken for a kind: a bare word would have to be one, and the first kind found decides.
pub(crate) fn is_about_a_program(statement: &str) -> bool {
    statement
        .split(|c: char| c.is_whitespace() || matches!(c, '=' | '('))
        .skip(1)
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .find_map(|word| match word.as_str() {
            "VIEW" | "TRIGGER" | "PROCEDURE" | "FUNCTION" | "EVENT" => Some(true),
            "TABLE" | "INDEX" | "DATABASE" | "SCHEMA" | "SEQUENCE" | "TABLESPACE" | "SERVER"
            | "UNIQUE" | "FULLTEXT" | "SPATIAL" | "ONLINE" | "OFFLINE" | "IGNORE" => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_tables() {
        for (statement, is_program) in [
            ("CREATE VIEW v AS SELECT 1", true),
            (
                "CREATE ALGORITHM=MERGE DEFINER=`a b`@`%` SQL SECURITY INVOKER VIEW `v` AS SELECT 1",
                true,
            ),
            (
                "CREATE OR REPLACE DEFINER = `r`@`h` TRIGGER t AFTER INSERT ON x FOR EACH ROW SET @a = 1",
                true,
            ),
            (
                "create definer=`r`@`h` function f() returns int return 1",
                true,
            ),
            ("DROP TRIGGER IF EXISTS t", true),
            ("ALTER DEFINER = x EVENT e DISABLE", true),
            ("DROP PROCEDURE p", true),
            ("CREATE TABLE t (view INT)", false),
            ("CREATE OR REPLACE TABLE t AS SELECT event FROM x", false),
            ("ALTER TABLE t ADD COLUMN trigger INT", false),
            ("CREATE UNIQUE INDEX function ON t (a)", false),
            ("DROP TABLE view", false),
            ("ALTER DATABASE d CHARACTER SET utf8mb4", false),
            ("CREATE", false),
        ] {
            assert_eq!(is_about_a_program(statement), is_program, "{statement}");
        }
    }
}
