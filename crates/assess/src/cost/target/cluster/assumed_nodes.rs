//! Nodes before a design: how many of which type hold the processes, each whole, with one of three zones gone.
//!
//! A node must hold the largest process, so a sum of processors divided by those of a node is not enough: processes are packed one by one, the largest
//! first, each onto the first node with room. What is left of three zones when one is gone must hold all of them, so there are three nodes for every
//! two that the packing needs. The type with the least price wins. The design does the same more exactly (orders of arrival, releases, pods of the
//! system, groups by environment); this is the estimate until there is one.

use std::cmp::Ordering;

use reberth_model::estate::Process;

use crate::cost::instance::{memory_gib, processors};
use crate::process_sizes;

const ZONES: u64 = 3;
/// Node types to weigh; of those that cost the same the first wins.
const FAMILIES: [&str; 3] = ["c7i", "m7i", "r7i"];
const ARM_FAMILIES: [&str; 3] = ["c7g", "m7g", "r7g"];
const SIZES: [&str; 5] = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge"];
/// More nodes than this are a reason for larger ones.
const NODES_MAX: u64 = 12;
/// What the system of a node keeps: the kubelet's reserve and what runs on every node, near to the formulas of EKS.
const SYSTEM_CPU: f64 = 0.3;
const SYSTEM_MEMORY_GIB: f64 = 1.0;
const SYSTEM_MEMORY_SHARE: f64 = 0.03;

/// What one instance of a process asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) cpu: f64,
    pub(super) memory_gib: f64,
}

impl Asked {
    fn scaled(self, share: f64) -> Asked {
        Asked {
            cpu: self.cpu * share,
            memory_gib: self.memory_gib * share,
        }
    }

    fn fits(self, room: Asked) -> bool {
        self.cpu <= room.cpu && self.memory_gib <= room.memory_gib
    }
}

/// Every instance that runs, by the size that is paid for, and the sizes that no table has.
#[derive(Debug, Default)]
pub(super) struct Needed {
    pub(super) instances: Vec<Asked>,
    pub(super) unknown_sizes: Vec<String>,
}

impl Needed {
    pub(super) fn of(processes: &[&Process]) -> Needed {
        let mut needed = Needed::default();
        for process in processes {
            let size = process_sizes::process_size(&process.size);
            let told = size.as_ref().map(|size| size.memory_mib);
            let memory_mib = process.memory_mib.or(told);
            let Some((size, memory_mib)) = size.zip(memory_mib) else {
                needed.unknown_sizes.push(process.size.clone());
                continue;
            };
            let asked = Asked {
                cpu: size.cpu_millis as f64 / 1000.0,
                memory_gib: memory_mib as f64 / 1024.0,
            };
            let count = process.instances as usize;
            needed.instances.extend(std::iter::repeat_n(asked, count));
        }
        needed
    }

    /// The most that any one instance asks for.
    pub(super) fn largest(&self) -> Asked {
        let most = |of: fn(&Asked) -> f64| self.instances.iter().map(of).fold(0.0, f64::max);
        Asked {
            cpu: most(|asked| asked.cpu),
            memory_gib: most(|asked| asked.memory_gib),
        }
    }

    /// What all ask for together.
    pub(super) fn sum(&self) -> Asked {
        let sum = |of: fn(&Asked) -> f64| self.instances.iter().map(of).sum();
        Asked {
            cpu: sum(|asked| asked.cpu),
            memory_gib: sum(|asked| asked.memory_gib),
        }
    }

    /// Nodes of a type over all zones if instances used `share` of what they ask for; `None` where the largest fits on none.
    pub(super) fn nodes(&self, instance_type: &str, share: f64) -> Option<u64> {
        let room = room(instance_type)?;
        if !self.instances.iter().all(|asked| asked.fits(room)) {
            return None;
        }
        let packed = packed(&self.instances, room, share);
        // Two zones are left when one is gone.
        Some((packed.div_ceil(ZONES - 1) * ZONES).max(ZONES))
    }

