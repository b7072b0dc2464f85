//! Command lines without the secrets that people write into them.

use reberth_model::estate::REDACTED;

/// Words that make the value after them a secret.
const SECRET_WORDS: [&str; 10] = [
    "authorization",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "credential",
];
/// Last parts of a name that do so too: `MYSQL_PWD`, `--pass`, `REDISCLI_AUTH`. `PWD` alone is a folder.
const SECRET_ENDS: [&str; 8] = [
    "_key", "-key", "_pwd", "-pwd", "_pass", "-pass", "_auth", "-auth",
];

/// The command with the value of every assignment, option and header that is called like a secret, and every name and password in a URL,
/// written as `[redacted]`. White space and control characters become single blanks.
pub(crate) fn scrubbed(command: &str) -> String {
    let is_between = |character: char| character.is_whitespace() || character.is_control();
    let mut line = Line::default();
    for word in command.split(is_between).filter(|word| !word.is_empty()) {
        line.push(word);
    }
    line.words.join(" ")
}

/// The command as it is written, or [`scrubbed`] when a secret is in it: what is carried over and run must keep its white space.
pub(crate) fn without_secrets(command: &str) -> String {
    let scrubbed = scrubbed(command);
    match scrubbed.matches(REDACTED).count() == command.matches(REDACTED).count() {
        true => command.to_owned(),
        false => scrubbed,
    }
}

/// What the next word is.
#[derive(Default)]
enum Next {
    /// A word like any other.
    #[default]
    Word,
    /// The value of what the last word named; of a header, which goes on to the end of its quotes.
    Value { is_header: bool },
    /// The rest of a value within these quotes, which was written as one word already.
    Rest(char),
    /// The word after a blank that was escaped, of a value that was written already.
    Escaped,
}

/// A command, word by word.
#[derive(Default)]
struct Line {
    words: Vec<String>,
    /// First place of `words` that belongs to the program that runs now: pipes and `;` begin another.
    start: usize,
    next: Next,
    /// Quotes that are open before the next word.
    outer: Option<char>,
}

impl Line {
    fn push(&mut self, word: &str) {
        let (before, after) = (self.outer, open_quote(self.outer, word));
        self.outer = after;
        match std::mem::take(&mut self.next) {
            Next::Rest(quote) => self.next = rest(open_quote(Some(quote), word), word),
            Next::Escaped => self.next = rest(None, word),
            Next::Value { is_header }
                if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") =>
            {
                self.words.push(word.to_owned());
                self.next = Next::Value { is_header };
            }
            Next::Value { is_header } if is_header || !word.starts_with('-') => {
                self.words.push(REDACTED.to_owned());
                self.next = match before {
                    Some(quote) if is_header && after == before => Next::Rest(quote),
                    _ => rest(value_quote(before, word), word),
                };
            }
            _ => self.push_word(before, word),
        }
        if word.ends_with(['|', ';', '&']) {
            self.start = self.words.len();
        }
    }

    /// A word that is not known to be a value as a whole.
    fn push_word(&mut self, before: Option<char>, word: &str) {
        if let Some(kept) = self.option_kept(word) {
            self.words.push(format!("{kept}{REDACTED}"));
            let value = word.strip_prefix(kept.as_str()).unwrap_or_default();
            self.next = rest(value_quote(before, value), word);
        } else if let Some((kept, value)) = secret_value(word) {
            self.words.push(format!("{kept}{REDACTED}"));
            let outer = open_quote(before, kept);
            self.next = rest(value_quote(outer, value), word);
        } else {
            if self.names_a_secret(word) {
                let is_header = word.ends_with(':');
                self.next = Next::Value { is_header };
            }
            self.words.push(without_credentials(word));
        }
    }

    /// Whether a program of the command that runs now is one of `names`, also behind `env` and `bundle exec`.
    fn runs(&self, names: &[&str]) -> bool {
        let mut words = self.words.iter().skip(self.start);
        words.any(|word| {
            let word = word.trim_start_matches(['"', '\'', '(', '$', '`']);
            let program = word.rsplit('/').next().unwrap_or_default();
            names.iter().any(|name| program.starts_with(name))
        })
    }

    /// What stays of a short option that is a secret with its value, or of the account after one.
    fn option_kept(&self, word: &str) -> Option<String> {
        if word.len() > 2 && word.starts_with("-p") && self.runs(&PASSWORD_CLIENTS) {
            return Some("-p".to_owned());
        }
        let last = self.words.last().map_or("", String::as_str);
        let follows_account = matches!(last, "-u" | "--user" | "-U" | "--proxy-user")
            || (is_short_options(last) && last.ends_with(['u', 'U']) && self.runs(&["curl"]));
        if follows_account && word.contains(':') {
            return Some(String::new());
        }
        if !self.runs(&["curl"]) || !is_short_options(word.split(':').next().unwrap_or_default()) {
            return None;
        }
        let (kept, _) = word.split_at(word.find(['u', 'U'])? + 1);
        word[kept.len()..].contains(':').then(|| kept.to_owned())
    }

    /// Whether the next word is the value: `--password`, `Token:`, `SECRET=`, and `-a` of Redis' client.
    fn names_a_secret(&self, word: &str) -> bool {
        let is_short =
            |(option, programs): &(&str, &[&str])| word == *option && self.runs(programs);
        if SHORT_OPTIONS.iter().any(is_short) {
            return true;
        }
        let is_option = word.starts_with('-') && !word.contains('=');
        let is_header = word.ends_with([':', '=']);
        (is_option || is_header) && is_secret_name(word.trim_end_matches([':', '=']))
    }
}

