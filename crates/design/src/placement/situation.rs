//! The situations that everything must fit in, and the trial of each.

use reberth_model::design::{PlacementScenario, ZoneSpare};

use super::bound;
use super::demand::{Demand, Release};
use super::node_type::NodeShape;
use super::scheduler::{Nodes, PodSet, ZoneLoad};

/// A situation that must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Situation {
    name: &'static str,
    what: &'static str,
    pub(super) is_most: bool,
    is_rolling: bool,
    zone_lost: bool,
}

const TODAY: Situation = Situation {
    name: "today",
    what: "what runs today",
    is_most: false,
    is_rolling: false,
    zone_lost: false,
};
const ROLLOUT: Situation = Situation {
    name: "rollout",
    what: "the same while a release rolls through the largest application",
    is_rolling: true,
    ..TODAY
};
const ZONE_LOST: Situation = Situation {
    name: "zone_lost",
    what: "what runs today, with one zone lost",
    zone_lost: true,
    ..TODAY
};
const MOST: Situation = Situation {
    name: "most",
    what: "a release rolls, and every workload runs as many pods as it may",
    is_most: true,
    ..ROLLOUT
};
const MOST_ZONE_LOST: Situation = Situation {
    name: "most_zone_lost",
    what: "the same, and one zone is lost",
    zone_lost: true,
    ..MOST
};

/// The situations that a demand must withstand, in order.
pub(super) fn situations(demand: &Demand) -> Vec<Situation> {
    let all = [TODAY, ROLLOUT, ZONE_LOST, MOST, MOST_ZONE_LOST];
    all.into_iter()
        .filter(|situation| demand.survives_zone_loss || !situation.zone_lost)
        .collect()
}

/// Zones that stand.
pub(super) fn zones_up(zones: u32, is_lost: bool) -> u32 {
    if is_lost {
        zones.saturating_sub(1).max(1)
    } else {
        zones
    }
}

/// Tries a situation in three orders, what rolls after all others in each; what the zones hold in the last of them when most pods run. The error names the pods that are left over.
pub(super) fn tried(
    demand: &Demand,
    situation: Situation,
    room: NodeShape,
    zones: usize,
    per_zone: u32,
) -> Result<Vec<ZoneLoad>, String> {
    let sets = counted(demand, situation);
    let zones = zones_up(zones as u32, situation.zone_lost) as usize;
    let mut loads = Vec::new();
    for release in releases(demand, &sets, situation) {
        for order in orders(&sets) {
            let mut nodes = Nodes::empty(room, zones, per_zone);
            let rolls = |index: &usize| release.iter().any(|(rolling, _)| rolling == index);
            let (rolling, still): (Vec<usize>, Vec<usize>) = order.into_iter().partition(rolls);
            let still: Vec<&PodSet> = still.into_iter().map(|index| &sets[index]).collect();
            nodes.place_all(&still)?;
            let rolling: Vec<(&PodSet, u32)> = rolling
                .into_iter()
                .map(|index| (&sets[index], surge(&release, index, &sets[index])))
                .collect();
            loads = nodes.roll_all(&rolling)?;
        }
    }
    Ok(loads)
}

/// The sets with as many pods as the situation has.
fn counted(demand: &Demand, situation: Situation) -> Vec<PodSet> {
    let sets = demand.sets.iter();
    sets.map(|(set, most)| PodSet {
        count: if situation.is_most { *most } else { set.count },
        ..set.clone()
    })
    .collect()
}

