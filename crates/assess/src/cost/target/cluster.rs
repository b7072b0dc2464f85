//! EKS for the processes of a platform: the control plane, and nodes that hold what the processes ask for.
//!
//! A platform tells the size of each process and not its use, so the nodes are assumed (`assumed_nodes.rs`). That is the estimate before a design: the
//! design places each pod, and once there is one its nodes are priced.

mod assumed_nodes;
mod designed;

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::Process;

use super::Scene;
use crate::cost::price_table::Price;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};
use assumed_nodes::Needed;

/// Share of the sizes that are paid for that processes use at the least.
const USED_SHARE_LOW: f64 = 0.5;
/// Disk of a node in GiB.
const NODE_DISK_GIB: u64 = 50;
/// Nothing for an estate without processes.
pub(super) fn lines(scene: &Scene) -> Vec<CostLine> {
    let running: Vec<_> = scene
        .estate
        .processes()
        .filter(|(_, process)| process.instances > 0)
        .collect();
    if running.is_empty() {
        return Vec::new();
    }
    let ids: Vec<String> = running
        .iter()
        .map(|(resource, _)| resource.id.clone())
        .collect();
    let processes: Vec<&Process> = running.iter().map(|(_, process)| *process).collect();
    let needed = Needed::of(&processes);
    let mut lines = vec![control_plane(scene, ids.clone())];
    match scene.design.and_then(|design| design.platform.as_ref()) {
        Some(platform) => {
            lines.extend(designed::lines(scene, platform, &ids));
            lines.push(disks(scene, designed::count(platform), ids));
        }
        None => lines.extend(nodes(scene, &needed, ids)),
    }
    lines
}

fn control_plane(scene: &Scene, ids: Vec<String>) -> CostLine {
    let item = "EKS control plane, one cluster";
    let Some(price) = scene
        .prices
        .aws("EKS", scene.region, ("cluster", "standard support"))
    else {
        let why = format!("{HOURS_PER_MONTH} h; no price in {} was read", scene.region);
        return not_priced(Side::Target, item, ids, why);
    };
    let working = format!(
        "{HOURS_PER_MONTH} h x {:.5}; staging shares the cluster",
        price.usd.as_f64()
    );
    let range = Range::exactly(price.usd.times(HOURS_PER_MONTH));
    let known = (HowKnown::Derived, working);
    priced(
        Side::Target,
        item.to_owned(),
        ids,
        range,
        known,
        (&price.source, &price.as_of),
    )
}

fn nodes(scene: &Scene, needed: &Needed, ids: Vec<String>) -> Vec<CostLine> {
    let hour = |name: &str| {
        let price = scene
            .prices
            .aws("EC2", scene.region, (name, "Linux on-demand"))?;
        Some((price, price.usd.as_f64()))
    };
    let largest = needed.largest();
    let cheapest = needed.cheapest(scene.scenario.graviton(), hour);
    let Some((name, count, price)) = cheapest else {
        let why = format!(
            "no node type with a price in {} holds the largest process ({} vCPU, {} GiB)",
            scene.region, largest.cpu, largest.memory_gib
        );
        return vec![not_priced(Side::Target, "EKS nodes", ids, why)];
    };
    let month = |count: u64| price.usd.times(count * HOURS_PER_MONTH);
    // Processes rarely use what they are sold: at the least, half of it. A design lets its nodes double for load and releases.
    let low = needed.nodes(&name, USED_SHARE_LOW).unwrap_or(count);
    let range = Range {
        low: month(low),
        likely: month(count),
        high: month(count * 2),
    };
    let working = working(needed, count, price);
    let line = priced(
        Side::Target,
        format!("EKS nodes: {count} x {name}"),
        ids.clone(),
        range,
        (HowKnown::Assumed, working),
        (&price.source, &price.as_of),
    );
    let committed = scene.prices.committed("EC2", scene.region, &name);
    let line = CostLine {
        committed: committed.map(|price| price.usd.times(count * HOURS_PER_MONTH)),
        ..line
    };
    vec![line, disks(scene, count, ids)]
}

fn working(needed: &Needed, count: u64, price: &Price) -> String {
    let (sum, largest) = (needed.sum(), needed.largest());
    let unknown = if needed.unknown_sizes.is_empty() {
        String::new()
    } else {
        let sizes = needed.unknown_sizes.join(", ");
        format!("; not counted, since their size is in no table: {sizes}")
    };
    format!(
        "{} instances ask for {:.1} vCPU and {:.1} GiB by their size, the largest for {} vCPU and {} GiB; packed whole, two of three zones hold all; \
         {count} x {HOURS_PER_MONTH} h x {:.5}{unknown}",
        needed.instances.len(),
        sum.cpu,
        sum.memory_gib,
        largest.cpu,
        largest.memory_gib,
        price.usd.as_f64()
    )
}

fn disks(scene: &Scene, count: u64, ids: Vec<String>) -> CostLine {
    let gib = count * NODE_DISK_GIB;
    let item = format!("EBS gp3 of the nodes, {gib} GiB");
    let Some(price) = scene.prices.aws("EBS", scene.region, ("gp3", "storage")) else {
        let why = format!("no price of gp3 in {} was read", scene.region);
        return not_priced(Side::Target, item, ids, why);
    };
    let working = format!("{count} x {NODE_DISK_GIB} GiB x {:.5}", price.usd.as_f64());
    let range = Range::exactly(price.usd.times(gib));
    let known = (HowKnown::Assumed, working);
    priced(
        Side::Target,
        item,
        ids,
        range,
        known,
        (&price.source, &price.as_of),
    )
}
