//! Places pods one by one, as kube-scheduler does it.
//!
//! Every node of a group is equal, so the scheduler's score depends on what a node already holds and on nothing of the pod: nodes are kept in order of
//! their score, one order for each zone, and a pod takes the first that has room. That makes ten thousand pods a matter of milliseconds.

use std::collections::BTreeSet;

use super::node_type::NodeShape;

/// Equal pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodSet {
    /// What they are, for a message.
    pub(crate) name: String,
    /// How many.
    pub(crate) count: u32,
    /// What each asks for.
    pub(crate) cpu_millis: u64,
    /// The same of memory.
    pub(crate) memory_mib: u64,
    /// By how many pods a zone may lie above the emptiest; `None`: they may all stand in one.
    pub(crate) zone_skew: Option<u32>,
}

/// What one node holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    cpu_millis: u64,
    memory_mib: u64,
    pods: u64,
}

/// Nodes with what they hold.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    shape: NodeShape,
    held: Vec<Held>,
    zone_of: Vec<usize>,
    /// Of each zone its nodes, the emptiest first.
    order: Vec<BTreeSet<(u64, usize)>>,
}

/// What all nodes of a zone hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ZoneLoad {
    /// Its nodes.
    pub(super) nodes: u32,
    /// Processors in thousandths.
    pub(super) cpu_millis: u64,
    /// Memory in MiB.
    pub(super) memory_mib: u64,
    /// Pods.
    pub(super) pods: u64,
}

/// Pods of one set that have a place: of each the node, in the order they came.
#[derive(Clone, Debug, Default)]
struct Placed {
    nodes: Vec<usize>,
    per_zone: Vec<u32>,
}

impl Nodes {
    /// Empty nodes, equally many in each zone.
    pub(super) fn empty(shape: NodeShape, zones: usize, nodes_per_zone: u32) -> Nodes {
        let count = zones * nodes_per_zone as usize;
        let zone_of: Vec<usize> = (0..count)
            .map(|node| node / nodes_per_zone.max(1) as usize)
            .collect();
        let mut order = vec![BTreeSet::new(); zones];
        for (node, zone) in zone_of.iter().enumerate() {
            order[*zone].insert((0, node));
        }
        Nodes {
            shape,
            held: vec![Held::default(); count],
            zone_of,
            order,
        }
    }

    /// Places all pods of these sets in their order. The error names the first set that has a pod left over.
    pub(super) fn place_all(&mut self, sets: &[&PodSet]) -> Result<(), String> {
        for set in sets {
            self.place(set)?;
        }
        Ok(())
    }

    /// Rolls a release through workloads that all change at once. `rolling` has of each its pods of today and how many more may run meanwhile.
    ///
    /// The new pods that may run beside the old ones start first; then for each old one that goes a new one comes. Old ones go in the order they came.
    /// Returned is what the zones hold when most pods run.
    pub(super) fn roll_all(&mut self, rolling: &[(&PodSet, u32)]) -> Result<Vec<ZoneLoad>, String> {
        let mut were = Vec::new();
        for (set, _) in rolling {
            were.push(self.place(set)?);
        }
        let mut fresh = vec![Placed::new(self.order.len()); rolling.len()];
        for ((set, surge), now) in rolling.iter().zip(&mut fresh) {
            for _ in 0..(*surge).min(set.count) {
                self.place_one(set, now)?;
            }
        }
        let most = self.loads();
        for (((set, _), was), now) in rolling.iter().zip(&were).zip(&mut fresh) {
            let missing = set.count as usize - now.nodes.len();
            for old in was.nodes.iter().take(missing) {
                self.remove(*old, set);
                self.place_one(set, now)?;
            }
        }
        Ok(most)
    }

    fn place(&mut self, set: &PodSet) -> Result<Placed, String> {
        let mut placed = Placed::new(self.order.len());
        for _ in 0..set.count {
            self.place_one(set, &mut placed)?;
        }
        Ok(placed)
    }

    fn place_one(&mut self, set: &PodSet, placed: &mut Placed) -> Result<(), String> {
        let node = self.choose(set, placed).ok_or_else(|| set.name.clone())?;
        self.put(node, set);
        placed.per_zone[self.zone_of[node]] += 1;
        placed.nodes.push(node);
        Ok(())
    }

    /// The emptiest node with room in a zone that the spread allows.
    fn choose(&self, set: &PodSet, placed: &Placed) -> Option<usize> {
        let least = placed.per_zone.iter().min().copied().unwrap_or(0);
        let is_allowed = |zone: usize| {
            set.zone_skew
                .is_none_or(|skew| placed.per_zone[zone] < least + skew)
        };
        self.order
            .iter()
            .enumerate()
            .filter(|(zone, _)| is_allowed(*zone))
            .filter_map(|(_, order)| order.iter().find(|(_, node)| self.has_room(*node, set)))
            .min()
            .map(|(_, node)| *node)
    }

