//! One line of a command, word by word.

use reberth_model::estate::REDACTED;

use super::address::without_credentials;
use super::named::{is_hashed, last_name, leading_value, named_value};
use super::names;
use super::programs::{
    ACCOUNTS, APART, CURL, HEADERS, HTTPIE, JOINED, REDIS, SETTINGS, is_short_options,
};
use super::references::{self, is_open};
use super::shell::{self, Group, Part, Piece};

/// Deeper commands within commands are left out whole.
const DEPTH_MAX: usize = 8;
/// Where quotes are never closed, what is left out may change where the rest begins and ends, so that it is read once more.
const READINGS_MAX: usize = 8;

/// What the next word is.
#[derive(Default)]
enum Next<'a> {
    /// A word like any other.
    #[default]
    Word,
    /// The value of what the last word named.
    Value { name: &'a str, is_header: bool },
    /// Its value, when it is in quotes: `PASSWORD 'x'` in SQL.
    Quoted,
}

/// A line of a command, as far as it was read.
#[derive(Default)]
pub(super) struct Line<'a> {
    written: String,
    /// Words of the program that runs now: pipes and `;` begin another.
    words: Vec<&'a str>,
    next: Next<'a>,
    /// The quotes that the line is in, or nothing.
    quotes: &'a str,
    /// Whether it is what an option for headers takes.
    is_header: bool,
    /// Whether it is a text that no shell reads, such as one in quotes.
    is_text: bool,
    /// Whether single quotes hide its variables from the shell.
    is_literal: bool,
    depth: usize,
}

impl<'a> Line<'a> {
    /// A line of single blanks without its secrets.
    pub(super) fn scrubbed(text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..READINGS_MAX {
            let read = super::in_one_line(&Line::default().read(&text));
            if read == text {
                break;
            }
            text = read;
        }
        text
    }

    fn read(mut self, text: &'a str) -> String {
        if self.depth > DEPTH_MAX {
            return REDACTED.to_owned();
        }
        for part in shell::parts(text, !self.is_text) {
            match part {
                Part::Blank => self.written.push(' '),
                Part::Mark(mark) => {
                    self.words.clear();
                    self.next = Next::Word;
                    self.written.push_str(mark);
                }
                Part::Word { text, is_cut } => {
                    let written = self.word(text);
                    self.written.push_str(&written);
                    if is_cut && self.ends_within(text, &written) {
                        break;
                    }
                }
            }
        }
        self.written
    }

    /// Whether a secret goes on behind a word whose quotes are never closed: all that follows is in them.
    fn ends_within(&mut self, word: &str, written: &str) -> bool {
        let is_named = matches!(self.next, Next::Value { .. });
        if is_named && !word.ends_with(REDACTED) {
            self.written.push_str(" [redacted]");
        }
        is_named || written != word
    }

    fn word(&mut self, text: &'a str) -> String {
        let bare = shell::bare(text);
        match std::mem::take(&mut self.next) {
            next @ Next::Value { .. } if references::is_scheme(bare) => {
                self.next = next;
                text.to_owned()
            }
            Next::Value { name, is_header } if is_header || !text.starts_with('-') => {
                self.value(name, text)
            }
            Next::Quoted if text.starts_with(['\'', '"', '\\']) => self.value("password", text),
            _ => self.named(text, bare),
        }
    }

    /// A word that is not known to be a value as a whole.
    fn named(&mut self, text: &'a str, bare: &'a str) -> String {
        let written = if let Some(length) = self.account_start(bare) {
            self.account(text, &bare[..length], &bare[length..])
        } else if self.is_joined(bare) {
            self.joined(text, &bare[2..])
        } else {
            self.next = self.awaited(bare);
            self.rewritten(text)
        };
        self.words.push(bare);
        written
    }

    /// `-p` with its password.
    fn joined(&self, text: &str, password: &str) -> String {
        let is_literal = !self.expands(shell::open_quotes(text));
        if is_literal && names::is_secret("password", password, false) {
            return format!("-p{REDACTED}");
        }
        match self.value("password", password) {
            value if value == password => text.to_owned(),
            value => format!("-p{value}"),
        }
    }

