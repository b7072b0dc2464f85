//! Where in a word or a text a value begins, and the name before it.

use std::ops::Range;

use super::names;
use super::references;

/// The first `NAME=value` in a part of a word whose name is that of a secret, or `Name:value` where that is a header: the name, and where the value
/// begins. Addresses are left to [`super::address`].
pub(super) fn named_value(
    word: &str,
    part: Range<usize>,
    is_header: bool,
) -> Option<(&str, usize)> {
    let (start, part) = (part.start, &word[part]);
    let end = part.find("://").unwrap_or(part.len());
    let marks = part[..end].match_indices(['=', ':']);
    let mut named = marks.filter_map(|(place, mark)| {
        let place = start + place;
        let (before, after) = (&word[..place], &word[place + 1..]);
        let name = last_name(before);
        let is_default = mark == ":" && after.starts_with(['-', '=']) && before.contains("${");
        let is_named = mark == "="
            || is_header
            || is_default
            || before.ends_with(['"', '\''])
            || names::is_secret_header(name);
        let place = place + 1 + usize::from(is_default);
        (is_named && names::is_secret_name(name)).then_some((name, place))
    });
    named.next()
}

/// Whether a call of SQL begins behind `before` that takes a password: `PASSWORD('x')`.
pub(super) fn is_hashed(before: &str) -> bool {
    let name = before.strip_suffix('(').unwrap_or_default();
    last_name(name).to_ascii_lowercase().ends_with("password")
}

/// The name that a text ends with: `TOKEN` of `--env=TOKEN`, `token` of `{"token"`, `password` of `user[password]`.
pub(super) fn last_name(text: &str) -> &str {
    let text = text.trim_end_matches(['"', '\'', '\\', ']', ' ']);
    let is_of_name = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    let start = text.trim_end_matches(is_of_name).len();
    &text[start..]
}

/// The name that a text begins with, as a header, an assignment or a field of JSON has it, and where its value begins.
pub(super) fn leading_value(text: &str, is_header: bool) -> Option<(&str, usize)> {
    let place = text.find(['=', ':'])?;
    let (before, after) = (&text[..place], &text[place + 1..]);
    let name = last_name(before);
    let is_first = before
        .trim_start_matches(['{', '[', '"', '\'', '\\', ' '])
        .starts_with(name);
    let is_named = text[place..].starts_with('=')
        || is_header
        || after.starts_with(' ')
        || before.ends_with(['"', '\''])
        || references::without_scheme(after) != after
        || names::is_secret_header(name);
    let blanks = after.len() - after.trim_start().len();
    let is_secret = is_first && is_named && names::is_secret_name(name);
    is_secret.then_some((name, place + 1 + blanks))
}
