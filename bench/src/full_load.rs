//! The full load: everything from one server to an empty one, with all indexes.

use reberth_testkit::database::Product;

use crate::contestant::{ALL, Contestant};
use crate::measure::{self, Cost};
use crate::report::{self, median};
use crate::servers::Servers;
use crate::settings::Settings;
use crate::{Failure, data};

/// What the runs of one contestant cost, and what was wrong on the target afterwards.
struct Outcome {
    contestant: &'static Contestant,
    costs: Vec<Cost>,
    differences: String,
}

/// Runs all contestants in turn, as often as asked, and prints the table.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let servers = Servers::start(settings.product)?;
    let megabytes = data::build(&servers.source, settings.size_mb)?;
    report::say(&format!(
        "{megabytes:.0} MB of rows; {} runs, medians\n",
        settings.runs
    ));
    let mut results: Vec<Outcome> = ALL
        .iter()
        .filter(|contestant| settings.wants_contestant(contestant.name))
        .filter(|contestant| contestant.serves_mysql || settings.product != Product::MySql)
        .map(|contestant| Outcome {
            contestant,
            costs: Vec::new(),
            differences: String::new(),
        })
        .collect();
    // In turn, so that what else the machine does falls on all of them alike.
    for _ in 0..settings.runs {
        for result in &mut results {
            servers.empty_target()?;
            let command = (result.contestant.command)(&servers)?;
            let cost = measure::run(command, &servers)?;
            eprintln!("{}: {cost:?}", result.contestant.name);
            result.costs.push(cost);
            result.differences += &servers.differences()?;
        }
    }
    print(&results, megabytes);
    Ok(())
}

fn print(results: &[Outcome], megabytes: f64) {
    let of = |result: &Outcome, field: fn(&Cost) -> f64| median(result.costs.iter().map(field));
    let best_peer = results
        .iter()
        .filter(|result| result.contestant.is_peer)
        .map(|result| of(result, |cost| cost.wall_s))
        .fold(f64::INFINITY, f64::min);
    let rows = results
        .iter()
        .map(|result| {
            let wall_s = of(result, |cost| cost.wall_s);
            let ratio = if best_peer.is_finite() {
                format!("{:.2}", wall_s / best_peer)
            } else {
                String::new()
            };
            vec![
                result.contestant.name.to_owned(),
                format!("{wall_s:.1}"),
                format!("{:.1}", of(result, |cost| cost.client_s)),
                format!("{:.1}", of(result, |cost| cost.source_s)),
                format!("{:.1}", of(result, |cost| cost.target_s)),
                format!(
                    "{:.1}",
                    of(result, |cost| cost.client_s + cost.source_s + cost.target_s)
                ),
                format!("{:.0}", of(result, |cost| cost.peak_mib)),
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
