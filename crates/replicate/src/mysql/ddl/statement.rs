//! What a statement that changes a schema does, and to which tables.
//!
//! Only forms that are understood to the end have a meaning; all others are an error, which stops the stream. So a dialect's forms that are missing
//! here cost a stop, never a row.

use super::alter;
use super::change::{Alteration, Change};
use super::parser::{Parser, is_keyword};
use super::quoting::Quoting;
use super::tokens::{self, Token};

/// A statement understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Understood {
    /// What it does.
    pub(crate) change: Change,
    /// Some of it is for some versions of servers only.
    pub(crate) depends_on_version: bool,
    /// It names the type JSON, which is a type of its own in one family and text in the other.
    pub(crate) names_json: bool,
}

/// Reads a statement that was written while `database` was the session's default. The error says why it is not understood.
pub(crate) fn read(text: &str, database: &str, quoting: Quoting) -> Result<Understood, String> {
    let tokens = tokens::take_apart(text, quoting)?;
    let mut list = tokens.list;
    while matches!(list.last(), Some((_, Token::Symbol(';')))) {
        list.pop();
    }
    let names_json = list.iter().any(|(_, token)| is_keyword(token, "JSON"));
    let mut parser = Parser {
        list,
        at: 0,
        database: database.to_owned(),
        length: text.len(),
    };
    Ok(Understood {
        change: parser.statement()?,
        depends_on_version: tokens.has_executable_comment,
        names_json,
    })
}

/// Kinds of things that are not tables and are made from the source's present ones at the end.
const PROGRAMS: &[&str] = &["VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"];
impl Parser {
    fn statement(&mut self) -> Result<Change, String> {
        let verb = self.keyword()?;
        match verb.as_str() {
            "GRANT" | "REVOKE" | "FLUSH" | "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" => {
                Ok(Change::Nothing)
            }
            "SET"
                if ["PASSWORD", "DEFAULT", "ROLE"]
                    .iter()
                    .any(|word| self.is_next(word)) =>
            {
                Ok(Change::Nothing)
            }
            "CREATE" | "ALTER" | "DROP" | "RENAME" if self.is_about_accounts() => {
                Ok(Change::Nothing)
            }
            "CREATE" | "ALTER" | "DROP" if self.is_about_programs() => Ok(Change::Program),
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop(),
            "RENAME" => self.rename(),
            "TRUNCATE" => {
                self.accept("TABLE");
                let table = self.place()?;
                self.end().map(|()| Change::Truncate { table })
            }
            _ => Err(format!("{verb} is not a statement that this build carries")),
        }
    }

    fn is_about_accounts(&self) -> bool {
        let after = if self.is_next("OR") { 2 } else { 0 };
        ["USER", "ROLE"].iter().any(|word| self.is_at(after, word))
    }

    /// Whether one of the kinds follows, behind the clauses that may stand before it.
    fn is_about_programs(&self) -> bool {
        let mut ahead = 0;
        loop {
            if PROGRAMS.iter().any(|kind| self.is_at(ahead, kind)) {
                return true;
            }
            ahead += match self.list.get(self.at + ahead) {
                // OR REPLACE
                Some((_, word)) if is_keyword(word, "OR") => 2,
                Some((_, word)) if is_keyword(word, "AGGREGATE") => 1,
                // ALGORITHM = word, SQL SECURITY word
                Some((_, word)) if is_keyword(word, "ALGORITHM") || is_keyword(word, "SQL") => 3,
                Some((_, word)) if is_keyword(word, "DEFINER") => self.definer_length(ahead),
                _ => return false,
            };
        }
    }

    /// The number of tokens of `DEFINER = user@host`, `DEFINER = role` or `DEFINER = CURRENT_USER()`.
    fn definer_length(&self, ahead: usize) -> usize {
        let symbol = |at: usize| match self.list.get(self.at + ahead + at) {
            Some((_, Token::Symbol(symbol))) => *symbol,
            _ => ' ',
        };
        match symbol(3) {
            '@' | '(' => 5,
            _ => 3,
        }
    }

