//! A command as a shell reads it: words, marks between programs, quotes and substitutions.

/// Bytes in which the end of `$(` is looked for.
const SUBSTITUTION_BYTES_MAX: usize = 4096;

/// A part of a command, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Blank,
    /// Behind it another program begins.
    Mark(&'a str),
    /// A word, with what is in its quotes; quotes that are never closed are letters like any other, and tell that it was cut.
    Word {
        text: &'a str,
        is_cut: bool,
    },
}

/// A part of a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Plain(&'a str),
    Group(Group<'a>),
}

/// What stands between two quotes, or what a substitution runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) open: &'a str,
    pub(super) inner: &'a str,
    pub(super) close: &'a str,
}

impl<'a> Group<'a> {
    /// The group that `text` begins with.
    pub(super) fn at(text: &'a str) -> Option<Group<'a>> {
        let (open, length) = if let Some(rest) = text.strip_prefix("$(") {
            ("$(", substitution_length(rest)?)
        } else if let Some(rest) = text.strip_prefix("\\\"") {
            // Quotes of a text that is in quotes itself.
            ("\\\"", rest.find("\\\"")?)
        } else if let Some(rest) = text.strip_prefix('"') {
            ("\"", quoted_length(rest)?)
        } else if let Some(rest) = text.strip_prefix(['\'', '`']) {
            (&text[..1], rest.find(&text[..1])?)
        } else {
            return None;
        };
        let (inner, rest) = text[open.len()..].split_at(length);
        let close_length = if open == "$(" { 1 } else { open.len() };
        Some(Group {
            open: &text[..open.len()],
            inner,
            close: &rest[..close_length],
        })
    }

    pub(super) fn length(&self) -> usize {
        self.open.len() + self.inner.len() + self.close.len()
    }

    /// Whether it is run, and what it prints takes its place.
    pub(super) fn is_substitution(&self) -> bool {
        matches!(self.open, "$(" | "`")
    }
}

/// Length of a text in double quotes; behind `\` they do not end it.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.find(|letter| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    })
}

fn substitution_length(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let letters = text.char_indices();
    let mut letters = letters.take_while(|(place, _)| *place <= SUBSTITUTION_BYTES_MAX);
    let end = letters.find(|(_, letter)| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        open == 0
    });
    end.map(|(place, _)| place)
}

/// The parts of `text`, whose blanks are single ones; together they are the text. Only a script has marks: within quotes they are letters.
pub(super) fn parts(text: &str, is_script: bool) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (part, length) = if rest.starts_with(' ') {
            (Part::Blank, 1)
        } else if is_script && is_mark(rest) {
            (Part::Mark(&rest[..1]), 1)
        } else {
            let (length, is_cut) = word_length(rest, is_script);
            let text = &rest[..length];
            (Part::Word { text, is_cut }, length)
        };
        parts.push(part);
        rest = &rest[length..];
    }
    parts
}

/// Whether `text` begins with a mark. `&` within a word belongs to an address.
fn is_mark(text: &str) -> bool {
    let ends_word = |rest: &str| rest.is_empty() || rest.starts_with([' ', '&']);
    text.starts_with(['|', ';', '(', ')']) || text.strip_prefix('&').is_some_and(ends_word)
}

