//! Names and ids inside a path.

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
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
