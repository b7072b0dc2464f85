//! Names of secrets, and values that are none although they are called so.

use reberth_model::estate::REDACTED;

use super::shell::Group;

/// Words that make a name the name of a secret, wherever they stand in it.
const SECRET_WORDS: [&str; 7] = [
    "authorization",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "credential",
];
/// Words that do so as the last one of a name.
const SECRET_ENDS: [&str; 9] = [
    "pass",
    "passin",
    "passout",
    "pwd",
    "auth",
    "masterauth",
    "bearer",
    "cookie",
    "setcookie",
];
/// Words before `key` with which it is a name of data.
const OPEN_KEYS: [&str; 9] = [
    "routing",
    "partition",
    "primary",
    "foreign",
    "sort",
    "range",
    "shard",
    "cache",
    "public",
];
/// Words that end in `pass` or `pwd` and are no password.
const OPEN_WORDS: [&str; 5] = ["bypass", "compass", "encompass", "surpass", "oldpwd"];
/// Last words of a name that tells something about a secret.
const ABOUT: [&str; 9] = [
    "name", "type", "length", "ttl", "expiry", "policy", "method", "helper", "provider",
];
/// Endings of a name that tells where a secret is.
const PLACES: [&str; 3] = ["file", "path", "stdin"];
/// First words of an option that does without.
const WITHOUT: [&str; 4] = ["no", "skip", "disable", "without"];
/// Values that no secret has.
const CHOICES: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "none", "null"];
/// Files of keys.
const KEY_FILES: [&str; 8] = [
    ".pem", ".key", ".crt", ".cer", ".p12", ".pfx", ".pub", ".json",
];

/// How a name tells of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It is what the name says.
    Itself,
    /// The name says more behind it: numbers are about a secret.
    Within,
    /// A key, which may be told by its file.
    Key,
}

/// Whether `name` is the name of a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    kind(name).is_some()
}

/// Whether `value` is a secret that `name` names. `expands`: whether a shell puts the value of a variable in its place.
pub(super) fn is_secret(name: &str, value: &str, expands: bool) -> bool {
    let Some(kind) = kind(name) else {
        return false;
    };
    let lower = value.to_ascii_lowercase();
    let is_harmless = match kind {
        Kind::Itself => lower.starts_with("env:") || lower.starts_with("file:"),
        Kind::Within => is_number(&lower),
        Kind::Key => KEY_FILES.iter().any(|end| lower.ends_with(end)),
    };
    let is_open = match expands {
        true => is_open(value),
        false => is_left_out(value),
    };
    !(is_harmless || is_open || CHOICES.contains(&lower.as_str()))
}

fn kind(name: &str) -> Option<Kind> {
    let is_option = name.starts_with('-');
    let words = words(name);
    let (last, before) = words.split_last()?;
    let last = last.as_str();
    let is_without = is_option && WITHOUT.contains(&words[0].as_str());
    let is_place = PLACES.iter().any(|end| last.ends_with(end));
    // What a store of secrets calls one, as `aws secretsmanager` asks for it.
    let is_id = name == "--secret-id";
    if is_without || is_place || is_id || ABOUT.contains(&last) {
        return None;
    }
    let is_end = match (last, before.last().map(String::as_str)) {
        // The folder; and `Key=Name,Value=x` as AWS writes tags.
        ("pwd", None) => is_option,
        ("key", None) => is_option || name == "KEY",
        ("key", Some(word)) => !OPEN_KEYS.contains(&word),
        ("literal", word) => word == Some("from"),
        _ => {
            let is_joined = ["pass", "pwd", "cookie"]
                .iter()
                .any(|end| last.ends_with(end));
            SECRET_ENDS.contains(&last) || (is_joined && !OPEN_WORDS.contains(&last))
        }
    };
    let is_secret = |word: &String| {
        let is_token = word.contains("token") && !word.contains("tokeni");
        let is_count = is_option && word.ends_with("tokens");
        SECRET_WORDS.iter().any(|secret| word.contains(secret)) || (is_token && !is_count)
    };
    match (last, is_end) {
        ("key", true) => Some(Kind::Key),
        (_, true) => Some(Kind::Itself),
        _ if last.starts_with("credential") => Some(Kind::Key),
        _ if is_secret(&words[words.len() - 1]) && !last.ends_with("tokens") => Some(Kind::Itself),
        _ => (words.iter().any(is_secret) || is_api_key(&words)).then_some(Kind::Within),
    }
}

fn is_api_key(words: &[String]) -> bool {
    words.windows(2).any(|pair| pair == ["api", "key"])
}

/// The words of a name in small letters: `--accessToken`, `ACCESS_TOKEN` and `Access-Token` are `access` and `token`.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut was_small) = (vec![String::new()], false);
    for letter in name.chars() {
        let begins = was_small && letter.is_ascii_uppercase();
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.push(letter.to_ascii_lowercase());
        }
        was_small = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `3600`, `0.5`, `15m`.
fn is_number(value: &str) -> bool {
    let digits = value.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = value.len() - digits.len();
    let is_of_number = |byte: u8| byte.is_ascii_digit() || b".,".contains(&byte);
    unit <= 2 && !digits.is_empty() && digits.bytes().all(is_of_number)
}

/// Whether a value was left out before.
fn is_left_out(value: &str) -> bool {
    without_scheme(value) == REDACTED
}

/// Whether a value is empty or nothing but names of variables, what a command prints, and what was left out before.
pub(super) fn is_open(value: &str) -> bool {
    let mut rest = without_scheme(value);
    let mut is_reference = rest.is_empty();
    while let Some(letter) = rest.chars().next() {
        let length = match reference_length(rest) {
            Some(length) => {
                is_reference = true;
                length
            }
            None if ":@/.,-_ \"\\".contains(letter) => letter.len_utf8(),
            None => return false,
        };
        rest = &rest[length..];
    }
    is_reference
}

/// How a header says what follows; it is no secret itself.
pub(super) fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, rest)) if is_scheme(scheme) => rest.trim_start(),
        _ => value,
    }
}

pub(super) fn is_scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// Length of `$NAME`, `${NAME}`, `$(…)` or of what was left out, when `text` begins with it.
fn reference_length(text: &str) -> Option<usize> {
    if text.starts_with(REDACTED) {
        return Some(REDACTED.len());
    }
    if let Some(group) = Group::at(text).filter(Group::is_substitution) {
        return Some(group.length());
    }
    // Files of Compose write `$$` for one that the shell shall see.
    let name = text.strip_prefix('$')?.trim_start_matches('$');
    let dollars = text.len() - name.len();
    let Some(inner) = name.strip_prefix('{') else {
        let length = name_length(name);
        let is_argument = name.starts_with(['@', '*', '?', '#']);
        let length = if is_argument { 1 } else { length };
        return (length > 0).then_some(dollars + length);
    };
    let end = inner.find('}')?;
    let behind = &inner[..end][name_length(&inner[..end])..];
    // What stands there when the variable is not set is a value like any other.
    let default = behind.trim_start_matches([':', '-', '=']);
    let is_plain = behind.is_empty() || behind.trim_start_matches(':').starts_with('?');
    (is_plain || is_open(default)).then_some(dollars + 1 + end + 1)
}

fn name_length(text: &str) -> usize {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.find(|letter| !is_of_name(letter))
        .unwrap_or(text.len())
}

/// Whether a header of this name has a secret as value, in whatever form it is written.
pub(super) fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("authorization") || name.ends_with("cookie")
}
