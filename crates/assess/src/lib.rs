//! Judges an estate: checks with evidence, costs line by line, blockers and waves, and the report that people read.
//!
//! Pure: the estate, the policy and the day go in, an [`Assessment`] comes out. One rule is one file under `rules/`
//! and one line in the list there; a check of the target is decided from the design, once there is one.

mod blockers;
mod catalog;
mod checks;
mod cost;
mod csv;
mod date;
mod engine;
mod error;
mod methods;
mod network_reach;
mod platform_plans;
mod process_sizes;
mod questions;
mod queues;
mod report;
mod rules;
mod server_inside;
mod statements;
mod target_rules;
mod waves;

pub use cost::{PriceList, Scenario};
pub use error::AssessError;
pub use report::{estate_csv, html, markdown, scope_of_work_html, scope_of_work_markdown};

use reberth_model::assessment::Assessment;
use reberth_model::design::Design;
use reberth_model::document::{SCHEMA, sha256_hex};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

use catalog::Catalog;
use date::Date;
use rules::Context;
use statements::Statements;
use target_rules::Target;

/// What an assessment is made of.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was found.
    pub estate: &'a Estate,
    /// The bytes of its document.
    pub estate_bytes: &'a [u8],
    /// What the person decided.
    pub policy: &'a Policy,
    /// The day to judge by (YYYY-MM-DD).
    pub today: &'a str,
    /// The design of the target, once there is one.
    pub design: Option<&'a Design>,
    /// Price lists of AWS, whose prices come before the catalog's.
    pub price_lists: &'a [PriceList],
    /// Decisions of the target that differ from the estimate's.
    pub scenario: &'a Scenario,
}

/// Judges an estate, and the design for it when there is one.
///
/// The same arguments give the same assessment. The errors are all mistakes in the arguments: see [`AssessError`].
pub fn assess(question: Question) -> Result<Assessment, AssessError> {
    let Question {
        estate,
        estate_bytes,
        policy,
        today,
        design,
        price_lists,
        scenario,
    } = question;
    let today = Date::parse(today).ok_or_else(|| AssessError::Today {
        given: today.to_owned(),
    })?;
    let catalog = Catalog::with(price_lists);
    let statements = Statements::of(policy, &catalog, today)?;
    let context = Context {
        today,
        policy,
        catalog: &catalog,
    };
    let priced = cost::price(estate, &context, scenario, design);
    let costs = &priced.lines;
    let target = Target {
        design,
        costs,
        estate,
        policy,
    };
    let checks = checks::evaluate(estate, &context, &target, &statements);
    Ok(Assessment {
        schema: SCHEMA,
        as_of: today.to_string(),
        estate_sha256: sha256_hex(estate_bytes),
        catalog_version: catalog.version.clone(),
        target_region: policy.target.region.clone(),
        totals: cost::totals(costs),
        outlook: cost::outlook(estate, &context, &priced, design),
        blockers: blockers::find(estate, &checks),
        waves: waves::plan(estate),
        design: design.map(|design| design.hash.clone()),
        questions: questions::all(&checks),
        questions_for_people: questions::for_people(&checks, &catalog),
        methods: methods::propose(estate),
        checks,
        costs: priced.lines,
    })
}
