//! The tables of a database as far as moving their rows needs them known, and the statements that make them again.

mod definition;
mod read;
pub mod translate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mysql::value::{ColumnClass, quote_name};
use crate::position::LogPosition;

pub use definition::{Definition, take_apart};
pub use read::read;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What it holds.
    pub class: ColumnClass,
    /// Whether NULL may stand in it.
    pub nullable: bool,
    /// Whether the server computes it; computed columns are not carried.
    pub generated: bool,
}

/// A foreign key between two tables of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Name of the constraint.
    pub name: String,
    /// The child table.
    pub child: String,
    /// Columns of the child.
    pub columns: Vec<String>,
    /// The parent table.
    pub parent: String,
    /// Columns of the parent, in the same order.
    pub parent_columns: Vec<String>,
    /// What happens to the child when the parent's row goes.
    pub on_delete: ReferentialAction,
    /// What happens to the child when the parent's key changes.
    pub on_update: ReferentialAction,
}

impl ForeignKey {
    /// Whether the server changes child rows by itself.
    pub fn has_action(&self) -> bool {
        self.on_delete != ReferentialAction::Restrict
            || self.on_update != ReferentialAction::Restrict
    }
}

/// What a server does by itself to a child row, without a word in its log (rule 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferentialAction {
    /// Refuses the change of the parent.
    Restrict,
    /// Does the same to the child.
    Cascade,
    /// Empties the child's columns.
    SetNull,
}

impl ReferentialAction {
    fn from_words(words: &str) -> ReferentialAction {
        match words {
            "CASCADE" => ReferentialAction::Cascade,
            "SET NULL" => ReferentialAction::SetNull,
            _ => ReferentialAction::Restrict,
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Columns in the order of the server's log.
    pub columns: Vec<Column>,
    /// Columns that identify a row, as indexes into `columns`: the primary key, else a unique key of NOT NULL columns
    /// without prefixes (rule 8). Empty: the table has no key.
    pub identity: Vec<usize>,
    /// Name of the index behind `identity`.
    pub identity_index: Option<String>,
    /// Storage engine.
    pub engine: String,
    /// The column that numbers itself.
    pub auto_increment_column: Option<usize>,
    /// The server's statement that makes the table.
    pub create_statement: String,
    /// The server's own estimate of rows.
    pub estimated_rows: u64,
    /// The server's own estimate of bytes in the table's rows.
    pub data_bytes: u64,
    /// Mean length of a row in bytes, by the same estimate; at least 1.
    pub mean_row_bytes: u64,
}

impl Table {
    /// Indexes of the columns that are carried: all that the server does not compute.
    pub fn carried(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.generated)
            .map(|(index, _)| index)
    }

    /// The carried columns' names, quoted and separated by commas.
    pub fn carried_names(&self) -> String {
        self.carried()
            .map(|index| quote_name(&self.columns[index].name))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Whether rows can be told apart.
    pub fn has_key(&self) -> bool {
        !self.identity.is_empty()
    }

    /// Whether no other index than the one behind the identity forbids two rows to be alike (rule 14).
    pub fn has_one_unique_index(&self) -> bool {
        let is_unique = |line: &&str| {
            let line = line.trim_start();
            line.starts_with("PRIMARY KEY") || line.starts_with("UNIQUE KEY")
        };
        self.has_key() && self.create_statement.lines().filter(is_unique).count() == 1
    }

    /// Index of the column of that name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// All of a database that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Name of the database.
    pub database: String,
    /// Its default character set.
    pub charset: String,
    /// Its default collation.
    pub collation: String,
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Foreign keys, ordered by child and name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Names of the sequences, which MariaDB has.
    #[serde(default)]
    pub sequences: Vec<String>,
    /// Tables, also ones that are gone, whose copy begins behind that of the others; until the stream follows. What it means stands at the head of
    /// [`recopy`](crate::mysql::recopy).
    #[serde(default)]
    pub recopied: BTreeMap<String, Recopied>,
}

/// A table that is copied anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recopied {
    /// Its first position: what the log has of the table before is in its rows already.
    pub from: LogPosition,
    /// It stands on the target under its present definition, or is gone there too.
    pub is_made: bool,
}

impl Schema {
    /// The schema of a database without a table.
    pub(crate) fn of_nothing(database: &str) -> Schema {
        Schema {
            database: database.to_owned(),
            charset: String::new(),
            collation: String::new(),
            tables: BTreeMap::new(),
            foreign_keys: Vec::new(),
            sequences: Vec::new(),
            recopied: BTreeMap::new(),
        }
    }

    /// Whether what the log has of a table at that position is in its rows already, because its copy begins behind it.
    pub fn is_copied_behind(&self, table: &str, position: &LogPosition) -> bool {
        self.recopied
            .get(table)
            .is_some_and(|recopied| *position < recopied.from)
    }

    /// Foreign keys whose parent is this table.
    pub fn children_of<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a ForeignKey> + 'a {
        self.foreign_keys
            .iter()
            .filter(move |key| key.parent == parent)
    }

    /// Whether a table must be read whole at one moment whose place in the log is exact, because a copy that is a mixture of moments could not
    /// be repaired by replay: it has no key; or the server passes cascades through it, or renames parents of its rows, so that what a cascade
    /// reaches depends on rows as they were at that very moment.
    pub fn needs_one_moment(&self, table: &Table) -> bool {
        let (mut is_reached, mut passes_on) = (false, false);
        for key in self.foreign_keys.iter().filter(|key| key.has_action()) {
            if key.child == table.name {
                is_reached = true;
                if key.on_update != ReferentialAction::Restrict
                    || self.is_changed_by_cascades(&key.parent)
                {
                    return true;
                }
            }
            passes_on |= key.parent == table.name;
        }
        !table.has_key() || (is_reached && passes_on)
    }

    /// Whether the server may change rows of this table without a word in its log.
    pub fn is_changed_by_cascades(&self, table: &str) -> bool {
        self.foreign_keys
            .iter()
            .any(|key| key.child == table && key.has_action())
    }
}
