//! Why a type of node does not do: the pod that is too large for it, or that there are too many.

use reberth_model::design::WeighedType;

use super::demand::Demand;
use super::node_type::NodeShape;
use super::scheduler::PodSet;
use super::sizing::{Candidate, NODES_MAX};

/// Cheaper types that one kind of pod rules out, of those that are reported.
const NEAR_MISSES_MAX: usize = 2;

/// Why no type of node does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The pods that are left over.
    pub(crate) pods: String,
    /// What one of them asks for, and what the largest type has.
    pub(crate) why: String,
}

/// The pod that is too large for every type, or that there are too many.
pub(super) fn misfit(demand: &Demand, candidates: &[Candidate]) -> Misfit {
    let rooms = candidates
        .iter()
        .filter_map(|own| Some((own, own.shape.beside(demand.on_every_node)?)));
    let rooms: Vec<(&Candidate, NodeShape)> = rooms.collect();
    let holds = |set: &PodSet, room: &NodeShape| {
        set.cpu_millis <= room.cpu_millis && set.memory_mib <= room.memory_mib
    };
    let too_large = demand
        .sets
        .iter()
        .map(|(set, _)| set)
        .find(|set| !rooms.iter().any(|(_, room)| holds(set, room)));
    let largest = rooms
        .iter()
        .max_by_key(|(_, room)| (room.memory_mib, room.cpu_millis));
    match (too_large, largest) {
        (Some(set), Some((own, room))) => Misfit {
            pods: set.name.clone(),
            why: format!(
                "a pod of it asks for {} thousandths of a processor and {} MiB; a node of {} leaves {} and {} beside what runs on every node",
                set.cpu_millis,
                set.memory_mib,
                own.node_type.name,
                room.cpu_millis,
                room.memory_mib
            ),
        },
        (None, Some((own, _))) => Misfit {
            pods: "all pods together".to_owned(),
            why: format!(
                "no type holds all of them on the {NODES_MAX} nodes that one group may have; the largest is {}",
                own.node_type.name
            ),
        },
        (_, None) => Misfit {
            pods: "what runs on every node".to_owned(),
            why: "it fills every node of the types that may be chosen".to_owned(),
        },
    }
}

/// Cheaper types on which one kind of pod alone has no place: asking for a little less of it may halve the price.
pub(super) fn near_misses(
    demand: &Demand,
    candidates: &[Candidate],
    chosen: &Candidate,
) -> Vec<WeighedType> {
    let price = |own: &Candidate| own.usd_hour_e5.unwrap_or(own.node_type.vcpus * 5_000);
    let mut misses: Vec<(u64, WeighedType)> = candidates
        .iter()
        .filter(|own| price(own) < price(chosen))
        .filter_map(|own| Some((price(own), near_miss(demand, own)?)))
        .collect();
    misses.sort_by_key(|(price, _)| std::cmp::Reverse(*price));
    misses.truncate(NEAR_MISSES_MAX);
    misses.into_iter().map(|(_, own)| own).collect()
}

fn near_miss(demand: &Demand, own: &Candidate) -> Option<WeighedType> {
    let room = own.shape.beside(demand.on_every_node)?;
    let too_large =
        |set: &&PodSet| set.cpu_millis > room.cpu_millis || set.memory_mib > room.memory_mib;
    let mut sets = demand.sets.iter().map(|(set, _)| set).filter(too_large);
    let set = sets.next()?;
    // One workload of that size, and what people run in the same size.
    let is_same =
        |other: &PodSet| (other.cpu_millis, other.memory_mib) == (set.cpu_millis, set.memory_mib);
    sets.all(is_same).then(|| WeighedType {
        instance_type: own.node_type.name.clone(),
        nodes: None,
        nodes_max: None,
        usd_hour_e5: own.usd_hour_e5,
        why: format!(
            "left out for {} alone: a pod of it asks for {} thousandths of a processor and {} MiB, and {} and {} are left on a node",
            set.name, set.cpu_millis, set.memory_mib, room.cpu_millis, room.memory_mib
        ),
    })
}
