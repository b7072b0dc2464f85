//! EC2 for each server, and the disks.
//!
//! A size follows from what was measured: the 95th percentile of the processors and the 99th of the memory, each with room above it, over fourteen days
//! or more. Without that the size of today is matched, and the line says that it is assumed.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Resource, Server, Utilisation};

use super::Scene;
use crate::cost::instance::{memory_gib, one_size_up, processors};
use crate::cost::price_table::Price;
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// Room above the measured use of processors.
const CPU_HEADROOM: f64 = 1.3;
/// Room above the measured use of memory.
const MEMORY_HEADROOM: f64 = 1.2;
/// Hours that must have been measured; a window of hourly samples has one step less than samples.
const WINDOW_HOURS_MIN: u64 = 14 * 24 - 1;

/// One line for each server, then one for all disks.
pub(super) fn lines(scene: &Scene) -> Vec<CostLine> {
    let servers = scene.estate.servers();
    let mut lines: Vec<CostLine> = servers
        .map(|(resource, server)| server_line(resource, server, scene))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines.extend(disks_line(scene));
    lines
}

/// An instance type with its price.
type Candidate<'a> = (String, &'a Price);

fn server_line(resource: &Resource, server: &Server, scene: &Scene) -> CostLine {
    let ids = vec![resource.id.clone()];
    let weighed = candidates(resource, server, scene);
    let Some(choice) = choose(&weighed, server, scene) else {
        let why = format!(
            "no instance type with a price in {} is known for size {}",
            scene.region, server.size
        );
        return not_priced(Side::Target, format!("{}: EC2", resource.name), ids, why);
    };
    let month = |price: &Price| price.usd.times(HOURS_PER_MONTH);
    let months = || weighed.iter().map(|(_, price)| month(price));
    let likely = month(choice.price);
    let range = Range {
        low: months().min().map_or(likely, |low| low.min(likely)),
        likely,
        high: months().max().map_or(likely, |high| high.max(likely)),
    };
    let working = format!(
        "{HOURS_PER_MONTH} h x {:.5}; {}",
        choice.price.usd.as_f64(),
        choice.reason
    );
    let item = format!("{}: EC2 {}", resource.name, choice.name);
    let source = (choice.price.source.as_str(), choice.price.as_of.as_str());
    let line = priced(
        Side::Target,
        item,
        ids,
        range,
        (choice.how_known, working),
        source,
    );
    CostLine {
        committed: scene
            .prices
            .committed("EC2", scene.region, &choice.name)
            .map(month),
        ..line
    }
}

/// The types to weigh: the one that was decided, or those of the table for the size.
fn candidates<'a>(resource: &Resource, server: &Server, scene: &Scene<'a>) -> Vec<Candidate<'a>> {
    let names: Vec<String> = match scene.scenario.class(&resource.name) {
        Some(decided) => vec![decided.to_owned()],
        None => scene
            .prices
            .server(&server.size)
            .map_or_else(Vec::new, |size| match scene.scenario.graviton() {
                true => size.arm_candidates.clone(),
                false => size.candidates.clone(),
            }),
    };
    names
        .into_iter()
        .filter_map(|name| with_price(name, scene))
        .collect()
}

fn with_price<'a>(name: String, scene: &Scene<'a>) -> Option<Candidate<'a>> {
    let price = scene
        .prices
        .aws("EC2", scene.region, (&name, "Linux on-demand"))?;
    Some((name, price))
}

struct Choice<'a> {
    name: String,
    price: &'a Price,
    how_known: HowKnown,
    reason: String,
}

