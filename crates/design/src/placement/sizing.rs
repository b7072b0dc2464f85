//! How many nodes of which type a group needs: the least number in each zone for which every situation fits.

use reberth_model::design::{PlacementScenario, WeighedType};

use super::demand::Demand;
use super::misfit::{Misfit, misfit, near_misses};
use super::node_type::{NodeShape, NodeType};
use super::scheduler::PodSet;
use super::situation::{Situation, scenario, situations, tried, zones_up};

/// Most nodes of one managed node group, until its quota is raised.
pub(super) const NODES_MAX: u32 = 450;
/// Types that are reported beside the chosen one.
const WEIGHED_MAX: usize = 5;

/// A type of node that may be chosen.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The type.
    pub(crate) node_type: NodeType,
    /// What pods may ask for on it.
    pub(crate) shape: NodeShape,
    /// Price of an hour, in hundred-thousandths of a US dollar; `None` where none is known.
    pub(crate) usd_hour_e5: Option<u64>,
}

/// The chosen type, and how many.
#[derive(Clone, Debug)]
pub(crate) struct Sized {
    /// The chosen candidate.
    pub(crate) chosen: Candidate,
    /// Nodes in each zone for what runs today.
    pub(crate) per_zone: u32,
    /// Nodes in each zone for the most that may run.
    pub(crate) per_zone_max: u32,
    /// Every situation, with what is left.
    pub(crate) scenarios: Vec<PlacementScenario>,
    /// The types that were weighed, the chosen one first.
    pub(crate) weighed: Vec<WeighedType>,
}

/// Chooses the candidate that holds what runs today at the least price, and says how many of it are needed.
pub(crate) fn size(
    demand: &Demand,
    candidates: &[Candidate],
    zones: &[String],
) -> Result<Sized, Misfit> {
    let mut ranked: Vec<Ranked<'_>> = candidates
        .iter()
        .filter_map(|candidate| Ranked::of(candidate, demand, zones.len() as u32))
        .collect();
    // Of equal prices the smaller type: a node that goes takes less with it.
    ranked.sort_by_key(|own| (own.price(own.least), own.candidate.node_type.vcpus));
    let mut best: Option<(Fit<'_>, u64)> = None;
    let mut others = Vec::new();
    for own in ranked {
        if best
            .as_ref()
            .is_some_and(|(_, price)| own.price(own.least) >= *price)
        {
            others.push(own.skipped());
            continue;
        }
        let Some(fit) = own.fit(demand, zones) else {
            continue;
        };
        let price = own.price(fit.per_zone * zones.len() as u32);
        if best.as_ref().is_none_or(|(_, least)| price < *least) {
            others.extend(
                best.take()
                    .map(|(fit, _)| fit.weighed(zones.len(), "it costs more for the same")),
            );
            best = Some((fit, price));
        } else {
            others.push(fit.weighed(zones.len(), "it costs more for the same"));
        }
    }
    let Some((fit, _)) = best else {
        return Err(misfit(demand, candidates));
    };
    others.splice(0..0, near_misses(demand, candidates, fit.candidate));
    Ok(fit.sized(demand, zones, others))
}

/// A candidate with the least number of nodes that its size alone allows.
struct Ranked<'a> {
    candidate: &'a Candidate,
    room: NodeShape,
    least: u32,
}

/// A candidate with the numbers that fit.
struct Fit<'a> {
    candidate: &'a Candidate,
    per_zone: u32,
    per_zone_max: u32,
}

impl<'a> Ranked<'a> {
    /// `None` for a type on which some pod never fits.
    fn of(candidate: &'a Candidate, demand: &Demand, zones: u32) -> Option<Ranked<'a>> {
        let room = candidate.shape.beside(demand.on_every_node)?;
        let holds =
            |set: &PodSet| set.cpu_millis <= room.cpu_millis && set.memory_mib <= room.memory_mib;
        if room.pods == 0 || !demand.sets.iter().all(|(set, _)| holds(set)) {
            return None;
        }
        let least = least_per_zone(demand, room, zones, false) * zones;
        Some(Ranked {
            candidate,
            room,
            least,
        })
    }

    /// What so many nodes cost. Without a price, processors stand for it: they are what all prices follow.
    fn price(&self, nodes: u32) -> u64 {
        let own = self
            .candidate
            .usd_hour_e5
            .unwrap_or(self.candidate.node_type.vcpus * 5_000);
        own * u64::from(nodes)
    }

    fn fit(&self, demand: &Demand, zones: &[String]) -> Option<Fit<'a>> {
        let search = |from: u32, situations: &[Situation]| {
            let most = NODES_MAX / zones.len() as u32;
            (from..=most).find(|per_zone| {
                situations.iter().all(|situation| {
                    tried(demand, *situation, self.room, zones.len(), *per_zone).is_ok()
                })
            })
        };
        let (today, most): (Vec<_>, Vec<_>) = situations(demand)
            .into_iter()
            .partition(|situation| !situation.is_most);
        let zone_count = zones.len() as u32;
        let per_zone = search(least_per_zone(demand, self.room, zone_count, false), &today)?;
        let from = least_per_zone(demand, self.room, zone_count, true).max(per_zone);
        Some(Fit {
            candidate: self.candidate,
            per_zone,
            per_zone_max: search(from, &most)?,
        })
    }

