//! The keys that changed since a verification, by a reader of the source's log that is separate from the applier (rule 31): an applier
//! that drops an event must not drop its mark. So the last gate before a cutover costs by rows changed, not by rows held ([`compare_between`]).

mod compare;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::fold::{Key, project};
use crate::mysql::log::{LogEntry, LogReader, RowChange};
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Schema;
use crate::mysql::value::Datum;
use crate::mysql::{server, state};
use crate::position::LogPosition;
pub use compare::{Compared, compare_between};

/// Bytes of keys and conditions held at the most. Above, those of the table with most of them are let go, and any of its rows counts as changed.
const HELD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What was noted of one table.
pub(crate) enum Named<'a> {
    /// The log does not name it.
    Nothing,
    /// These keys, as they stand in the log.
    Keys(Vec<&'a Key>),
    /// Any of its rows may have changed.
    Anything,
}

/// What the log says was changed.
#[derive(Debug)]
pub struct Touched {
    keys: BTreeMap<String, BTreeSet<Key>>,
    /// Conditions on child rows that a cascade may have changed.
    conditions: BTreeMap<String, BTreeSet<Vec<u8>>>,
    whole: BTreeSet<String>,
    /// Bytes of keys and conditions, by table.
    held_bytes: BTreeMap<String, usize>,
    /// Transactions that were prepared in what is held, and may be decided later.
    prepared: BTreeSet<String>,
    /// Those of them of which something was compared already.
    compared_undecided: BTreeSet<String>,
    /// The schema has changed since, so that definitions are compared too.
    has_new_schema: bool,
    /// Row changes read.
    pub changes: u64,
    /// Read up to here.
    pub until: LogPosition,
}

impl Touched {
    /// Reads the log up to the barrier and notes what it changes.
    pub async fn read(
        plan: &StreamPlan,
        schema: &Schema,
        from: LogPosition,
        barrier: &LogPosition,
    ) -> Result<Touched, ReplicateError> {
        Touched::read_as("gate", plan, schema, from, barrier).await
    }

    /// [`Touched::read`] under a name of its own at the source, which lets go of a reader when another comes with the same.
    pub(crate) async fn read_as(
        role: &str,
        plan: &StreamPlan,
        schema: &Schema,
        from: LogPosition,
        barrier: &LogPosition,
    ) -> Result<Touched, ReplicateError> {
        let mut touched = Touched::none(from);
        let Some(mut reader) = touched.begin(role, plan, schema, barrier).await? else {
            return Ok(touched);
        };
        while touched.until < *barrier {
            let entry = reader.next().await?;
            touched.take_in(schema, entry)?;
        }
        Ok(touched)
    }

    fn none(from: LogPosition) -> Touched {
        Touched {
            keys: BTreeMap::new(),
            conditions: BTreeMap::new(),
            whole: BTreeSet::new(),
            held_bytes: BTreeMap::new(),
            prepared: BTreeSet::new(),
            compared_undecided: BTreeSet::new(),
            has_new_schema: false,
            changes: 0,
            until: from,
        }
    }

    /// Opens the log. `None`: there is nothing to read.
    async fn begin(
        &mut self,
        role: &str,
        plan: &StreamPlan,
        schema: &Schema,
        barrier: &LogPosition,
    ) -> Result<Option<LogReader>, ReplicateError> {
        if self.until >= *barrier {
            return Ok(None);
        }
        let plan = &plan.at_its_server().await?;
        let mut target = server::reader(&plan.to).await?;
        let (direction, database) = (plan.direction, &plan.database);
        if state::has_schema_changed_since(&mut target, direction, database, &self.until).await? {
            // The log before the change cannot be read with the schema after it.
            self.whole.extend(schema.tables.keys().cloned());
            self.has_new_schema = true;
            self.until = barrier.clone();
            return Ok(None);
        }
        let reader = plan.open_log(role, schema.clone(), self.until.clone());
        reader.await.map(Some)
    }

    fn take_in(&mut self, schema: &Schema, entry: LogEntry) -> Result<(), ReplicateError> {
        match entry {
            LogEntry::Changes { changes, .. } => {
                changes.iter().for_each(|change| self.note(schema, change));
            }
            LogEntry::PreparedPart { xid, changes } => {
                self.prepared.insert(xid);
                changes.iter().for_each(|change| self.note(schema, change));
            }
            LogEntry::Prepared { xid, changes, end } => {
                self.prepared.insert(xid);
                changes.iter().for_each(|change| self.note(schema, change));
                self.until = end;
            }
            LogEntry::Truncate { table, .. } => {
                self.changes += 1;
                self.whole.insert(table);
            }
            LogEntry::Decided {
                xid,
                committed,
                end,
            } => {
                let is_held = self.prepared.remove(&xid);
                let was_compared = self.compared_undecided.remove(&xid);
                if committed && (!is_held || was_compared) {
                    // What it changed stands in the log before the place where this reading began, or was compared before it took effect.
                    self.changes += 1;
                    self.whole.extend(schema.tables.keys().cloned());
                }
                self.until = end;
            }
            LogEntry::Executed { .. } => {}
            LogEntry::SchemaChange(statement) => {
                return Err(statement.refuse("the applier has not carried it over yet".to_owned()));
            }
            LogEntry::Commit { end } => self.until = end,
        }
        Ok(())
    }

