//! What a statement does to a schema, once it is understood.

use std::collections::BTreeSet;

/// A table by its full name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The database, also where the statement left it to the session.
    pub(crate) database: String,
    /// The table.
    pub(crate) table: String,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Changes a table's definition.
    Alter(Alteration),
    /// Makes a table.
    Create {
        /// Its name.
        table: Place,
        /// It replaces one of that name.
        replaces: bool,
        /// It does nothing if there is one of that name.
        if_absent: bool,
        /// The table whose definition it takes.
        like: Option<Place>,
        /// The byte at which the statement ends, without what tells replicas that rows follow in the same transaction.
        end: usize,
    },
    /// Removes tables.
    Drop {
        /// Their names.
        tables: Vec<Place>,
    },
    /// Renames tables one after another.
    Rename {
        /// Old and new names, in order.
        pairs: Vec<(Place, Place)>,
    },
    /// Removes all rows of a table.
    Truncate {
        /// The table.
        table: Place,
    },
    /// Changes the defaults of a database.
    AlterDatabase {
        /// Its name.
        database: String,
    },
    /// Makes, changes or removes a view, a trigger, a routine or an event. Those are carried from the source's present ones at the end.
    Program,
    /// Neither rows nor definitions change.
    Nothing,
}

impl Change {
    /// The tables it touches, also by names that are free before or after it.
    pub(crate) fn places(&self) -> Vec<&Place> {
        match self {
            Change::Alter(alteration) => std::iter::once(&alteration.table)
                .chain(&alteration.renamed)
                .collect(),
            Change::Create { table, like, .. } => std::iter::once(table).chain(like).collect(),
            Change::Drop { tables } => tables.iter().collect(),
            Change::Rename { pairs } => pairs.iter().flat_map(|(from, to)| [from, to]).collect(),
            Change::Truncate { table } => vec![table],
            Change::AlterDatabase { .. } | Change::Program | Change::Nothing => Vec::new(),
        }
    }

    /// The databases it touches.
    pub(crate) fn databases(&self) -> Vec<&str> {
        if let Change::AlterDatabase { database } = self {
            return vec![database];
        }
        let places = self.places().into_iter();
        places.map(|place| place.database.as_str()).collect()
    }
}

/// What ALTER TABLE does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alteration {
    /// The table.
    pub(crate) table: Place,
    /// Its new name.
    pub(crate) renamed: Option<Place>,
    /// What becomes of its columns, in order.
    pub(crate) columns: Vec<ColumnChange>,
    /// Columns that are defined anew to number themselves: right only if they did before.
    pub(crate) numbering: Vec<String>,
    /// It may give columns that stood there another type.
    pub(crate) redefines: bool,
    /// It sets the counter and nothing else.
    pub(crate) is_counter_only: bool,
}

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ColumnChange {
    /// It is there from now on.
    Added(String),
    /// It is gone.
    Dropped(String),
    /// It has another name.
    Renamed(String, String),
}

impl Alteration {
    /// One that leaves the columns' names as they are.
    pub(super) fn of(table: Place) -> Alteration {
        Alteration {
            table,
            renamed: None,
            columns: Vec::new(),
            numbering: Vec::new(),
            redefines: false,
            is_counter_only: false,
        }
    }

    /// The names of the columns afterwards, in small letters. The error says why it cannot be done twice or not be known.
    pub(crate) fn columns_after(
        &self,
        before: impl Iterator<Item = String>,
    ) -> Result<BTreeSet<String>, String> {
        let before: BTreeSet<String> = before.map(|name| name.to_lowercase()).collect();
        let mut after = before.clone();
        for change in &self.columns {
            match change {
                ColumnChange::Added(name) => drop(after.insert(name.to_lowercase())),
                ColumnChange::Dropped(name) => drop(after.remove(&name.to_lowercase())),
                ColumnChange::Renamed(from, to) => {
                    let (from, to) = (from.to_lowercase(), to.to_lowercase());
                    if from != to && before.contains(&to) {
                        return Err(format!(
                            "it gives column {to} to another one's values: whether that was done could not be seen after a kill"
                        ));
                    }
                    after.remove(&from);
                    after.insert(to);
                }
            }
        }
        Ok(after)
    }
}
