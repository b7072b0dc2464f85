//! Which tables are copied anew together, and what the stream knows of the schema then.

use std::collections::BTreeSet;

use crate::mysql::chunk::Chunk;
use crate::mysql::ddl::definitions;
use crate::mysql::schema::{ForeignKey, Recopied, Schema};
use crate::position::LogPosition;

/// The tables that are copied anew: the changed ones, those whose definition differs from what the stream knows, and what cascades tie to them.
///
/// Foreign keys that stand on the target already count as well, whatever they do: they belong to tables that were made during the copy, and
/// would keep their parents from being made anew.
pub(super) fn of(
    changed: BTreeSet<String>,
    known: &Schema,
    now: &Schema,
    held: &Schema,
) -> BTreeSet<String> {
    let mut group = changed;
    group.extend(alike_but_for_case(&group, known));
    let (before, after) = (definitions(known), definitions(now));
    let names = before.keys().chain(after.keys());
    group.extend(
        names
            .filter(|name| before.get(*name) != after.get(*name))
            .cloned(),
    );
    let cascades = known.foreign_keys.iter().chain(&now.foreign_keys);
    let ties: Vec<&ForeignKey> = cascades
        .filter(|key| key.has_action())
        .chain(&held.foreign_keys)
        .collect();
    loop {
        let before = group.len();
        for key in &ties {
            if group.contains(&key.child) || group.contains(&key.parent) {
                group.extend([key.child.clone(), key.parent.clone()]);
            }
        }
        if group.len() == before {
            return group;
        }
    }
}

/// Tables that were made while the log was replayed. Nothing of them was read, so a copy that goes on would read them and meet their rows.
pub(super) fn without_chunks(known: &Schema, chunks: &[(Chunk, bool)]) -> Vec<String> {
    let is_cut = |table: &&String| chunks.iter().any(|(chunk, _)| chunk.table == **table);
    let tables = known.tables.keys();
    tables.filter(|table| !is_cut(table)).cloned().collect()
}

/// Servers that do not tell capital letters apart log a name as it was written.
fn alike_but_for_case(names: &BTreeSet<String>, known: &Schema) -> Vec<String> {
    let is_alike = |table: &&String| {
        names
            .iter()
            .any(|name| name.to_lowercase() == table.to_lowercase())
    };
    known.tables.keys().filter(is_alike).cloned().collect()
}

/// What the stream knows of the schema when those tables are copied anew from that position on, as the source has them now.
pub(super) fn replaced(
    known: &Schema,
    now: Schema,
    group: &BTreeSet<String>,
    from: &LogPosition,
) -> Schema {
    let mut after = known.clone();
    after.tables.retain(|name, _| !group.contains(name));
    let tables = now.tables.into_iter();
    after
        .tables
        .extend(tables.filter(|(name, _)| group.contains(name)));
    let is_of_group = |key: &ForeignKey| group.contains(&key.child) || group.contains(&key.parent);
    after.foreign_keys.retain(|key| !is_of_group(key));
    let keys = now.foreign_keys.into_iter();
    after.foreign_keys.extend(keys.filter(is_of_group));
    let order = |key: &ForeignKey| (key.child.clone(), key.name.clone());
    after.foreign_keys.sort_by_key(order);
    for name in group {
        let recopied = Recopied {
            from: from.clone(),
            is_made: false,
        };
        after.recopied.insert(name.clone(), recopied);
    }
    after
}
