//! Collations that only one family has, and the nearest of the other.
//!
//! MySQL's `0900` collations follow Unicode 9 without padding, MariaDB's `uca1400` follow Unicode 14, with padding unless their names say `nopad`. What is
//! equal in the one is equal in the other but for characters that came to Unicode between them. Where a padded collation has no padded counterpart that
//! tells accents or case apart, an unpadded one is taken: texts that differ by trailing spaces only are then different.

use super::{Translation, quoted};
use crate::mysql::ddl::Quoting;
use crate::mysql::server::Flavour;

/// Languages under both names: MySQL's, MariaDB's.
const LANGUAGES: &[(&str, &str)] = &[
    ("cs", "czech"),
    ("da", "danish"),
    ("de_pb", "german2"),
    ("eo", "esperanto"),
    ("es", "spanish"),
    ("es_trad", "spanish2"),
    ("et", "estonian"),
    ("hr", "croatian"),
    ("hu", "hungarian"),
    ("is", "icelandic"),
    ("la", "roman"),
    ("lt", "lithuanian"),
    ("lv", "latvian"),
    ("pl", "polish"),
    ("ro", "romanian"),
    ("sk", "slovak"),
    ("sl", "slovenian"),
    ("sv", "swedish"),
    ("tr", "turkish"),
    ("vi", "vietnamese"),
];

/// The collation that takes this one's place. `None`: both families know it, or the other has none like it.
pub(crate) fn translated(name: &str, to: Flavour) -> Option<String> {
    match to {
        Flavour::MariaDb => to_mariadb(name),
        Flavour::MySql => to_mysql(name),
    }
}

fn to_mariadb(name: &str) -> Option<String> {
    let rest = name.strip_prefix("utf8mb4_")?;
    if rest == "0900_bin" {
        return Some("utf8mb4_nopad_bin".to_owned());
    }
    if let Some(kind) = rest.strip_prefix("0900_") {
        return Some(format!("utf8mb4_uca1400_nopad_{kind}"));
    }
    let (language, kind) = rest.split_once("_0900_")?;
    let (_, theirs) = LANGUAGES.iter().find(|(ours, _)| *ours == language)?;
    Some(format!("utf8mb4_uca1400_{theirs}_nopad_{kind}"))
}

fn to_mysql(name: &str) -> Option<String> {
    let (charset, rest) = name.split_once('_')?;
    if rest == "nopad_bin" && charset == "utf8mb4" {
        return Some("utf8mb4_0900_bin".to_owned());
    }
    let kind = rest.strip_prefix("uca1400_")?;
    match (charset, kind) {
        ("utf8mb4" | "utf8mb3" | "ucs2" | "utf16" | "utf32", "ai_ci") => {
            Some(format!("{charset}_unicode_520_ci"))
        }
        ("utf8mb4", "nopad_ai_ci") => Some("utf8mb4_0900_ai_ci".to_owned()),
        ("utf8mb4", "as_ci" | "nopad_as_ci") => Some("utf8mb4_0900_as_ci".to_owned()),
        ("utf8mb4", "as_cs" | "nopad_as_cs") => Some("utf8mb4_0900_as_cs".to_owned()),
        ("utf8mb4", kind) => {
            let (language, kind) = kind.split_at(kind.find('_')?);
            let kind = kind.trim_start_matches('_').trim_start_matches("nopad_");
            let (ours, _) = LANGUAGES.iter().find(|(_, theirs)| *theirs == language)?;
            matches!(kind, "ai_ci" | "as_cs").then(|| format!("utf8mb4_{ours}_0900_{kind}"))
        }
        _ => None,
    }
}

/// Languages of MySQL's `0900` collations in the order of their numbers. Two numbers were never given.
const NUMBERED: [&str; 22] = [
    "de_pb", "is", "lv", "ro", "sl", "pl", "et", "es", "sv", "tr", "cs", "da", "lt", "sk",
    "es_trad", "la", "", "eo", "hu", "hr", "", "vi",
];
/// The first number of a language, without accents and case, and with them.
const FIRST_AI_CI: u16 = 256;
const FIRST_AS_CS: u16 = 279;

/// MariaDB's collation nearest to the one of MySQL with this number, from 255 to 323: of the same language, if it has that, and the same in accents and case.
pub(crate) fn nearest_in_mariadb(number: u16) -> String {
    let kind = match number {
        309 => "bin",
        305 => "as_ci",
        255..=277 | 306 => "ai_ci",
        // The languages that came last have their two numbers beside each other.
        310.. if number.is_multiple_of(2) => "ai_ci",
        _ => "as_cs",
    };
    let first = if number < FIRST_AS_CS {
        FIRST_AI_CI
    } else {
        FIRST_AS_CS
    };
    let language = number.checked_sub(first).map(usize::from);
    let language = language.and_then(|place| NUMBERED.get(place));
    let of_language = language.map(|language| format!("utf8mb4_{language}_0900_{kind}"));
    let of_none = format!("utf8mb4_0900_{kind}");
    of_language
        .and_then(|name| to_mariadb(&name))
        .or_else(|| to_mariadb(&of_none))
        .unwrap_or(of_none)
}

