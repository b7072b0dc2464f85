//! Many changes of the log become the last state of each touched key.
//!
//! What is kept of a key is what it was before the batch and what it is after it, not the difference between the two (rule 12): the batch moves the
//! target from one committed state of the source to a later one, whatever came between. A key that nothing stood under before and that nothing stands under
//! after it is passed over, which would be wrong over a copy of many moments, as it may hold the row that came and went. Here each table is copied in one exact
//! snapshot, and what that shows is left out of the stream ([`crate::postgres::pipeline`]), so the target holds what stood there before, and no more.
//!
//! A value that the log does not hold (rule 21) is taken from the earlier change of the same row in the batch; if there is none, it still stands on the
//! target, in the row that had this key before the batch, or, if the key has changed, in the row of the old key: `carried_from` names it.

use std::collections::HashMap;

use super::bag::Bag;
use super::decode::{Tuple, Value};

/// The fields of a key in the text form; none of them is ever NULL.
pub type Key = Vec<Box<[u8]>>;

/// What a key was and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// Whether a row stood under the key before the batch.
    pub stood_before: bool,
    /// What stands there after it.
    pub now: Now,
}

/// What stands under a key after a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Now {
    /// Nothing.
    Gone,
    /// A row.
    Row {
        /// Its fields.
        values: Tuple,
        /// The key under which the unchanged ones stood before the batch; `None` if all are here.
        carried_from: Option<Key>,
    },
}

/// What a batch does to one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableChanges {
    /// Everything that stood there before the batch goes.
    pub is_truncated: bool,
    /// By key.
    pub net: HashMap<Key, Net>,
    /// The rows of a table without a key.
    pub bag: Bag,
}

impl TableChanges {
    /// Everything goes, what the batch brought so far too.
    pub fn truncate(&mut self) {
        self.is_truncated = true;
        self.net.clear();
        self.bag = Bag::default();
    }

    /// A row comes.
    pub fn insert(&mut self, key: Key, values: Tuple) {
        self.put(key, values, None);
    }

    /// The row of a key goes.
    pub fn delete(&mut self, key: Key) {
        self.take(key);
    }

    /// A row changes, and its key perhaps with it.
    pub fn update(&mut self, old: Key, new: Key, mut values: Tuple) {
        let before = match old == new {
            true => self.net.get(&old).map(|net| net.now.clone()),
            false => self.take(old.clone()),
        };
        let mut carried_from = None;
        if values.contains(&Value::Unchanged) {
            carried_from = match before {
                Some(Now::Row {
                    values: earlier,
                    carried_from,
                }) => {
                    for (value, earlier) in values.iter_mut().zip(earlier) {
                        if *value == Value::Unchanged {
                            *value = earlier;
                        }
                    }
                    carried_from
                }
                _ => Some(old.clone()),
            };
        }
        if !values.contains(&Value::Unchanged) {
            carried_from = None;
        }
        let is_known = self.net.contains_key(&new);
        if old == new && !is_known {
            let stood_before = !self.is_truncated;
            let now = Now::Row {
                values,
                carried_from,
            };
            self.net.insert(new, Net { stood_before, now });
        } else {
            self.put(new, values, carried_from);
        }
    }

    /// Puts a row where none stands now.
    fn put(&mut self, key: Key, values: Tuple, carried_from: Option<Key>) {
        let now = Now::Row {
            values,
            carried_from,
        };
        match self.net.get_mut(&key) {
            Some(net) => net.now = now,
            None => {
                let stood_before = false;
                self.net.insert(key, Net { stood_before, now });
            }
        }
    }

    /// Takes away what stands under a key, and gives it back if it came with this batch.
    fn take(&mut self, key: Key) -> Option<Now> {
        let stood_before = !self.is_truncated;
        let net = self.net.entry(key).or_insert(Net {
            stood_before,
            now: Now::Gone,
        });
        Some(std::mem::replace(&mut net.now, Now::Gone))
    }

