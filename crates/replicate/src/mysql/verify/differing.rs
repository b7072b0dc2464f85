//! Which rows differ, and in which columns.

use std::collections::BTreeMap;

use super::sides::Sides;
use crate::error::ReplicateError;
use crate::mysql::apply;
use crate::mysql::fold::Key;
use crate::mysql::schema::Table;
use crate::mysql::value::Datum;

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is on the source only.
    Missing,
    /// It is on the target only.
    Extra,
    /// It is on both sides with different values.
    Different,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Extra => "extra",
            Kind::Different => "different",
        }
    }
}

/// The rows of a condition that are not the same on both sides now.
pub(super) async fn differing_keys(
    sides: &mut Sides,
    table: &Table,
    condition: &[u8],
) -> Result<BTreeMap<Key, Kind>, ReplicateError> {
    let (source, mut target) = sides.ask_row_hashes(table, condition).await?;
    let mut differing = BTreeMap::new();
    for (key, hash) in source {
        match target.remove(&key) {
            Some(other) if other == hash => {}
            Some(_) => drop(differing.insert(key, Kind::Different)),
            None => drop(differing.insert(key, Kind::Missing)),
        }
    }
    differing.extend(target.into_keys().map(|key| (key, Kind::Extra)));
    Ok(differing)
}

/// Names of the columns in which a row differs.
pub(super) async fn differing_columns(
    sides: &mut Sides,
    table: &Table,
    key: &Key,
) -> Result<Vec<String>, ReplicateError> {
    let queries = sides.queries(table)?;
    let doing = format!("comparing the columns of a row of table {}", table.name);
    let sql = queries.column_hashes(&list(table, &[key]));
    let (source, target) = sides.ask(&doing, &sql).await?;
    let (Some(source), Some(target)) = (source.first(), target.first()) else {
        return Ok(Vec::new());
    };
    let names = queries.column_names().into_iter().enumerate();
    Ok(names
        .filter(|(number, _)| source.as_ref(*number) != target.as_ref(*number))
        .map(|(_, name)| name.to_owned())
        .collect())
}

/// The condition that holds for the rows of these keys.
pub(super) fn list(table: &Table, keys: &[&Key]) -> Vec<u8> {
    let mut condition = Vec::new();
    apply::write_key_list(table, keys, &mut condition);
    condition
}

/// A key for people.
pub(super) fn readable(key: &Key) -> String {
    let values: Vec<String> = key
        .iter()
        .map(|datum| match datum {
            Datum::Null => "NULL".to_owned(),
            Datum::Plain(text) => text.clone(),
            Datum::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
        .collect();
    values.join(",")
}
