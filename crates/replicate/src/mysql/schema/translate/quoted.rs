//! What of a text is code, and what stands in quotes or in a comment.

use crate::mysql::ddl::{Quoting, set_apart};

/// A text cut into what is between quotes of any kind, or in a comment, and what is not. What does not end goes to the end.
pub(super) fn pieces(text: &str, quoting: Quoting) -> Vec<(bool, &str)> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(next) = text[at..].chars().next() {
        match set_apart(&text[at..], quoting) {
            None => at += next.len_utf8(),
            Some((_, length)) => {
                let length = length.unwrap_or(text.len() - at);
                pieces.push((false, &text[start..at]));
                pieces.push((true, &text[at..at + length]));
                at += length;
                start = at;
            }
        }
    }
    pieces.push((false, &text[start..]));
    pieces
}

/// The text with what is code changed.
pub(super) fn with_code_changed(
    text: &str,
    quoting: Quoting,
    mut change: impl FnMut(&str) -> String,
) -> String {
    let pieces = pieces(text, quoting).into_iter();
    pieces
        .map(|(is_quoted, piece)| match is_quoted {
            true => piece.to_owned(),
            false => change(piece),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of a text, with a sign for each piece that is not.
    fn code(text: &str, quoting: Quoting) -> String {
        pieces(text, quoting)
            .into_iter()
            .map(|(is_quoted, piece)| if is_quoted { "_" } else { piece })
            .collect()
    }

    #[test]
    fn quotes_are_read_as_the_session_did() {
        let plain = Quoting {
            plain_backslash: true,
            ..Quoting::default()
        };
        let ansi = Quoting {
            ansi: true,
            ..Quoting::default()
        };
        for (text, quoting, expected) in [
            (r"a 'b\' c' d", Quoting::default(), "a _ d"),
            (r"a 'b\' c 'd'", plain, "a _ c _"),
            (r#"a "b\" c" d"#, Quoting::default(), "a _ d"),
            (r#"a "b\" c "d""#, ansi, "a _ c _"),
            (r"a `b\` c", Quoting::default(), "a _ c"),
            ("'it''s' x", Quoting::default(), "_ x"),
            ("x 'ü\\é' y 'no end", Quoting::default(), "x _ y _"),
        ] {
            assert_eq!(code(text, quoting), expected, "{text}");
        }
    }

    #[test]
    fn an_apostrophe_in_a_comment_opens_no_text() {
        for (text, expected) in [
            ("a -- it's\nb 'c'", "a _b _"),
            ("a # it's\nb", "a _b"),
            ("a /* it's */ b", "a _ b"),
            ("a /*!50100 b 'c' */ d", "a /*!50100 b _ */ d"),
            ("1--1 'x'", "1--1 _"),
            ("a --", "a _"),
            ("a /*/ it's */ b /* c", "a _ b _"),
        ] {
            assert_eq!(code(text, Quoting::default()), expected, "{text}");
        }
    }
}
