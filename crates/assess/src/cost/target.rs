//! What would be paid at the target: each server on EC2, each database on RDS, and the parts around them that estimates forget.

mod databases;
mod servers;
mod surroundings;

use reberth_model::assessment::CostLine;
use reberth_model::estate::Estate;

use super::price_table::PriceTable;

/// The lines of the target in `region`.
pub(super) fn lines(estate: &Estate, region: &str, prices: &PriceTable) -> Vec<CostLine> {
    let mut lines = servers::lines(estate, region, prices);
    lines.extend(databases::lines(estate, region, prices));
    lines.extend(surroundings::lines(estate, region, prices));
    lines
}
