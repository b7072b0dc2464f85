//! What would be paid at the target: each server on EC2, each database on RDS, and the parts around them that estimates forget.

mod databases;
mod servers;
mod surroundings;

pub(crate) use servers::processors;

use reberth_model::assessment::CostLine;
use reberth_model::estate::Estate;

use crate::rules::Context;

/// The lines of the target in the region that the policy names.
pub(super) fn lines(estate: &Estate, context: &Context) -> Vec<CostLine> {
    let (region, prices) = (&context.policy.target.region, &context.catalog.prices);
    let mut lines = servers::lines(estate, region, prices);
    lines.extend(databases::lines(estate, region, prices));
    lines.extend(databases::extended_support(estate, context));
    lines.extend(surroundings::lines(estate, region, prices));
    lines
}
