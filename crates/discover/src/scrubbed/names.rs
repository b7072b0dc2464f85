//! Names of secrets, and values that are none although they are called so.

use super::references::is_open;

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
/// Words before `key` with which it is a name of data, unless a machine drew the value.
const DATA_KEYS: [&str; 8] = [
    "routing",
    "partition",
    "primary",
    "foreign",
    "sort",
    "range",
    "shard",
    "cache",
];
/// Letters and digits in a row that nobody chose as a word.
const DRAWN_LETTERS_MIN: usize = 16;
/// Words of a name behind which a number counts or measures something.
const COUNTING: [&str; 24] = [
    "age", "attempts", "bytes", "cost", "count", "days", "expires", "expiry", "hours", "interval",
    "length", "lifetime", "limit", "max", "maximum", "min", "minimum", "minutes", "retries",
    "rounds", "seconds", "size", "timeout", "ttl",
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
    /// The name says more behind it.
    Within,
    /// The same, with a word that counts: numbers are about a secret.
    Counted,
    /// A key, which may be told by its file.
    Key,
    /// A key of data, which is a secret only when it looks like one.
    DataKey,
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
        Kind::Within => false,
        Kind::Counted => is_number(&lower),
        Kind::DataKey => !is_drawn(&lower),
        Kind::Key => KEY_FILES.iter().any(|end| lower.ends_with(end)),
    };
    !(is_harmless || is_open(value, expands) || CHOICES.contains(&lower.as_str()))
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
        ("key", Some(word)) if DATA_KEYS.contains(&word) => return Some(Kind::DataKey),
        ("key", Some(word)) => word != "public",
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
        SECRET_WORDS.iter().any(|secret| word.contains(secret)) || is_token
    };
    let counts = |word: &String| word == "tokens" || COUNTING.contains(&word.as_str());
    match (last, is_end) {
        ("key", true) => Some(Kind::Key),
        (_, true) => Some(Kind::Itself),
        _ if last.starts_with("credential") => Some(Kind::Key),
        _ if is_secret(&words[words.len() - 1]) && !last.ends_with("tokens") => Some(Kind::Itself),
        _ if !(words.iter().any(is_secret) || is_api_key(&words)) => None,
        _ if words.iter().any(counts) => Some(Kind::Counted),
        _ => Some(Kind::Within),
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

/// Whether a machine drew a value: letters and digits in a row, longer than words are.
fn is_drawn(value: &str) -> bool {
    let mut rows = value.split(|letter: char| !letter.is_ascii_alphanumeric());
    rows.any(|row| {
        row.len() >= DRAWN_LETTERS_MIN
            && row.bytes().any(|byte| byte.is_ascii_digit())
            && row.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// Whether a header of this name has a secret as value, in whatever form it is written.
pub(super) fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("authorization") || name.ends_with("cookie")
}
