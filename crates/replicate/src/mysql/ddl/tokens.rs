//! The words of a statement, as far as names and clauses need them told apart.
//!
//! Comments vanish, but for executable ones (`/*! … */`, `/*M! … */`): their content counts as code, since some version runs it.

use super::quoting::{Apart, Quoting, set_apart};

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
        if let Some((Apart::Comment, length)) = set_apart(rest, self.quoting) {
            self.at += length.ok_or("a comment does not end")?;
            return Ok(true);
        }
        Ok(false)
    }

    fn token(&mut self, first: char) -> Result<Token, &'static str> {
        match first {
            '`' | '"' | '\'' => self.quoted(),
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

    /// What stands between quotes.
    fn quoted(&mut self) -> Result<Token, &'static str> {
        let rest = self.rest();
        let (apart, length) = set_apart(rest, self.quoting).unwrap_or((Apart::Text, None));
        let length = length.ok_or("a quote does not end")?;
        let token = match apart {
            Apart::Name => Token::Name(name_of(&rest[..length])),
            Apart::Text | Apart::Comment => Token::Text,
        };
        self.at += length;
        Ok(token)
    }
}

/// A name without its quotes; a doubled one in it is one.
fn name_of(quoted: &str) -> String {
    let (quote, inner) = (&quoted[..1], &quoted[1..quoted.len() - 1]);
    inner.replace(&quote.repeat(2), quote)
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
            ("a /*/ b */ c", "a c"),
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
