//! The placement check: whether pods fit on nodes, before anything is bought.
//!
//! Three questions, one file each:
//!
//! - What may pods ask for on a node? `node_type.rs`: the machine's size less what its kernel, the kubelet and the eviction threshold
//!   keep back, by the formulas of EKS; and how many pods its network interfaces have addresses for.
//! - Does everything find a place? `scheduler.rs`: pods are placed one by one, as kube-scheduler does it, which never looks back.
//! - How many nodes are needed? `sizing.rs`: the least number in each zone for which every situation of `situation.rs` fits.
//!
//! # Why a "yes" can be believed, and how far
//!
//! Placing pods is bin packing in three dimensions (processors, memory, number of pods). The scheduler is online: what it does depends on
//! the order in which pods come, and a set that fits in one order may not fit in another. So a situation counts as fitting only if it fits in three
//! orders: the largest pods first, the smallest first (the worst for large ones, which come when every node is already half full), and by name. In
//! each, a pod goes to the emptiest node that it may use, as the scheduler's default score (`LeastAllocated`) has it. That is a trial, not a proof.
//!
//! A proof is possible where there is enough room, and `bound.rs` gives it: then *any* order and *any* choice of node works, because a pod can only be
//! left over when every node that it may use is too full for it, and there is not enough load in all to make them so. Such a situation is marked
//! `in_any_order`.
//!
//! What is counted: the requests of every pod, the pods that run on every node, system pods, the reserve of the kubelet. What is tried: what runs today;
//! the same while a release rolls through the largest application, with its new pods beside the old ones; the same with one zone gone. Nodes that stand
//! ready hold each of these. The most nodes that there may be hold all of it at once: every autoscaled workload at its most, a release, and one zone gone. Pods that must be spread over zones are: a zone may have no more than `skew_max` pods above the emptiest.
//!
//! What is not: affinities of other kinds, volumes, host ports (nothing in a design has them); bursts above a request, which are what limits are for.

mod bound;
mod demand;
mod misfit;
mod node_type;
mod scheduler;
mod situation;
mod sizing;

pub(crate) use demand::{Demand, Release};
pub(crate) use node_type::{Architecture, NodeShape, NodeType, node_types, shape};
pub(crate) use scheduler::PodSet;
pub(crate) use sizing::{Candidate, Sized, size};

/// A small generator for tests: the same seed gives the same numbers.
#[cfg(test)]
struct Random(u64);

#[cfg(test)]
impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
