//! Tags that a person wants on everything at the target.

use std::collections::BTreeMap;

/// Tags that the generated code sets itself.
const OWN: [&str; 4] = ["Application", "Environment", "ManagedBy", "Name"];
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

/// Whether AWS takes every tag, and none is one that the generated code sets. The error is a text to find the line by, and the message.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), (String, String)> {
    for (key, value) in tags {
        if let Some(why) = fault(key, value) {
            return Err((
                key.clone(),
                format!("target.tags: {key:?} = {value:?}: {why}"),
            ));
        }
    }
    Ok(())
}

fn fault(key: &str, value: &str) -> Option<&'static str> {
    let is_legal = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
    };
    let lower = key.to_ascii_lowercase();
    if OWN.iter().any(|own| own.to_ascii_lowercase() == lower) {
        return Some("this tag is set already");
    }
    if lower.starts_with("aws:") {
        return Some("tags that begin with aws: are AWS's own");
    }
    if key.is_empty() || key.chars().count() > KEY_LENGTH_MAX {
        return Some("a tag's name has 1 to 128 characters");
    }
    if value.chars().count() > VALUE_LENGTH_MAX {
        return Some("a tag's value has at most 256 characters");
    }
    (!is_legal(key) || !is_legal(value))
        .then_some("a tag holds letters, digits, blanks and _.:/=+-@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_is_refused_here() {
        for (key, value, expected) in [
            ("map-migrated", "mig12345", None),
            ("CostCentre", "", None),
            ("aws:owner", "x", Some("AWS's own")),
            ("environment", "test", Some("already")),
            ("Owner", "a;b", Some("letters")),
            ("", "x", Some("1 to 128")),
            (&"k".repeat(129), "x", Some("1 to 128")),
            ("Owner", &"v".repeat(257), Some("256")),
        ] {
            let tags = [(key.to_owned(), value.to_owned())].into();
            let found = check(&tags).err().map(|(_, message)| message);
            match (found, expected) {
                (None, None) => {}
                (Some(message), Some(part)) => assert!(message.contains(part), "{message}"),
                other => panic!("{key}: {other:?}"),
            }
        }
    }
}