    /// `user:password` of the client that runs now.
    fn account(&self, text: &str, kept: &str, account: &str) -> String {
        let expands = self.expands(shell::open_quotes(text));
        match account.split_once(':') {
            Some((_, password)) if !is_open(password, expands) => format!("{kept}{REDACTED}"),
            _ => self.rewritten(text),
        }
    }

    /// A value, which is left out unless it is none of a secret.
    fn value(&self, name: &str, text: &str) -> String {
        let (inner, quotes) = match shell::quoted(text) {
            Some(group) => (group.inner, group.open),
            None => (text, ""),
        };
        match names::is_secret(name, inner, self.expands(quotes)) {
            true => REDACTED.to_owned(),
            false => self.rewritten(text),
        }
    }

    /// Whether variables within `quotes` are known to the shell: single ones hide them, unless they are in double ones themselves.
    fn expands(&self, quotes: &str) -> bool {
        !self.is_literal && (quotes != "'" || self.quotes == "\"")
    }

    /// Whether a program of the command that runs now is one of `names`, also behind `env` and `bundle exec`.
    fn runs(&self, names: &[&str]) -> bool {
        let mut last = "";
        self.words.iter().any(|word| {
            let is_name = matches!(
                std::mem::replace(&mut last, word),
                "-h" | "--host" | "--name"
            );
            !is_name && names.contains(&word.rsplit('/').next().unwrap_or_default())
        })
    }

    fn runs_with(&self, option: &str, table: &[(&str, &[&str])]) -> bool {
        let mut table = table.iter();
        table.any(|(own, programs)| option == *own && self.runs(programs))
    }

    /// Whether it is `-p` with a password.
    fn is_joined(&self, word: &str) -> bool {
        word.get(..2)
            .is_some_and(|option| word.len() > 2 && self.runs_with(option, &JOINED))
    }

    /// Where an account begins: behind `-u`, `-sfu` or `--user` before the word, or within the word.
    fn account_start(&self, word: &str) -> Option<usize> {
        let last = self.words.last().copied().unwrap_or_default();
        let is_cluster = is_short_options(last) && last.ends_with(['u', 'U']);
        if self.runs_with(last, &ACCOUNTS) || (is_cluster && self.runs(&CURL)) {
            return Some(0);
        }
        if !self.runs(&CURL) || HEADERS.iter().any(|option| word.starts_with(option)) {
            return None;
        }
        let joined = ["--user=", "--proxy-user="];
        if let Some(option) = joined.iter().find(|option| word.starts_with(**option)) {
            return Some(option.len());
        }
        let options = word.split(':').next().unwrap_or_default();
        match is_short_options(options) {
            true => options.find(['u', 'U']).map(|place| place + 1),
            false => None,
        }
    }

