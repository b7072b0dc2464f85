//! Changes one after another, as the source made them: for a server that does not let us switch its foreign keys off (rule 11).
//!
//! An ordinary owner may not set `session_replication_role`. Triggers of users are put to rest by name ([`crate::postgres::resting`]); those of foreign keys
//! cannot be. So nothing is folded and nothing is deleted to be inserted again, which would carry a cascade along (rule 13). Each change is one statement, in the
//! order of the log, in which every foreign key that held there at the end of a statement holds here too: parents come before their children and
//! go after them. Rows that come one after another into one table come in one statement, and so do those that go, as a table may refer to itself.
//!
//! What a cascade did stands in the log behind what caused it, and has been done by this server's own foreign keys by then. So a delete of a row in a table with a
//! cascade may find nothing, and an update may find the row under its new key already. Any other row that is not found is a difference.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::Row;
use super::decode::{Old, Tuple, Value};
use super::literal::literal;
use super::write::{Shape, Statement, exactly};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::{quote_name, quote_path};

/// What the foreign keys of a table do to its rows by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cascade {
    deletes: bool,
    updates: bool,
}

/// The tables in which foreign keys change rows by themselves, by their quoted paths.
pub(super) type Cascades = BTreeMap<String, Cascade>;

/// Reads them where the session's foreign keys are in force; `None`: they rest.
pub(super) async fn cascades(session: &mut Session) -> Result<Option<Cascades>, ReplicateError> {
    let doing = "asking whether foreign keys rest";
    let role: Option<(String,)> = session.row(doing, "SHOW session_replication_role").await?;
    if role.is_some_and(|(role,)| role == "replica") {
        return Ok(None);
    }
    let sql = "SELECT n.nspname, c.relname, bool_or(k.confdeltype = 'c'), bool_or(k.confupdtype IN ('c', 'n', 'd')) \
               FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' GROUP BY 1, 2";
    let rows: Vec<(String, String, bool, bool)> =
        session.rows("reading the foreign keys", sql).await?;
    let cascades = rows.into_iter().map(|(schema, name, deletes, updates)| {
        (quote_path(&schema, &name), Cascade { deletes, updates })
    });
    Ok(Some(cascades.collect()))
}

/// A change of a table.
pub(super) type Change = (Arc<Shape>, Row);

/// The statements that carry changes out, each with the table it is about. `None`: a change lacks its key, or has other fields than the table.
pub(super) fn statements(
    changes: &[Change],
    cascades: &Cascades,
) -> Option<Vec<(Arc<Shape>, Statement)>> {
    let mut statements = Vec::new();
    let mut rest = changes;
    while let Some((shape, first)) = rest.first() {
        let of_table = rest.iter().take_while(|(other, row)| {
            Arc::ptr_eq(other, shape)
                && std::mem::discriminant(row) == std::mem::discriminant(first)
        });
        let alike: Vec<&Row> = of_table.map(|(_, row)| row).collect();
        let cascade = cascades
            .get(&shape.table.path())
            .copied()
            .unwrap_or_default();
        let taken = match first {
            Row::Insert(_) => {
                statements.push((shape.clone(), insert(shape, &alike)?));
                alike.len()
            }
            Row::Delete(_) if !shape.key.is_empty() => {
                statements.push((shape.clone(), delete(shape, &alike, cascade)?));
                alike.len()
            }
            Row::Delete(old) => {
                let old = whole(shape, old)?;
                statements.push((shape.clone(), shape.delete_one(&old)));
                1
            }
            Row::Update(old, new) => {
                let update = update(shape, old.as_ref(), new, cascade)?;
                statements.extend(update.into_iter().map(|one| (shape.clone(), one)));
                1
            }
            Row::Truncate => {
                let (count, statement) = truncate(rest);
                statements.push((shape.clone(), statement));
                count
            }
        };
        rest = rest.get(taken..)?;
    }
    Some(statements)
}

