//! Stable keys and names of target resources, made from names that people gave at the source.

mod kept;

pub(crate) use kept::Keys;

use reberth_model::document::sha256_hex;
use std::collections::BTreeSet;

/// Longest identifier of a database instance, the shortest limit of all names that are made of keys.
const IDENTIFIER_LENGTH_MAX: usize = 63;
/// Longest key of a service or database, where the prefix leaves room for it.
const KEY_LENGTH_MAX: usize = 32;

/// Room for keys in the identifier `PROJECT-ENVIRONMENT-KEY-REPLICA`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Longest key of a service or database.
    pub(crate) key: usize,
    /// Longest key of a read replica.
    pub(crate) replica: usize,
}

impl Room {
    /// The room that a project and environment leave; each of them has at most 24 characters.
    pub(crate) fn beside(project: &str, environment: &str) -> Room {
        let prefix = project.len() + 1 + environment.len();
        let rest = IDENTIFIER_LENGTH_MAX.saturating_sub(prefix + 2);
        let key = KEY_LENGTH_MAX.min(rest * 2 / 3).max(SHORTENED_LENGTH_MIN);
        Room {
            key,
            replica: rest.saturating_sub(key).max(1),
        }
    }
}

/// A key of `a-z`, `0-9` and single `-`, starting with a letter. Two names may give the same key.
pub(crate) fn key(name: &str, length_max: usize) -> String {
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
    shortened(&lettered, length_max)
}

/// A key that is not in `taken` yet; the id tells apart what has the same name.
pub(crate) fn unique_key(
    name: &str,
    id: &str,
    length_max: usize,
    taken: &mut BTreeSet<String>,
) -> String {
    let plain = key(name, length_max);
    let unique = if taken.contains(&plain) {
        shortened(&format!("{plain}-{}", digest(id)), length_max)
    } else {
        plain
    };
    taken.insert(unique.clone());
    unique
}

/// Shortest length to which a text can be cut and still begin as it did.
const SHORTENED_LENGTH_MIN: usize = 8;

/// The text itself, or its beginning and six characters of its hash when it is longer than `length_max`; where
/// there is no room for a beginning, characters of its hash alone.
pub(crate) fn shortened(text: &str, length_max: usize) -> String {
    if text.len() <= length_max {
        return text.to_owned();
    }
    if length_max < SHORTENED_LENGTH_MIN {
        return sha256_hex(text.as_bytes())[..length_max].to_owned();
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
            assert_eq!(key(name, 32), expected);
        }
        let long = key("a-very-long-name-that-nobody-should-give-to-a-server", 32);
        assert!(long.len() <= 32 && !long.contains("--"), "{long}");
    }

    #[test]
    fn equal_names_get_different_keys() {
        let mut taken = BTreeSet::new();
        let first = unique_key("blog", "1", 32, &mut taken);
        let second = unique_key("Blog", "2", 32, &mut taken);
        assert_ne!(first, second);
    }

    #[test]
    fn identifiers_always_fit() {
        for (project, environment) in [
            ("p", "e"),
            ("edtech", "prod"),
            (&"p".repeat(24), &"e".repeat(24)),
        ] {
            let room = Room::beside(project, environment);
            let name = "x".repeat(80);
            let key = key(&name, room.key);
            let replica = shortened(&name, room.replica);
            let identifier = format!("{project}-{environment}-{key}-{replica}");
            assert!(
                identifier.len() <= 63 && !replica.is_empty(),
                "{identifier}"
            );
        }
    }
}