    fn skipped(&self) -> WeighedType {
        WeighedType {
            instance_type: self.candidate.node_type.name.clone(),
            nodes: Some(self.least),
            nodes_max: None,
            usd_hour_e5: self.candidate.usd_hour_e5,
            why: format!(
                "at least {} of it are needed, which cost no less",
                self.least
            ),
        }
    }
}

impl Fit<'_> {
    fn weighed(&self, zones: usize, why: &str) -> WeighedType {
        WeighedType {
            instance_type: self.candidate.node_type.name.clone(),
            nodes: Some(self.per_zone * zones as u32),
            nodes_max: Some(self.per_zone_max * zones as u32),
            usd_hour_e5: self.candidate.usd_hour_e5,
            why: why.to_owned(),
        }
    }

    fn sized(self, demand: &Demand, zones: &[String], others: Vec<WeighedType>) -> Sized {
        let why =
            "the least price for what runs today, of the types on which every pod finds a place";
        let mut weighed = vec![self.weighed(zones.len(), why)];
        weighed.extend(others.into_iter().take(WEIGHED_MAX));
        let scenarios = situations(demand)
            .into_iter()
            .map(|situation| {
                let per_zone = if situation.is_most {
                    self.per_zone_max
                } else {
                    self.per_zone
                };
                scenario(demand, situation, self.candidate.shape, per_zone, zones)
            })
            .collect();
        Sized {
            chosen: self.candidate.clone(),
            per_zone: self.per_zone,
            per_zone_max: self.per_zone_max,
            scenarios,
            weighed,
        }
    }
}