    fn has_room(&self, node: usize, set: &PodSet) -> bool {
        let held = &self.held[node];
        held.cpu_millis + set.cpu_millis <= self.shape.cpu_millis
            && held.memory_mib + set.memory_mib <= self.shape.memory_mib
            && held.pods < self.shape.pods
    }

    fn put(&mut self, node: usize, set: &PodSet) {
        self.change(node, |held| {
            held.cpu_millis += set.cpu_millis;
            held.memory_mib += set.memory_mib;
            held.pods += 1;
        });
    }

    fn remove(&mut self, node: usize, set: &PodSet) {
        self.change(node, |held| {
            held.cpu_millis -= set.cpu_millis;
            held.memory_mib -= set.memory_mib;
            held.pods -= 1;
        });
    }

    fn change(&mut self, node: usize, change: impl FnOnce(&mut Held)) {
        let order = &mut self.order[self.zone_of[node]];
        order.remove(&(score(&self.held[node], self.shape), node));
        change(&mut self.held[node]);
        order.insert((score(&self.held[node], self.shape), node));
    }

    /// What each zone holds, in order.
    pub(super) fn loads(&self) -> Vec<ZoneLoad> {
        let mut loads = vec![ZoneLoad::default(); self.order.len()];
        for (held, zone) in self.held.iter().zip(&self.zone_of) {
            let load = &mut loads[*zone];
            load.nodes += 1;
            load.cpu_millis += held.cpu_millis;
            load.memory_mib += held.memory_mib;
            load.pods += held.pods;
        }
        loads
    }

    #[cfg(test)]
    fn is_within_shape(&self) -> bool {
        self.held.iter().all(|held| {
            held.cpu_millis <= self.shape.cpu_millis
                && held.memory_mib <= self.shape.memory_mib
                && held.pods <= self.shape.pods
        })
    }
}

impl Placed {
    fn new(zones: usize) -> Placed {
        Placed {
            nodes: Vec::new(),
            per_zone: vec![0; zones],
        }
    }
}

/// The scheduler's default score turned around: the share of processors and the share of memory that are asked for, together.
fn score(held: &Held, shape: NodeShape) -> u64 {
    held.cpu_millis * shape.memory_mib + held.memory_mib * shape.cpu_millis
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: NodeShape = NodeShape {
        cpu_millis: 1000,
        memory_mib: 1000,
        pods: 4,
    };

    fn set(name: &str, count: u32, cpu_millis: u64, zone_skew: Option<u32>) -> PodSet {
        PodSet {
            name: name.to_owned(),
            count,
            cpu_millis,
            memory_mib: 100,
            zone_skew,
        }
    }

    fn pods_of_zones(nodes: &Nodes) -> Vec<u64> {
        nodes.loads().iter().map(|load| load.pods).collect()
    }

    #[test]
    fn a_spread_set_is_even_and_stops_where_it_cannot_be() {
        let mut nodes = Nodes::empty(SHAPE, 3, 1);
        nodes.place_all(&[&set("web", 6, 400, Some(1))]).unwrap();
        assert_eq!(pods_of_zones(&nodes), [2, 2, 2]);
        // Zone a is full of others: the fourth pod must go there and cannot, though b and c have room.
        let mut nodes = Nodes::empty(SHAPE, 3, 1);
        nodes.place_all(&[&set("big", 1, 900, None)]).unwrap();
        let error = nodes
            .place_all(&[&set("web", 3, 300, Some(1))])
            .unwrap_err();
        assert_eq!(error, "web");
    }

    #[test]
    fn the_number_of_pods_is_a_limit_of_its_own() {
        let mut nodes = Nodes::empty(SHAPE, 1, 1);
        assert!(nodes.place_all(&[&set("tiny", 5, 1, None)]).is_err());
    }

    #[test]
    fn a_rollout_needs_room_beside_what_runs() {
        let web = set("web", 2, 500, None);
        assert!(Nodes::empty(SHAPE, 1, 1).roll_all(&[(&web, 1)]).is_err());
        let mut nodes = Nodes::empty(SHAPE, 1, 2);
        let most = nodes.roll_all(&[(&web, 1)]).unwrap();
        assert_eq!(most[0].pods, 3);
        // The last old one goes when the last new one is ready.
        assert_eq!(pods_of_zones(&nodes), [3]);
    }

    #[test]
    fn no_node_ever_holds_more_than_it_has() {
        let mut random = crate::placement::Random(7);
        for _ in 0..200 {
            let mut nodes = Nodes::empty(
                SHAPE,
                1 + random.below(3) as usize,
                1 + random.below(4) as u32,
            );
            for index in 0..8 {
                let skew = (random.below(2) == 0).then_some(1);
                let some = set(
                    &index.to_string(),
                    random.below(6) as u32,
                    random.below(700),
                    skew,
                );
                let _ = nodes.roll_all(&[(&some, 1)]);
                assert!(nodes.is_within_shape());
            }
        }
    }
}