    fn create(&mut self) -> Result<Change, String> {
        let replaces = self.accept("OR") && self.accept("REPLACE");
        if self.accept("TEMPORARY") {
            return Ok(Change::Nothing);
        }
        if !self.is_next("TABLE") {
            return self.create_index();
        }
        self.at += 1;
        let if_absent = self.accept("IF") && self.accept("NOT") && self.accept("EXISTS");
        let table = self.place()?;
        let in_parentheses = self.is_symbol('(') && self.is_at(1, "LIKE");
        let like = if in_parentheses || self.is_next("LIKE") {
            self.at += 1 + usize::from(in_parentheses);
            Some(self.place()?)
        } else {
            None
        };
        let rest = &self.list[self.at.min(self.list.len())..];
        if rest.iter().any(|(_, token)| is_keyword(token, "SELECT")) {
            return Err("it makes a table from a query, of which the log holds no rows".to_owned());
        }
        if names_other_engine(rest) {
            return Err("it names a storage engine other than InnoDB".to_owned());
        }
        if ["DIRECTORY", "UNION", "VERSIONING"]
            .iter()
            .any(|word| rest.iter().any(|(_, token)| is_keyword(token, word)))
        {
            return Err("it makes a table with files, parts or versions of its own".to_owned());
        }
        let end = match rest {
            [.., (start, first), (_, second)]
                if is_keyword(first, "START") && is_keyword(second, "TRANSACTION") =>
            {
                *start
            }
            _ => self.length,
        };
        Ok(Change::Create {
            table,
            replaces,
            if_absent,
            like,
            end,
        })
    }

    /// `CREATE … INDEX … ON table (…)`.
    fn create_index(&mut self) -> Result<Change, String> {
        let kinds = ["ONLINE", "OFFLINE", "UNIQUE", "FULLTEXT", "SPATIAL"];
        while kinds.iter().any(|kind| self.accept(kind)) {}
        if !self.accept("INDEX") {
            return Err("it makes something that this build does not carry".to_owned());
        }
        self.index_of_table()
    }

    fn index_of_table(&mut self) -> Result<Change, String> {
        while self.at < self.list.len() && !self.accept("ON") {
            self.at += 1;
        }
        let table = self.place()?;
        Ok(Change::Alter(Alteration::of(table)))
    }

