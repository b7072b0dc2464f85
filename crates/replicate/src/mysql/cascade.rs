//! What the source's server did by itself to child rows, and did not log (rule 9).
//!
//! InnoDB carries out `ON DELETE CASCADE`, `ON DELETE SET NULL` and their `ON UPDATE` forms below the log. The applier works with
//! foreign keys off, so it does the same, at the same place in the order, level by level.
//!
//! Two kinds of changes have no such consequences, and every row event says by its flags whether it is one: those of a session that had
//! foreign keys off, and those of MySQL from 9.6 on, which carries foreign keys out above the storage engine and logs every row it touches,
//! unless `innodb_native_foreign_keys` brings the old way back.

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::log::RowChange;
use crate::mysql::row::Image;
use crate::mysql::schema::{ForeignKey, ReferentialAction, Schema, Table};
use crate::mysql::value::{ColumnClass, Datum, quote_name};
use crate::position::LogPosition;

/// Chains of tables longer than this are taken for a loop.
const DEPTH_LIMIT: usize = 255;

/// The direct consequences of a change of a parent row: each foreign key concerned, with the parent's old values.
pub(crate) fn consequences<'a>(
    schema: &'a Schema,
    change: &'a RowChange,
) -> impl Iterator<Item = (&'a ForeignKey, ReferentialAction, Vec<Datum>)> + 'a {
    let children = schema.children_of(&change.table);
    let is_silent = |_: &&ForeignKey| change.has_silent_cascades;
    children.filter(is_silent).filter_map(move |key| {
        let parent = schema.tables.get(&key.parent)?;
        let before = values(parent, &key.parent_columns, change.before.as_ref()?)?;
        let action = match &change.after {
            None => key.on_delete,
            Some(after) if values(parent, &key.parent_columns, after)? == before => return None,
            Some(_) => key.on_update,
        };
        let concerns_nobody = before.contains(&Datum::Null);
        (action != ReferentialAction::Restrict && !concerns_nobody).then_some((key, action, before))
    })
}

/// Whether a change of a row has consequences that the log does not show.
pub(crate) fn has_consequences(schema: &Schema, change: &RowChange) -> bool {
    change.before.is_some() && consequences(schema, change).next().is_some()
}

fn values(table: &Table, columns: &[String], image: &Image) -> Option<Vec<Datum>> {
    columns
        .iter()
        .map(|column| image.get(table.column_index(column)?).cloned())
        .collect()
}

/// The order of reading in which cascades can be carried out over the copy: the tables of a level are read when all of the levels before
/// it are.
///
/// A cascade from `a` over `b` to `c` finds the rows of `c` through those of `b`, so it must find them as they were at its place in the
/// log. Both are read at exact places ([`Schema::needs_one_moment`]). With `b` read before `c`, a cascade before the reading of `c` is in
/// that copy already, and one after it comes after the reading of `b` too, whose rows are then exact.
pub(crate) fn reading_levels(schema: &Schema) -> Result<BTreeMap<String, usize>, ReplicateError> {
    let mut levels: BTreeMap<String, usize> =
        schema.tables.keys().map(|name| (name.clone(), 0)).collect();
    for round in 0.. {
        let mut is_settled = true;
        for key in schema.foreign_keys.iter().filter(|key| key.has_action()) {
            if key.child == key.parent || !schema.is_changed_by_cascades(&key.parent) {
                continue;
            }
            let wanted = levels.get(&key.parent).map_or(0, |level| level + 1);
            if levels.get(&key.child).is_none_or(|level| *level < wanted) {
                if round > schema.tables.len() {
                    return Err(ReplicateError::TableUnsupported {
                        table: key.child.clone(),
                        reason: "its foreign keys with CASCADE or SET NULL lead back to itself over other tables".to_owned(),
                    });
                }
                levels.insert(key.child.clone(), wanted);
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    Ok(levels)
}

/// Does on the target what the source's server did by itself when this change happened. Tables in `copied` hold it already.
pub(crate) async fn carry_out(
    session: &mut Session,
    schema: &Schema,
    change: RowChange,
    copied: &BTreeSet<String>,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    let mut pending: Vec<(usize, RowChange)> = vec![(0, change)];
    while let Some((depth, change)) = pending.pop() {
        if depth > DEPTH_LIMIT {
            return Err(ReplicateError::TableUnsupported {
                table: change.table,
                reason: format!("its cascades go deeper than {DEPTH_LIMIT} levels, at {position}"),
            });
        }
        for (key, action, before) in consequences(schema, &change) {
            let Some(child) = schema.tables.get(&key.child) else {
                continue;
            };
            // A table read at one moment holds what cascades did before it.
            if copied.contains(&key.child) {
                continue;
            }
            let changed = change_children(
                session,
                schema,
                key,
                action,
                &before,
                change.after.as_ref(),
                child,
            )
            .await?;
            pending.extend(changed.into_iter().map(|change| (depth + 1, change)));
        }
    }
    Ok(())
}

/// Changes the child rows of one foreign key and returns their changes, where those may have consequences of their own.
async fn change_children(
    session: &mut Session,
    schema: &Schema,
    key: &ForeignKey,
    action: ReferentialAction,
    before: &[Datum],
    parent_after: Option<&Image>,
    child: &Table,
) -> Result<Vec<RowChange>, ReplicateError> {
    let doing = format!("carrying out a cascade to table {}", child.name);
    let place = format!(
        "{}.{}",
        quote_name(&schema.database),
        quote_name(&child.name)
    );
    let columns: Vec<usize> = key
        .columns
        .iter()
        .filter_map(|column| child.column_index(column))
        .collect();
    let condition = equal(child, &columns, before);
    let is_parent = schema.children_of(&child.name).any(ForeignKey::has_action);
    let rows = if is_parent {
        read_rows(session, child, &place, &condition, &doing).await?
    } else {
        Vec::new()
    };
    let new_values = values_after(schema, key, action, parent_after);
    let mut sql = match &new_values {
        None => format!("DELETE FROM {place}").into_bytes(),
        Some(values) => update_head(child, &place, &columns, values),
    };
    sql.extend_from_slice(b" WHERE ");
    sql.extend(&condition);
    session
        .run_within(LONG_STATEMENT_LIMIT, &doing, sql)
        .await?;
    let after = |row: &Image| {
        new_values.as_ref().map(|values| {
            let mut row = row.clone();
            for (&column, value) in columns.iter().zip(values) {
                row[column] = value.clone();
            }
            row
        })
    };
    Ok(rows
        .into_iter()
        .map(|row| RowChange {
            table: child.name.clone(),
            after: after(&row),
            before: Some(row),
            has_silent_cascades: true,
        })
        .collect())
}

/// What the child's columns hold after the cascade. `None`: its row goes.
fn values_after(
    schema: &Schema,
    key: &ForeignKey,
    action: ReferentialAction,
    parent_after: Option<&Image>,
) -> Option<Vec<Datum>> {
    match (action, parent_after, schema.tables.get(&key.parent)) {
        (ReferentialAction::Cascade, None, _) => None,
        (ReferentialAction::Cascade, Some(after), Some(parent)) => {
            values(parent, &key.parent_columns, after)
        }
        _ => Some(vec![Datum::Null; key.columns.len()]),
    }
}

/// `UPDATE … SET …`, without a condition. The engine's own cascades leave a column with `ON UPDATE CURRENT_TIMESTAMP` as it is, and a statement does
/// so only where it assigns the column: so every time of the row is assigned to itself.
fn update_head(table: &Table, place: &str, columns: &[usize], values: &[Datum]) -> Vec<u8> {
    let mut sql = format!("UPDATE {place} SET ").into_bytes();
    for (number, (&column, value)) in columns.iter().zip(values).enumerate() {
        if number > 0 {
            sql.push(b',');
        }
        sql.extend(format!("{}=", quote_name(&table.columns[column].name)).into_bytes());
        table.columns[column].class.write_value(value, &mut sql);
    }
    for (number, column) in table.columns.iter().enumerate() {
        let is_time = column.class == ColumnClass::Temporal && !column.generated;
        if is_time && !columns.contains(&number) {
            let name = quote_name(&column.name);
            sql.extend(format!(",{name}={name}").into_bytes());
        }
    }
    sql
}

/// The condition that columns hold these values, by their own collations.
pub(crate) fn equal(table: &Table, columns: &[usize], values: &[Datum]) -> Vec<u8> {
    let mut sql = Vec::new();
    for (number, (&column, value)) in columns.iter().zip(values).enumerate() {
        if number > 0 {
            sql.extend_from_slice(b" AND ");
        }
        sql.extend(quote_name(&table.columns[column].name).into_bytes());
        sql.push(b'=');
        table.columns[column].class.write_key(value, &mut sql);
    }
    sql
}

async fn read_rows(
    session: &mut Session,
    table: &Table,
    place: &str,
    condition: &[u8],
    doing: &str,
) -> Result<Vec<Image>, ReplicateError> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.class.select_expression(&quote_name(&column.name)))
        .collect();
    let mut sql = format!("SELECT {} FROM {place} WHERE ", columns.join(",")).into_bytes();
    sql.extend_from_slice(condition);
    let rows: Vec<mysql_async::Row> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    let image = |row: mysql_async::Row| {
        let values = row
            .unwrap()
            .into_iter()
            .map(crate::mysql::chunk::answer_bytes);
        table
            .columns
            .iter()
            .zip(values)
            .map(|(column, bytes)| column.class.from_answer(bytes))
            .collect()
    };
    Ok(rows.into_iter().map(image).collect())
}
