//! Stable keys and names of target resources, made from names that people gave at the source.

use reberth_model::document::sha256_hex;
use std::collections::BTreeSet;

/// Longest key of a service or database. With project and environment before it a name stays under the
/// 63 characters that RDS identifiers may have.
const KEY_LENGTH_MAX: usize = 32;

/// A key of `a-z`, `0-9` and single `-`, starting with a letter. Two names may give the same key.
pub(crate) fn key(name: &str) -> String {
    let words: Vec<String> = name
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let joined = words.join("-");
    let lettered = if joined.starts_with(|c: char| c.is_ascii_lowercase()) {
        joined
    } else {
        format!("n-{joined}").trim_end_matches('-').to_owned()
    };
    shortened(&lettered, KEY_LENGTH_MAX)
}

/// A key that is not in `taken` yet; the id tells apart what has the same name.
pub(crate) fn unique_key(name: &str, id: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = key(name);
    let unique = if taken.contains(&plain) {
        shortened(&format!("{plain}-{}", digest(id)), KEY_LENGTH_MAX)
    } else {
        plain
    };
    taken.insert(unique.clone());
    unique
}

/// The text itself, or its beginning and six characters of its hash when it is longer than `length_max`.
pub(crate) fn shortened(text: &str, length_max: usize) -> String {
    if text.len() <= length_max {
        return text.to_owned();
    }
    let head: String = text.chars().take(length_max - 7).collect();
    format!("{}-{}", head.trim_end_matches('-'), digest(text))
}

fn digest(text: &str) -> String {
    sha256_hex(text.as_bytes())[..6].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_the_rules_of_aws() {
        for (name, expected) in [
            ("lms-core-mysql", "lms-core-mysql"),
            ("LMS Core_DB", "lms-core-db"),
            ("--42--answers--", "n-42-answers"),
            ("Müller", "m-ller"),
            ("", "n"),
        ] {
            assert_eq!(key(name), expected);
        }
        let long = key("a-very-long-name-that-nobody-should-give-to-a-server");
        assert!(
            long.len() <= KEY_LENGTH_MAX && !long.contains("--"),
            "{long}"
        );
    }

    #[test]
    fn equal_names_get_different_keys() {
        let mut taken = BTreeSet::new();
        let first = unique_key("blog", "1", &mut taken);
        let second = unique_key("Blog", "2", &mut taken);
        assert_ne!(first, second);
    }
}
