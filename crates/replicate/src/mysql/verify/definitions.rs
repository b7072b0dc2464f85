//! Whether both servers define the same tables.

use std::collections::BTreeSet;

use super::Sides;
use crate::error::ReplicateError;
use crate::mysql::objects;
use crate::mysql::schema::{self, Schema, Table};
use crate::mysql::server;

/// How the source's schema and the target's differ.
pub(super) struct Definitions {
    /// The differences, as sentences.
    pub(super) sentences: Vec<String>,
    /// Tables whose rows cannot be compared, because one side lacks the table or its columns are others.
    pub(super) incomparable: BTreeSet<String>,
}

/// Compares the definitions of both sides.
pub(super) async fn compare(
    sides: &mut Sides,
    source: &Schema,
) -> Result<Definitions, ReplicateError> {
    let target = schema::read(&mut sides.target, &source.database).await?;
    let target_flavour = server::version(&mut sides.target).await?.flavour;
    let mut differences = Vec::new();
    let mut incomparable = BTreeSet::new();
    for (name, table) in &source.tables {
        let other = target.tables.get(name);
        if other
            .is_none_or(|other| other.columns != table.columns || other.identity != table.identity)
        {
            incomparable.insert(name.clone());
        }
        match other {
            None => differences.push(format!("table {name} is missing on the target")),
            Some(other)
                if target_flavour == sides.flavour && definition(table) != definition(other) =>
            {
                differences.push(format!("table {name} is defined differently"))
            }
            Some(other) if other.columns != table.columns || other.identity != table.identity => {
                differences.push(format!("columns or key of table {name} differ"))
            }
            Some(_) => {}
        }
    }
    for name in target
        .tables
        .keys()
        .filter(|name| !source.tables.contains_key(*name))
    {
        differences.push(format!("table {name} is on the target only"));
    }
    let (here, there) = (
        objects::read(&mut sides.source, &source.database).await?,
        objects::read(&mut sides.target, &source.database).await?,
    );
    // Rows stream into the target, so triggers are compared where they are made: behind the fence.
    let is_same_family = target_flavour == sides.flavour;
    differences.extend(objects::compare::differences(
        &here,
        &there,
        is_same_family,
        false,
    ));
    Ok(Definitions {
        sentences: differences,
        incomparable,
    })
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
    (parts.create, clauses)
}