    /// What a word says of the next one: `--password`, `Token:`, and `-a` of Redis' client.
    fn awaited(&self, word: &'a str) -> Next<'a> {
        let last = self.words.last().copied().unwrap_or_default();
        let named = |name, is_header| Next::Value { name, is_header };
        let is_redis_login = word.eq_ignore_ascii_case("auth") && self.runs(&REDIS);
        if self.runs_with(word, &APART) || SETTINGS.contains(&word) || is_redis_login {
            return named("password", false);
        }
        if word.starts_with('-') && !word.contains('=') && names::is_secret_name(word) {
            return named(word, false);
        }
        let is_header = self.takes_headers(word) || !self.quotes.is_empty();
        if let Some(before) = word.strip_suffix([':', '=']).filter(|_| is_header) {
            let name = last_name(before);
            if names::is_secret_name(name) {
                return named(name, true);
            }
        }
        if matches!(word, ":" | "=") && !self.quotes.is_empty() {
            let is_of_user = self.ended_with(2, "for") && self.ended_with(3, "password");
            let name = if is_of_user {
                "password"
            } else {
                last_name(last)
            };
            if names::is_secret_name(name) {
                return named(name, true);
            }
        }
        let is = |own: &str| word.eq_ignore_ascii_case(own);
        let is_identified = self.ended_with(1, "identified") || self.ended_with(3, "identified");
        match is("password") || (is_identified && (is("by") || is("as"))) {
            true => Next::Quoted,
            false => Next::Word,
        }
    }

    /// Whether the word `back` words ago was this one of SQL.
    fn ended_with(&self, back: usize, sql: &str) -> bool {
        let word = self.words.iter().nth_back(back - 1);
        word.is_some_and(|word| word.eq_ignore_ascii_case(sql))
    }

    /// Whether `word` is a header, or an option with one.
    fn takes_headers(&self, word: &str) -> bool {
        let last = self.words.last().copied().unwrap_or_default();
        let is_cluster = is_short_options(last) && last.ends_with('H') && self.runs(&CURL);
        let is_option = |option: &&str| last == *option || word.starts_with(*option);
        let is_header = is_cluster || HEADERS.iter().any(is_option);
        self.is_header || is_header || self.runs(&HTTPIE)
    }

    /// A word without the values of what it names itself.
    fn rewritten(&self, text: &str) -> String {
        let (mut written, mut place) = (String::new(), 0);
        let is_header = self.takes_headers(text);
        for piece in shell::pieces(text) {
            match piece {
                Piece::Plain(plain) => {
                    let end = place + plain.len();
                    if let Some((name, start)) = named_value(text, place..end, is_header) {
                        let (kept, value) = (&text[place..start], &text[start..]);
                        return written + kept + &self.default_or_value(kept, name, value);
                    }
                    written.push_str(&without_credentials(plain, self.expands("")));
                    place = end;
                }
                Piece::Group(group) => {
                    let Group { open, close, .. } = group;
                    let inner = if group.is_substitution() {
                        self.script(group).read(group.inner)
                    } else if is_hashed(&text[..place]) && !is_open(group.inner, false) {
                        REDACTED.to_owned()
                    } else {
                        self.in_quotes(group, is_header)
                    };
                    written.push_str(&format!("{open}{inner}{close}"));
                    place += group.length();
                }
            }
        }
        written
    }

    /// A value, which within `${NAME:-value}` ends before the brace.
    fn default_or_value(&self, kept: &str, name: &str, value: &str) -> String {
        let is_default = (kept.ends_with(":-") || kept.ends_with(":=")) && kept.contains("${");
        match value.find('}').filter(|_| is_default) {
            Some(end) => {
                let (value, rest) = value.split_at(end);
                self.value(name, value) + &self.rewritten(rest)
            }
            None => self.value(name, value),
        }
    }

    /// What stands in quotes: a value that its own begin names, a command, or words.
    fn in_quotes(&self, group: Group<'_>, is_header: bool) -> String {
        let inner = group.inner;
        let named = leading_value(inner, is_header).filter(|_| !self.takes_script());
        if let Some((name, length)) = named.filter(|_| inner.contains(' ')) {
            let value = references::without_scheme(&inner[length..]);
            let kept = &inner[..inner.len() - value.len()];
            return match names::is_secret(name, value, self.expands(group.open)) {
                true => format!("{kept}{REDACTED}"),
                false => format!("{kept}{}", self.read_in(group, false, value)),
            };
        }
        self.read_in(group, is_header, inner)
    }

    /// What stands in quotes without its secrets. Where nothing says that a shell reads it, it is read as a text first, in which `;` may belong to a
    /// password, and then as a script, since somebody may run it all the same.
    fn read_in(&self, group: Group<'_>, is_header: bool, inner: &str) -> String {
        if self.takes_script() {
            return Line {
                is_header,
                ..self.script(group)
            }
            .read(inner);
        }
        let inside = || Line {
            is_header,
            is_literal: !self.expands(group.open),
            ..self.script(group)
        };
        let text = Line {
            is_text: true,
            ..inside()
        }
        .read(inner);
        inside().read(&text)
    }

    /// The line that a group is, when a shell reads it.
    fn script<'b>(&self, group: Group<'b>) -> Line<'b> {
        let quotes = if group.is_substitution() {
            ""
        } else {
            group.open
        };
        Line {
            quotes,
            depth: self.depth + 1,
            ..Line::default()
        }
    }

    /// Whether the next word is a command: behind `sh -c`, `eval` and `ssh`.
    fn takes_script(&self) -> bool {
        let last = self.words.last().copied().unwrap_or_default();
        let is_option = is_short_options(last) && last.ends_with('c');
        is_option || matches!(last, "eval" | "--command") || self.runs(&["ssh", "watch"])
    }
}