/// Whether only the family that is left knows the collation.
fn is_foreign(name: &str, to: Flavour) -> bool {
    match to {
        Flavour::MariaDb => name.contains("_0900_") || matches!(name, "utf8mb4_zh_0900_as_cs"),
        Flavour::MySql => name.contains("uca1400") || name.contains("nopad"),
    }
}

/// The statement of a program with its collations put into the target's names; one that is not UTF-8 stays as it is, and so does a collation that the target
/// has nothing like. Its quotes are read as the session that wrote it did.
pub(crate) fn in_program(statement: &[u8], quoting: Quoting, to: Flavour) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(statement) else {
        return statement.to_vec();
    };
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let in_piece = |piece: &str| {
        let mut changed = String::with_capacity(piece.len());
        let mut rest = piece;
        while let Some(start) = rest.find(is_of_word) {
            let (before, from_word) = rest.split_at(start);
            let end = from_word.find(|c| !is_of_word(c));
            let (word, behind) = from_word.split_at(end.unwrap_or(from_word.len()));
            let other = translated(word, to).filter(|_| is_foreign(word, to));
            changed.push_str(before);
            changed.push_str(other.as_deref().unwrap_or(word));
            rest = behind;
        }
        changed + rest
    };
    quoted::with_code_changed(text, quoting, in_piece).into_bytes()
}

/// A line of a definition with its collations put into the target's names.
pub(super) fn in_text(line: &str, to: Flavour, result: &mut Translation) -> String {
    super::outside_quotes(line, |piece| {
        let is_separator = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let mut changed = piece.to_owned();
        for word in piece
            .split(is_separator)
            .filter(|word| is_foreign(word, to))
        {
            match translated(word, to) {
                Some(other) => {
                    changed = changed.replace(word, &other);
                    result
                        .changes
                        .push(format!("collation {word} becomes {other}"));
                }
                None => result.blockers.push(format!(
                    "the target has no collation like {word}: choose one that both have on the source"
                )),
            }
        }
        changed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_of_programs_are_translated_outside_of_quotes() {
        let plain = Quoting::default();
        let statement = "CREATE FUNCTION `utf8mb4_0900_ai_ci`() RETURNS varchar(9) CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci RETURN 'utf8mb4_0900_as_cs' COLLATE utf8mb4_de_pb_0900_as_cs";
        let there = in_program(statement.as_bytes(), plain, Flavour::MariaDb);
        assert_eq!(
            String::from_utf8_lossy(&there),
            "CREATE FUNCTION `utf8mb4_0900_ai_ci`() RETURNS varchar(9) CHARSET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci RETURN 'utf8mb4_0900_as_cs' COLLATE utf8mb4_uca1400_german2_nopad_as_cs"
        );
        assert_eq!(
            in_program(&there, plain, Flavour::MySql),
            statement.as_bytes()
        );
        assert_eq!(
            in_program(statement.as_bytes(), plain, Flavour::MySql),
            statement.as_bytes()
        );
        assert_eq!(in_program(b"caf\xe9", plain, Flavour::MySql), b"caf\xe9");
    }

    #[test]
    fn quotes_and_comments_of_programs_are_read_as_their_session_did() {
        let quoting = Quoting::of_words("ANSI_QUOTES,NO_BACKSLASH_ESCAPES");
        let statement = r"SELECT '\', x COLLATE utf8mb4_0900_bin -- it's
            , 'utf8mb4_0900_bin'";
        let there = in_program(statement.as_bytes(), quoting, Flavour::MariaDb);
        assert_eq!(
            String::from_utf8_lossy(&there),
            statement.replacen("utf8mb4_0900_bin", "utf8mb4_nopad_bin", 1)
        );
    }

    #[test]
    fn numbers_of_mysql_lead_to_the_nearest_collation() {
        for (number, nearest) in [
            (255, "nopad_ai_ci"),
            (256, "german2_nopad_ai_ci"),
            (264, "swedish_nopad_ai_ci"),
            (271, "roman_nopad_ai_ci"),
            (273, "esperanto_nopad_ai_ci"),
            (277, "vietnamese_nopad_ai_ci"),
            (278, "nopad_as_cs"),
            (287, "swedish_nopad_as_cs"),
            (300, "vietnamese_nopad_as_cs"),
            (303, "nopad_as_cs"),
            (305, "nopad_as_ci"),
            (306, "nopad_ai_ci"),
            (308, "nopad_as_cs"),
            (310, "nopad_ai_ci"),
            (311, "nopad_as_cs"),
        ] {
            let nearest = format!("utf8mb4_uca1400_{nearest}");
            assert_eq!(nearest_in_mariadb(number), nearest, "{number}");
        }
        assert_eq!(nearest_in_mariadb(309), "utf8mb4_nopad_bin");
    }
}
