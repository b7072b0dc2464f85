//! Catching up: a recorded load of writes, applied by Reberth and by the server's own subscription, and beside them the bare stream, which nobody applies.

use std::time::Instant;

use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_testkit::postgres::Postgres;

use super::contestant::{address, follow, plan, start};
use super::native;
use super::servers::{DATABASE, Servers, differences, log_end, process, start_server, url};
use super::write_load::{self, Load, wait_for_mark};
use crate::Failure;
use crate::bars::Bar;
use crate::measure::{own_ticks, tree_ticks};
use crate::report::{self, median};
use crate::settings::Settings;

/// Source transactions recorded for each run.
const TRANSACTIONS: u64 = 40_000;
/// Clock ticks in a second of CPU time.
const TICKS_PER_S: f64 = 100.0;
/// Times as fast as the server's own subscription.
const TIMES_LEAST: f64 = 1.8;

/// What it cost to catch up once.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    wall_s: f64,
    source_s: f64,
    target_s: f64,
    client_s: f64,
    is_equal: bool,
}

/// Records each load as often as asked and lets all catch up with it, one after the other.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let mut bars = Vec::new();
    for load in [Load::TpcB, Load::Oltp] {
        if settings.wants_contestant(load.name()) {
            bars.extend(catch_up(load, settings.runs as u64)?);
        }
    }
    Ok(bars)
}

fn catch_up(load: Load, runs: u64) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start()?;
    let replica = start_server("replica", &[])?;
    for server in [&servers.source, &replica] {
        write_load::seed(server, DATABASE, load)?;
    }
    native::subscribe(&replica, &servers.source)?;
    native::keep_for_bare_stream(&servers.source)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(copy(&servers))?;
    let (mut bare, mut native, mut own) = (Vec::new(), Vec::new(), Vec::new());
    let application = address(&url(&servers.source), "source")?;
    for number in 1..=runs {
        let begun = Instant::now();
        // Only the reading of the log is measured, so the writers need not wait for the disk.
        let writing = write_load::write(&application, load, TRANSACTIONS, number, "off");
        runtime.block_on(writing)?;
        write_load::mark(&servers.source, number)?;
        eprintln!("recorded in {:.1} s", begun.elapsed().as_secs_f64());
        bare.push(read_bare(&servers)?);
        native.push(runtime.block_on(subscription(&servers, &replica, number))?);
        own.push(runtime.block_on(reberth(&servers, number))?);
        let three = (bare.last(), native.last(), own.last());
        eprintln!("bare stream, subscription, reberth: {three:?}");
    }
    print(
        load,
        &[
            ("bare stream, not applied", &bare),
            ("subscription", &native),
            ("reberth", &own),
        ],
    );
    let of =
        |outcomes: &[Outcome], figure: fn(&Outcome) -> f64| median(outcomes.iter().map(figure));
    let times = of(&native, |outcome| outcome.wall_s) / of(&own, |outcome| outcome.wall_s);
    let what = format!(
        "catching up: {}, times the subscription's pace",
        load.name()
    );
    Ok(vec![Bar::at_least(what, times, TIMES_LEAST)])
}

async fn copy(servers: &Servers) -> Result<(), Failure> {
    let (source, target) = (url(&servers.source), url(&servers.target));
    let mut stream = start(plan(&source, &target, Method::Logical)?);
    follow(&mut stream).await?;
    Ok(stream.stop().await?)
}

fn read_bare(servers: &Servers) -> Result<Outcome, Failure> {
    let source = process(&servers.source);
    let ticks = tree_ticks(source);
    let wall_s = native::read_bare_stream(&servers.source, &log_end(&servers.source)?)?;
    Ok(Outcome {
        wall_s,
        source_s: (tree_ticks(source) - ticks) / TICKS_PER_S,
        is_equal: true,
        ..Outcome::default()
    })
}

/// The server's own subscription catches up, from its start until the last transaction can be read.
async fn subscription(
    servers: &Servers,
    replica: &Postgres,
    number: u64,
) -> Result<Outcome, Failure> {
    let mut reader = Session::open(&address(&url(replica), "target")?).await?;
    let ticks = || {
        (
            tree_ticks(process(&servers.source)),
            tree_ticks(process(replica)),
        )
    };
    let (begun, before) = (Instant::now(), ticks());
    native::go_on(replica)?;
    wait_for_mark(&mut reader, number).await?;
    let (wall_s, after) = (begun.elapsed().as_secs_f64(), ticks());
    native::pause(replica)?;
    Ok(Outcome {
        wall_s,
        source_s: (after.0 - before.0) / TICKS_PER_S,
        target_s: (after.1 - before.1) / TICKS_PER_S,
        client_s: 0.0,
        is_equal: differences(&servers.source, replica)?.is_empty(),
    })
}

/// Reberth catches up, from its start until the last transaction can be read.
async fn reberth(servers: &Servers, number: u64) -> Result<Outcome, Failure> {
    let (source, target) = (url(&servers.source), url(&servers.target));
    let mut reader = Session::open(&address(&target, "target")?).await?;
    let ticks = || {
        let [source, target] = servers.processes();
        [
            tree_ticks(source),
            tree_ticks(target),
            own_ticks(std::process::id()),
        ]
    };
    let (begun, before) = (Instant::now(), ticks());
    let mut stream = start(plan(&source, &target, Method::Logical)?);
    tokio::select! {
        seen = wait_for_mark(&mut reader, number) => seen?,
        ended = stream.wait_until(|_| false) => {
            ended?;
            return Err("the stream ended before it had caught up".into());
        }
    }
    let (wall_s, after) = (begun.elapsed().as_secs_f64(), ticks());
    stream.stop().await?;
    let spent_s = |part: usize| (after[part] - before[part]) / TICKS_PER_S;
    Ok(Outcome {
        wall_s,
        source_s: spent_s(0),
        target_s: spent_s(1),
        client_s: spent_s(2),
        is_equal: differences(&servers.source, &servers.target)?.is_empty(),
    })
}

fn print(load: Load, all: &[(&str, &[Outcome])]) {
    report::say(&format!("{TRANSACTIONS} transactions: {}\n", load.name()));
    let rows = all.iter().map(|(name, outcomes)| {
        let of = |figure: fn(&Outcome) -> f64| median(outcomes.iter().map(figure));
        let is_equal = outcomes.iter().all(|outcome| outcome.is_equal);
        vec![
            (*name).to_owned(),
            format!("{:.0}", TRANSACTIONS as f64 / of(|outcome| outcome.wall_s)),
            format!("{:.2}", of(|outcome| outcome.wall_s)),
            format!("{:.2}", of(|outcome| outcome.source_s)),
            format!("{:.2}", of(|outcome| outcome.target_s)),
            format!("{:.2}", of(|outcome| outcome.client_s)),
            if is_equal { "yes" } else { "NO" }.to_owned(),
        ]
    });
    let head = [
        "",
        "transactions/s",
        "wall s",
        "source CPU s",
        "target CPU s",
        "client CPU s",
        "equal",
    ];
    report::print(&head, rows.collect());
}
