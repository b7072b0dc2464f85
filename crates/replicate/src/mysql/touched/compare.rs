//! Compares on both sides what the log names, as it is read.

use std::collections::{BTreeMap, BTreeSet};

use super::Touched;
use crate::error::ReplicateError;
use crate::mysql::apply;
use crate::mysql::fold::Key;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::verify::{
    self, Sides, Suspects, VerifyReport, compare_tables, first_look, settle,
};
use crate::position::LogPosition;

/// Bytes of keys and conditions that are held before they are compared. The server gives a reader up that stands still for a minute, so it is little.
const COMPARED_BYTES: usize = 8 * 1024 * 1024;
/// Keys in one statement.
const KEYS_AT_ONCE: usize = 1_000;
/// Conditions in one statement.
const CONDITIONS_AT_ONCE: usize = 200;
/// In the time of looking up one key, so many bytes of a table are read from end to end.
const BYTES_A_KEY: u64 = 4_096;
/// So many keys of a table are always looked up one by one.
const KEYS_LEAST: u64 = 10_000;

const METHOD: &str = "SHA-256 of every row that the source's log names since the last verification, as bytes that can be taken apart in one way only; in both servers";

/// What was compared.
#[derive(Debug)]
pub struct Compared {
    /// Row changes read.
    pub changes: u64,
    /// Keys, and conditions on rows that a cascade may have changed, that were looked up on both sides.
    pub keys: u64,
    /// What was found. Its tables are those that were compared whole.
    pub report: VerifyReport,
}

/// Compares what the log names from one place to another, which the stream has passed. While writes go on, what keeps changing is left open.
///
/// What was read is compared and forgotten whenever too much of it is held: what a later part of the log changes again is named there again.
pub async fn compare_between(
    plan: &StreamPlan,
    schema: &Schema,
    from: LogPosition,
    barrier: &LogPosition,
) -> Result<Compared, ReplicateError> {
    let plan = &plan.at_its_server().await?;
    let mut touched = Touched::none(from);
    let reader = touched.begin("gate", plan, schema, barrier).await?;
    let sides = Sides::open(plan, schema).await?;
    let report = VerifyReport::new(&plan.database, barrier.clone(), METHOD);
    let mut comparison = Comparison {
        schema,
        sides,
        report,
        looked_up: BTreeMap::new(),
    };
    if let Some(mut reader) = reader {
        while touched.until < *barrier {
            let entry = reader.next().await?;
            touched.take_in(schema, entry)?;
            if touched.held_bytes() >= COMPARED_BYTES {
                comparison.compare(&mut touched).await?;
            }
        }
    }
    comparison.compare(&mut touched).await?;
    comparison.finish(touched).await
}

struct Comparison<'a> {
    schema: &'a Schema,
    sides: Sides,
    report: VerifyReport,
    /// Keys and conditions that were looked up, by table.
    looked_up: BTreeMap<String, u64>,
}

impl Comparison<'_> {
    /// Compares what is held, and lets go of it.
    async fn compare(&mut self, touched: &mut Touched) -> Result<(), ReplicateError> {
        let mut suspects = Suspects::new();
        for (name, table) in &self.schema.tables {
            let keys = touched.keys.remove(name).unwrap_or_default();
            let conditions = touched.conditions.remove(name).unwrap_or_default();
            let looked_up = self.looked_up.entry(name.clone()).or_default();
            if touched.whole.contains(name) {
                continue;
            }
            *looked_up += (keys.len() + conditions.len()) as u64;
            if *looked_up > KEYS_LEAST && table.data_bytes < *looked_up * BYTES_A_KEY {
                touched.whole.insert(name.clone());
                continue;
            }
            for condition in conditions_on(table, &keys, &conditions) {
                let found = first_look(&mut self.sides, table, &condition).await?;
                suspects.entry(name.clone()).or_default().extend(found);
            }
        }
        touched.held_bytes.clear();
        // Whatever of it takes effect later was not to be seen now.
        touched
            .compared_undecided
            .extend(touched.prepared.iter().cloned());
        suspects.retain(|_, keys| !keys.is_empty());
        settle(&mut self.sides, self.schema, suspects, &mut self.report).await
    }

    /// Compares whole tables, and completes the report.
    async fn finish(mut self, touched: Touched) -> Result<Compared, ReplicateError> {
        if touched.has_new_schema {
            let definitions = verify::compare_definitions(&mut self.sides, self.schema).await?;
            self.report.schema_differences = definitions.sentences;
        }
        let keys = self.looked_up.values().sum();
        self.report.rows = keys;
        let named = |(name, _): &(&String, &Table)| touched.whole.contains(*name);
        let tables = self.schema.tables.iter().filter(named);
        let whole = tables.map(|(_, table)| table).collect();
        let report = compare_tables(self.sides, self.schema, whole, self.report, |_, _| {}).await?;
        Ok(Compared {
            changes: touched.changes,
            keys,
            report,
        })
    }
}

/// The conditions that together hold for all rows noted of a table.
fn conditions_on(
    table: &Table,
    keys: &BTreeSet<Key>,
    children: &BTreeSet<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let keys: Vec<&Key> = keys.iter().collect();
    let mut conditions: Vec<Vec<u8>> = keys
        .chunks(KEYS_AT_ONCE)
        .map(|some| {
            let mut condition = Vec::new();
            apply::write_key_list(table, some, &mut condition);
            condition
        })
        .collect();
    let children: Vec<&Vec<u8>> = children.iter().collect();
    conditions.extend(children.chunks(CONDITIONS_AT_ONCE).map(|some| {
        let clauses = some
            .iter()
            .map(|condition| [b"(".as_slice(), condition, b")"].concat());
        clauses.collect::<Vec<_>>().join(b" OR ".as_slice())
    }));
    conditions
}
