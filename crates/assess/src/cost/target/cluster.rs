//! EKS for the processes of a platform: the control plane, and nodes that hold what the processes ask for.
//!
//! A platform tells the size of each process and not its use, so the nodes are assumed: the sizes are packed by processors and memory onto nodes of one
//! type, over three zones. That is the estimate before a design: the design places each pod, and once there is one its nodes are priced.

mod designed;

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::Process;

use super::Scene;
use crate::cost::instance::{memory_gib, processors};
use crate::cost::price_table::Price;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};
use crate::process_sizes;

/// Nodes there must be, one in each zone.
const NODES_MIN: u64 = 3;
/// Share of a node that workloads may ask for; the rest is the system's and room for the loss of a node.
const USABLE_SHARE: f64 = 0.75;
/// Disk of a node in GiB.
const NODE_DISK_GIB: u64 = 50;
/// Node types to weigh, the smaller first.
const NODES: [&str; 3] = ["m7i.large", "m7i.xlarge", "m7i.2xlarge"];
const ARM_NODES: [&str; 3] = ["m7g.large", "m7g.xlarge", "m7g.2xlarge"];
/// More nodes than this of one size are a reason for the next size.
const NODES_OF_A_SIZE_MAX: u64 = 6;

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

/// What all processes ask for together.
struct Needed {
    instances: u64,
    cpu: f64,
    memory_gib: f64,
    unknown_sizes: Vec<String>,
}

impl Needed {
    fn of(processes: &[&Process]) -> Needed {
        let mut needed = Needed {
            instances: 0,
            cpu: 0.0,
            memory_gib: 0.0,
            unknown_sizes: Vec::new(),
        };
        for process in processes {
            let count = u64::from(process.instances);
            let size = process_sizes::process_size(&process.size);
            let memory_mib = process
                .memory_mib
                .or(size.as_ref().map(|size| size.memory_mib));
            needed.instances += count;
            match (size, memory_mib) {
                (Some(size), Some(memory_mib)) => {
                    needed.cpu += count as f64 * size.cpu_millis as f64 / 1000.0;
                    needed.memory_gib += count as f64 * memory_mib as f64 / 1024.0;
                }
                _ => needed.unknown_sizes.push(process.size.clone()),
            }
        }
        needed
    }

    /// Nodes of a type, and whether processors or memory decide.
    fn nodes(&self, instance_type: &str) -> Option<u64> {
        let by = |needed: f64, has: f64| (needed / (has * USABLE_SHARE)).ceil() as u64;
        let cpu = by(self.cpu, f64::from(processors(instance_type)));
        let memory = by(self.memory_gib, memory_gib(instance_type)?);
        Some(cpu.max(memory).max(NODES_MIN))
    }
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
    let types = if scene.scenario.graviton() {
        ARM_NODES
    } else {
        NODES
    };
    let weighed: Vec<(&str, u64, &Price)> = types
        .into_iter()
        .filter_map(|name| {
            let price = scene
                .prices
                .aws("EC2", scene.region, (name, "Linux on-demand"))?;
            Some((name, needed.nodes(name)?, price))
        })
        .collect();
    let small = weighed
        .iter()
        .find(|(_, count, _)| *count <= NODES_OF_A_SIZE_MAX);
    let Some((name, count, price)) = small.or(weighed.last()) else {
        let why = format!(
            "none of {} has a price in {}",
            types.join(", "),
            scene.region
        );
        return vec![not_priced(Side::Target, "EKS nodes", ids, why)];
    };
    let month = |count: u64| price.usd.times(count * HOURS_PER_MONTH);
    let range = Range {
        // Processes rarely use what they are sold: at the least, half of it.
        low: month((count / 2).max(NODES_MIN)),
        likely: month(*count),
        high: month(count + count.div_ceil(2)),
    };
    let unknown = if needed.unknown_sizes.is_empty() {
        String::new()
    } else {
        format!(
            "; not counted, since their size is in no table: {}",
            needed.unknown_sizes.join(", ")
        )
    };
    let working = format!(
        "{} instances ask for {:.1} vCPU and {:.1} GiB by their size; nodes filled to 75 %; {count} x {HOURS_PER_MONTH} h x {:.5}{unknown}",
        needed.instances,
        needed.cpu,
        needed.memory_gib,
        price.usd.as_f64()
    );
    let item = format!("EKS nodes: {count} x {name}");
    let known = (HowKnown::Assumed, working);
    let line = priced(
        Side::Target,
        item,
        ids.clone(),
        range,
        known,
        (&price.source, &price.as_of),
    );
    let committed = scene.prices.committed("EC2", scene.region, name);
    let line = CostLine {
        committed: committed.map(|price| price.usd.times(count * HOURS_PER_MONTH)),
        ..line
    };
    vec![line, disks(scene, *count, ids)]
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
