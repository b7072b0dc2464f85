//! The keys that changed since a verification, by a reader of the source's log that is separate from the applier (rule 31): an applier
//! that drops an event must not drop its mark. So the last gate before a cutover costs by rows changed, not by rows held.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::fold::{Key, project};
use crate::mysql::log::{LogEntry, RowChange};
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Schema;
use crate::mysql::verify::{
    Sides, VerifyReport, compare_sums, compare_whole, differing_keys, settle,
};
use crate::position::LogPosition;

/// Keys held per table at the most; above, the table is compared whole.
const KEYS_AT_MOST: usize = 200_000;

/// What the log says was changed.
#[derive(Debug)]
pub struct Touched {
    keys: BTreeMap<String, BTreeSet<Key>>,
    /// Conditions on child rows that a cascade may have changed.
    conditions: BTreeMap<String, BTreeSet<Vec<u8>>>,
    whole: BTreeSet<String>,
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
        let mut touched = Touched {
            keys: BTreeMap::new(),
            conditions: BTreeMap::new(),
            whole: BTreeSet::new(),
            changes: 0,
            until: from.clone(),
        };
        if from >= *barrier {
            return Ok(touched);
        }
        let mut reader = plan.open_log("gate", schema.clone(), from).await?;
        let mut prepared = BTreeSet::new();
        while touched.until < *barrier {
            match reader.next().await? {
                LogEntry::Changes { changes, .. } => changes
                    .iter()
                    .for_each(|change| touched.note(schema, change)),
                LogEntry::Prepared { xid, changes, end } => {
                    prepared.insert(xid);
                    changes
                        .iter()
                        .for_each(|change| touched.note(schema, change));
                    touched.until = end;
                }
                LogEntry::Truncate { table, .. } => {
                    touched.changes += 1;
                    touched.whole.insert(table);
                }
                LogEntry::Decided {
                    xid,
                    committed,
                    end,
                } => {
                    if committed && !prepared.contains(&xid) {
                        // What it changed stands in the log before the place where this reading began.
                        touched.whole.extend(schema.tables.keys().cloned());
                    }
                    touched.until = end;
                }
                LogEntry::Executed { .. } => {}
                LogEntry::Commit { end } => touched.until = end,
            }
        }
        Ok(touched)
    }

    fn note(&mut self, schema: &Schema, change: &RowChange) {
        self.changes += 1;
        let Some(table) = schema.tables.get(&change.table) else {
            return;
        };
        let keys = self.keys.entry(change.table.clone()).or_default();
        if !table.has_key() || keys.len() >= KEYS_AT_MOST {
            self.whole.insert(change.table.clone());
        } else {
            keys.extend(
                [&change.before, &change.after]
                    .into_iter()
                    .flatten()
                    .map(|image| project(table, image)),
            );
        }
        self.note_cascades(schema, change);
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
            let conditions = self.conditions.entry(key.child.clone()).or_default();
            if child.has_key() && conditions.len() < KEYS_AT_MOST {
                conditions.insert(cascade::equal(child, &columns, &before));
            } else {
                self.whole.insert(key.child.clone());
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

    /// Number of keys and conditions noted.
    pub fn keys(&self) -> u64 {
        let keys: usize = self.keys.values().map(BTreeSet::len).sum();
        let conditions: usize = self.conditions.values().map(BTreeSet::len).sum();
        (keys + conditions) as u64
    }

    /// Compares everything noted on both sides. While writes go on, what keeps changing is left open.
    pub async fn compare(
        &self,
        plan: &StreamPlan,
        schema: &Schema,
    ) -> Result<VerifyReport, ReplicateError> {
        let mut sides = Sides::open(plan).await?;
        let mut report = VerifyReport {
            database: plan.database.clone(),
            holds_until: self.until.clone(),
            tables: Vec::new(),
            rows: self.keys(),
            differing: 0,
            differences: Vec::new(),
            open: Vec::new(),
            schema_differences: Vec::new(),
            method: "SHA-256 over length-prefixed values of every key that the source's log names since the last verification".to_owned(),
        };
        for (name, table) in &schema.tables {
            if self.whole.contains(name) {
                let (is_equal, rows) = compare_sums(&mut sides, schema, table, b"TRUE").await?;
                report.rows += rows;
                if !is_equal {
                    compare_whole(&mut sides, schema, table, b"TRUE", &mut report).await?;
                }
                continue;
            }
            let keys: Vec<&Key> = self.keys.get(name).into_iter().flatten().collect();
            for some in keys.chunks(500) {
                let mut condition = Vec::new();
                crate::mysql::apply::write_key_list(table, some, &mut condition);
                let differing = differing_keys(&mut sides, schema, table, &condition).await?;
                settle(&mut sides, schema, table, differing, &mut report).await?;
            }
            let conditions: Vec<&Vec<u8>> =
                self.conditions.get(name).into_iter().flatten().collect();
            for some in conditions.chunks(200) {
                let condition = some
                    .iter()
                    .map(|condition| [b"(".as_slice(), condition, b")"].concat())
                    .collect::<Vec<_>>()
                    .join(b" OR ".as_slice());
                let differing = differing_keys(&mut sides, schema, table, &condition).await?;
                settle(&mut sides, schema, table, differing, &mut report).await?;
            }
        }
        Ok(report)
    }
}