    /// The cheapest type with its nodes, by the price of an hour that `price` tells.
    pub(super) fn cheapest<P>(
        &self,
        is_arm: bool,
        price: impl Fn(&str) -> Option<(P, f64)>,
    ) -> Option<(String, u64, P)> {
        let families = if is_arm { ARM_FAMILIES } else { FAMILIES };
        let names = families
            .iter()
            .flat_map(|family| SIZES.iter().map(move |size| format!("{family}.{size}")));
        let mut weighed: Vec<(bool, f64, String, u64, P)> = names
            .filter_map(|name| {
                let (price, hour) = price(&name)?;
                let count = self.nodes(&name, 1.0)?;
                Some((count > NODES_MAX, hour * count as f64, name, count, price))
            })
            .collect();
        weighed.sort_by(|one, other| {
            one.0
                .cmp(&other.0)
                .then(one.1.partial_cmp(&other.1).unwrap_or(Ordering::Equal))
        });
        let (_, _, name, count, price) = weighed.into_iter().next()?;
        Some((name, count, price))
    }
}

/// What workloads may ask for on a node.
fn room(instance_type: &str) -> Option<Asked> {
    let memory = memory_gib(instance_type)?;
    Some(Asked {
        cpu: f64::from(processors(instance_type)) - SYSTEM_CPU,
        memory_gib: memory * (1.0 - SYSTEM_MEMORY_SHARE) - SYSTEM_MEMORY_GIB,
    })
}

/// Nodes that hold all, the largest placed first, each on the first node with room.
fn packed(instances: &[Asked], room: Asked, share: f64) -> u64 {
    let mut order: Vec<Asked> = instances.iter().map(|asked| asked.scaled(share)).collect();
    let weight = |asked: &Asked| asked.cpu / room.cpu + asked.memory_gib / room.memory_gib;
    order.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    let mut nodes: Vec<Asked> = Vec::new();
    for asked in order {
        let place = nodes.iter().position(|left| asked.fits(*left));
        let place = place.unwrap_or_else(|| {
            nodes.push(room);
            nodes.len() - 1
        });
        nodes[place].cpu -= asked.cpu;
        nodes[place].memory_gib -= asked.memory_gib;
    }
    nodes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(instances: &[(f64, f64)]) -> Needed {
        let asked = |&(cpu, memory_gib): &(f64, f64)| Asked { cpu, memory_gib };
        Needed {
            instances: instances.iter().map(asked).collect(),
            unknown_sizes: Vec::new(),
        }
    }

    #[test]
    fn a_node_holds_the_largest_process_or_is_not_taken() {
        let one = needed(&[(8.0, 14.0)]);
        assert_eq!(
            one.nodes("m7i.2xlarge", 1.0),
            None,
            "8 of 8 processors leave none"
        );
        assert_eq!(one.nodes("c7i.4xlarge", 1.0), Some(3));
        let cheapest = one.cheapest(false, |name| Some(((), f64::from(processors(name)))));
        let (name, count, ()) = cheapest.expect("a type");
        assert_eq!((name.as_str(), count), ("c7i.4xlarge", 3));
    }

    #[test]
    fn two_zones_hold_all_when_the_third_is_gone() {
        // One to a node: five nodes' worth, so three zones of three.
        let five = needed(&[(2.0, 2.0); 5]);
        assert_eq!(five.nodes("m7i.xlarge", 1.0), Some(9));
        // Half of what is sold: three to a node.
        assert_eq!(five.nodes("m7i.xlarge", 0.5), Some(3));
        assert_eq!(needed(&[]).nodes("m7i.large", 1.0), Some(3));
    }

    #[test]
    fn packing_never_promises_less_than_the_sum() {
        let many: Vec<(f64, f64)> = (1..40).map(|n| (0.1 * f64::from(n % 7 + 1), 0.5)).collect();
        let many = needed(&many);
        for name in ["m7i.large", "c7i.xlarge", "r7i.2xlarge"] {
            let room = room(name).expect("a known type");
            let nodes = packed(&many.instances, room, 1.0) as f64;
            let sum = many.sum();
            assert!(nodes * room.cpu >= sum.cpu && nodes * room.memory_gib >= sum.memory_gib);
        }
    }
}
