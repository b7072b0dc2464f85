//! Command lines without the secrets that people write into them.

/// Words that make the value after them a secret.
const SECRET_WORDS: [&str; 9] = [
    "authorization",
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "credential",
];
const REDACTED: &str = "[redacted]";

/// The command with the value of every assignment, option and header that is called like a secret, and every name and password in a URL,
/// written as `[redacted]`. White space and control characters become single blanks.
pub(crate) fn scrubbed(command: &str) -> String {
    let is_between = |character: char| character.is_whitespace() || character.is_control();
    let mut words: Vec<String> = Vec::new();
    let mut is_secret = false;
    for word in command.split(is_between).filter(|word| !word.is_empty()) {
        let is_client = words
            .first()
            .is_some_and(|program| is_database_client(program));
        let follows_account = matches!(words.last().map(String::as_str), Some("-u" | "--user"));
        if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") {
            words.push(word.to_owned());
        } else if is_secret && !word.starts_with('-') {
            words.push(REDACTED.to_owned());
            is_secret = false;
        } else if is_client && word.len() > 2 && word.starts_with("-p") {
            words.push(format!("-p{REDACTED}"));
        } else if follows_account && word.contains(':') {
            words.push(REDACTED.to_owned());
        } else {
            is_secret = names_a_secret(word);
            words.push(without_credentials(&without_value(word)));
        }
    }
    words.join(" ")
}

/// Whether the next word is the value: `--password`, `Token:`, `SECRET=`.
fn names_a_secret(word: &str) -> bool {
    let is_option = word.starts_with('-') && !word.contains('=');
    let is_header = word.ends_with([':', '=']);
    (is_option || is_header) && is_secret_name(word.trim_end_matches([':', '=']))
}

/// Clients that take a password right after `-p`.
fn is_database_client(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    name.starts_with("mysql") || name.starts_with("mariadb")
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || name.ends_with("_key")
        || name.ends_with("-key")
}

/// `NAME=value` and `--name=value` without the value of a secret; also `Header: value` in one word.
fn without_value(word: &str) -> String {
    match word.split_once(['=', ':']) {
        Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
            let mark = &word[name.len()..=name.len()];
            format!("{name}{mark}{REDACTED}")
        }
        _ => word.to_owned(),
    }
}

/// Every `scheme://user:password@host` of a word without what stands before the `@`.
fn without_credentials(word: &str) -> String {
    let Some((before, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#', '"', '\'']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let place = authority.rsplit_once('@').map(|(_, host)| host);
    let authority = place.map_or_else(|| authority.to_owned(), |host| format!("{REDACTED}@{host}"));
    let query = after.find('?').unwrap_or(after.len());
    let (path, query) = after.split_at(query);
    let query = if query.is_empty() { "" } else { "?[redacted]" };
    format!("{before}://{authority}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_command_are_left_out_and_the_rest_is_kept() {
        let cases = [
            (
                "bundle exec puma -C config/puma.rb -p $PORT",
                "bundle exec puma -C config/puma.rb -p $PORT",
            ),
            (
                "API_TOKEN=s3cret RACK_ENV=production rake x",
                "API_TOKEN=[redacted] RACK_ENV=production rake x",
            ),
            (
                "run --password s3cret --port 80",
                "run --password [redacted] --port 80",
            ),
            ("run --password=s3cret", "run --password=[redacted]"),
            (
                "psql postgres://u:s3cret@db.example:5432/x",
                "psql postgres://[redacted]@db.example:5432/x",
            ),
            (
                "curl https://hooks.example/a?token=s3cret&b",
                "curl https://hooks.example/a?[redacted]",
            ),
            ("curl -H Token:s3cret", "curl -H Token:[redacted]"),
            ("curl -H 'Token: s3cret'", "curl -H 'Token: [redacted]"),
            (
                "curl -H 'Authorization: Bearer s3cret'",
                "curl -H 'Authorization: Bearer [redacted]",
            ),
            (
                "curl -u me:s3cret https://a.example",
                "curl -u [redacted] https://a.example",
            ),
            (
                "/usr/bin/mysqldump -ps3cret -P 3306 shop",
                "/usr/bin/mysqldump -p[redacted] -P 3306 shop",
            ),
            ("a\n\tb\u{1b}[2J", "a b [2J"),
            ("", ""),
        ];
        for (command, expected) in cases {
            assert_eq!(scrubbed(command), expected);
        }
    }
}
