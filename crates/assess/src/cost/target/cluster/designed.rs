//! Nodes of a design: their number is not assumed any more, since each pod was placed on them.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::design::{NodeGroup, Platform};

use super::super::Scene;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// Families that run the same work on Arm.
const ARM_TWINS: [(&str, &str); 4] = [
    ("c7i.", "c7g."),
    ("m7i.", "m7g."),
    ("r7i.", "r7g."),
    ("t3.", "t4g."),
];

/// A line for each node group.
pub(super) fn lines(scene: &Scene, platform: &Platform, ids: &[String]) -> Vec<CostLine> {
    let groups = platform.node_groups.iter();
    groups.map(|own| line(scene, own, ids.to_vec())).collect()
}

/// Nodes of all groups together.
pub(super) fn count(platform: &Platform) -> u64 {
    let groups = platform.node_groups.iter();
    groups.map(|own| u64::from(own.size.desired)).sum()
}

fn line(scene: &Scene, own: &NodeGroup, ids: Vec<String>) -> CostLine {
    let name = instance_type(scene, &own.instance_type.value);
    let desired = u64::from(own.size.desired);
    let item = format!("EKS nodes {}: {desired} x {name}", own.key);
    let attributes = (name.as_str(), "Linux on-demand");
    let Some(price) = scene.prices.aws("EC2", scene.region, attributes) else {
        let why = format!("no price of {name} in {} was read", scene.region);
        return not_priced(Side::Target, &item, ids, why);
    };
    let month = |count: u64| price.usd.times(count * HOURS_PER_MONTH);
    let range = Range {
        low: month(u64::from(own.size.min)),
        likely: month(desired),
        high: month(u64::from(own.size.max)),
    };
    let working = format!(
        "{desired} x {HOURS_PER_MONTH} h x {:.5}, by the placement of the design; {} at most",
        price.usd.as_f64(),
        own.size.max
    );
    let line = priced(
        Side::Target,
        item,
        ids,
        range,
        (HowKnown::Derived, working),
        (&price.source, &price.as_of),
    );
    let committed = scene.prices.committed("EC2", scene.region, &name);
    CostLine {
        committed: committed.map(|price| price.usd.times(desired * HOURS_PER_MONTH)),
        ..line
    }
}

/// The design's type, or its twin where the price of Arm is asked for.
fn instance_type(scene: &Scene, designed: &str) -> String {
    let twin = ARM_TWINS
        .iter()
        .filter(|_| scene.scenario.graviton())
        .find_map(|(own, twin)| Some(format!("{twin}{}", designed.strip_prefix(own)?)));
    twin.unwrap_or_else(|| designed.to_owned())
}
