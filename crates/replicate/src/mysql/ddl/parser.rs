//! Reads the tokens of a statement one after another.

use super::change::Place;
use super::tokens::Token;

/// Whether it is that word, in any letters, and not a quoted name.
pub(super) fn is_keyword(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

/// Reads a list of tokens from the front.
pub(super) struct Parser {
    pub(super) list: Vec<(usize, Token)>,
    pub(super) at: usize,
    pub(super) database: String,
    pub(super) length: usize,
}

impl Parser {
    pub(super) fn if_exists(&mut self) -> bool {
        self.is_next("IF") && self.is_at(1, "EXISTS") && {
            self.at += 2;
            true
        }
    }

    pub(super) fn is_at(&self, ahead: usize, keyword: &str) -> bool {
        self.list
            .get(self.at + ahead)
            .is_some_and(|(_, token)| is_keyword(token, keyword))
    }

    pub(super) fn is_next(&self, keyword: &str) -> bool {
        self.is_at(0, keyword)
    }

    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        matches!(self.list.get(self.at), Some((_, Token::Symbol(found))) if *found == symbol)
    }

    pub(super) fn accept(&mut self, keyword: &str) -> bool {
        let is_there = self.is_next(keyword);
        self.at += usize::from(is_there);
        is_there
    }

    pub(super) fn accept_symbol(&mut self, symbol: char) -> bool {
        let is_there = self.is_symbol(symbol);
        self.at += usize::from(is_there);
        is_there
    }

    pub(super) fn keyword(&mut self) -> Result<String, String> {
        match self.list.get(self.at) {
            Some((_, Token::Word(word))) => {
                self.at += 1;
                Ok(word.to_ascii_uppercase())
            }
            _ => Err("it does not begin with a word".to_owned()),
        }
    }

    pub(super) fn name(&mut self) -> Result<String, String> {
        match self.list.get(self.at) {
            Some((_, Token::Word(name) | Token::Name(name))) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err("a name is missing in it".to_owned()),
        }
    }

    pub(super) fn place(&mut self) -> Result<Place, String> {
        let first = self.name()?;
        Ok(match self.accept_symbol('.') {
            true => Place {
                database: first,
                table: self.name()?,
            },
            false => Place {
                database: self.database.clone(),
                table: first,
            },
        })
    }

    pub(super) fn end(&self) -> Result<(), String> {
        match self.list.get(self.at) {
            None => Ok(()),
            Some(_) => Err("it goes on in a form that this build does not carry".to_owned()),
        }
    }
}