/// Clients that take a password right after `-p`.
const PASSWORD_CLIENTS: [&str; 3] = ["mysql", "mariadb", "sshpass"];
/// Short options before a password, with the programs for which they are. After `-p` of MySQL's clients stands the database.
const SHORT_OPTIONS: [(&str, &[&str]); 2] = [
    ("-a", &["redis-cli", "valkey-cli", "keydb-cli"]),
    ("-p", &["mongo", "sshpass"]),
];

fn is_short_options(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !word.starts_with("--")
}

/// Quotes that are open behind `word`, when `open` were before it.
fn open_quote(open: Option<char>, word: &str) -> Option<char> {
    let mut open = open;
    for mark in word.chars().filter(|mark| matches!(mark, '"' | '\'' | '`')) {
        match open {
            None => open = Some(mark),
            Some(quote) if quote == mark => open = None,
            Some(_) => {}
        }
    }
    open
}

/// Quotes that a value opens and does not close. Those in which it stands itself only end it: `sh -c 'TOKEN=x rake'`.
fn value_quote(outer: Option<char>, value: &str) -> Option<char> {
    let value = match outer {
        Some(quote) => value.split(quote).next().unwrap_or_default(),
        None => value,
    };
    open_quote(None, value)
}

/// What comes after a word of a value that leaves `quote` open.
fn rest(quote: Option<char>, word: &str) -> Next {
    match quote {
        Some(quote) => Next::Rest(quote),
        None if word.ends_with('\\') => Next::Escaped,
        None => Next::Word,
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.trim_start_matches(['"', '\'']);
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
        || name == "pass"
}

/// `NAME=value`, `--name=value`, `Header: value` and `--option=NAME=value` in one word: what stays before the value of a secret, and the value.
fn secret_value(word: &str) -> Option<(&str, &str)> {
    let is_mark = |mark: char| matches!(mark, '=' | ':');
    // An address and its query are left to `without_credentials`.
    let end = word.find("://").unwrap_or(word.len());
    let mut start = 0;
    while let Some(length) = word.get(start..end)?.find(is_mark) {
        let (name, place) = (&word[start..start + length], start + length + 1);
        let value = &word[place..];
        let is_account = matches!(name, "--user" | "--proxy-user") && value.contains(':');
        if (is_secret_name(name) || is_account) && !value.is_empty() {
            return Some(word.split_at(place));
        }
        start = place;
    }
    None
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
            (
                "MYSQL_PWD=s3cret mysql shop",
                "MYSQL_PWD=[redacted] mysql shop",
            ),
            ("cd $PWD && PWD=/app rake x", "cd $PWD && PWD=/app rake x"),
            (
                "redis-cli -h cache -a s3cret FLUSHDB",
                "redis-cli -h cache -a [redacted] FLUSHDB",
            ),
            ("celery -a s worker", "celery -a s worker"),
            (
                "sshpass -p s3cret ssh me@a",
                "sshpass -p [redacted] ssh me@a",
            ),
            ("mysql -p shop", "mysql -p shop"),
            (
                "curl --header=X-Token:s3cret a",
                "curl --header=X-Token:[redacted] a",
            ),
            (
                "run --env=TOKEN=s3cret --url=redis://:token@a:1",
                "run --env=TOKEN=[redacted] --url=redis://[redacted]@a:1",
            ),
            ("TOKEN=redis://:s3cret@a:1", "TOKEN=[redacted]"),
            ("rake basic tests", "rake basic tests"),
            (
                "curl -ume:s3cret https://a.example",
                "curl -u[redacted] https://a.example",
            ),
            (
                "curl -sfu me:s3cret https://a.example",
                "curl -sfu [redacted] https://a.example",
            ),
            ("curl --user=me:s3cret a", "curl --user=[redacted] a"),
            ("TOKEN=\"a s3cret b\" rake x", "TOKEN=[redacted] rake x"),
            ("TOKEN=a\\ s3cret rake x", "TOKEN=[redacted] rake x"),
            (
                "run --password 'a s3cret' --port 80",
                "run --password [redacted] --port 80",
            ),
            (
                "sh -c 'TOKEN=s3cret rake x' && y",
                "sh -c 'TOKEN=[redacted] rake x' && y",
            ),
            (
                "sh -c 'rake x TOKEN=s3cret' && y",
                "sh -c 'rake x TOKEN=[redacted] && y",
            ),
            (
                "env \"TOKEN=s3cret\" rake y",
                "env \"TOKEN=[redacted] rake y",
            ),
            (
                "curl -H 'X-Token: a s3cret' https://a.example",
                "curl -H 'X-Token: [redacted] https://a.example",
            ),
            (
                "env A=1 bundle exec mysql -ps3cret -P 3306",
                "env A=1 bundle exec mysql -p[redacted] -P 3306",
            ),
            ("mysqldump shop | nc -p3306", "mysqldump shop | nc -p3306"),
            ("a\n\tb\u{1b}[2J", "a b [2J"),
            ("", ""),
        ];
        for (command, expected) in cases {
            assert_eq!(scrubbed(command), expected);
        }
    }

    #[test]
    fn a_command_without_a_secret_keeps_its_white_space() {
        for (command, expected) in [
            ("sh -c 'a  b\n c'", "sh -c 'a  b\n c'"),
            ("a  b --token x", "a b --token [redacted]"),
        ] {
            assert_eq!(without_secrets(command), expected);
        }
    }
}
