//! The report of a verification, whatever the engine.

use reberth_model::document;
use serde::{Deserialize, Serialize};

use crate::position::LogPosition;

/// Differences and open keys named in the report at the most; all are counted.
pub(crate) const NAMED_AT_MOST: usize = 100;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The database.
    pub database: String,
    /// Equality holds up to this position of the source's log.
    pub holds_until: LogPosition,
    /// How far the target had come at the end. `None`: it keeps no stream of this database.
    pub target_position: Option<LogPosition>,
    /// What was compared, table by table.
    pub tables: Vec<VerifiedTable>,
    /// Rows compared.
    pub rows: u64,
    /// Rows that differ, all of them.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Keys left undecided, all of them.
    pub undecided: u64,
    /// The first of them.
    pub open: Vec<Difference>,
    /// Whether some key was left undecided because the target was behind, or had a row more at one look: the log from `holds_until` on need not name it again, so
    /// nothing can be built on this verification.
    pub target_was_behind: bool,
    /// Definitions that differ.
    pub schema_differences: Vec<String>,
    /// Counters of the target behind the source's. The cutover sets them; until then they are no difference.
    pub counters_behind: Vec<String>,
    /// Owners and grants that only one side has. They are given by people, so they are no difference.
    #[serde(default)]
    pub rights_differ: Vec<String>,
    /// What is not alike and loses nothing, such as the order of columns.
    #[serde(default)]
    pub told: Vec<String>,
    /// Columns whose values were left out, with the reason.
    pub not_compared: Vec<String>,
    /// How rows were hashed.
    pub method: String,
    /// SHA-256 of this document with this field empty, in hexadecimal.
    pub content_sha256: String,
}

/// What was compared of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedTable {
    /// Its name.
    pub name: String,
    /// Rows on the source.
    pub rows: u64,
    /// Chunks compared.
    pub chunks: u64,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// Its key, readable; for a table without a key a count.
    pub key: String,
    /// `missing` on the target, `extra` there, or `different`; of an open key `changing`, `behind` or `extra once`.
    pub kind: String,
    /// Names of the columns whose values differ, where the row is on both sides. Values are never told.
    pub columns: Vec<String>,
}

impl VerifyReport {
    pub(crate) fn new(database: &str, holds_until: LogPosition, method: &str) -> VerifyReport {
        VerifyReport {
            database: database.to_owned(),
            holds_until,
            target_position: None,
            tables: Vec::new(),
            rows: 0,
            differing: 0,
            differences: Vec::new(),
            undecided: 0,
            open: Vec::new(),
            target_was_behind: false,
            schema_differences: Vec::new(),
            counters_behind: Vec::new(),
            rights_differ: Vec::new(),
            told: Vec::new(),
            not_compared: Vec::new(),
            method: method.to_owned(),
            content_sha256: String::new(),
        }
    }

    /// Whether both sides are proven equal: all of it was compared, and nothing differs.
    pub fn is_equal(&self) -> bool {
        self.differing == 0
            && self.undecided == 0
            && self.schema_differences.is_empty()
            && self.not_compared.is_empty()
    }

    /// Whether nothing differs and everything left undecided stands in the source's log behind `holds_until`: then comparing what that log
    /// names completes the proof.
    pub fn is_base(&self) -> bool {
        self.differing == 0
            && self.schema_differences.is_empty()
            && self.not_compared.is_empty()
            && !self.target_was_behind
    }

    /// Whether the document is as it was written.
    pub fn is_sealed(&self) -> bool {
        self.content_hash() == self.content_sha256
    }

    pub(crate) fn seal(mut self) -> VerifyReport {
        self.content_sha256 = self.content_hash();
        self
    }

    fn content_hash(&self) -> String {
        let unsealed = VerifyReport {
            content_sha256: String::new(),
            ..self.clone()
        };
        document::sha256_hex(&document::to_bytes(&unsealed).unwrap_or_default())
    }

    /// Takes in what another comparison of the same verification found.
    pub(crate) fn take_in(&mut self, other: VerifyReport) {
        self.differing += other.differing;
        self.undecided += other.undecided;
        self.target_was_behind |= other.target_was_behind;
        self.differences.extend(other.differences);
        self.differences.truncate(NAMED_AT_MOST);
        self.open.extend(other.open);
        self.open.truncate(NAMED_AT_MOST);
    }

    pub(crate) fn add_difference(&mut self, difference: Difference, rows: u64) {
        self.differing += rows;
        if self.differences.len() < NAMED_AT_MOST {
            self.differences.push(difference);
        }
    }

    pub(crate) fn leave_open(&mut self, table: &str, key: String, is_behind: bool) {
        let kind = if is_behind { "behind" } else { "changing" };
        self.leave(table, key, kind, is_behind);
    }

    /// Leaves a row open that only the target had once. It has not changed since: no later reading would name its key again, so nothing may be built on this.
    pub(crate) fn leave_extra(&mut self, table: &str, key: String) {
        self.leave(table, key, "extra once", true);
    }

    fn leave(&mut self, table: &str, key: String, kind: &str, blocks_base: bool) {
        self.undecided += 1;
        self.target_was_behind |= blocks_base;
        if self.open.len() < NAMED_AT_MOST {
            self.open.push(Difference {
                table: table.to_owned(),
                key,
                kind: kind.to_owned(),
                columns: Vec::new(),
            });
        }
    }
}
