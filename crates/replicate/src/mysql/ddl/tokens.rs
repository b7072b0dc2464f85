//! The words of a statement, as far as names and clauses need them told apart.
//!
//! Comments vanish, but for executable ones (`/*! … */`, `/*M! … */`): their content counts as code, since some version runs it.

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters without quotes: a keyword, a name or a number.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A string; what it says never matters here.
    Text,
    /// Any other character.
    Symbol(char),
}

/// A statement in pieces.
#[derive(Debug)]
pub(super) struct Tokens {
    /// The pieces, each with the byte at which it begins.
    pub(super) list: Vec<(usize, Token)>,
    /// Some of it stands in an executable comment, so what it does depends on the server's version.
    pub(super) has_executable_comment: bool,
}

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

/// Takes a statement apart. The error is a reason why that cannot be done.
pub(super) fn take_apart(text: &str, quoting: Quoting) -> Result<Tokens, &'static str> {
    let mut scanner = Scanner {
        text,
        at: 0,
        quoting,
        is_in_comment: false,
    };
    let mut tokens = Tokens {
        list: Vec::new(),
        has_executable_comment: false,
    };
    while let Some(next) = scanner.peek(0) {
        let start = scanner.at;
        if next.is_whitespace() {
            scanner.at += next.len_utf8();
        } else if scanner.skip_comment()? {
            tokens.has_executable_comment |= scanner.is_in_comment;
        } else {
            tokens.list.push((start, scanner.token(next)?));
        }
    }
    if scanner.is_in_comment {
        return Err("a comment does not end");
    }
    Ok(tokens)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    quoting: Quoting,
    is_in_comment: bool,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    /// Passes over a comment, or over the opening or closing sign of an executable one.
    fn skip_comment(&mut self) -> Result<bool, &'static str> {
        let rest = self.rest();
        let is_dashes =
            rest.starts_with("--") && rest[2..].chars().next().is_none_or(|next| next <= ' ');
        if is_dashes || rest.starts_with('#') {
            self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            return Ok(true);
        }
        let sign = ["/*!", "/*M!"].iter().find(|sign| rest.starts_with(**sign));
        if let Some(sign) = sign {
            if self.is_in_comment {
                return Err("an executable comment stands in another");
            }
            let digits = rest[sign.len()..].bytes().take_while(u8::is_ascii_digit);
            self.at += sign.len() + digits.count();
            self.is_in_comment = true;
            return Ok(true);
        }
        if self.is_in_comment && rest.starts_with("*/") {
            self.is_in_comment = false;
            self.at += 2;
            return Ok(true);
        }
        if rest.starts_with("/*") {
            self.at += rest.find("*/").ok_or("a comment does not end")? + 2;
            return Ok(true);
        }
        Ok(false)
    }

    fn token(&mut self, first: char) -> Result<Token, &'static str> {
        match first {
            '`' => self.quoted('`', false).map(Token::Name),
            '"' if self.quoting.ansi => self.quoted('"', false).map(Token::Name),
            '\'' | '"' => {
                let has_escapes = !self.quoting.plain_backslash;
                self.quoted(first, has_escapes).map(|_| Token::Text)
            }
            letter if is_part_of_word(letter) => {
                let rest = self.rest();
                let length = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
                let word = rest[..length].to_owned();
                self.at += length;
                Ok(Token::Word(word))
            }
            other => {
                self.at += other.len_utf8();
                Ok(Token::Symbol(other))
            }
        }
    }

    /// What stands between quotes; a doubled quote is one.
    fn quoted(&mut self, quote: char, has_escapes: bool) -> Result<String, &'static str> {
        let mut content = String::new();
        self.at += 1;
        while let Some(next) = self.peek(0) {
            self.at += next.len_utf8();
            match next {
                '\\' if has_escapes => {
                    let escaped = self.peek(0).ok_or("a quote does not end")?;
                    self.at += escaped.len_utf8();
                }
                _ if next == quote && self.peek(0) == Some(quote) => {
                    self.at += 1;
                    content.push(quote);
                }
                _ if next == quote => return Ok(content),
                _ => content.push(next),
            }
        }
        Err("a quote does not end")
    }
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$') || !letter.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, quoting: Quoting) -> Result<String, &'static str> {
        let show = |token: &Token| match token {
            Token::Word(word) => word.clone(),
            Token::Name(name) => format!("<{name}>"),
            Token::Text => "'".to_owned(),
            Token::Symbol(symbol) => symbol.to_string(),
        };
        let tokens = take_apart(text, quoting)?;
        let shown: Vec<String> = tokens.list.iter().map(|(_, token)| show(token)).collect();
        Ok(shown.join(" "))
    }

    #[test]
    fn comments_vanish_and_executable_ones_are_code() {
        for (text, expected) in [
            ("DROP /* x */ TABLE a -- b\n, c # d", "DROP TABLE a , c"),
            (
                "DROP /*!40005 TEMPORARY */ TABLE a",
                "DROP TEMPORARY TABLE a",
            ),
            ("A /*M!100100 B */ C", "A B C"),
            ("a--b", "a - - b"),
            ("a -- b", "a"),
            ("`a``b`.`c`", "<a`b> . <c>"),
            ("'it''s \\' `' x", "' x"),
            ("\"a\" b", "' b"),
            ("", ""),
            ("größe 1.5", "größe 1 . 5"),
        ] {
            assert_eq!(
                words(text, Quoting::default()).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn the_sql_mode_decides_about_quotes() {
        assert_eq!(
            words("\"a\" '\\'", Quoting::of(4 | (1 << 20))).as_deref(),
            Ok("<a> '")
        );
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for text in [
            "'a",
            "`a",
            "/* a",
            "/*!50000 a",
            "'a\\",
            "/*! a /*! b */ */",
        ] {
            assert!(words(text, Quoting::default()).is_err(), "{text}");
        }
    }
}
