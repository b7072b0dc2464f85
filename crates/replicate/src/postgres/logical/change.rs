//! One change of the log among the changes of its table.

use super::decode::{Old, Tuple, Value};
use super::fold::TableChanges;
use super::write::Shape;

/// What the log says of one row, or of a whole table.
#[derive(Debug)]
pub(crate) enum Row {
    /// It comes.
    Insert(Tuple),
    /// It changes.
    Update(Option<Old>, Tuple),
    /// It goes.
    Delete(Old),
    /// All rows of the table go.
    Truncate,
}

impl Row {
    /// Folds it into what is known of its table. `None`: it has other fields than the table, or lacks its key.
    pub(super) fn fold(self, shape: &Shape, changes: &mut TableChanges) -> Option<()> {
        match self {
            Row::Insert(new) => insert(shape, changes, new),
            Row::Update(old, new) => update(shape, changes, old, new),
            Row::Delete(old) => delete(shape, changes, old),
            Row::Truncate => {
                changes.truncate();
                Some(())
            }
        }
    }
}

fn insert(shape: &Shape, changes: &mut TableChanges, new: Tuple) -> Option<()> {
    if new.len() != shape.fields.len() {
        return None;
    }
    if shape.key.is_empty() {
        changes.bag.insert(new);
    } else {
        changes.insert(shape.key_of(&new)?, new);
    }
    Some(())
}

/// `None` also if a row without a key is not told whole.
fn update(
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
        changes.bag.update(old, new);
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
    let new_key = shape.key_of(&new)?;
    let old_key = match old_tuple {
        Some(tuple) => shape.key_of(tuple)?,
        None => new_key.clone(),
    };
    changes.update(old_key, new_key, new);
    Some(())
}

fn delete(shape: &Shape, changes: &mut TableChanges, old: Old) -> Option<()> {
    match old {
        Old::Key(tuple) | Old::Row(tuple) if !shape.key.is_empty() => {
            changes.delete(shape.key_of(&tuple)?);
        }
        Old::Row(tuple) => changes.bag.delete(tuple),
        Old::Key(_) => return None,
    }
    Some(())
}
