//! The clauses of ALTER TABLE.

mod words;

use super::change::{Alteration, Change, ColumnChange, Place};
use super::statement::names_other_engine;
use super::tokens::Token;
use words::{CHANCE, NOT_COLUMNS, OPTIONS, PARTITION_VERBS};

/// Reads the clauses behind the table's name.
pub(super) fn read(table: Place, tokens: &[Token], database: &str) -> Result<Change, String> {
    let mut alteration = Alteration::of(table);
    if names_other_engine(
        tokens
            .iter()
            .map(|token| (0, token.clone()))
            .collect::<Vec<_>>()
            .iter(),
    ) {
        return Err("it names a storage engine other than InnoDB".to_owned());
    }
    let clauses = clauses(tokens);
    alteration.is_counter_only = match clauses.as_slice() {
        [[counter, Token::Symbol('='), Token::Word(_)] | [counter, Token::Word(_)]] => {
            is(counter, "AUTO_INCREMENT")
        }
        _ => false,
    };
    for clause in clauses {
        let mut clause = Clause {
            tokens: clause,
            at: 0,
        };
        if clause.is_any(&["REMOVE"]) || (clause.has("PARTITION") && clause.is_partition_verb()) {
            // What follows may be a list of partitions, with commas of its own.
            break;
        }
        clause.refuse_chance()?;
        alteration.redefines |= clause.is_any(&["MODIFY", "CHANGE", "CONVERT"]);
        clause.read(&mut alteration, database)?;
        if clause.has("PARTITION") && clause.has("BY") {
            break;
        }
    }
    Ok(Change::Alter(alteration))
}

/// Cuts at the commas that stand in no parentheses.
fn clauses(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            match token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth -= 1,
                _ => {}
            }
            depth == 0 && *token == Token::Symbol(',')
        })
        .filter(|clause| !clause.is_empty())
        .collect()
}