/// With measurements the cheapest candidate that holds the use; without, the first, which matches the processors of today.
fn choose<'a>(weighed: &[Candidate<'a>], server: &Server, scene: &Scene<'a>) -> Option<Choice<'a>> {
    let (first, first_price) = weighed.first()?;
    let assumed = |reason: String| Choice {
        name: first.clone(),
        price: first_price,
        how_known: HowKnown::Assumed,
        reason,
    };
    let Some(need) = server
        .utilisation
        .as_ref()
        .and_then(|measured| Need::of(server, measured))
    else {
        return Some(assumed(
            "matches today's size; its use is not measured".to_owned(),
        ));
    };
    let words = need.in_words();
    let holding = weighed.iter().filter(|(name, _)| need.fits(name));
    let held = holding.min_by_key(|(_, price)| price.usd).cloned();
    let larger = || {
        let up = weighed.iter().filter_map(|(name, _)| one_size_up(name));
        let up = up
            .filter(|name| need.fits(name))
            .filter_map(|name| with_price(name, scene));
        up.min_by_key(|(_, price)| price.usd)
    };
    let is_larger = held.is_none();
    let Some((name, price)) = held.or_else(larger) else {
        return Some(assumed(format!(
            "{words}, more than any candidate has: size up"
        )));
    };
    if need.window_hours < WINDOW_HOURS_MIN {
        let reason = format!(
            "{words}, but only {} hours were measured: matches today's size",
            need.window_hours
        );
        return Some(assumed(reason));
    }
    Some(Choice {
        how_known: HowKnown::Derived,
        reason: format!("{words}{}{}", larger_note(is_larger), burstable_note(&name)),
        name,
        price,
    })
}

/// What the measurements ask for, with room.
struct Need {
    cpu_p95_percent: f64,
    vcpus_today: u32,
    vcpus: f64,
    memory: Option<(f64, f64)>,
    window_hours: u64,
}

impl Need {
    fn of(server: &Server, measured: &Utilisation) -> Option<Need> {
        let p95 = measured.cpu_p95_percent?;
        let memory = |p99: f64| {
            (
                p99,
                server.memory_mib as f64 / 1024.0 * p99 / 100.0 * MEMORY_HEADROOM,
            )
        };
        Some(Need {
            cpu_p95_percent: p95,
            vcpus_today: server.vcpus,
            vcpus: f64::from(server.vcpus) * p95 / 100.0 * CPU_HEADROOM,
            memory: measured.memory_p99_percent.map(memory),
            window_hours: measured.window_hours,
        })
    }

    /// A type whose memory is not known by its name holds any.
    fn fits(&self, instance_type: &str) -> bool {
        let has_memory = match (self.memory, memory_gib(instance_type)) {
            (Some((_, needed)), Some(gib)) => gib >= needed,
            _ => true,
        };
        f64::from(processors(instance_type)) >= self.vcpus && has_memory
    }

    fn in_words(&self) -> String {
        let cpu = format!(
            "p95 {:.0} % of {} vCPU and 30 % room need {:.1} vCPU",
            self.cpu_p95_percent, self.vcpus_today, self.vcpus
        );
        match self.memory {
            Some((p99, gib)) => format!("{cpu}, memory p99 {p99:.0} % and 20 % room {gib:.1} GiB"),
            None => format!("{cpu}; memory is not measured"),
        }
    }
}

fn larger_note(is_larger: bool) -> &'static str {
    if is_larger {
        "; one size up, since today's is short"
    } else {
        ""
    }
}

fn burstable_note(instance_type: &str) -> &'static str {
    if instance_type.starts_with('t') {
        "; burstable: watch its credits"
    } else {
        ""
    }
}

fn disks_line(scene: &Scene) -> Option<CostLine> {
    let mut gib = 0;
    let mut ids = Vec::new();
    for resource in &scene.estate.resources {
        let size_gib = match &resource.attributes {
            Attributes::Server(server) => server.disk_gib,
            Attributes::Volume(volume) => volume.size_gib,
            _ => continue,
        };
        gib += size_gib;
        ids.push(resource.id.clone());
    }
    if ids.is_empty() {
        return None;
    }
    let item = format!("EBS gp3, {gib} GiB");
    let Some(price) = scene.prices.aws("EBS", scene.region, ("gp3", "storage")) else {
        let why = format!("no price of gp3 in {} was read", scene.region);
        return Some(not_priced(Side::Target, item, ids, why));
    };
    let working = format!("{gib} GiB as today x {:.5}", price.usd.as_f64());
    let range = Range::exactly(price.usd.times(gib));
    let known = (HowKnown::Derived, working);
    Some(priced(
        Side::Target,
        item,
        ids,
        range,
        known,
        (&price.source, &price.as_of),
    ))
}
