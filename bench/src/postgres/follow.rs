//! Following: how long after its commit on the source a change can be read on the target, under a steady load, by either method.

use std::time::{Duration, Instant};

use reberth_replicate::Address;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::running::RunningStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::capture_overhead;
use super::contestant::{address, follow as wait_until_it_follows, plan, start};
use super::servers::{DATABASE, Servers, url};
use super::write_load::{self, CHANGES, Load, Random, WRITERS, application};
use crate::Failure;
use crate::appearance::{Appearances, Committed, Lags};
use crate::bars::Bar;
use crate::measure::tree_ticks;
use crate::report;
use crate::settings::Settings;

/// Row changes a second on the source.
const CHANGES_PER_S: u64 = 2_000;
/// How long, for each load.
const LOAD: Duration = Duration::from_secs(30);
/// How long the target may take to show the last of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the target is read.
const LOOK: Duration = Duration::from_millis(5);
/// In the mixed load, a transaction of so many row changes is added this often.
const LARGE_CHANGES: u64 = 5_000;
const LARGE_EVERY: Duration = Duration::from_secs(2);
/// What the p95 of small transactions may be, by method.
const METHODS: [(Method, f64); 2] = [(Method::Logical, 100.0), (Method::TriggerCapture, 500.0)];

/// Follows a load of small transactions, then one with large ones among them, by each method.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for (method, p95_most) in METHODS {
        if !settings.wants_contestant(method.word()) {
            continue;
        }
        let servers = Servers::start()?;
        write_load::seed(&servers.source, DATABASE, Load::Oltp)?;
        if method == Method::TriggerCapture {
            let source = address(&url(&servers.source), "source")?;
            runtime.block_on(capture_overhead::capture(&source))?;
        }
        for (name, has_large) in [
            ("small transactions", false),
            ("large ones among them", true),
        ] {
            let name = format!("{}: {name}", method.word());
            eprintln!("{name}: {} s of writes", LOAD.as_secs());
            let (p95_ms, figures) = runtime.block_on(follow(&servers, method, has_large))?;
            rows.push([vec![name], figures].concat());
            if !has_large {
                let what = format!("following: {}, p95 ms", method.word());
                bars.push(Bar::at_most(what, p95_ms, p95_most));
            }
        }
    }
    let head = [
        "",
        "row changes/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "highest ms",
        "source CPU s",
        "target CPU s",
        "equal",
    ];
    report::print(&head, rows);
    Ok(bars)
}

async fn follow(
    servers: &Servers,
    method: Method,
    has_large: bool,
) -> Result<(f64, Vec<String>), Failure> {
    let source = address(&url(&servers.source), "source")?;
    let target = address(&url(&servers.target), "target")?;
    let mut stream = start(plan(&url(&servers.source), &url(&servers.target), method)?);
    wait_until_it_follows(&mut stream).await?;
    servers.source.sql(DATABASE, "UPDATE marker SET n = 0")?;
    settle(servers, &mut stream).await?;
    let ticks = || servers.processes().map(tree_ticks);
    let before = ticks();
    let (tell, told) = mpsc::unbounded_channel();
    let mut sessions = JoinSet::new();
    let until = Instant::now() + LOAD;
    for writer in 1..=WRITERS {
        sessions.spawn(write(source.clone(), writer, until, tell.clone()));
    }
    if has_large {
        sessions.spawn(write_large(source.clone(), until));
    }
    drop(tell);
    let appearances = Appearances::of(WRITERS, told);
    let watching = tokio::time::timeout(LOAD + PATIENCE, watch(&target, appearances));
    let lags = tokio::select! {
        lags = watching => lags.map_err(|_| "the target never showed all that was committed")??,
        ended = stream.wait_until(|_| false) => {
            ended?;
            return Err("the stream ended under the load".into());
        }
    };
    while let Some(ended) = sessions.join_next().await {
        ended??;
    }
    let after = ticks();
    settle(servers, &mut stream).await?;
    stream.stop().await?;
    let at = |percent: usize| format!("{:.0}", lags.at_ms(percent));
    let spent_s = |side: usize| format!("{:.1}", (after[side] - before[side]) / 100.0);
    let is_equal = servers.differences()?.is_empty();
    let figures = vec![
        format!("{}", lags.transactions() * CHANGES / LOAD.as_secs()),
        at(50),
        at(95),
        at(99),
        at(100),
        spent_s(0),
        spent_s(1),
        if is_equal { "yes" } else { "NO" }.to_owned(),
    ];
    Ok((lags.at_ms(95), figures))
}

/// Waits until the target holds all that the source holds now.
async fn settle(servers: &Servers, stream: &mut RunningStream) -> Result<(), Failure> {
    let end = super::servers::log_end(&servers.source)?;
    match stream.drain(&end).await? {
        true => Ok(()),
        false => Err("the stream ended before it had settled".into()),
    }
}

/// Writes its share of the load, each transaction at its time.
async fn write(
    source: Address,
    writer: u64,
    until: Instant,
    tell: mpsc::UnboundedSender<Committed>,
) -> Result<(), Failure> {
    let mut session = application(&source, "on").await?;
    let mut random = Random::new(writer);
    let pace = Duration::from_secs(1) * (CHANGES * WRITERS) as u32 / CHANGES_PER_S as u32;
    let mut due = Instant::now();
    let mut number = 0;
    while Instant::now() < until {
        tokio::time::sleep_until(due.into()).await;
        due += pace;
        number += 1;
        let mark = Some(number);
        write_load::transact(&mut session, Load::Oltp, &mut random, writer, mark).await?;
        tell.send((writer, number, Instant::now()))?;
    }
    Ok(())
}

/// Their rows are those of one writer each, so they are few who wait for each other.
async fn write_large(source: Address, until: Instant) -> Result<(), Failure> {
    let mut session = application(&source, "on").await?;
    let mut round = 0;
    while Instant::now() + LARGE_EVERY < until {
        tokio::time::sleep(LARGE_EVERY).await;
        let first = 1 + round % 20 * LARGE_CHANGES;
        round += 1;
        let last = first + LARGE_CHANGES - 1;
        let sql = format!("UPDATE sbtest1 SET pad = '{round}' WHERE id BETWEEN {first} AND {last}");
        session.run("writing a large transaction", sql).await?;
    }
    Ok(())
}

/// Reads the target until it holds everything that was committed. Returns how long each transaction took to appear, to within the time
/// between two looks.
async fn watch(target: &Address, mut appearances: Appearances) -> Result<Lags, Failure> {
    let mut session = Session::open(target).await?;
    while !appearances.are_over() {
        let sql = "SELECT id, n FROM public.marker WHERE id > 0";
        let marks: Vec<(u32, u64)> = session.rows("looking at the marker", sql).await?;
        appearances.look(marks.into_iter().map(|(id, n)| (id as usize, n)).collect());
        tokio::time::sleep(LOOK).await;
    }
    Ok(appearances.lags())
}
