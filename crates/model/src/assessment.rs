//! The assessment: what the checks say of an estate, and what it costs. Owned by the `assess` stage.

mod checks;
mod costs;
mod methods;
mod questions;
mod waves;

pub use checks::*;
pub use costs::*;
pub use methods::*;
pub use questions::*;
pub use waves::*;

use serde::{Deserialize, Serialize};

use crate::document;

/// Beginning of the ids of checks that judge the target.
const TARGET_CHECKS: &str = "RB-T-";

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
    /// What the sums mean.
    #[serde(default)]
    pub outlook: Outlook,
    /// What stops the migration until somebody acts.
    pub blockers: Vec<Blocker>,
    /// What moves together, in the order proposed.
    pub waves: Vec<Wave>,
    /// Hash of the design that the checks of the target judge; `None` while there is none.
    #[serde(default)]
    pub design: Option<String>,
    /// The questions of the framework, in its order, with the risk of each.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What only people can answer, ordered by check.
    #[serde(default)]
    pub questions_for_people: Vec<OpenQuestion>,
    /// How each data store can be moved, in the order of the estate.
    #[serde(default)]
    pub methods: Vec<DatabaseMethod>,
}

impl Assessment {
    /// The check with that id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// SHA-256 of what is said of the source. What is said of a design is left out, so that a design
    /// can name the assessment it follows, and be judged by it afterwards.
    pub fn source_sha256(&self) -> Result<String, serde_json::Error> {
        let of_source = |check: &str| !check.starts_with(TARGET_CHECKS);
        let mut source = self.clone();
        source.design = None;
        source.questions.clear();
        source.checks.retain(|check| of_source(&check.id));
        source
            .questions_for_people
            .retain(|open| of_source(&open.check));
        source
            .blockers
            .retain(|blocker| blocker.check.as_deref().is_none_or(of_source));
        Ok(document::sha256_hex(&document::to_bytes(&source)?))
    }

    /// Number of checks with that result.
    pub fn count(&self, result: CheckResult) -> usize {
        self.checks
            .iter()
            .filter(|check| check.result == result)
            .count()
    }
}