/// What rolls: the release that takes most processors meanwhile and the one that takes most memory, or nothing.
fn releases(demand: &Demand, sets: &[PodSet], situation: Situation) -> Vec<Vec<(usize, u32)>> {
    if !situation.is_rolling || demand.releases.is_empty() {
        return vec![Vec::new()];
    }
    let more = |release: &Release, of: fn(&PodSet) -> u64| -> u64 {
        let rolling = release.rolling.iter();
        rolling
            .map(|(index, percent)| {
                u64::from(surge_of(&sets[*index], *percent)) * of(&sets[*index])
            })
            .sum()
    };
    let largest = |of: fn(&PodSet) -> u64| {
        let mut all: Vec<usize> = (0..demand.releases.len()).collect();
        all.sort_by_key(|index| {
            (
                std::cmp::Reverse(more(&demand.releases[*index], of)),
                *index,
            )
        });
        all.first().copied().unwrap_or(0)
    };
    let mut chosen = vec![largest(|set| set.cpu_millis), largest(|set| set.memory_mib)];
    chosen.dedup();
    chosen
        .into_iter()
        .map(|index| demand.releases[index].rolling.clone())
        .collect()
}

fn surge(release: &[(usize, u32)], index: usize, set: &PodSet) -> u32 {
    let found = release.iter().find(|(rolling, _)| *rolling == index);
    found.map_or(0, |(_, percent)| surge_of(set, *percent))
}

/// Pods that may run beside a set while it changes: Kubernetes rounds them up.
fn surge_of(set: &PodSet, percent: u32) -> u32 {
    (set.count * percent).div_ceil(100)
}

/// The largest first, the smallest first, and by name.
fn orders(sets: &[PodSet]) -> [Vec<usize>; 3] {
    let all: Vec<usize> = (0..sets.len()).collect();
    let size = |index: &usize| {
        let set = &sets[*index];
        (set.cpu_millis * 4 + set.memory_mib, *index)
    };
    let mut ascending = all.clone();
    ascending.sort_by_key(size);
    let mut descending = ascending.clone();
    descending.reverse();
    let mut by_name = all;
    by_name.sort_by(|left, right| sets[*left].name.cmp(&sets[*right].name));
    [descending, ascending, by_name]
}

/// What the placement says of a situation on so many nodes of a shape in each zone.
pub(super) fn scenario(
    demand: &Demand,
    situation: Situation,
    shape: NodeShape,
    per_zone: u32,
    zones: &[String],
) -> PlacementScenario {
    let room = shape.beside(demand.on_every_node).unwrap_or(shape);
    let result = tried(demand, situation, room, zones.len(), per_zone);
    let fits = result.is_ok();
    let loads = result.unwrap_or_default();
    let up = zones_up(zones.len() as u32, situation.zone_lost);
    let zones: Vec<ZoneSpare> = loads
        .iter()
        .zip(zones)
        .map(|(load, zone)| spare(load, zone, demand.on_every_node, shape))
        .collect();
    PlacementScenario {
        name: situation.name.to_owned(),
        what: situation.what.to_owned(),
        pods: zones.iter().map(|zone| zone.pods).sum(),
        fits,
        in_any_order: fits && is_proven(demand, situation, room, up, per_zone),
        zones,
    }
}

fn is_proven(
    demand: &Demand,
    situation: Situation,
    room: NodeShape,
    zones: u32,
    per_zone: u32,
) -> bool {
    let sets = counted(demand, situation);
    releases(demand, &sets, situation).iter().all(|release| {
        let rolling = release.iter().map(|(index, _)| &sets[*index]);
        let all: Vec<&PodSet> = sets.iter().chain(rolling).collect();
        bound::holds(&all, room, zones, per_zone)
    })
}

/// What a zone holds and what it has, the pods that run on every node counted on both sides.
fn spare(load: &ZoneLoad, zone: &str, on_every_node: NodeShape, shape: NodeShape) -> ZoneSpare {
    let nodes = u64::from(load.nodes);
    ZoneSpare {
        zone: zone.to_owned(),
        nodes: load.nodes,
        pods: load.pods + nodes * on_every_node.pods,
        pods_max: nodes * shape.pods,
        cpu_asked_millis: load.cpu_millis + nodes * on_every_node.cpu_millis,
        cpu_allocatable_millis: nodes * shape.cpu_millis,
        memory_asked_mib: load.memory_mib + nodes * on_every_node.memory_mib,
        memory_allocatable_mib: nodes * shape.memory_mib,
    }
}
