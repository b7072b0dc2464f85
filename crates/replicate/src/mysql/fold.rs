//! Folds the changes of many transactions into the last state of each touched key.
//!
//! **Why this is right.** Let the target hold the source's state at position A, and let the batch be all changes in (A, B] in commit order.
//! For each key that the batch touches, the row at B is the image after its last change, or absent if that was a delete: an
//! image is the whole row, so nothing of earlier changes is needed. Keys not touched are equal at A and B. So deleting every touched
//! key and then inserting the last images gives the state at B (rules 12 and 13): the *state* is kept, never a difference, and a key is in the batch
//! even when its row seems never to have existed or not to have changed.
//! All deletes of all tables come before all inserts, because a unique value may have moved from one touched key to another.
//!
//! **Written over in place.** A table whose identity is its only unique index has no other unique value that could move. There a key that stood at A
//! and stands at B need not be deleted first: its row is written over by `INSERT … ON DUPLICATE KEY UPDATE`, which costs the target half. The
//! row that it meets can only be the one of that key, so rule 14 is kept: with a second unique index it could be another one.
//!
//! **Keys that are equal by collation but not by bytes** ('a' and 'A') are folded apart and deleted both, by the column's own collation.
//! At most one of them can be present at B, since the source's own key forbids two, and it is inserted after both deletes (rule 15).
//!
//! **While the target is still a mixture of moments** (before the end of the copy's uncertainty) rows may be newer than the events replayed over
//! them. The same batch is right then too, except that nothing is known about whether a key stands on the target: every touched key is
//! deleted and no count is expected. Afterwards a key that the batch meets first as an insert did not stand at A and needs no delete, and
//! the number of rows deleted, or met and written over, must be exactly the number of keys that stood at A: the check that finds a foreign writer or a
//! defect at once.
//!
//! Tables without a key are not folded: their changes are kept in order, one by one.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::mysql::log::RowChange;
use crate::mysql::row::Image;
use crate::mysql::schema::Table;
use crate::mysql::value::Datum;

/// The values of a row's identity.
pub(crate) type Key = Vec<Datum>;

/// What a batch leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// Last states by table and key.
    pub(crate) keyed: BTreeMap<String, HashMap<Key, LastState>>,
    /// Changes of tables without a key, in order.
    pub(crate) keyless: Vec<RowChange>,
    is_touched: bool,
    bytes: usize,
}

/// The last state of a touched key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastState {
    /// The key stood in the table before the batch, by the log's own word.
    pub(crate) stood_before: bool,
    /// The row after the batch.
    pub(crate) row: Option<Image>,
}

/// Memory of an entry besides its values, in bytes.
const ENTRY_BYTES: usize = 96;

impl Folded {
    /// Takes the next change in. The images are those of the table given.
    pub(crate) fn take(&mut self, table: &Table, change: RowChange) {
        self.is_touched = true;
        if !table.has_key() {
            self.bytes += change.bytes();
            self.keyless.push(change);
            return;
        }
        if !self.keyed.contains_key(&change.table) {
            self.keyed.insert(change.table.clone(), HashMap::new());
        }
        let Some(keys) = self.keyed.get_mut(&change.table) else {
            return;
        };
        let (before, after) = (change.before, change.after);
        let is_moved = match (&before, &after) {
            (Some(before), Some(after)) => !is_same_key(table, before, after),
            _ => false,
        };
        match (before, after) {
            // A changed key is a delete and an insert.
            (Some(before), Some(after)) if is_moved => {
                self.bytes += note(keys, take_key(table, before), true, None);
                self.bytes += note(keys, project(table, &after), false, Some(after));
            }
            (Some(before), after) => {
                self.bytes += note(keys, take_key(table, before), true, after);
            }
            (None, Some(after)) => {
                self.bytes += note(keys, project(table, &after), false, Some(after));
            }
            (None, None) => {}
        }
    }

    /// Roughly the bytes held, never less: an image that was replaced by a later one is still counted.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is nothing to apply.
    pub(crate) fn is_empty(&self) -> bool {
        !self.is_touched
    }
}

/// Notes the state of a key after a change. Returns the bytes that it takes.
fn note(
    keys: &mut HashMap<Key, LastState>,
    key: Key,
    stands_before: bool,
    row: Option<Image>,
) -> usize {
    let bytes = row.iter().flatten().map(Datum::bytes).sum();
    match keys.entry(key) {
        Entry::Occupied(mut entry) => {
            entry.get_mut().row = row;
            bytes
        }
        Entry::Vacant(entry) => {
            let key_bytes: usize = entry.key().iter().map(Datum::bytes).sum();
            entry.insert(LastState {
                stood_before: stands_before,
                row,
            });
            bytes + key_bytes + ENTRY_BYTES
        }
    }
}

fn is_same_key(table: &Table, before: &Image, after: &Image) -> bool {
    table
        .identity
        .iter()
        .all(|&index| before.get(index) == after.get(index))
}

/// The identity of a row image that is not needed any more.
fn take_key(table: &Table, mut image: Image) -> Key {
    let take = |&index: &usize| image.get_mut(index).map_or(Datum::Null, std::mem::take);
    table.identity.iter().map(take).collect()
}