fn is(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

struct Clause<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Clause<'_> {
    fn read(&mut self, alteration: &mut Alteration, database: &str) -> Result<(), String> {
        if self.accept("ADD") {
            return self.add(alteration);
        }
        if self.accept("DROP") {
            if self.is_any(&["SYSTEM", "PERIOD"]) {
                return Err("it ends the keeping of versions".to_owned());
            }
            if !self.is_any(NOT_COLUMNS) {
                let name = self.column("DROP")?;
                alteration.columns.push(ColumnChange::Dropped(name));
            }
            return Ok(());
        }
        if self.accept("MODIFY") {
            let name = self.column("MODIFY")?;
            self.note_numbering(alteration, &name);
            return Ok(());
        }
        if self.accept("CHANGE") {
            let (from, to) = (self.column("CHANGE")?, self.name()?);
            self.note_numbering(alteration, &from);
            alteration.columns.push(ColumnChange::Renamed(from, to));
            return Ok(());
        }
        if self.accept("RENAME") {
            return self.rename(alteration, database);
        }
        let converts = self.accept("CONVERT") && self.accept("TO");
        if converts || self.accept("ALTER") || self.is_any(OPTIONS) {
            return Ok(());
        }
        Err(self.unknown())
    }

    fn unknown(&self) -> String {
        match self.tokens.first() {
            Some(Token::Word(word)) => {
                format!("its clause {word} is not one that this build carries")
            }
            _ => "one of its clauses is not one that this build carries".to_owned(),
        }
    }

    fn add(&mut self, alteration: &mut Alteration) -> Result<(), String> {
        if self.is_any(NOT_COLUMNS) {
            return Ok(());
        }
        if self.is_any(&["SYSTEM", "PERIOD"]) {
            return Err("it makes the table keep versions of its rows".to_owned());
        }
        if self.has("AUTO_INCREMENT") {
            return Err(
                "it numbers the rows that stand in the table, in an order that is the server's own"
                    .to_owned(),
            );
        }
        self.accept("COLUMN");
        if !matches!(self.tokens.get(self.at), Some(Token::Symbol('('))) {
            let name = self.column("ADD")?;
            alteration.columns.push(ColumnChange::Added(name));
            return Ok(());
        }
        let inside = self
            .tokens
            .get(self.at + 1..self.tokens.len().saturating_sub(1))
            .unwrap_or_default();
        for definition in clauses(inside) {
            let mut definition = Clause {
                tokens: definition,
                at: 0,
            };
            if !definition.is_any(NOT_COLUMNS) {
                let name = definition.column("ADD")?;
                alteration.columns.push(ColumnChange::Added(name));
            }
        }
        Ok(())
    }

    fn rename(&mut self, alteration: &mut Alteration, database: &str) -> Result<(), String> {
        if self.accept("COLUMN") {
            let from = self.column("RENAME")?;
            if !self.accept("TO") {
                return Err(self.unknown());
            }
            let to = self.name()?;
            alteration.columns.push(ColumnChange::Renamed(from, to));
            return Ok(());
        }
        if self.is_any(&["INDEX", "KEY"]) {
            return Ok(());
        }
        if !self.accept("TO") && !self.accept("AS") {
            self.at += usize::from(self.tokens.get(self.at) == Some(&Token::Symbol('=')));
        }
        let first = self.name()?;
        let place = if self.tokens.get(self.at) == Some(&Token::Symbol('.')) {
            self.at += 1;
            Place {
                database: first,
                table: self.name()?,
            }
        } else {
            Place {
                database: database.to_owned(),
                table: first,
            }
        };
        alteration.renamed = Some(place);
        Ok(())
    }

    /// The column behind the words that may stand before it.
    fn column(&mut self, verb: &str) -> Result<String, String> {
        self.accept("COLUMN");
        if self.is_any(&["IF"]) {
            self.at += if verb == "ADD" { 3 } else { 2 };
        }
        self.name()
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Word(name) | Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.unknown()),
        }
    }

    fn note_numbering(&self, alteration: &mut Alteration, column: &str) {
        if self.has("AUTO_INCREMENT") {
            alteration.numbering.push(column.to_owned());
        }
    }

    fn accept(&mut self, keyword: &str) -> bool {
        let is_there = self.is_any(&[keyword]);
        self.at += usize::from(is_there);
        is_there
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| keywords.iter().any(|keyword| is(token, keyword)))
    }

    fn has(&self, keyword: &str) -> bool {
        self.tokens.iter().any(|token| is(token, keyword))
    }

    /// An operation on partitions that can be done again and is the same anywhere.
    fn is_partition_verb(&self) -> bool {
        let is_added_or_dropped = self.is_any(&["ADD", "DROP"])
            && self
                .tokens
                .get(1)
                .is_some_and(|token| is(token, "PARTITION"));
        is_added_or_dropped || self.is_any(PARTITION_VERBS)
    }

    /// Values that depend on the server would differ in the rows that stand in the table.
    fn refuse_chance(&self) -> Result<(), String> {
        let mut before_last: Option<&Token> = None;
        for pair in self.tokens.windows(2) {
            let names_an_index = before_last.is_some_and(|token| {
                ["INDEX", "KEY", "COLUMN", "CONSTRAINT"]
                    .iter()
                    .any(|word| is(token, word))
            });
            let calls = pair[1] == Token::Symbol('(') || is(&pair[1], "VALUE");
            let is_default =
                is(&pair[0], "DEFAULT") && CHANCE.iter().any(|function| is(&pair[1], function));
            if is_default
                || calls && !names_an_index && CHANCE.iter().any(|function| is(&pair[0], function))
            {
                return Err("it computes values that differ from server to server".to_owned());
            }
            before_last = Some(&pair[0]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::quoting::Quoting;
    use super::super::statement::read;
    use super::*;

    fn alteration(clauses: &str) -> Result<Alteration, String> {
        let text = format!("ALTER TABLE t {clauses}");
        match read(&text, "lms", Quoting::default())?.change {
            Change::Alter(alteration) => Ok(alteration),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_columns_afterwards_are_known() {
        for (clauses, after) in [
            ("ADD x INT", "a b c x"),
            (
                "ADD COLUMN IF NOT EXISTS x INT AFTER b, ADD y DECIMAL(3,2)",
                "a b c x y",
            ),
            (
                "ADD COLUMN (x INT, y ENUM('a,b','c'), KEY (x))",
                "a b c x y",
            ),
            (
                "ADD `index` INT, ADD INDEX (x), ADD CONSTRAINT u UNIQUE (a)",
                "a b c index",
            ),
            ("DROP a, DROP COLUMN IF EXISTS `b`", "c"),
            (
                "DROP INDEX a, DROP PRIMARY KEY, DROP FOREIGN KEY b",
                "a b c",
            ),
            (
                "CHANGE COLUMN a x BIGINT, MODIFY b INT NOT NULL FIRST",
                "b c x",
            ),
            ("RENAME COLUMN a TO x, RENAME INDEX y TO z", "b c x"),
            (
                "ALTER a SET DEFAULT 1, COMMENT='ADD x', CONVERT TO CHARACTER SET utf8mb4",
                "a b c",
            ),
            (
                "ADD PARTITION (PARTITION p VALUES LESS THAN (3), PARTITION q VALUES LESS THAN (9))",
                "a b c",
            ),
            ("DROP PARTITION p, q", "a b c"),
            ("ENGINE=InnoDB", "a b c"),
        ] {
            let columns = ["a", "b", "C"].map(str::to_owned).into_iter();
            let found =
                alteration(clauses).and_then(|alteration| alteration.columns_after(columns));
            let found: Vec<String> = found
                .unwrap_or_else(|reason| panic!("{clauses}: {reason}"))
                .into_iter()
                .collect();
            assert_eq!(found.join(" "), after, "{clauses}");
        }
    }

    #[test]
    fn what_differs_from_server_to_server_is_refused() {
        for clauses in [
            "ADD x CHAR(36) DEFAULT (UUID())",
            "ADD x DOUBLE DEFAULT rand()",
            "ADD x BIGINT DEFAULT (NEXT VALUE FOR s)",
            "ADD id INT AUTO_INCREMENT PRIMARY KEY",
            "ENGINE=MyISAM",
            "EXCHANGE PARTITION p WITH TABLE u",
            "DISCARD TABLESPACE",
            "CONVERT PARTITION p TO TABLE u",
            "ADD SYSTEM VERSIONING",
            "NOWAIT ADD x INT",
        ] {
            assert!(alteration(clauses).is_err(), "{clauses}");
        }
    }

    #[test]
    fn a_swap_of_columns_is_refused() {
        let swap = alteration("RENAME COLUMN a TO b, RENAME COLUMN b TO a").expect("it reads");
        assert!(
            swap.columns_after(["a", "b"].map(str::to_owned).into_iter())
                .is_err()
        );
    }

    #[test]
    fn a_counter_alone_is_told_from_more() {
        for (clauses, is_counter) in [
            ("AUTO_INCREMENT = 9", true),
            ("AUTO_INCREMENT 9", true),
            ("AUTO_INCREMENT=9, ADD x INT", false),
            ("ADD x INT", false),
        ] {
            assert_eq!(
                alteration(clauses).map(|found| found.is_counter_only),
                Ok(is_counter),
                "{clauses}"
            );
        }
    }
}
