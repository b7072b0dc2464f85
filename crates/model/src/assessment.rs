//! The assessment: what the checks say of an estate, and what it costs. Owned by the `assess` stage.

mod checks;
mod costs;
mod waves;

pub use checks::*;
pub use costs::*;
pub use waves::*;

use serde::{Deserialize, Serialize};

/// The whole of what was judged, `assessment.json`.
///
/// The same estate, policy and day give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Format version, 1.
    pub schema: u32,
    /// The day it speaks of (YYYY-MM-DD): ages and ends of support are counted from it.
    pub as_of: String,
    /// SHA-256 of the bytes of `estate.json` that it judges.
    pub estate_sha256: String,
    /// Version of the catalog of checks.
    pub catalog_version: String,
    /// AWS region that the target was priced in.
    pub target_region: String,
    /// Every check of the catalog, ordered by id.
    pub checks: Vec<Check>,
    /// Every cost line, source before target.
    pub costs: Vec<CostLine>,
    /// Sums of the priced lines, per side.
    pub totals: Totals,
    /// What stops the migration until somebody acts.
    pub blockers: Vec<Blocker>,
    /// What moves together, in the order proposed.
    pub waves: Vec<Wave>,
}

impl Assessment {
    /// The check with that id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// Number of checks with that result.
    pub fn count(&self, result: CheckResult) -> usize {
        self.checks
            .iter()
            .filter(|check| check.result == result)
            .count()
    }
}
