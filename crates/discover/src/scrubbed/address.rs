//! Addresses without the passwords that are written into them.

use reberth_model::estate::REDACTED;

use super::names;
use super::references::is_open;

/// Letters of a user that is more likely a token: `https://ghp_…@github.com`.
const TOKEN_LETTERS_MIN: usize = 16;
/// Letters of a value that nobody chose as a word.
const RANDOM_LETTERS_MIN: usize = 20;
/// Parameters that hold a secret, besides those that are called like one.
const PARAMETERS: [&str; 4] = ["key", "sig", "signature", "x-amz-signature"];
/// Longest port.
const PORT_DIGITS_MAX: usize = 5;

/// Every address of `text` without its password and the secrets in its query.
/// `expands`: whether a shell puts the value of a variable in its place.
pub(super) fn without_credentials(text: &str, expands: bool) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("://") {
        let next = after.find("://");
        let end = next.map_or(after.len(), |next| scheme_start(&after[..next]));
        let (own, following) = after.split_at(end);
        let (own, behind) = own.split_at(address_length(own));
        written.push_str(&format!("{before}://{}{behind}", address(own, expands)));
        rest = following;
    }
    written + rest
}

/// Length of an address: to a mark that none has, unless it is one of a password.
fn address_length(text: &str) -> usize {
    let end = text.find(' ').unwrap_or(text.len());
    let account_end = text[..end].rfind('@').unwrap_or(0);
    let is_end = |letter: char| matches!(letter, '"' | '\'' | '`');
    let length = text[account_end..end].find(is_end);
    length.map_or(end, |length| account_end + length)
}

/// Where the scheme begins that `text` ends with.
fn scheme_start(text: &str) -> usize {
    let is_of_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+.-".contains(letter);
    text.trim_end_matches(is_of_scheme).len()
}

/// What follows `://`, without what is secret.
fn address(text: &str, expands: bool) -> String {
    let (account, rest) = match account_length(text, expands) {
        Some(length) => text.split_at(length),
        None => ("", text),
    };
    let is_secret = match account.split_once(':') {
        Some((_, password)) => !is_open(password, expands),
        None => account.chars().count() >= TOKEN_LETTERS_MIN && !is_open(account, expands),
    };
    let account = if is_secret { REDACTED } else { account };
    let (place, query) = rest.split_at(rest.find('?').map_or(rest.len(), |place| place + 1));
    let parameters = parameters(query).into_iter();
    let parameters = parameters.map(|text| parameter(text, expands));
    format!("{account}{place}{}", parameters.collect::<String>())
}

/// The parameters of a query, each with the mark behind it. Behind `;` one has a name, else it is more of the value before it.
fn parameters(query: &str) -> Vec<&str> {
    let (mut parameters, mut rest) = (Vec::new(), query);
    while !rest.is_empty() {
        let is_end = |(place, mark): &(usize, &str)| {
            let behind = &rest[place + 1..];
            let own = behind.split(['&', ';']).next().unwrap_or_default();
            *mark == "&" || own.contains('=') || own.is_empty()
        };
        let end = rest.match_indices(['&', ';']).find(is_end);
        let (parameter, behind) = rest.split_at(end.map_or(rest.len(), |(place, _)| place + 1));
        parameters.push(parameter);
        rest = behind;
    }
    parameters
}

/// Length of the account before the `@` of the host. A password may hold `/`, `#` and `?`, which would end the host in the eyes of others.
fn account_length(text: &str, expands: bool) -> Option<usize> {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let authority = &text[..end];
    let account = authority.rfind('@');
    let (user, password) = match account
        .map_or(authority, |at| &authority[..at])
        .split_once(':')
    {
        Some(parts) if !authority.starts_with('[') => parts,
        _ => return account,
    };
    let is_port = !user.is_empty()
        && password.len() <= PORT_DIGITS_MAX
        && password.bytes().all(|byte| byte.is_ascii_digit());
    match account {
        None if is_port => None,
        Some(_) if is_open(password, expands) => account,
        _ => text.rfind('@'),
    }
}

/// One parameter of a query, with the mark behind it.
fn parameter(text: &str, expands: bool) -> String {
    let own = text.trim_end_matches(['&', ';']);
    let mark = &text[own.len()..];
    let (kept, name, value) = match own.find('=') {
        Some(place) => (&own[..=place], &own[..place], &own[place + 1..]),
        None => ("", "", own),
    };
    let is_named = PARAMETERS.contains(&name.to_ascii_lowercase().as_str());
    let is_secret = match is_named {
        true => !is_open(value, expands),
        false => names::is_secret(name, value, expands) || is_random(value),
    };
    let value = if is_secret { REDACTED } else { value };
    format!("{kept}{value}{mark}")
}

/// Whether a value looks like one that a machine drew.
fn is_random(value: &str) -> bool {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=%".contains(&byte);
    // Behind an address its output may go to a file.
    let value = value.split(['<', '>']).next().unwrap_or_default();
    value.len() >= RANDOM_LETTERS_MIN
        && value.bytes().all(is_of_token)
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}
