//! Logical decoding: what it costs the application on the source to be followed.
//!
//! Two servers take the same load in turn: one whose log cannot be decoded, and one whose log is, while a subscription of another server follows it, and then
//! while Reberth does. Readers and targets share the machine with the source here, so the clock counts their work too; the source's own CPU time, the
//! decoding process among it, is the figure for the bar.

use std::time::Instant;

use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_testkit::postgres::Postgres;

use super::contestant::{address, follow, plan, start};
use super::native;
use super::servers::{DATABASE, Servers, log_end, process, start_server, url};
use super::write_load::{self, Load, wait_for_mark};
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

/// Measures without and with followers, in turn, as often as asked.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let unburdened = start_server("unburdened", &["wal_level=replica"])?;
    let replica = start_server("replica", &[])?;
    let servers = Servers::start()?;
    for server in [&unburdened, &replica, &servers.source] {
        write_load::seed(server, DATABASE, Load::Oltp)?;
    }
    native::subscribe(&replica, &servers.source)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    runtime.block_on(async {
        // The first round warms all.
        for round in 0..=settings.runs as u64 {
            all[0].push(apply(&unburdened, round).await?);
            all[1].push(subscribed(&servers, &replica, round).await?);
            all[2].push(followed(&servers, round).await?);
            eprintln!(
                "nobody, a subscription, reberth: {:?}",
                all.each_ref().map(|spent| spent.last())
            );
        }
        Ok::<(), Failure>(())
    })?;
    let of = |way: usize, figure: fn(&Spent) -> f64| median(all[way][1..].iter().map(figure));
    let names = [
        "wal_level replica, nobody follows",
        "followed by a subscription",
        "followed by Reberth",
    ];
    let rows = names.iter().enumerate().map(|(way, name)| {
        let (wall_s, cpu_s) = (of(way, |spent| spent.0), of(way, |spent| spent.1));
        vec![
            (*name).to_owned(),
            format!("{wall_s:.2}"),
            format!("{:.2}", wall_s / of(0, |spent| spent.0)),
            format!("{cpu_s:.2}"),
            format!("{:.2}", cpu_s / of(0, |spent| spent.1)),
        ]
    });
    let head = ["", "wall s", "ratio", "source CPU s", "ratio"];
    report::print(&head, rows.collect());
    let ratio = of(2, |spent| spent.1) / of(0, |spent| spent.1);
    let what = "logical: CPU time of the source under a write load, to that unfollowed";
    Ok(vec![Bar::at_most(what, ratio, RATIO_MOST)])
}

/// The load while another server's subscription follows, to the end of the decoding.
async fn subscribed(servers: &Servers, replica: &Postgres, round: u64) -> Result<Spent, Failure> {
    let mut reader = Session::open(&address(&url(replica), "target")?).await?;
    native::go_on(replica)?;
    let mark = 2 * round + 1;
    write_load::mark(&servers.source, mark)?;
    wait_for_mark(&mut reader, mark).await?;
    let before = tree_ticks(process(&servers.source));
    let (wall_s, _) = apply(&servers.source, round).await?;
    write_load::mark(&servers.source, mark + 1)?;
    wait_for_mark(&mut reader, mark + 1).await?;
    let cpu_s = (tree_ticks(process(&servers.source)) - before) / 100.0;
    native::pause(replica)?;
    Ok((wall_s, cpu_s))
}

/// The same while Reberth follows.
async fn followed(servers: &Servers, round: u64) -> Result<Spent, Failure> {
    let (source, target) = (url(&servers.source), url(&servers.target));
    let mut stream = start(plan(&source, &target, Method::Logical)?);
    follow(&mut stream).await?;
    stream.drain(&log_end(&servers.source)?).await?;
    let before = tree_ticks(process(&servers.source));
    let (wall_s, _) = apply(&servers.source, round).await?;
    stream.drain(&log_end(&servers.source)?).await?;
    let cpu_s = (tree_ticks(process(&servers.source)) - before) / 100.0;
    stream.stop().await?;
    Ok((wall_s, cpu_s))
}

async fn apply(server: &Postgres, round: u64) -> Result<Spent, Failure> {
    server.sql("postgres", "CHECKPOINT")?;
    let (begun, before) = (Instant::now(), tree_ticks(process(server)));
    let application = address(&url(server), "source")?;
    write_load::write(&application, Load::Oltp, TRANSACTIONS, round, "on").await?;
    let cpu_s = (tree_ticks(process(server)) - before) / 100.0;
    Ok((begun.elapsed().as_secs_f64(), cpu_s))
}
