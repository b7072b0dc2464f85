//! The steps of a statement, and how the target shows that each was done.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Place};
use crate::mysql::schema::{Schema, take_apart};
use crate::mysql::value::quote_name;

/// One atomic statement on the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What is run.
    pub(super) sql: Vec<u8>,
    /// How it is seen to be done.
    pub(super) sign: Sign,
}

/// What tells that a step was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// There is no such table.
    Absent(String),
    /// There is such a table.
    Present(String),
    /// The first name is free and the second is taken.
    Moved(String, String),
    /// The table's definition is not the one before. If it stays the same, doing it twice is the same as once.
    Changed(String),
    /// None; doing it twice is the same as once.
    None,
}

impl Sign {
    /// Whether the step was done, given the definitions before it was intended and the ones now.
    pub(super) fn is_seen(&self, before: &Definitions, now: &Definitions) -> bool {
        match self {
            Sign::Absent(table) => !now.contains_key(table),
            Sign::Present(table) => now.contains_key(table),
            Sign::Moved(from, to) => !now.contains_key(from) && now.contains_key(to),
            Sign::Changed(table) => before.get(table) != now.get(table),
            Sign::None => false,
        }
    }
}

/// Tables by name, each with all that is defined of it but its counter.
pub(crate) type Definitions = BTreeMap<String, String>;

/// The definitions of all tables.
pub(crate) fn definitions(schema: &Schema) -> Definitions {
    let definition = |(name, table): (&String, _)| {
        let parts = take_apart(table);
        let clauses = [
            parts.plain_indexes,
            parts.unique_indexes,
            parts.foreign_keys,
        ]
        .concat();
        let lines = clauses.into_iter().map(|(_, clause)| clause);
        let text: Vec<String> = std::iter::once(parts.create).chain(lines).collect();
        (name.clone(), text.join("\n"))
    };
    schema.tables.iter().map(definition).collect()
}

/// The steps of a change whose tables are all in the database that moves.
pub(super) fn steps(change: &Change, query: &[u8]) -> Vec<Step> {
    let whole = |sign| {
        vec![Step {
            sql: query.to_vec(),
            sign,
        }]
    };
    match change {
        Change::Alter(alteration) => {
            let table = &alteration.table;
            match alteration
                .renamed
                .as_ref()
                .filter(|renamed| *renamed != table)
            {
                Some(renamed) => whole(Sign::Moved(table.table.clone(), renamed.table.clone())),
                None => whole(Sign::Changed(table.table.clone())),
            }
        }
        Change::Create { replaces: true, .. } | Change::AlterDatabase { .. } => whole(Sign::None),
        Change::Create { table, end, .. } => vec![Step {
            sql: query[..(*end).min(query.len())].to_vec(),
            sign: Sign::Present(table.table.clone()),
        }],
        // One by one, because several in one statement are not atomic on every server.
        Change::Drop { tables } => tables.iter().map(drop_one).collect(),
        Change::Rename { pairs } => pairs
            .iter()
            .map(|(from, to)| rename_one(from, to))
            .collect(),
        Change::Truncate { .. } | Change::Program | Change::Nothing => Vec::new(),
    }
}

fn full_name(place: &Place) -> String {
    format!(
        "{}.{}",
        quote_name(&place.database),
        quote_name(&place.table)
    )
}

fn drop_one(place: &Place) -> Step {
    Step {
        sql: format!("DROP TABLE IF EXISTS {}", full_name(place)).into_bytes(),
        sign: Sign::Absent(place.table.clone()),
    }
}

fn rename_one(from: &Place, to: &Place) -> Step {
    Step {
        sql: format!("RENAME TABLE {} TO {}", full_name(from), full_name(to)).into_bytes(),
        sign: Sign::Moved(from.table.clone(), to.table.clone()),
    }
}

/// The names of tables, each with the names of its columns in small letters where those can be known.
pub(super) type Outline = BTreeMap<String, Option<BTreeSet<String>>>;

/// The outline of a schema.
pub(super) fn outline(schema: &Schema) -> Outline {
    let names = |(name, table): (&String, &crate::mysql::schema::Table)| {
        let columns = table
            .columns
            .iter()
            .map(|column| column.name.to_lowercase());
        (name.clone(), Some(columns.collect()))
    };
    schema.tables.iter().map(names).collect()
}

/// What the outline must be after the change. The error says why the change cannot be carried.
pub(super) fn outline_after(change: &Change, before: &Schema) -> Result<Outline, String> {
    let mut after = outline(before);
    let unknown = |table: &str| format!("it is about {table}, which is not a table that is moved");
    match change {
        Change::Alter(alteration) => {
            let name = &alteration.table.table;
            let table = before.tables.get(name).ok_or_else(|| unknown(name))?;
            let numbering = table
                .auto_increment_column
                .map(|column| table.columns[column].name.as_str());
            let is_new =
                |column: &String| numbering.is_none_or(|known| !known.eq_ignore_ascii_case(column));
            if alteration.numbering.iter().any(is_new) {
                return Err("it makes a column number itself that did not, in an order that is the server's own".to_owned());
            }
            let columns =
                alteration.columns_after(table.columns.iter().map(|column| column.name.clone()))?;
            after.remove(name);
            let renamed = alteration
                .renamed
                .as_ref()
                .map_or(name, |place| &place.table);
            after.insert(renamed.clone(), Some(columns));
        }
        Change::Create {
            if_absent: true,
            table,
            ..
        } if after.contains_key(&table.table) => {}
        Change::Create { table, like, .. } => {
            let columns = match like {
                Some(like) => after
                    .get(&like.table)
                    .cloned()
                    .ok_or_else(|| unknown(&like.table))?,
                None => None,
            };
            after.insert(table.table.clone(), columns);
        }
        Change::Drop { tables } => {
            for place in tables {
                after.remove(&place.table);
            }
        }
        Change::Rename { pairs } => {
            for (from, to) in pairs {
                let columns = after
                    .remove(&from.table)
                    .ok_or_else(|| unknown(&from.table))?;
                after.insert(to.table.clone(), columns);
            }
        }
        Change::Truncate { table } => return Err(unknown(&table.table)),
        Change::AlterDatabase { .. } | Change::Program | Change::Nothing => {}
    }
    Ok(after)
}

/// The first difference between what must be and what is.
pub(super) fn difference(expected: &Outline, found: &Outline) -> Option<String> {
    for (table, columns) in expected {
        match (columns, found.get(table)) {
            (_, None) => return Some(format!("table {table} is missing")),
            (Some(columns), Some(Some(found))) if columns != found => {
                return Some(format!(
                    "table {table} has the columns {found:?}, expected {columns:?}"
                ));
            }
            _ => {}
        }
    }
    let unexpected = found.keys().find(|table| !expected.contains_key(*table))?;
    Some(format!(
        "there is a table {unexpected} that nobody expected"
    ))
}
