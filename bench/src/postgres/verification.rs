//! Verification of both sides, beside the load that it verifies and beside the checksums that people use.
//!
//! A sum of hashes of each row's text is what a comparison in SQL costs; `pgcopydb compare data` does the same, and finds no row that differs either.

use std::process::Command;

use super::contestant::{pgcopydb_command, this_program};
use super::data;
use super::servers::{DATABASE, Servers, uri};
use crate::Failure;
use crate::bars::Bar;
use crate::measure::{self, Cost};
use crate::report::{self, median};
use crate::settings::Settings;
use crate::verification::print;
use reberth_testkit::postgres::client_program;

/// Of the load's time and of its CPU time.
const SHARE_MOST: f64 = 0.3;

/// A way of comparing both sides: its name, and the process that does it.
type Way = (&'static str, fn(&Servers) -> Result<Command, Failure>);

const WAYS: &[Way] = &[
    ("the load, for scale", |servers| {
        this_program(servers, &["reberth", "copied"])
    }),
    ("reberth", |servers| this_program(servers, &["verify"])),
    ("pgcopydb compare data", |servers| {
        pgcopydb_command(servers, "compare data")
    }),
    ("sum of hashes of text", sum_of_hashes),
];

/// Loads the target once a run, and compares both sides in every way.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start()?;
    let megabytes = data::build(&servers.source, settings.size_mb)?;
    report::say(&format!(
        "{megabytes:.0} MB of tables; {} runs, medians\n",
        settings.runs
    ));
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); WAYS.len()];
    for _ in 0..settings.runs {
        servers.empty_target()?;
        for ((name, command), costs) in WAYS.iter().zip(&mut costs) {
            let cost = measure::run(command(&servers)?, servers.processes())?;
            eprintln!("{name}: {cost:?}");
            costs.push(cost);
        }
    }
    let names: Vec<&str> = WAYS.iter().map(|(name, _)| *name).collect();
    print(&names, &costs);
    let share = |figure: fn(&Cost) -> f64| {
        let of = |way: usize| median(costs[way].iter().map(figure));
        of(1) / of(0)
    };
    Ok(vec![
        Bar::at_most(
            "verification: time to the load's",
            share(|cost| cost.wall_s),
            SHARE_MOST,
        ),
        Bar::at_most(
            "verification: CPU time to the load's",
            share(Cost::cpu_s),
            SHARE_MOST,
        ),
    ])
}

/// The same statements on both servers at once.
fn sum_of_hashes(servers: &Servers) -> Result<Command, Failure> {
    let tables = servers.source.sql(
        DATABASE,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    )?;
    let statements: Vec<String> = tables
        .lines()
        .map(|table| format!("SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t"))
        .collect();
    let client = |uri: String| -> Result<String, Failure> {
        let psql = client_program("psql")?;
        let sql = statements.join("; ");
        Ok(format!(
            "{} -Xqd '{uri}' -c \"{sql}\" >/dev/null",
            psql.display()
        ))
    };
    let (source, target) = (client(uri(&servers.source))?, client(uri(&servers.target))?);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{source} & {target} && wait $!")]);
    Ok(command)
}
