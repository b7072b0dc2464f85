//! What stands in a statement apart from its code: in quotes, or in a comment.

/// How the session that wrote a statement read quotes, from the bits of its `sql_mode` as the log holds them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quoting {
    /// `"` quotes names, not strings.
    pub(crate) ansi: bool,
    /// A backslash in a string is a character like any other.
    pub(crate) plain_backslash: bool,
}

impl Quoting {
    /// The bits are the same in both families.
    pub(crate) fn of(sql_mode: u64) -> Quoting {
        Quoting {
            ansi: sql_mode & 4 != 0,
            plain_backslash: sql_mode & (1 << 20) != 0,
        }
    }

    /// The same from the words of an `sql_mode`.
    pub(crate) fn of_words(sql_mode: &str) -> Quoting {
        let has = |name: &str| sql_mode.split(',').any(|word| word == name);
        Quoting {
            ansi: has("ANSI_QUOTES"),
            plain_backslash: has("NO_BACKSLASH_ESCAPES"),
        }
    }
}

/// A kind of what stands apart from code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    /// What nobody runs.
    Comment,
    /// A name in quotes.
    Name,
    /// A string.
    Text,
}

/// What stands apart from code and begins here, with its length in bytes, or with none if it does not end. `None`: code begins here, as in an executable
/// comment (`/*! … */`, `/*M! … */`).
pub(crate) fn set_apart(text: &str, quoting: Quoting) -> Option<(Apart, Option<usize>)> {
    let line = || text.find('\n').map_or(text.len(), |end| end + 1);
    let has_gap = |rest: &str| rest.chars().next().is_none_or(|next| next <= ' ');
    match text.as_bytes().first()? {
        quote @ (b'\'' | b'"' | b'`') => {
            let is_name = *quote == b'`' || (*quote == b'"' && quoting.ansi);
            let length = quoted_bytes(text.as_bytes(), !is_name && !quoting.plain_backslash);
            let apart = if is_name { Apart::Name } else { Apart::Text };
            Some((apart, length))
        }
        b'#' => Some((Apart::Comment, Some(line()))),
        b'-' if text.strip_prefix("--").is_some_and(has_gap) => {
            Some((Apart::Comment, Some(line())))
        }
        b'/' if text.starts_with("/*!") || text.starts_with("/*M!") => None,
        b'/' => {
            // The star that opens it does not close it.
            let end = text.strip_prefix("/*")?.find("*/");
            Some((Apart::Comment, end.map(|end| end + 4)))
        }
        _ => None,
    }
}

/// The length of a text with its quotes. A quote that is doubled, or escaped where a backslash escapes, does not end it.
fn quoted_bytes(text: &[u8], has_escapes: bool) -> Option<usize> {
    let mut at = 1;
    loop {
        let byte = text.get(at)?;
        let is_quote = *byte == text[0];
        let is_doubled = is_quote && text.get(at + 1) == Some(byte);
        if is_doubled || (has_escapes && *byte == b'\\') {
            at += 2;
        } else if is_quote {
            return Some(at + 1);
        } else {
            at += 1;
        }
    }
}