    fn note(&mut self, schema: &Schema, change: &RowChange) {
        self.changes += 1;
        let Some(table) = schema.tables.get(&change.table) else {
            return;
        };
        if !table.has_key() {
            self.whole.insert(change.table.clone());
        }
        if !self.whole.contains(&change.table) {
            let images = [&change.before, &change.after].into_iter().flatten();
            for key in images.map(|image| project(table, image)) {
                self.note_key(&change.table, key);
            }
        }
        self.note_cascades(schema, change);
    }

    fn note_key(&mut self, table: &str, key: Key) {
        let bytes: usize = key.iter().map(Datum::bytes).sum();
        if self.keys.entry(table.to_owned()).or_default().insert(key) {
            self.hold(table, bytes);
        }
    }

    /// Counts bytes that are held from now on, and lets go of the largest table when they are too many.
    fn hold(&mut self, table: &str, bytes: usize) {
        *self.held_bytes.entry(table.to_owned()).or_default() += bytes;
        if self.held_bytes() <= HELD_BYTES_MAX {
            return;
        }
        let largest = self.held_bytes.iter().max_by_key(|(_, bytes)| **bytes);
        if let Some(name) = largest.map(|(name, _)| name.clone()) {
            self.held_bytes.remove(&name);
            self.keys.remove(&name);
            self.conditions.remove(&name);
            self.whole.insert(name);
        }
    }

    fn note_cascades(&mut self, schema: &Schema, change: &RowChange) {
        for (key, _, before) in cascade::consequences(schema, change) {
            let Some(child) = schema.tables.get(&key.child) else {
                continue;
            };
            let columns: Vec<usize> = key
                .columns
                .iter()
                .filter_map(|column| child.column_index(column))
                .collect();
            if !child.has_key() {
                self.whole.insert(key.child.clone());
            }
            if !self.whole.contains(&key.child) {
                let condition = cascade::equal(child, &columns, &before);
                let bytes = condition.len() + size_of::<Vec<u8>>();
                let conditions = self.conditions.entry(key.child.clone()).or_default();
                if conditions.insert(condition) {
                    self.hold(&key.child, bytes);
                }
            }
            // Whose rows the child's cascade reached cannot be told from the log, so all tables below it are compared whole.
            for below in schema
                .children_of(&key.child)
                .filter(|key| key.has_action())
            {
                self.note_whole_below(schema, &below.child);
            }
        }
    }

    fn note_whole_below(&mut self, schema: &Schema, table: &str) {
        if !self.whole.insert(table.to_owned()) {
            return;
        }
        for below in schema.children_of(table).filter(|key| key.has_action()) {
            self.note_whole_below(schema, &below.child);
        }
    }

    /// Bytes of keys and conditions held.
    fn held_bytes(&self) -> usize {
        self.held_bytes.values().sum()
    }

    /// Number of keys and conditions held.
    #[cfg(test)]
    fn keys(&self) -> u64 {
        let keys: usize = self.keys.values().map(BTreeSet::len).sum();
        let conditions: usize = self.conditions.values().map(BTreeSet::len).sum();
        (keys + conditions) as u64
    }

    /// What was noted of a table.
    pub(crate) fn named(&self, table: &str) -> Named<'_> {
        if self.whole.contains(table) || self.conditions.contains_key(table) {
            return Named::Anything;
        }
        match self.keys.get(table) {
            Some(keys) if !keys.is_empty() => Named::Keys(keys.iter().collect()),
            _ => Named::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::schema::{Column, Table};
    use crate::mysql::value::ColumnClass;

    #[test]
    fn many_keys_are_let_go_and_their_table_is_compared_whole() {
        let column = Column {
            name: "id".into(),
            class: ColumnClass::Bytes,
            nullable: false,
            generated: false,
        };
        let table = |name: &str| Table {
            name: name.into(),
            columns: vec![column.clone()],
            identity: vec![0],
            identity_index: Some("PRIMARY".into()),
            engine: "InnoDB".into(),
            auto_increment_column: None,
            create_statement: String::new(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        };
        let schema = Schema {
            database: "d".into(),
            charset: "utf8mb4".into(),
            collation: "utf8mb4_bin".into(),
            tables: ["large", "small"]
                .map(|name| (name.into(), table(name)))
                .into(),
            foreign_keys: Vec::new(),
            sequences: Vec::new(),
            recopied: BTreeMap::new(),
        };
        let mut touched = Touched {
            keys: BTreeMap::new(),
            conditions: BTreeMap::new(),
            whole: BTreeSet::new(),
            has_new_schema: false,
            held_bytes: BTreeMap::new(),
            prepared: BTreeSet::new(),
            compared_undecided: BTreeSet::new(),
            changes: 0,
            until: LogPosition::new("b.1", 4).unwrap(),
        };
        let mut insert = |table: &str, number: u32| {
            let mut key = vec![0; 1024];
            key.splice(0..4, number.to_be_bytes());
            let change = RowChange {
                table: table.into(),
                before: None,
                after: Some(vec![Datum::Bytes(key)]),
                has_silent_cascades: true,
            };
            touched.note(&schema, &change);
            assert!(touched.held_bytes.values().sum::<usize>() <= HELD_BYTES_MAX);
        };
        insert("small", 1);
        (0..40_000).for_each(|number| insert("large", number));
        assert!(matches!(touched.named("large"), Named::Anything));
        assert!(matches!(touched.named("small"), Named::Keys(keys) if keys.len() == 1));
        assert_eq!((touched.keys(), touched.changes), (1, 40_001));
    }
}