fn word_length(text: &str, is_script: bool) -> (usize, bool) {
    let (mut place, mut is_cut, mut open) = (0, false, 0_usize);
    while let Some(letter) = text[place..].chars().next() {
        if let Some(group) = Group::at(&text[place..]) {
            place += group.length();
            continue;
        }
        let is_end = || is_script && place > 0 && is_end_mark(text, place, open);
        if letter == ' ' || (is_end() && !is_in_account(text, place)) {
            break;
        }
        match letter {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        is_cut |= matches!(letter, '"' | '\'');
        place += letter_length(&text[place..], letter);
    }
    (place, is_cut)
}

/// Whether a mark at `place` ends the word before it, in which brackets are `open`. No shell takes `A=b(c` or `A=b)c`: where they stand nonetheless,
/// none reads the line, and they are letters of a word.
fn is_end_mark(text: &str, place: usize, open: usize) -> bool {
    let (word, rest) = text.split_at(place);
    let goes_on = |behind: &str| behind.starts_with(|letter: char| letter.is_alphanumeric());
    match rest.strip_prefix(')') {
        Some(behind) => open == 0 && !(word.contains('=') && goes_on(behind)),
        None => is_mark(rest) && (word.ends_with('$') || !rest.starts_with('(')),
    }
}

/// Whether the word that `text` begins with is an address whose `@` stands behind `place`: people forget the quotes around a password.
fn is_in_account(text: &str, place: usize) -> bool {
    let (before, behind) = text.split_at(place);
    let end = behind.find(' ').unwrap_or(behind.len());
    before.contains("://") && behind[..end].contains('@')
}

/// Length of the first letter of `text`, with the one that it escapes.
fn letter_length(text: &str, letter: char) -> usize {
    let escaped = text[letter.len_utf8()..].chars().next();
    let escaped = escaped.filter(|_| letter == '\\');
    letter.len_utf8() + escaped.map_or(0, char::len_utf8)
}

/// The pieces of a word; together they are the word.
pub(super) fn pieces(word: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest, mut plain) = (Vec::new(), word, 0);
    while let Some(letter) = rest[plain..].chars().next() {
        let Some(group) = Group::at(&rest[plain..]) else {
            plain += letter_length(&rest[plain..], letter);
            continue;
        };
        if plain > 0 {
            pieces.push(Piece::Plain(&rest[..plain]));
        }
        rest = &rest[plain + group.length()..];
        plain = 0;
        pieces.push(Piece::Group(group));
    }
    if plain > 0 {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// A word without the quotes around the whole of it, when it is one word within them too.
pub(super) fn bare(word: &str) -> &str {
    match quoted(word) {
        Some(group) if !group.inner.contains(' ') => group.inner,
        _ => word,
    }
}

/// How the quotes around the whole of a word begin, or nothing.
pub(super) fn open_quotes(word: &str) -> &str {
    quoted(word).map_or("", |group| group.open)
}

/// The quotes around the whole of a word.
pub(super) fn quoted(word: &str) -> Option<Group<'_>> {
    Group::at(word).filter(|group| group.length() == word.len() && !group.is_substitution())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let parts = parts(text, true).into_iter();
        parts
            .filter_map(|part| match part {
                Part::Blank => None,
                Part::Mark(text) | Part::Word { text, .. } => Some(text),
            })
            .collect()
    }

    #[test]
    fn words_end_where_a_shell_ends_them() {
        for (text, expected) in [
            ("cat x|mysql -px", vec!["cat", "x", "|", "mysql", "-px"]),
            ("a 'b c'd;e", vec!["a", "'b c'd", ";", "e"]),
            ("a\\ b c", vec!["a\\ b", "c"]),
            ("curl http://a?b&c &", vec!["curl", "http://a?b&c", "&"]),
            ("x && (y)", vec!["x", "&", "&", "(", "y", ")"]),
            ("a=$(b (c) d) e", vec!["a=$(b (c) d)", "e"]),
            ("a $(b c", vec!["a", "$", "(", "b", "c"]),
            ("don't x", vec!["don't", "x"]),
            ("\"a \\\" b\" c", vec!["\"a \\\" b\"", "c"]),
            ("ж \"ж ж\"", vec!["ж", "\"ж ж\""]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_is_its_pieces() {
        let group = |open, inner, close| Piece::Group(Group { open, inner, close });
        assert_eq!(
            pieces("a=\"b c\"$(d)'"),
            [
                Piece::Plain("a="),
                group("\"", "b c", "\""),
                group("$(", "d", ")"),
                Piece::Plain("'")
            ]
        );
        assert_eq!(bare("\"--x\""), "--x");
        assert_eq!(bare("'a b'"), "'a b'");
    }
}
