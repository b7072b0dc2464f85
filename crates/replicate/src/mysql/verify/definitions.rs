//! Whether both servers define the same tables.

use std::collections::BTreeSet;

use super::Sides;
use super::catalogue::{self, Catalogue};
use crate::error::ReplicateError;
use crate::mysql::schema::{self, Column, Schema, Table, translate};
use crate::mysql::server::{self, Flavour};
use crate::mysql::{counter, objects, sequence};

/// How the source's schema and the target's differ.
pub(crate) struct Definitions {
    /// The differences, as sentences.
    pub(crate) sentences: Vec<String>,
    /// Tables whose rows cannot be compared, because one side lacks the table or its columns are others.
    pub(super) incomparable: BTreeSet<String>,
    /// Counters that the cutover has to set, as sentences.
    pub(super) counters_behind: Vec<String>,
}

/// Compares the definitions of both sides.
pub(crate) async fn compare(
    sides: &mut Sides,
    source: &Schema,
) -> Result<Definitions, ReplicateError> {
    let target = schema::read(&mut sides.target, &source.database).await?;
    let source_version = server::version(&mut sides.source).await?;
    let target_version = server::version(&mut sides.target).await?;
    let target_flavour = target_version.flavour;
    let is_one_family = target_flavour == sides.flavour;
    let database = &source.database;
    let parts = (
        catalogue::read(&mut sides.source, sides.flavour, database, !is_one_family).await?,
        catalogue::read(&mut sides.target, target_flavour, database, !is_one_family).await?,
    );
    let mut differences = Vec::new();
    let mut incomparable = BTreeSet::new();
    for (name, table) in &source.tables {
        let Some(other) = target.tables.get(name) else {
            differences.push(format!("table {name} is missing on the target"));
            incomparable.insert(name.clone());
            continue;
        };
        if !has_same_columns(table, other) {
            differences.push(format!("columns or key of table {name} differ"));
            incomparable.insert(name.clone());
        }
        let translation = translate::table(table, sides.flavour, target_flavour);
        if !translation.changes.is_empty() {
            // Its parts are in the other family's words; what they hold is compared.
            if !holds_the_same(table, other, sides.flavour, target_flavour) {
                differences.push(format!("columns of table {name} hold other types"));
            }
            continue;
        }
        let found = differing_parts(name, &parts.0, &parts.1);
        // Two versions may print one table in two ways; one version does not.
        let is_one_version = source_version.text == target_version.text;
        if found.is_empty() && is_one_version && definition(table) != definition(other) {
            differences.push(format!("table {name} is defined differently"));
        }
        differences.extend(found);
    }
    for name in target
        .tables
        .keys()
        .filter(|name| !source.tables.contains_key(*name))
    {
        differences.push(format!("table {name} is on the target only"));
    }
    for name in &source.sequences {
        if !target.sequences.contains(name) {
            differences.push(format!("sequence {name} is missing on the target"));
        } else if sequence::definition(&mut sides.source, database, name).await?
            != sequence::definition(&mut sides.target, database, name).await?
        {
            differences.push(format!("sequence {name} is defined differently"));
        }
    }
    let (here, there) = (
        objects::read(&mut sides.source, &source.database).await?,
        objects::read(&mut sides.target, &source.database).await?,
    );
    // Rows stream into the target, so triggers are compared where they are made: behind the fence.
    differences.extend(objects::compare::differences(
        &here,
        &there,
        is_one_family,
        false,
    ));
    Ok(Definitions {
        sentences: differences,
        incomparable,
        counters_behind: counters_behind(sides, target_flavour, database).await?,
    })
}

/// Whether the rows of both can be asked for in the same words.
fn has_same_columns(table: &Table, other: &Table) -> bool {
    let names = |table: &Table| -> Vec<String> {
        table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    };
    names(table) == names(other) && table.identity == other.identity
}

/// Whether the target's columns hold what the source's do, in the types that its family has for them.
fn holds_the_same(source: &Table, target: &Table, from: Flavour, to: Flavour) -> bool {
    let is_column = |(one, other): (&Column, &Column)| {
        one.name == other.name
            && one.generated == other.generated
            // A computed column is not declared NOT NULL on MariaDB.
            && (one.generated || one.nullable == other.nullable)
            && translate::class(&one.class, from, to) == other.class
    };
    source.columns.len() == target.columns.len()
        && source.columns.iter().zip(&target.columns).all(is_column)
}

/// The parts of a table that are not the same, as sentences.
fn differing_parts(table: &str, source: &Catalogue, target: &Catalogue) -> Vec<String> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (owner, part) in source.keys().chain(target.keys()) {
        if owner == table {
            names.insert(part);
        }
    }
    let mut sentences = Vec::new();
    for part in names {
        let key = (table.to_owned(), part.to_owned());
        match (source.get(&key), target.get(&key)) {
            (Some(here), Some(there)) if here == there => {}
            (Some(here), Some(there)) => sentences.push(format!(
                "{part} of table {table} is \"{here}\" on the source and \"{there}\" on the target"
            )),
            (Some(_), None) => {
                sentences.push(format!("{part} of table {table} is missing on the target"));
            }
            _ => sentences.push(format!("{part} of table {table} is on the target only")),
        }
    }
    sentences
}

/// Counters of the target that would give a number again which the source has given. The cutover sets them, so until then they are no difference.
async fn counters_behind(
    sides: &mut Sides,
    target_flavour: Flavour,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let source = counter::read(&mut sides.source, sides.flavour, database).await?;
    let target = counter::read(&mut sides.target, target_flavour, database).await?;
    let sentence = |(table, next): (String, u64)| {
        let there = target.get(&table).copied().unwrap_or(0);
        (there < next).then(|| {
            format!("the counter of table {table} stands at {next} on the source and at {there} on the target")
        })
    };
    Ok(source.into_iter().filter_map(sentence).collect())
}

/// MySQL remembers whether a column's character set was written down, and prints it then beside its collation, which tells it anyway.
fn plain_collation(line: &str) -> String {
    let Some((before, after)) = line.split_once(" CHARACTER SET ") else {
        return line.to_owned();
    };
    match after.split_once(" COLLATE ") {
        Some((charset, collation)) if collation.starts_with(&format!("{charset}_")) => {
            format!("{before} COLLATE {collation}")
        }
        _ => line.to_owned(),
    }
}

/// A definition as comparable lines: indexes and constraints may have been made in another order.
fn definition(table: &Table) -> (String, Vec<(String, String)>) {
    let parts = schema::take_apart(table);
    let mut clauses: Vec<(String, String)> = [
        parts.plain_indexes,
        parts.unique_indexes,
        parts.foreign_keys,
    ]
    .into_iter()
    .flatten()
    .collect();
    clauses.sort();
    let create: Vec<String> = parts.create.lines().map(plain_collation).collect();
    (create.join("\n"), clauses)
}
