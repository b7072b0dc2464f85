//! The report of a verification.

use serde::{Deserialize, Serialize};

use crate::position::LogPosition;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The database.
    pub database: String,
    /// Equality holds up to this position of the source's log.
    pub holds_until: LogPosition,
    /// What was compared, table by table.
    pub tables: Vec<VerifiedTable>,
    /// Rows compared.
    pub rows: u64,
    /// Rows that differ, all of them.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Keys that kept changing: decided after the drain.
    pub open: Vec<Difference>,
    /// Definitions that differ.
    pub schema_differences: Vec<String>,
    /// How rows were hashed.
    pub method: String,
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
    /// `missing` on the target, `extra` there, or `different`.
    pub kind: String,
}

impl VerifyReport {
    /// Whether both sides are proven equal.
    pub fn is_equal(&self) -> bool {
        self.differing == 0 && self.open.is_empty() && self.schema_differences.is_empty()
    }
}