    fn alter(&mut self) -> Result<Change, String> {
        if self.accept("DATABASE") || self.accept("SCHEMA") {
            let names_none = ["CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "COMMENT"]
                .iter()
                .any(|word| self.is_next(word));
            let database = if names_none {
                self.database.clone()
            } else {
                self.name()?
            };
            return Ok(Change::AlterDatabase { database });
        }
        self.accept("ONLINE");
        if self.accept("IGNORE") {
            return Err("ALTER IGNORE removes rows of its own choice".to_owned());
        }
        if !self.accept("TABLE") {
            return Err("it changes something that this build does not carry".to_owned());
        }
        self.if_exists();
        let table = self.place()?;
        let database = self.database.clone();
        let rest: Vec<Token> = self.list.drain(self.at..).map(|(_, token)| token).collect();
        alter::read(table, &rest, &database)
    }

    fn drop(&mut self) -> Result<Change, String> {
        if self.accept("TEMPORARY") {
            return Ok(Change::Nothing);
        }
        if self.accept("INDEX") {
            return self.index_of_table();
        }
        if self.accept("DATABASE") || self.accept("SCHEMA") {
            return Err("it removes a database".to_owned());
        }
        if !self.accept("TABLE") && !self.accept("TABLES") {
            return Err("it removes something that this build does not carry".to_owned());
        }
        self.if_exists();
        let mut tables = vec![self.place()?];
        while self.accept_symbol(',') {
            tables.push(self.place()?);
        }
        if !self.accept("CASCADE") {
            self.accept("RESTRICT");
        }
        self.end().map(|()| Change::Drop { tables })
    }

    fn rename(&mut self) -> Result<Change, String> {
        if !self.accept("TABLE") && !self.accept("TABLES") {
            return Err("it renames something that this build does not carry".to_owned());
        }
        self.if_exists();
        let mut pairs = Vec::new();
        loop {
            let from = self.place()?;
            if !self.accept("TO") {
                return Err("it renames in a form that this build does not carry".to_owned());
            }
            pairs.push((from, self.place()?));
            if !self.accept_symbol(',') {
                break;
            }
        }
        self.end().map(|()| Change::Rename { pairs })
    }
}

/// Whether an ENGINE is named that is not InnoDB.
pub(super) fn names_other_engine<'a>(tokens: impl IntoIterator<Item = &'a (usize, Token)>) -> bool {
    let mut after_engine = false;
    for (_, token) in tokens {
        match token {
            Token::Symbol('=') if after_engine => {}
            Token::Word(_) | Token::Name(_) | Token::Text if after_engine => {
                if !matches!(token, Token::Word(name) | Token::Name(name) if name.eq_ignore_ascii_case("InnoDB"))
                {
                    return true;
                }
                after_engine = false;
            }
            _ => after_engine = is_keyword(token, "ENGINE"),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::change::Place;
    use super::*;

    fn change(text: &str) -> Result<Change, String> {
        read(text, "lms", Quoting::default()).map(|understood| understood.change)
    }

    fn place(name: &str) -> Place {
        let (database, table) = name.split_once('.').unwrap_or(("lms", name));
        Place {
            database: database.to_owned(),
            table: table.to_owned(),
        }
    }

    #[test]
    fn tables_are_told_by_their_full_names() {
        for (text, expected) in [
            ("DROP TABLE a, other.b, `c``d`", vec!["a", "other.b", "c`d"]),
            (
                "DROP TABLE IF EXISTS a /* generated by server */",
                vec!["a"],
            ),
            ("DROP TABLE a CASCADE;", vec!["a"]),
        ] {
            let tables = expected.into_iter().map(place).collect();
            assert_eq!(change(text), Ok(Change::Drop { tables }), "{text}");
        }
        let pairs = vec![
            (place("t"), place("_t_del")),
            (place("_t_gho"), place("other.t")),
        ];
        assert_eq!(
            change("RENAME /* gh-ost */ TABLE `lms`.`t` TO `lms`.`_t_del`, _t_gho to other . t"),
            Ok(Change::Rename { pairs })
        );
        assert_eq!(
            change("TRUNCATE other.t"),
            Ok(Change::Truncate {
                table: place("other.t")
            })
        );
        for text in [
            "CREATE UNIQUE INDEX i ON t (a)",
            "DROP INDEX i ON t",
            "ALTER TABLE IF EXISTS t ADD x INT",
            "ALTER ONLINE TABLE lms.t FORCE",
        ] {
            assert!(
                matches!(change(text), Ok(Change::Alter(found)) if found.table == place("t")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_new_table_is_read_with_its_conditions() {
        let text = "CREATE TABLE t (a INT) START TRANSACTION";
        let expected = Change::Create {
            table: place("t"),
            replaces: false,
            if_absent: false,
            like: None,
            end: 23,
        };
        assert_eq!(change(text), Ok(expected));
        let text = "CREATE OR REPLACE TABLE t (LIKE other.u)";
        let expected = Change::Create {
            table: place("t"),
            replaces: true,
            if_absent: false,
            like: Some(place("other.u")),
            end: text.len(),
        };
        assert_eq!(change(text), Ok(expected));
        let text = "CREATE TABLE IF NOT EXISTS t (definer INT, event INT)";
        let expected = Change::Create {
            table: place("t"),
            replaces: false,
            if_absent: true,
            like: None,
            end: text.len(),
        };
        assert_eq!(change(text), Ok(expected));
    }

    #[test]
    fn programs_and_accounts_are_told_from_tables() {
        for text in [
            "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS SELECT 1",
            "CREATE OR REPLACE DEFINER=CURRENT_USER() TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
            "DROP FUNCTION IF EXISTS f",
            "CREATE AGGREGATE FUNCTION f (x INT) RETURNS INT RETURN 1",
            "ALTER EVENT e DISABLE",
        ] {
            assert_eq!(change(text), Ok(Change::Program), "{text}");
        }
        for text in [
            "CREATE OR REPLACE USER x@y",
            "DROP ROLE r",
            "GRANT ALL ON *.* TO x",
            "SET PASSWORD FOR x = 'y'",
            "DROP TEMPORARY TABLE t",
            "DROP /*!40005 TEMPORARY */ TABLE t",
            "ANALYZE TABLE t",
        ] {
            assert_eq!(change(text), Ok(Change::Nothing), "{text}");
        }
    }

    #[test]
    fn doubt_is_an_error() {
        for text in [
            "CREATE TABLE t AS SELECT 1",
            "CREATE TABLE t (a INT) ENGINE = Aria",
            "CREATE SEQUENCE s",
            "DROP DATABASE lms",
            "RENAME TABLE a NOWAIT TO b",
            "ALTER IGNORE TABLE t ADD UNIQUE (a)",
            "DROP TABLE a WAIT 5",
            "INSTALL PLUGIN x SONAME 'y'",
            "INSERT INTO t VALUES (1)",
            "",
            "'",
        ] {
            assert!(change(text).is_err(), "{text}");
        }
    }
}