/// Nodes in each zone without which the sums of what is asked for cannot fit.
fn least_per_zone(demand: &Demand, room: NodeShape, zones: u32, is_most: bool) -> u32 {
    let count = |set: &PodSet, most: u32| u64::from(if is_most { most } else { set.count });
    let total = |of: fn(&PodSet) -> u64| -> u64 {
        let sets = demand.sets.iter();
        sets.map(|(set, most)| count(set, *most) * of(set)).sum()
    };
    let up = u64::from(zones_up(zones, demand.survives_zone_loss));
    let by = |total: u64, room: u64| total.div_ceil(room.max(1)).div_ceil(up);
    by(total(|set| set.cpu_millis), room.cpu_millis)
        .max(by(total(|set| set.memory_mib), room.memory_mib))
        .max(by(total(|_| 1), room.pods))
        .clamp(1, u64::from(u32::MAX / zones.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::super::demand::Release;
    use super::super::{Random, node_types, shape};
    use super::*;
    use reberth_model::design::PodAddressing;

    fn candidates(names: &[&str]) -> Vec<Candidate> {
        node_types()
            .into_iter()
            .filter(|own| names.is_empty() || names.contains(&own.name.as_str()))
            .map(|node_type| Candidate {
                shape: shape(&node_type, PodAddressing::SecondaryIps, false),
                usd_hour_e5: None,
                node_type,
            })
            .collect()
    }

    fn pods(name: &str, count: u32, cpu_millis: u64, memory_mib: u64) -> PodSet {
        PodSet {
            name: name.to_owned(),
            count,
            cpu_millis,
            memory_mib,
            zone_skew: (count > 1).then_some(1),
        }
    }

    fn demand(sets: Vec<(PodSet, u32)>) -> Demand {
        Demand {
            on_every_node: NodeShape {
                cpu_millis: 200,
                memory_mib: 300,
                pods: 4,
            },
            releases: vec![Release {
                rolling: vec![(0, 25)],
            }],
            sets,
            survives_zone_loss: true,
        }
    }

    fn zones(count: usize) -> Vec<String> {
        ["a", "b", "c", "d"]
            .iter()
            .take(count)
            .map(|zone| (*zone).to_owned())
            .collect()
    }

    #[test]
    fn the_loss_of_a_zone_is_paid_for_in_nodes() {
        // Seven pods of two processors, three to a node of eight: three nodes hold them, and those of two zones do not.
        let own = demand(vec![(pods("web", 7, 2000, 2560), 12)]);
        let with = size(&own, &candidates(&["m7i.2xlarge"]), &zones(3)).unwrap();
        let without = Demand {
            survives_zone_loss: false,
            ..own
        };
        let without = size(&without, &candidates(&["m7i.2xlarge"]), &zones(3)).unwrap();
        assert_eq!((with.per_zone, with.per_zone_max), (2, 3));
        assert_eq!(without.per_zone, 1);
        let lost = with
            .scenarios
            .iter()
            .find(|own| own.name == "zone_lost")
            .unwrap();
        assert!(lost.fits && lost.zones.len() == 2, "{lost:?}");
    }

    #[test]
    fn two_zones_need_as_much_in_each() {
        let own = demand(vec![(pods("web", 4, 500, 512), 4)]);
        let sized = size(&own, &candidates(&["m7i.xlarge"]), &zones(2)).unwrap();
        let lost = sized
            .scenarios
            .iter()
            .find(|own| own.name == "zone_lost")
            .unwrap();
        assert_eq!(lost.zones.len(), 1);
        assert!(lost.fits);
    }

    #[test]
    fn what_fits_nowhere_is_named_with_its_numbers() {
        let own = demand(vec![(pods("huge", 1, 100_000, 4096), 1)]);
        let error = size(&own, &candidates(&[]), &zones(3)).unwrap_err();
        assert_eq!(error.pods, "huge");
        assert!(error.why.contains("100000"), "{}", error.why);
        let own = demand(vec![(pods("many", 20_000, 3000, 8000), 20_000)]);
        let error = size(&own, &candidates(&["m7i.xlarge"]), &zones(3)).unwrap_err();
        assert_eq!(error.pods, "all pods together");
    }

    #[test]
    fn every_situation_of_a_chosen_size_fits_and_one_node_less_does_not() {
        let mut random = Random(3);
        for _ in 0..60 {
            let sets: Vec<(PodSet, u32)> = (0..1 + random.below(6))
                .map(|index| {
                    let count = 1 + random.below(9) as u32;
                    let own = pods(
                        &index.to_string(),
                        count,
                        50 + random.below(1500),
                        64 + random.below(3000),
                    );
                    (own, count + random.below(6) as u32)
                })
                .collect();
            let own = demand(sets);
            let zones = zones(2 + random.below(3) as usize);
            let sized = size(
                &own,
                &candidates(&["m7i.xlarge", "m7i.2xlarge", "r7i.xlarge"]),
                &zones,
            )
            .unwrap();
            assert!(sized.scenarios.iter().all(|own| own.fits), "{own:?}");
            for zone in sized.scenarios.iter().flat_map(|own| &own.zones) {
                assert!(zone.cpu_asked_millis <= zone.cpu_allocatable_millis);
                assert!(zone.memory_asked_mib <= zone.memory_allocatable_mib);
                assert!(zone.pods <= zone.pods_max);
            }
            if sized.per_zone > 1 {
                let room = sized.chosen.shape.beside(own.on_every_node).unwrap();
                let is_enough = situations(&own)
                    .into_iter()
                    .filter(|one| !one.is_most)
                    .all(|one| tried(&own, one, room, zones.len(), sized.per_zone - 1).is_ok());
                assert!(!is_enough, "{own:?}");
            }
        }
    }

    #[test]
    fn the_cheaper_type_is_chosen() {
        let mut types = candidates(&["m7i.xlarge", "r7i.xlarge"]);
        for own in &mut types {
            own.usd_hour_e5 = Some(if own.node_type.name == "r7i.xlarge" {
                10_000
            } else {
                20_000
            });
        }
        let own = demand(vec![(pods("web", 3, 500, 512), 3)]);
        let sized = size(&own, &types, &zones(3)).unwrap();
        assert_eq!(sized.chosen.node_type.name, "r7i.xlarge");
        assert_eq!(sized.weighed[0].instance_type, "r7i.xlarge");
    }
}
