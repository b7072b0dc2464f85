//! Takes keys in, looks their rows up on both sides, and forgets them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::hash::{Hashing, Recipe};
use super::super::settle::settle;
use super::super::{Sides, VerifyReport};
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::capture::keys::KeyColumn;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::table::Table;

/// Bytes of keys that are held before they are compared.
pub(super) const HELD_BYTES_MAX: usize = 8 << 20;
/// What a key takes besides its own bytes.
const KEY_BYTES: usize = 48;
/// Keys in one query.
const KEYS_AT_ONCE: usize = 1_000;
/// In the time of looking up one key, so many bytes of a table are read from end to end.
const BYTES_A_KEY: u64 = 4_096;
/// So many keys of a table are always looked up one by one.
const KEYS_LEAST: u64 = 10_000;

/// Rows are found by their index, whatever the planner thinks of a list of keys.
const SETTINGS: &[(&str, &str)] = &[
    ("lc_monetary", "C"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
];

/// How the rows of a table are found.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    pub(super) table: &'a Table,
    /// By these columns; `None`: they have no key, so a change makes the table one that is compared whole.
    pub(super) by: Option<Vec<KeyColumn>>,
}

/// A comparison of keys, table by table.
pub(super) struct Comparison<'a> {
    sides: Sides,
    findings: BTreeMap<String, Finding<'a>>,
    /// Keys as the texts of their arrays, by the table's path.
    held: BTreeMap<String, BTreeSet<String>>,
    held_bytes: usize,
    /// Keys that were looked up, by the table's path.
    looked_up: BTreeMap<String, u64>,
    whole: BTreeSet<String>,
    changes: u64,
    report: VerifyReport,
}

impl<'a> Comparison<'a> {
    pub(super) async fn open(
        plan: &StreamPlan,
        recipe: Recipe,
        findings: BTreeMap<String, Finding<'a>>,
        report: VerifyReport,
    ) -> Result<Comparison<'a>, ReplicateError> {
        let open = |address: &Address| {
            let address = address.clone();
            async move { Session::open_with(&address, SETTINGS).await }
        };
        let source = open(&plan.from).await?;
        let target = open(&plan.to).await?;
        Ok(Comparison {
            sides: Sides::of(plan, recipe, source, target),
            findings,
            held: BTreeMap::new(),
            held_bytes: 0,
            looked_up: BTreeMap::new(),
            whole: BTreeSet::new(),
            changes: 0,
            report,
        })
    }

    /// The session on the source, between comparisons.
    pub(super) fn source(&mut self) -> &mut Session {
        &mut self.sides.source
    }

    /// The path of a table, by the source's number for it. `None`: it is gone, or cannot be compared, which is a difference already.
    pub(super) fn path_of(&self, oid: u32) -> Option<String> {
        let finding = |(_, finding): &(&String, &Finding<'_>)| finding.table.oid == oid;
        let found = self.findings.iter().find(finding);
        found.map(|(path, _)| path.clone())
    }

    /// By which columns a table's rows are found. `None`: by none.
    pub(super) fn found_by(&self, path: &str) -> Option<&[KeyColumn]> {
        self.findings.get(path)?.by.as_deref()
    }

    /// Whether a table is to be compared whole.
    pub(super) fn is_whole(&self, path: &str) -> bool {
        self.whole.contains(path)
    }

    /// Counts changes that were told.
    pub(super) fn count(&mut self, changes: u64) {
        self.changes += changes;
    }

    /// Any row of a table may have changed.
    pub(super) fn take_whole(&mut self, path: &str) {
        self.whole.insert(path.to_owned());
        let forgotten = self.held.remove(path).unwrap_or_default();
        self.held_bytes -= forgotten
            .iter()
            .map(|key| key.len() + KEY_BYTES)
            .sum::<usize>();
    }

    /// The rows of a key may have changed.
    pub(super) fn take_key(&mut self, path: &str, key: String) {
        if self.whole.contains(path) {
            return;
        }
        let bytes = key.len() + KEY_BYTES;
        if self.held.entry(path.to_owned()).or_default().insert(key) {
            self.held_bytes += bytes;
        }
    }

    /// Whether so much is held that it is to be compared before more is read.
    pub(super) fn is_full(&self) -> bool {
        self.held_bytes >= HELD_BYTES_MAX
    }

    /// Whether looking up so many keys of a table costs more than reading it.
    pub(super) fn is_cheaper_whole(&self, path: &str, keys: u64) -> bool {
        let bytes = |finding: &Finding<'_>| finding.table.bytes;
        keys > KEYS_LEAST
            && self.findings.get(path).map(bytes).unwrap_or_default() < keys * BYTES_A_KEY
    }

    /// Compares some of what is held. Returns whether more is held.
    pub(super) async fn compare_some(&mut self) -> Result<bool, ReplicateError> {
        let Some(mut held) = self.held.first_entry() else {
            return Ok(false);
        };
        let path = held.key().clone();
        let mut keys = Vec::new();
        while keys.len() < KEYS_AT_ONCE
            && let Some(key) = held.get_mut().pop_first()
        {
            self.held_bytes -= key.len() + KEY_BYTES;
            keys.push(key);
        }
        if held.get().is_empty() {
            held.remove();
        }
        let looked_up = self.looked_up.entry(path.clone()).or_default();
        *looked_up += keys.len() as u64;
        let looked_up = *looked_up;
        if self.is_cheaper_whole(&path, looked_up) {
            self.take_whole(&path);
        } else {
            self.look_up(&path, &keys).await?;
        }
        Ok(!self.held.is_empty())
    }

    async fn look_up(&mut self, path: &str, keys: &[String]) -> Result<(), ReplicateError> {
        let Some(finding) = self.findings.get(path) else {
            return Ok(());
        };
        let Some(by) = &finding.by else {
            self.take_whole(path);
            return Ok(());
        };
        let hashing = Hashing::of(finding.table, self.sides.recipe);
        let sql = hashing.rows_found(by, keys);
        let (source, target) = tokio::try_join!(
            rows(&mut self.sides.source, &sql),
            rows(&mut self.sides.target, &sql)
        )?;
        let suspects: BTreeSet<String> = source
            .symmetric_difference(&target)
            .map(|(key, _)| key.clone())
            .collect();
        if suspects.is_empty() {
            return Ok(());
        }
        if !hashing.has_key() {
            self.take_whole(path);
            return Ok(());
        }
        let table = finding.table;
        settle(&mut self.sides, table, &hashing, suspects, &mut self.report).await
    }

    /// Changes, keys that were looked up, tables that are to be compared whole, and what was found.
    pub(super) fn finish(self) -> (u64, u64, BTreeSet<String>, VerifyReport) {
        let keys = self.looked_up.values().sum();
        (self.changes, keys, self.whole, self.report)
    }
}

async fn rows(session: &mut Session, sql: &str) -> Result<BTreeSet<(String, i64)>, ReplicateError> {
    let rows: Vec<(String, i64)> = session.rows("comparing touched rows", sql).await?;
    Ok(rows.into_iter().collect())
}
