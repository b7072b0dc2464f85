//! Verification of both sides, beside the load that it verifies and beside the checksums that people use.
//!
//! `CHECKSUM TABLE` and CRC32 prove little, and neither finds which row differs; they show what the least costs. The sums of SHA-256 are what
//! a checksum of some strength costs with one hash a row (MySQL 9.6 and later have no MD5).

use std::process::Command;

use reberth_replicate::mysql::verify;
use reberth_testkit::database::Product;

use crate::Failure;
use crate::bars::Bar;
use crate::contestant::{self, plan};
use crate::data::{self, DATABASE};
use crate::measure::{self, Cost};
use crate::report::{self, median};
use crate::servers::{PASSWORD, Servers, USER};
use crate::settings::Settings;

/// A way of comparing both sides: its name, and the process that does it.
type Way = (&'static str, fn(&Servers) -> Result<Command, Failure>);

const WAYS: &[Way] = &[
    ("the load, for scale", |servers| {
        contestant::this_program(servers, &["reberth"], &["copied"])
    }),
    ("reberth", |servers| {
        contestant::this_program(servers, &["verify"], &[])
    }),
    ("CHECKSUM TABLE", |servers| {
        on_both(servers, |table, _| {
            format!("CHECKSUM TABLE {table} EXTENDED")
        })
    }),
    ("XOR of CRC32 a row", |servers| {
        on_both(servers, |table, columns| {
            format!("SELECT COUNT(*), BIT_XOR(CRC32(CONCAT_WS('#', {columns}))) FROM {table}")
        })
    }),
    ("sum of SHA-256 a row", |servers| {
        on_both(servers, |table, columns| {
            format!(
                "SELECT COUNT(*), SUM(CAST(CONV(LEFT(SHA2(CONCAT_WS('#', {columns}), 256), 16), 16, 10) AS UNSIGNED)) FROM {table}"
            )
        })
    }),
];

/// Loads the target once a run, and compares both sides in every way.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start(settings.product)?;
    let megabytes = data::build(&servers.source, settings.size_mb)?;
    report::say(&format!(
        "{megabytes:.0} MB of rows; {} runs, medians\n",
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
    Ok(Vec::new())
}

/// The same statement for each table, on both servers at once.
fn on_both(servers: &Servers, statement: fn(&str, &str) -> String) -> Result<Command, Failure> {
    let tables = servers.source.sql(&format!(
        "SELECT TABLE_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{DATABASE}' GROUP BY 1"
    ))?;
    let statements: Vec<String> = tables
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(table, columns)| statement(table, columns))
        .collect();
    let sql = statements.join("; ");
    let product = servers.source.product();
    let client = match product {
        Product::MySql => format!(
            "{} --no-defaults --get-server-public-key",
            product.tool("mysql")?.display()
        ),
        Product::MariaDb | Product::MariaDb11 => "mariadb --no-defaults".to_owned(),
    };
    let client = |port: u16| {
        format!(
            "{client} -h127.0.0.1 -P{port} -u{USER} -p{PASSWORD} {DATABASE} -e \"{sql}\" >/dev/null"
        )
    };
    let (source, target) = (client(servers.source.port()), client(servers.target.port()));
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{source} & {target} && wait $!")]);
    Ok(command)
}

/// Compares both sides with Reberth, in this process.
pub(crate) fn reberth(source: &str, target: &str) -> Result<(), Failure> {
    let plan = plan(source, target)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(verify::verify(&plan, |_, _| {}))?;
    if report.is_equal() {
        return Ok(());
    }
    let (rows, definitions) = (report.differing, report.schema_differences.join("; "));
    Err(format!(
        "{rows} rows differ, {} are open; {definitions}",
        report.undecided
    )
    .into())
}

/// Prints the table of all ways; the first is the load that the others are held against.
pub(crate) fn print(names: &[&str], costs: &[Vec<Cost>]) {
    let of = |costs: &[Cost], field: fn(&Cost) -> f64| median(costs.iter().map(field));
    let load = costs.first().map_or(&[][..], Vec::as_slice);
    let load_cpu_s = of(load, Cost::cpu_s);
    let rows = names
        .iter()
        .zip(costs)
        .map(|(name, costs)| {
            let cpu_s = of(costs, Cost::cpu_s);
            let wall_s = of(costs, |cost| cost.wall_s);
            vec![
                (*name).to_owned(),
                format!("{wall_s:.1}"),
                format!("{:.1}", of(costs, |cost| cost.client_s)),
                format!("{:.1}", of(costs, |cost| cost.source_s)),
                format!("{:.1}", of(costs, |cost| cost.target_s)),
                format!("{:.2}", wall_s / of(load, |cost| cost.wall_s)),
                format!("{:.2}", cpu_s / load_cpu_s),
                format!("{:.0}", of(costs, |cost| cost.peak_mib)),
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
            "wall to the load",
            "CPU to the load",
            "peak MiB",
        ],
        rows,
    );
}