    /// Whether the batch leaves the table alone.
    pub fn is_empty(&self) -> bool {
        !self.is_truncated && self.net.is_empty() && self.bag.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        vec![text.as_bytes().into()]
    }

    fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().into())
    }

    fn net(changes: &TableChanges, of: &str) -> Net {
        changes.net[&key(of)].clone()
    }

    fn row(values: &[Value], carried_from: Option<&str>) -> Now {
        Now::Row {
            values: values.to_vec(),
            carried_from: carried_from.map(key),
        }
    }

    #[test]
    fn the_last_state_counts_and_what_stood_before_is_kept() {
        let mut changes = TableChanges::default();
        changes.insert(key("1"), vec![text("1"), text("a")]);
        changes.update(key("1"), key("1"), vec![text("1"), text("b")]);
        changes.update(key("2"), key("2"), vec![text("2"), text("c")]);
        changes.delete(key("3"));
        changes.insert(key("3"), vec![text("3"), text("d")]);
        changes.insert(key("4"), vec![text("4"), text("e")]);
        changes.delete(key("4"));
        for (of, stood_before, now) in [
            ("1", false, row(&[text("1"), text("b")], None)),
            ("2", true, row(&[text("2"), text("c")], None)),
            ("3", true, row(&[text("3"), text("d")], None)),
            ("4", false, Now::Gone),
        ] {
            assert_eq!(net(&changes, of), Net { stood_before, now }, "{of}");
        }
    }

    #[test]
    fn what_the_log_leaves_out_is_found_through_changed_keys() {
        let mut changes = TableChanges::default();
        // Known within the batch.
        changes.insert(key("1"), vec![text("1"), text("long")]);
        changes.update(key("1"), key("2"), vec![text("2"), Value::Unchanged]);
        assert_eq!(
            net(&changes, "2").now,
            row(&[text("2"), text("long")], None)
        );
        assert_eq!(net(&changes, "1").now, Now::Gone);
        // On the target, under the key that it had before the batch.
        changes.update(key("5"), key("6"), vec![text("6"), Value::Unchanged]);
        changes.update(key("6"), key("7"), vec![text("7"), Value::Unchanged]);
        assert_eq!(
            net(&changes, "7"),
            Net {
                stood_before: false,
                now: row(&[text("7"), Value::Unchanged], Some("5")),
            }
        );
        assert!(net(&changes, "5").stood_before && !net(&changes, "6").stood_before);
        changes.update(key("7"), key("7"), vec![text("7"), text("new")]);
        assert_eq!(net(&changes, "7").now, row(&[text("7"), text("new")], None));
        // In place.
        changes.update(key("9"), key("9"), vec![text("9"), Value::Unchanged]);
        assert_eq!(
            net(&changes, "9").now,
            row(&[text("9"), Value::Unchanged], Some("9"))
        );
    }

    #[test]
    fn keys_that_change_places_keep_what_they_carry() {
        let mut changes = TableChanges::default();
        changes.update(key("1"), key("0"), vec![text("0"), Value::Unchanged]);
        changes.update(key("2"), key("1"), vec![text("1"), Value::Unchanged]);
        changes.update(key("0"), key("2"), vec![text("2"), Value::Unchanged]);
        assert_eq!(
            net(&changes, "1").now,
            row(&[text("1"), Value::Unchanged], Some("2"))
        );
        assert_eq!(
            net(&changes, "2").now,
            row(&[text("2"), Value::Unchanged], Some("1"))
        );
        assert_eq!(net(&changes, "0").now, Now::Gone);
    }

    #[test]
    fn nothing_stood_before_after_a_truncate() {
        let mut changes = TableChanges::default();
        changes.delete(key("1"));
        changes.truncate();
        changes.insert(key("2"), vec![text("2")]);
        changes.delete(key("2"));
        assert!(changes.is_truncated && changes.net.values().all(|net| !net.stood_before));
    }
}
