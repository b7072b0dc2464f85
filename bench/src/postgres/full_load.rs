//! The full load: everything from one server to an empty one, with all indexes and constraints.

use super::contestant::{ALL, Contestant, RAW, REBERTH, VERIFIED};
use super::data;
use super::servers::Servers;
use crate::bars::Bar;
use crate::full_load::{Outcome, best_peer, print};
use crate::measure::{self, Cost};
use crate::settings::Settings;
use crate::{Failure, report};

/// Of the best peer's time.
const LOAD_MOST: f64 = 0.95;
/// The same with both sides verified.
const VERIFIED_MOST: f64 = 1.25;
/// Of the CPU time of the raw limit.
const RAW_MOST: f64 = 1.05;
/// MiB.
const MEMORY_MOST: f64 = 256.0;

/// Runs all contestants in turn, as often as asked, and prints the table.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start()?;
    let megabytes = data::build(&servers.source, settings.size_mb)?;
    report::say(&format!(
        "{megabytes:.0} MB of tables; {} runs, medians\n",
        settings.runs
    ));
    let mut results: Vec<(&Contestant, Outcome)> = ALL
        .iter()
        .filter(|contestant| settings.wants_contestant(contestant.name))
        .map(|contestant| {
            let outcome = Outcome::of(contestant.name, contestant.is_peer);
            (contestant, outcome)
        })
        .collect();
    // In turn, so that what else the machine does falls on all of them alike.
    for _ in 0..settings.runs {
        for (contestant, outcome) in &mut results {
            servers.empty_target()?;
            let command = (contestant.command)(&servers)?;
            let cost = measure::run(command, servers.processes())?;
            eprintln!("{}: {cost:?}", outcome.name);
            outcome.costs.push(cost);
            outcome.differences += &servers.differences()?;
        }
    }
    let outcomes: Vec<Outcome> = results.into_iter().map(|(_, outcome)| outcome).collect();
    print(&outcomes, megabytes);
    Ok(bars(&outcomes))
}

/// Each bar twice: by the clock, which counts on a machine that does nothing else, and by CPU time, which does not hear of other programs.
fn bars(outcomes: &[Outcome]) -> Vec<Bar> {
    let named = |name: &str| outcomes.iter().find(|outcome| outcome.name == name);
    let mut bars = Vec::new();
    let best_s = best_peer(outcomes, |cost| cost.wall_s);
    let best_cpu_s = best_peer(outcomes, Cost::cpu_s);
    for (name, most) in [(REBERTH, LOAD_MOST), (VERIFIED, VERIFIED_MOST)] {
        if let Some(own) = named(name).filter(|_| best_s.is_finite()) {
            let ratio = own.median(|cost| cost.wall_s) / best_s;
            let what = format!("full load: {name}, time to the best peer's");
            bars.push(Bar::at_most(what, ratio, most));
            let ratio = own.median(Cost::cpu_s) / best_cpu_s;
            let what = format!("full load: {name}, CPU time to the best peer's");
            bars.push(Bar::at_most(what, ratio, most));
        }
    }
    if let (Some(own), Some(raw)) = (named(REBERTH), named(RAW)) {
        let ratio = own.median(Cost::cpu_s) / raw.median(Cost::cpu_s);
        let what = "full load: CPU time to the raw limit's";
        bars.push(Bar::at_most(what, ratio, RAW_MOST));
    }
    if let Some(own) = named(VERIFIED).or(named(REBERTH)) {
        let peak_mib = own.median(|cost| cost.peak_mib);
        bars.push(Bar::at_most("full load: peak MiB", peak_mib, MEMORY_MOST));
    }
    bars
}
