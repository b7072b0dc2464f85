//! The options of a table, and its partitions.

use super::{Translation, has_words, pieces};
use crate::mysql::server::Flavour;

/// Options that both families read alike. All others are about how a server stores the table, not about what stands in it.
const SHARED: [&str; 16] = [
    "ENGINE",
    "AUTO_INCREMENT",
    "AVG_ROW_LENGTH",
    "CHARSET",
    "COLLATE",
    "COMMENT",
    "CHECKSUM",
    "DELAY_KEY_WRITE",
    "ROW_FORMAT",
    "KEY_BLOCK_SIZE",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "STATS_PERSISTENT",
    "STATS_AUTO_RECALC",
    "STATS_SAMPLE_PAGES",
];

/// The line that begins with the closing bracket.
pub(super) fn line(line: &str, to: Flavour, result: &mut Translation) -> String {
    if has_words(line, "WITH SYSTEM VERSIONING") {
        result.blockers.push("it keeps the history of its rows, which MySQL cannot: ALTER TABLE … DROP SYSTEM VERSIONING on the source, after keeping the history elsewhere".to_owned());
        return line.to_owned();
    }
    let line = match to {
        Flavour::MariaDb => without_comments(line, result),
        Flavour::MySql => line.to_owned(),
    };
    let mut kept = Vec::new();
    for word in words(&line) {
        match word.split_once('=') {
            Some((name, _)) if !SHARED.contains(&name.trim_matches('`')) => result
                .changes
                .push(format!("option {word} is left to the target's default")),
            _ => kept.push(word),
        }
    }
    kept.join(" ")
}

/// Splits at spaces outside of quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (is_quoted, piece) in pieces(line) {
        for (number, part) in piece.split(' ').enumerate() {
            if number > 0 && !is_quoted {
                words.push(String::new());
            }
            if let Some(last) = words.last_mut() {
                if number > 0 && is_quoted {
                    last.push(' ');
                }
                last.push_str(part);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// MySQL hides options of newer versions in comments that MariaDB skips.
fn without_comments(line: &str, result: &mut Translation) -> String {
    let (mut kept, mut rest) = (String::new(), line);
    while let Some(start) = rest.find(" /*!") {
        let Some(length) = rest[start..].find("*/") else {
            break;
        };
        kept.push_str(&rest[..start]);
        result.changes.push(format!(
            "option {} is left to the target's default",
            rest[start + 1..start + length + 2].trim()
        ));
        rest = &rest[start + length + 2..];
    }
    kept.push_str(rest);
    kept
}

/// A line behind the options: partitions.
pub(super) fn partition(line: &str, to: Flavour, result: &mut Translation) -> String {
    let refused = match to {
        Flavour::MySql => [
            ("SYSTEM_TIME", "by the time of history"),
            (" DEFAULT ENGINE", "with a default partition"),
        ],
        Flavour::MariaDb => [
            ("DATA DIRECTORY", "in folders of their own"),
            ("TABLESPACE", "in tablespaces"),
        ],
    };
    for (words, what) in refused {
        if has_words(line, words) {
            result
                .blockers
                .push(format!("it is partitioned {what}, which the target does not have: change that on the source"));
        }
    }
    line.to_owned()
}
