//! Logical decoding: what it costs the application on the source to be followed.
//!
//! Two servers take the same load in turn: one whose log cannot be decoded, and one whose log is, while Reberth follows it. The reader and the target share
//! the machine with the source here, so the clock counts their work too; the source's own CPU time, the decoding process among it, is the figure
//! for the bar.

use std::time::Instant;

use reberth_replicate::postgres::state::Method;
use reberth_testkit::postgres::Postgres;

use super::contestant::{address, follow, plan, start};
use super::servers::{DATABASE, Servers, log_end, process, start_server, url};
use super::write_load::{self, Load};
use crate::Failure;
use crate::bars::Bar;
use crate::measure::tree_ticks;
use crate::report::{self, median};
use crate::settings::Settings;

/// Transactions in one run.
const TRANSACTIONS: u64 = 20_000;
/// Of the source's CPU time for the same load.
const RATIO_MOST: f64 = 1.1;

/// Wall and CPU seconds of a load.
type Spent = (f64, f64);

/// Measures without and with a follower, in turn, as often as asked.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let unburdened = start_server("unburdened", &["wal_level=replica"])?;
    let servers = Servers::start()?;
    for server in [&unburdened, &servers.source] {
        write_load::seed(server, DATABASE, Load::Oltp)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let plan = plan(
        &url(&servers.source),
        &url(&servers.target),
        Method::Logical,
    )?;
    runtime.block_on(async {
        let mut stream = start(plan);
        follow(&mut stream).await?;
        // The first round warms both.
        for round in 0..=settings.runs as u64 {
            let spent = apply(&unburdened, round).await?;
            without.push(spent);
            let before = tree_ticks(process(&servers.source));
            let (wall_s, _) = apply(&servers.source, round).await?;
            // What is still to be decoded belongs to the load.
            stream.drain(&log_end(&servers.source)?).await?;
            let cpu_s = (tree_ticks(process(&servers.source)) - before) / 100.0;
            with.push((wall_s, cpu_s));
            eprintln!("without, with: {:?}", (without.last(), with.last()));
        }
        stream.stop().await?;
        Ok::<(), Failure>(())
    })?;
    let of = |spent: &[Spent], figure: fn(&Spent) -> f64| median(spent[1..].iter().map(figure));
    let row = |name: &str, spent: &[Spent]| {
        vec![
            name.to_owned(),
            format!("{:.2}", of(spent, |spent| spent.0)),
            format!("{:.2}", of(spent, |spent| spent.1)),
        ]
    };
    let rows = vec![
        row("wal_level replica, nobody follows", &without),
        row("followed by Reberth", &with),
    ];
    report::print(&["", "wall s", "source CPU s"], rows);
    let ratio = of(&with, |spent| spent.1) / of(&without, |spent| spent.1);
    let wall = of(&with, |spent| spent.0) / of(&without, |spent| spent.0);
    report::say(&format!(
        "with the reader and the target on the same machine, the load takes {wall:.2} of its time\n"
    ));
    let what = "logical: CPU time of the source under a write load, to that unfollowed";
    Ok(vec![Bar::at_most(what, ratio, RATIO_MOST)])
}

async fn apply(server: &Postgres, round: u64) -> Result<Spent, Failure> {
    server.sql("postgres", "CHECKPOINT")?;
    let (begun, before) = (Instant::now(), tree_ticks(process(server)));
    let application = address(&url(server), "source")?;
    write_load::write(&application, Load::Oltp, TRANSACTIONS, round, "on").await?;
    let cpu_s = (tree_ticks(process(server)) - before) / 100.0;
    Ok((begun.elapsed().as_secs_f64(), cpu_s))
}