fn insert(shape: &Shape, rows: &[&Row]) -> Option<Statement> {
    let rows: Option<Vec<Tuple>> = rows
        .iter()
        .map(|row| match row {
            Row::Insert(new) if new.len() == shape.fields.len() => Some(new.clone()),
            _ => None,
        })
        .collect();
    let rows = rows?;
    Some(exactly(rows.len(), shape.insert(&rows)))
}

fn delete(shape: &Shape, rows: &[&Row], cascade: Cascade) -> Option<Statement> {
    let keys: Option<Vec<_>> = rows
        .iter()
        .map(|row| match row {
            Row::Delete(Old::Key(tuple) | Old::Row(tuple)) => shape.key_of(tuple),
            _ => None,
        })
        .collect();
    let keys = keys?;
    let most = keys.len() as u64;
    Some(Statement {
        sql: shape.delete(&keys),
        rows_least: if cascade.deletes { 0 } else { most },
        rows_most: most,
    })
}

fn whole(shape: &Shape, old: &Old) -> Option<Tuple> {
    match old {
        Old::Row(tuple) if tuple.len() == shape.fields.len() => Some(tuple.clone()),
        _ => None,
    }
}

/// An update where the row stands; no statement if it sets nothing.
fn update(
    shape: &Shape,
    old: Option<&Old>,
    new: &Tuple,
    cascade: Cascade,
) -> Option<Vec<Statement>> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        return Some(shape.update_one(&whole(shape, old?)?, new));
    }
    let before = old.map(|(Old::Key(tuple) | Old::Row(tuple))| tuple);
    let (mut sets, mut old_key, mut new_key) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_key_changed = false;
    let mut fixed = Vec::new();
    for (field, value) in new.iter().enumerate() {
        let column = shape.column(field);
        let name = quote_name(&column.name);
        let is = |value: &Value| {
            let mut sql = format!("{name} = ").into_bytes();
            literal(&mut sql, value);
            sql.extend_from_slice(format!("::{}", column.type_name).as_bytes());
            sql
        };
        if shape.key.contains(&field) {
            let stood = match before {
                Some(tuple) => tuple.get(field)?,
                None => value,
            };
            let stands = if *value == Value::Unchanged {
                stood
            } else {
                value
            };
            old_key.push(is(stood));
            new_key.push(is(stands));
            if stands != stood {
                is_key_changed = true;
                sets.push(is(value));
            }
        } else if *value != Value::Unchanged && column.is_identity_always {
            // It can be set to DEFAULT only, so it is compared: one that changed is a difference.
            fixed.push(is(value));
        } else if *value != Value::Unchanged {
            sets.push(is(value));
        }
    }
    if sets.is_empty() {
        return Some(Vec::new());
    }
    let and = |parts: &[Vec<u8>]| parts.join(&b" AND "[..]);
    let mut sql = format!("UPDATE ONLY {} AS t SET ", shape.table.path()).into_bytes();
    sql.extend(sets.join(&b", "[..]));
    sql.extend_from_slice(b" WHERE ((");
    sql.extend(and(&old_key));
    // The cascade that changed the key has done so here too.
    if is_key_changed && cascade.updates {
        sql.extend_from_slice(b") OR (");
        sql.extend(and(&new_key));
    }
    sql.extend_from_slice(b"))");
    for condition in fixed {
        sql.extend_from_slice(b" AND ");
        sql.extend(condition);
    }
    Some(vec![exactly(1, sql)])
}

/// Tables that are emptied one after another are emptied together, since one may refer to another.
fn truncate(changes: &[Change]) -> (usize, Statement) {
    let paths: Vec<String> = changes
        .iter()
        .take_while(|(_, row)| matches!(row, Row::Truncate))
        .map(|(shape, _)| shape.table.path())
        .collect();
    let sql = format!("TRUNCATE ONLY {}", paths.join(", ONLY "));
    (paths.len(), exactly(0, sql.into_bytes()))
}
