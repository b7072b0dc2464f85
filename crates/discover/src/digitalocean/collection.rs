//! The lists of the API, and paths into them.

/// A list of the API.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collection<'a> {
    /// Path, without a query.
    pub(super) path: &'a str,
    /// Further query, for example `private=true`.
    pub(super) query: &'a str,
    /// Under which key the items stand.
    pub(super) key: &'a str,
    /// Under which key one item stands when it is asked for by id at `path/id`; `None` where the API has no such path.
    pub(super) item_key: Option<&'a str>,
}

impl<'a> Collection<'a> {
    pub(super) fn new(path: &'a str, key: &'a str) -> Collection<'a> {
        Collection {
            path,
            query: "",
            key,
            item_key: None,
        }
    }

    pub(super) fn with_items(self, item_key: &'a str) -> Collection<'a> {
        let item_key = Some(item_key);
        Collection { item_key, ..self }
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            b'.' if !text.trim_matches('.').is_empty() => encoded.push('.'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let cases = [
            ("a.example", "a.example"),
            ("..", "%2E%2E"),
            ("a/b?c", "a%2Fb%3Fc"),
            ("é", "%C3%A9"),
        ];
        for (text, expected) in cases {
            assert_eq!(segment(text), expected);
        }
    }
}
