//! Catching up: a recorded load of writes, applied by Reberth and by the server's own replica with four workers.

use std::time::Instant;

use reberth_replicate::LogPosition;
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_testkit::database::Server;

use crate::bars::Bar;
use crate::contestant::plan;
use crate::measure::own_ticks;
use crate::report::{self, median};
use crate::servers::{Servers, start_server};
use crate::settings::Settings;
use crate::write_load::{hold_the_same, log_end};
use crate::{Failure, replica, write_load};

/// Source transactions recorded for each run.
const TRANSACTIONS: u64 = 20_000;
/// Clock ticks in a second of CPU time.
const TICKS_PER_S: f64 = 100.0;

/// What it cost to catch up once.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    wall_s: f64,
    target_s: f64,
    client_s: f64,
    is_equal: bool,
}

/// Records a load as often as asked and lets both catch up with it, one after the other.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start(settings.product)?;
    let replica = start_server(settings.product, "bench-replica")?;
    for server in [&servers.source, &replica] {
        write_load::seed(server)?;
    }
    replica::attach(&replica, &servers.source, &log_end(&servers.source)?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(copy(&servers))?;
    let (mut native, mut own) = (Vec::new(), Vec::new());
    for number in 1..=settings.runs as u64 {
        let port = servers.source.port();
        let begun = Instant::now();
        runtime.block_on(write_load::record(port, TRANSACTIONS, number))?;
        eprintln!("recorded in {:.1} s", begun.elapsed().as_secs_f64());
        let end = log_end(&servers.source)?;
        native.push(replicate_natively(&servers.source, &replica, &end)?);
        own.push(runtime.block_on(replicate(&servers, &end))?);
        eprintln!("replica: {:?}\nreberth: {:?}", native.last(), own.last());
    }
    print(&native, &own);
    Ok(Vec::new())
}

async fn copy(servers: &Servers) -> Result<(), Failure> {
    let mut stream = RunningStream::start(plan(&servers.source_url(), &servers.target_url())?);
    stream
        .wait_until(|progress| progress.phase == "following")
        .await?;
    Ok(stream.stop().await?)
}

/// The server's own replica catches up. It writes its own log too, as Reberth's target does.
fn replicate_natively(
    source: &Server,
    replica: &Server,
    end: &LogPosition,
) -> Result<Outcome, Failure> {
    let process = replica.process_id().unwrap_or_default();
    let ticks = own_ticks(process);
    let (wall_s, is_there, ticks_after) = replica::catch_up(replica, end, || own_ticks(process))?;
    Ok(Outcome {
        wall_s,
        target_s: (ticks_after - ticks) / TICKS_PER_S,
        client_s: 0.0,
        is_equal: is_there && hold_the_same(source, replica)?,
    })
}

/// Reberth catches up, from its start to the commit of the last transaction.
async fn replicate(servers: &Servers, end: &LogPosition) -> Result<Outcome, Failure> {
    let (target, client) = (servers.target_process(), std::process::id());
    let (begun, ticks) = (Instant::now(), (own_ticks(target), own_ticks(client)));
    let mut stream = RunningStream::start(plan(&servers.source_url(), &servers.target_url())?);
    stream.drain(end).await?;
    let wall_s = begun.elapsed().as_secs_f64();
    let after = (own_ticks(target), own_ticks(client));
    stream.stop().await?;
    Ok(Outcome {
        wall_s,
        target_s: (after.0 - ticks.0) / TICKS_PER_S,
        client_s: (after.1 - ticks.1) / TICKS_PER_S,
        is_equal: hold_the_same(&servers.source, &servers.target)?,
    })
}

fn print(native: &[Outcome], own: &[Outcome]) {
    let of =
        |outcomes: &[Outcome], figure: fn(&Outcome) -> f64| median(outcomes.iter().map(figure));
    let native_wall_s = of(native, |outcome| outcome.wall_s);
    let native_target_s = of(native, |outcome| outcome.target_s);
    let row = |name: &str, outcomes: &[Outcome]| {
        let wall_s = of(outcomes, |outcome| outcome.wall_s);
        let target_s = of(outcomes, |outcome| outcome.target_s);
        vec![
            name.to_owned(),
            format!("{:.0}", TRANSACTIONS as f64 / wall_s),
            format!("{:.1}", native_wall_s / wall_s),
            format!("{target_s:.2}"),
            format!("{:.2}", target_s / native_target_s),
            format!("{:.2}", of(outcomes, |outcome| outcome.client_s)),
            if outcomes.iter().all(|outcome| outcome.is_equal) {
                "yes"
            } else {
                "NO"
            }
            .to_owned(),
        ]
    };
    let head = [
        "",
        "transactions/s",
        "times",
        "target CPU s",
        "of replica's",
        "client CPU s",
        "equal",
    ];
    let rows = vec![
        row("the server's replica, 4 workers", native),
        row("reberth", own),
    ];
    report::print(&head, rows);
}
