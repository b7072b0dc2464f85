//! The full load: everything from one server to an empty one, with all indexes.

use reberth_testkit::database::Product;

use crate::bars::Bar;
use crate::contestant::{ALL, Contestant, RAW, REBERTH, VERIFIED};
use crate::measure::{self, Cost};
use crate::report::{self, median};
use crate::servers::Servers;
use crate::settings::Settings;
use crate::{Failure, data};

/// Of the best peer's time, on MariaDB.
const LOAD_MOST: f64 = 0.8;
/// The same with both sides verified.
const VERIFIED_MOST: f64 = 0.95;
/// How many times as fast as the best peer, on MySQL.
const TIMES_AS_FAST_LEAST: f64 = 4.0;
/// Of the time of the raw limit.
const RAW_MOST: f64 = 1.1;

/// What the runs of one contestant cost, and what was wrong on the target afterwards.
pub(crate) struct Outcome {
    /// Name in the table.
    pub(crate) name: &'static str,
    /// Whether it is a tool that people use today.
    pub(crate) is_peer: bool,
    /// Of each run.
    pub(crate) costs: Vec<Cost>,
    /// Tables that were not the same on both sides after some run.
    pub(crate) differences: String,
}

impl Outcome {
    /// Before the first run.
    pub(crate) fn of(name: &'static str, is_peer: bool) -> Outcome {
        Outcome {
            name,
            is_peer,
            costs: Vec::new(),
            differences: String::new(),
        }
    }

    /// The median of a figure.
    pub(crate) fn median(&self, figure: fn(&Cost) -> f64) -> f64 {
        median(self.costs.iter().map(figure))
    }
}

/// The least of a figure among the tools that people use today; infinite if none ran.
pub(crate) fn best_peer(outcomes: &[Outcome], figure: fn(&Cost) -> f64) -> f64 {
    let peers = outcomes.iter().filter(|outcome| outcome.is_peer);
    peers
        .map(|outcome| outcome.median(figure))
        .fold(f64::INFINITY, f64::min)
}

/// Runs all contestants in turn, as often as asked, and prints the table.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start(settings.product)?;
    let megabytes = data::build(&servers.source, settings.size_mb)?;
    report::say(&format!(
        "{megabytes:.0} MB of rows; {} runs, medians\n",
        settings.runs
    ));
    let mut results: Vec<(&Contestant, Outcome)> = ALL
        .iter()
        .filter(|contestant| settings.wants_contestant(contestant.name))
        .filter(|contestant| contestant.serves_mysql || settings.product != Product::MySql)
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
    Ok(bars(&outcomes, settings.product))
}

/// The bars of those that ran.
fn bars(outcomes: &[Outcome], product: Product) -> Vec<Bar> {
    let wall_s = |name: &str| {
        let outcome = outcomes.iter().find(|outcome| outcome.name == name);
        outcome.map(|outcome| outcome.median(|cost| cost.wall_s))
    };
    let own_s = wall_s(REBERTH);
    let best_s = Some(best_peer(outcomes, |cost| cost.wall_s)).filter(|best_s| best_s.is_finite());
    let mut bars = Vec::new();
    if let (Some(best_s), Product::MySql) = (best_s, product) {
        let what = "full load: times as fast as the best peer";
        bars.extend(own_s.map(|own_s| Bar::at_least(what, best_s / own_s, TIMES_AS_FAST_LEAST)));
    } else if let Some(best_s) = best_s {
        for (name, most) in [(REBERTH, LOAD_MOST), (VERIFIED, VERIFIED_MOST)] {
            let what = format!("full load: {name}, time to the best peer's");
            bars.extend(wall_s(name).map(|own_s| Bar::at_most(what, own_s / best_s, most)));
        }
    }
    if let (Some(own_s), Some(raw_s)) = (own_s, wall_s(RAW)) {
        let what = "full load: time to the raw limit's";
        bars.push(Bar::at_most(what, own_s / raw_s, RAW_MOST));
    }
    bars
}

/// Prints the table of all contestants.
pub(crate) fn print(results: &[Outcome], megabytes: f64) {
    let best_s = best_peer(results, |cost| cost.wall_s);
    let rows = results
        .iter()
        .map(|result| {
            let wall_s = result.median(|cost| cost.wall_s);
            let ratio = if best_s.is_finite() {
                format!("{:.2}", wall_s / best_s)
            } else {
                String::new()
            };
            vec![
                result.name.to_owned(),
                format!("{wall_s:.1}"),
                format!("{:.1}", result.median(|cost| cost.client_s)),
                format!("{:.1}", result.median(|cost| cost.source_s)),
                format!("{:.1}", result.median(|cost| cost.target_s)),
                format!("{:.1}", result.median(Cost::cpu_s)),
                format!("{:.0}", result.median(|cost| cost.peak_mib)),
                format!("{:.0}", megabytes / wall_s),
                ratio,
                if result.differences.is_empty() {
                    "equal".to_owned()
                } else {
                    format!("DIFFERS: {}", result.differences.trim())
                },
            ]
        })
        .collect();
    report::print(
        &[
            "",
            "wall s",
            "client CPU s",
            "source CPU s",
            "target CPU s",
            "CPU s in all",
            "peak MiB",
            "MB/s",
            "to best peer",
            "rows",
        ],
        rows,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &'static str, is_peer: bool, wall_s: f64) -> Outcome {
        let cost = Cost {
            wall_s,
            client_s: 0.0,
            source_s: 0.0,
            target_s: 0.0,
            peak_mib: 0.0,
        };
        Outcome {
            costs: vec![cost],
            ..Outcome::of(name, is_peer)
        }
    }

    #[test]
    fn each_product_has_its_bars() {
        let all = || {
            vec![
                outcome(REBERTH, false, 40.0),
                outcome(VERIFIED, false, 60.0),
                outcome("slow", true, 200.0),
                outcome("fast", true, 50.0),
                outcome(RAW, false, 32.0),
            ]
        };
        let shown = |outcomes: &[Outcome], product| {
            let bars = bars(outcomes, product);
            bars.iter()
                .map(|bar| bar.row().join(" | "))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown(&all(), Product::MariaDb11),
            [
                "full load: reberth, time to the best peer's | 0.80 | at most 0.8 | kept",
                "full load: reberth, both sides verified, time to the best peer's | 1.20 | at most 0.95 | MISSED",
                "full load: time to the raw limit's | 1.25 | at most 1.1 | MISSED",
            ]
        );
        assert_eq!(
            shown(&all(), Product::MySql),
            [
                "full load: times as fast as the best peer | 1.25 | at least 4 | MISSED",
                "full load: time to the raw limit's | 1.25 | at most 1.1 | MISSED",
            ]
        );
        assert_eq!(shown(&all()[..2], Product::MySql), Vec::<String>::new());
    }
}