/// The identity of a row image.
pub(crate) fn project(table: &Table, image: &Image) -> Key {
    table
        .identity
        .iter()
        .map(|&index| image.get(index).cloned().unwrap_or(Datum::Null))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::schema::Column;
    use crate::mysql::value::ColumnClass;

    fn table(keys: usize) -> Table {
        let class = ColumnClass::Integer {
            width_bytes: 4,
            unsigned: false,
        };
        let column = |name: &str| Column {
            name: name.into(),
            class: class.clone(),
            nullable: false,
            generated: false,
        };
        Table {
            name: "t".into(),
            columns: vec![column("id"), column("v")],
            identity: (0..keys).collect(),
            identity_index: None,
            engine: "InnoDB".into(),
            auto_increment_column: None,
            create_statement: String::new(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        }
    }

    fn row(id: u64, v: u64) -> Image {
        vec![Datum::Plain(id.to_string()), Datum::Plain(v.to_string())]
    }

    /// Applies a folded batch to a model of the target, checking what the applier checks.
    fn apply(rows: &mut BTreeMap<Key, Image>, folded: Folded) {
        for (key, state) in folded.keyed.get("t").into_iter().flatten() {
            assert_eq!(rows.remove(key).is_some(), state.stood_before, "{key:?}");
        }
        for (key, state) in folded.keyed.into_values().flatten() {
            if let Some(image) = state.row {
                assert!(rows.insert(key, image).is_none());
            }
        }
    }

    #[test]
    fn folding_any_history_in_any_batches_ends_at_the_same_rows() {
        let table = table(1);
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut next = move |bound: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % bound
        };
        for _ in 0..300 {
            let (mut source, mut target, mut folded) =
                (BTreeMap::new(), BTreeMap::new(), Folded::default());
            for _ in 0..60 {
                let (id, other, value) = (next(6), next(6), next(4));
                let key = |id: u64| vec![Datum::Plain(id.to_string())];
                let before = source.get(&key(id)).cloned();
                let to = if before.is_some() && next(3) == 0 && !source.contains_key(&key(other)) {
                    other
                } else {
                    id
                };
                let after = (before.is_none() || next(3) > 0).then(|| row(to, value));
                source.remove(&key(id));
                if let Some(image) = &after {
                    source.insert(key(to), image.clone());
                }
                folded.take(
                    &table,
                    RowChange {
                        table: "t".into(),
                        before,
                        after,
                        has_silent_cascades: true,
                    },
                );
                if next(5) == 0 {
                    apply(&mut target, std::mem::take(&mut folded));
                }
            }
            apply(&mut target, folded);
            assert_eq!(source, target);
        }
    }

    /// A copy of a history of one table: each key as it stood at a moment of its own.
    struct Fuzzy {
        copy: BTreeMap<Key, Image>,
        /// For each key, after how many changes it is read.
        moments: BTreeMap<u64, usize>,
    }

    impl Fuzzy {
        fn read(&mut self, changes_done: usize, source: &BTreeMap<Key, Image>) {
            for (&id, _) in self.moments.iter().filter(|(_, at)| **at == changes_done) {
                let key = vec![Datum::Plain(id.to_string())];
                if let Some(image) = source.get(&key) {
                    self.copy.insert(key, image.clone());
                }
            }
        }
    }

    /// What seems to cancel out must be written all the same: the copy may hold what stood in between.
    #[test]
    fn folding_repairs_a_copy_of_many_moments() {
        let table = table(1);
        let mut seed: u64 = 0x2545_f491_4f6c_dd1d;
        let mut next = move |bound: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % bound
        };
        for _ in 0..300 {
            let key = |id: u64| vec![Datum::Plain(id.to_string())];
            let mut source = BTreeMap::from([(key(0), row(0, 0)), (key(1), row(1, 0))]);
            let mut fuzzy = Fuzzy {
                copy: BTreeMap::new(),
                moments: (0..4).map(|id| (id, next(9) as usize)).collect(),
            };
            let mut folded = Folded::default();
            for done in 0..8 {
                fuzzy.read(done, &source);
                let (id, value) = (next(4), next(2));
                let before = source.remove(&key(id));
                let after = (before.is_none() || next(2) == 0).then(|| row(id, value));
                source.extend(after.clone().map(|image| (key(id), image)));
                let table_name = "t".to_owned();
                let change = RowChange {
                    table: table_name,
                    before,
                    after,
                    has_silent_cascades: true,
                };
                folded.take(&table, change);
            }
            fuzzy.read(8, &source);
            let mut target = fuzzy.copy;
            for (key, state) in folded.keyed.into_values().flatten() {
                target.remove(&key);
                target.extend(state.row.map(|image| (key, image)));
            }
            assert_eq!(source, target);
        }
    }

    #[test]
    fn changes_of_tables_without_a_key_stay_in_order() {
        let mut folded = Folded::default();
        for v in 0..3 {
            folded.take(
                &table(0),
                RowChange {
                    table: "t".into(),
                    before: None,
                    after: Some(row(1, v)),
                    has_silent_cascades: true,
                },
            );
        }
        assert_eq!(folded.keyless.len(), 3);
        assert!(folded.keyed.is_empty());
    }
}
