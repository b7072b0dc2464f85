//! Whether a statement names a character set: what that stands for where no collation is named may be the session's choice.

/// Whether a statement may say of a character set what depends on the session: with any of these words, or with the character set of a literal.
pub(super) fn is_named_in(statement: &str) -> bool {
    const WORDS: [&str; 8] = [
        "CHARSET",
        "CHARACTER",
        "CONVERT",
        "NCHAR",
        "NVARCHAR",
        "NATIONAL",
        "UNICODE",
        "ASCII",
    ];
    let text = statement.to_ascii_uppercase();
    let has_literal = text.split('\'').any(|part| {
        let part = part.trim_end();
        let word = part
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next();
        word.is_some_and(|word| word.starts_with('_'))
    });
    has_literal || WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_names_a_character_set_is_known() {
        for (statement, names) in [
            (
                "ALTER TABLE t ADD COLUMN a VARCHAR(9) NOT NULL DEFAULT 'x_y'",
                false,
            ),
            ("ALTER TABLE t ADD COLUMN a INT, ADD KEY (a)", false),
            ("ALTER TABLE t ADD COLUMN a VARCHAR(9) charset latin1", true),
            ("ALTER TABLE t ADD COLUMN a TEXT DEFAULT _utf8mb4 'x'", true),
            ("ALTER TABLE t ADD COLUMN a TEXT DEFAULT (_latin1'x')", true),
        ] {
            assert_eq!(is_named_in(statement), names, "{statement}");
        }
    }
}
