//! Whether both servers define the same tables.

use super::Sides;
use crate::error::ReplicateError;
use crate::mysql::objects;
use crate::mysql::schema::{self, Schema, Table};
use crate::mysql::server;

/// The differences between the source's schema and the target's, as sentences.
pub(super) async fn compare(
    sides: &mut Sides,
    source: &Schema,
) -> Result<Vec<String>, ReplicateError> {
    let target = schema::read(&mut sides.target, &source.database).await?;
    let target_flavour = server::version(&mut sides.target).await?.flavour;
    let mut differences = Vec::new();
    for (name, table) in &source.tables {
        match target.tables.get(name) {
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
    Ok(differences)
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
