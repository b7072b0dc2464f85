//! Judges an estate: checks with evidence, costs line by line, blockers and waves, and the report that people read.
//!
//! Pure: the estate, the policy and the day go in, an [`Assessment`] comes out. One rule is one file under `rules/`
//! and one line in the list there; a check of the catalog that has no rule yet is reported as unknown.

mod blockers;
mod catalog;
mod checks;
mod cost;
mod csv;
mod date;
mod error;
mod network_reach;
mod report;
mod rules;
mod waves;

pub use error::AssessError;
pub use report::{html, markdown};

use reberth_model::assessment::Assessment;
use reberth_model::document::{SCHEMA, sha256_hex};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

use catalog::Catalog;
use date::Date;
use rules::Context;

/// Judges `estate`, whose document has the bytes `estate_bytes`, on the day `today` (YYYY-MM-DD).
///
/// The same arguments give the same assessment. The errors are all mistakes in the arguments: see [`AssessError`].
pub fn assess(
    estate: &Estate,
    estate_bytes: &[u8],
    policy: &Policy,
    today: &str,
) -> Result<Assessment, AssessError> {
    let today = Date::parse(today).ok_or_else(|| AssessError::Today {
        given: today.to_owned(),
    })?;
    let catalog = Catalog::embedded();
    let waivers = checks::waivers_in_force(policy, &catalog, today)?;
    let context = Context {
        today,
        policy,
        catalog: &catalog,
    };
    let checks = checks::evaluate(estate, &context, &waivers);
    let costs = cost::lines(estate, &context);
    Ok(Assessment {
        schema: SCHEMA,
        as_of: today.to_string(),
        estate_sha256: sha256_hex(estate_bytes),
        catalog_version: catalog.version.clone(),
        target_region: policy.target.region.clone(),
        totals: cost::totals(&costs),
        blockers: blockers::find(estate, &checks),
        waves: waves::plan(estate),
        checks,
        costs,
    })
}
