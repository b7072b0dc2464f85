//! Types of node that may be chosen, with their prices.

use super::{NodeChoices, Shared};
use crate::csv;
use crate::error::DesignError;
use crate::placement::{self, Candidate, NodeType};

const PRICES: &str = include_str!("../../../../../catalog/aws-prices.csv");
const ON_DEMAND: &str = "Linux on-demand shared";

/// The types of the catalog that may be weighed, or the one that the policy names.
pub(super) fn candidates(
    key: &str,
    shared: &Shared<'_>,
    choices: &NodeChoices,
    wanted: Option<&str>,
) -> Result<Vec<Candidate>, DesignError> {
    let types = placement::node_types();
    let is_main = key == shared.environment;
    let is_offered = |own: &NodeType| match wanted {
        Some(wanted) => own.name == wanted && own.architecture == choices.architecture,
        None => own.architecture == choices.architecture && !(is_main && own.is_burstable),
    };
    let known: Vec<String> = types
        .iter()
        .filter(|own| own.architecture == choices.architecture)
        .map(|own| own.name.clone())
        .collect();
    let mut candidates: Vec<Candidate> = types
        .into_iter()
        .filter(is_offered)
        .map(|node_type| Candidate {
            shape: placement::shape(&node_type, shared.addressing, shared.own_subnets),
            usd_hour_e5: price(shared.region, &node_type.name),
            node_type,
        })
        .collect();
    // A price beside none cannot be compared: those without are weighed only where no type has one.
    if candidates.iter().any(|own| own.usd_hour_e5.is_some()) {
        candidates.retain(|own| own.usd_hour_e5.is_some() || wanted.is_some());
    }
    match wanted {
        Some(wanted) if candidates.is_empty() => Err(DesignError::BadOverride {
            decision: format!("nodes.{key}.instance_type"),
            value: wanted.to_owned(),
            may_be: format!(
                "a type of {} whose network is known: {}",
                choices.architecture.word(),
                known.join(", ")
            ),
        }),
        _ => Ok(candidates),
    }
}

/// Price of an hour in hundred-thousandths of a US dollar.
fn price(region: &str, instance_type: &str) -> Option<u64> {
    let prefix = format!("EC2,{region},{instance_type},{ON_DEMAND},");
    let line = PRICES.lines().find(|line| line.starts_with(&prefix))?;
    let fields = csv::fields(line);
    let usd: f64 = fields.get(5)?.parse().ok()?;
    (usd > 0.0).then(|| (usd * 100_000.0).round() as u64)
}
