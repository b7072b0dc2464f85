//! What a group of nodes must hold.

use super::node_type::NodeShape;
use super::scheduler::PodSet;

/// Everything that one group of nodes must hold.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// What runs on every node.
    pub(crate) on_every_node: NodeShape,
    /// All pods, with their number of today, each with the most it may become.
    pub(crate) sets: Vec<(PodSet, u32)>,
    /// Applications: which of the sets change together when it is released.
    pub(crate) releases: Vec<Release>,
    /// Whether everything must run on when a zone is lost.
    pub(crate) survives_zone_loss: bool,
}

/// What changes together.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// Indexes of sets, each with the percentage of pods that may run beside it meanwhile.
    pub(crate) rolling: Vec<(usize, u32)>,
}
