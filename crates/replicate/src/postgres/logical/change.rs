//! One change of the log among the changes of its table.

use super::decode::{Old, Tuple, Value};
use super::fold::{Key, Step, TableChanges};
use super::write::Shape;

fn key(shape: &Shape, tuple: &Tuple) -> Option<Key> {
    let field = |place: &usize| match tuple.get(*place)? {
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::Unchanged => None,
    };
    shape.key.iter().map(field).collect()
}

/// A row comes. `None`: it has other fields than the table, or lacks its key.
pub(super) fn insert(shape: &Shape, changes: &mut TableChanges, new: Tuple) -> Option<()> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        changes.steps.push(Step::Insert(new));
    } else {
        changes.insert(key(shape, &new)?, new);
    }
    Some(())
}

/// A row changes. `None` as above, also if a row without a key is not told whole.
pub(super) fn update(
    shape: &Shape,
    changes: &mut TableChanges,
    old: Option<Old>,
    mut new: Tuple,
) -> Option<()> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        let Some(Old::Row(old)) = old else {
            return None;
        };
        changes.steps.push(Step::Update(old, new));
        return Some(());
    }
    // A key that is stored outside of the row and did not change stands in the old one.
    let old_tuple = old
        .as_ref()
        .map(|(Old::Key(tuple) | Old::Row(tuple))| tuple);
    if let Some(old_tuple) = old_tuple {
        for field in &shape.key {
            if new[*field] == Value::Unchanged {
                new[*field] = old_tuple.get(*field)?.clone();
            }
        }
    }
    if let Some(Old::Row(row)) = &old {
        for (value, before) in new.iter_mut().zip(row) {
            if *value == Value::Unchanged {
                *value = before.clone();
            }
        }
    }
    let new_key = key(shape, &new)?;
    let old_key = match old_tuple {
        Some(tuple) => key(shape, tuple)?,
        None => new_key.clone(),
    };
    changes.update(old_key, new_key, new);
    Some(())
}

/// A row goes. `None` as above.
pub(super) fn delete(shape: &Shape, changes: &mut TableChanges, old: Old) -> Option<()> {
    match old {
        Old::Key(tuple) | Old::Row(tuple) if !shape.key.is_empty() => {
            changes.delete(key(shape, &tuple)?);
        }
        Old::Row(tuple) => changes.steps.push(Step::Delete(tuple)),
        Old::Key(_) => return None,
    }
    Some(())
}
