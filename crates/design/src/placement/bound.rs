//! When pods find a place in any order whatever, on any choice of node.
//!
//! Let a node offer (C, M, P): processors, memory, pods. A pod (c, m) has no room on a node that holds (c', m', p') exactly when c' > C - c or
//! m' > M - m or p' > P - 1. So on such a node `c'/C + m'/M + p'/P > 1 - f`, where f is the largest of c/C, m/M and 1/P.
//!
//! A pod that must be spread may always go to the emptiest zone, whichever that is; any other pod may go anywhere. So if one is left over, there is a zone
//! in which every node has no room for it, and the load of that zone, summed as above, is more than `n (1 - f)` for its n nodes.
//!
//! The load of a zone has a most. A spread set of k pods over Z zones with skew s has at most `(k + (Z - 1) s) / Z` in one: when the M-th pod came there,
//! every other zone had at least M - s. Any other set may stand in one zone wholly. If that most is not above `n (1 - f)`, with the largest f of all pods, no
//! pod can be left over. While a release rolls, the new pods are counted beside all of the old ones, which is more than ever run.

use super::node_type::NodeShape;
use super::scheduler::PodSet;

/// Whether these sets fit on `nodes` nodes in each of `zones` zones in any order.
pub(super) fn holds(sets: &[&PodSet], shape: NodeShape, zones: u32, nodes: u32) -> bool {
    let NodeShape {
        cpu_millis,
        memory_mib,
        pods,
    } = shape;
    let (cpu, memory, pods) = (
        u128::from(cpu_millis),
        u128::from(memory_mib),
        u128::from(pods),
    );
    // All shares have this denominator.
    let whole = cpu * memory * pods;
    let mut load = 0;
    let mut largest = 0;
    for set in sets.iter().filter(|set| set.count > 0) {
        let shares = [
            u128::from(set.cpu_millis) * memory * pods,
            u128::from(set.memory_mib) * cpu * pods,
            cpu * memory,
        ];
        load += u128::from(most_in_a_zone(set, zones)) * shares.iter().sum::<u128>();
        largest = largest.max(shares.into_iter().max().unwrap_or(0));
    }
    whole
        .checked_sub(largest)
        .is_some_and(|room| load <= u128::from(nodes) * room)
}

fn most_in_a_zone(set: &PodSet, zones: u32) -> u32 {
    match set.zone_skew {
        None => set.count,
        Some(skew) => (set.count + (zones - 1) * skew) / zones,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    /// Places pods in a random order, each on a random node with room that the spread allows.
    fn places_randomly(
        sets: &[PodSet],
        shape: NodeShape,
        zones: usize,
        nodes: usize,
        random: &mut Random,
    ) -> bool {
        let mut waiting: Vec<usize> = sets
            .iter()
            .enumerate()
            .flat_map(|(index, set)| vec![index; set.count as usize])
            .collect();
        let mut held = vec![(0, 0, 0); zones * nodes];
        let mut counts = vec![vec![0_u32; zones]; sets.len()];
        while !waiting.is_empty() {
            let index = waiting.swap_remove(random.below(waiting.len() as u64) as usize);
            let set = &sets[index];
            let least = *counts[index].iter().min().unwrap();
            let free: Vec<usize> = (0..held.len())
                .filter(|node| {
                    set.zone_skew
                        .is_none_or(|skew| counts[index][node / nodes] < least + skew)
                })
                .filter(|node| {
                    let (cpu, memory, pods) = held[*node];
                    cpu + set.cpu_millis <= shape.cpu_millis
                        && memory + set.memory_mib <= shape.memory_mib
                        && pods < shape.pods
                })
                .collect();
            if free.is_empty() {
                return false;
            }
            let node = free[random.below(free.len() as u64) as usize];
            held[node].0 += set.cpu_millis;
            held[node].1 += set.memory_mib;
            held[node].2 += 1;
            counts[index][node / nodes] += 1;
        }
        true
    }

    #[test]
    fn what_the_bound_promises_no_order_breaks() {
        let mut random = Random(42);
        let mut promised = 0;
        for _ in 0..4000 {
            let shape = NodeShape {
                cpu_millis: 500 + random.below(2000),
                memory_mib: 500 + random.below(4000),
                pods: 3 + random.below(20),
            };
            let zones = 1 + random.below(4) as usize;
            let nodes = 1 + random.below(6) as usize;
            let sets: Vec<PodSet> = (0..1 + random.below(5))
                .map(|index| PodSet {
                    name: index.to_string(),
                    count: random.below(7) as u32,
                    cpu_millis: random.below(700),
                    memory_mib: random.below(900),
                    zone_skew: (random.below(2) == 0).then_some(1 + random.below(2) as u32),
                })
                .collect();
            let all: Vec<&PodSet> = sets.iter().collect();
            if holds(&all, shape, zones as u32, nodes as u32) {
                promised += 1;
                for _ in 0..5 {
                    assert!(
                        places_randomly(&sets, shape, zones, nodes, &mut random),
                        "{sets:?} {shape:?} {zones} {nodes}"
                    );
                }
            }
        }
        assert!(
            promised > 200,
            "the bound promised something {promised} times only"
        );
    }
}
