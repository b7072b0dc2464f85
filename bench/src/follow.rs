//! Following: how long after its commit on the source a change can be read on the target, under a steady load.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Failure;
use crate::appearance::{Appearances, Committed, Lags};
use crate::bars::Bar;
use crate::contestant::plan;
use crate::measure::own_ticks;
use crate::report;
use crate::servers::Servers;
use crate::settings::Settings;
use crate::write_load::{self, CHANGES, Random, WRITERS, hold_the_same};

/// Row changes a second on the source.
const CHANGES_PER_S: u64 = 2_000;
/// How long, for each of the two loads.
const LOAD: Duration = Duration::from_secs(30);
/// How long the target may take to show the last of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the target is read.
const LOOK: Duration = Duration::from_millis(5);
/// In the mixed load, a transaction of so many row changes is added this often.
const LARGE_CHANGES: u64 = 5_000;
const LARGE_EVERY: Duration = Duration::from_secs(2);

/// Follows a load of small transactions, then one with large ones among them.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start(settings.product)?;
    write_load::seed(&servers.source)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = Vec::new();
    for (name, has_large) in [
        ("small transactions", false),
        ("large ones among them", true),
    ] {
        eprintln!("{name}: copying, then {} s of writes", LOAD.as_secs());
        let mut row = vec![name.to_owned()];
        row.extend(runtime.block_on(follow(&servers, has_large))?);
        rows.push(row);
    }
    let head = [
        "",
        "row changes/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "highest ms",
        "target CPU s",
        "equal",
    ];
    report::print(&head, rows);
    Ok(Vec::new())
}

async fn follow(servers: &Servers, has_large: bool) -> Result<Vec<String>, Failure> {
    let plan: StreamPlan = plan(&servers.source_url(), &servers.target_url())?;
    let mut stream = RunningStream::start(plan);
    stream
        .wait_until(|progress| progress.phase == "following")
        .await?;
    servers.source.sql(&format!(
        "UPDATE {}.marker SET n = 0",
        crate::data::DATABASE
    ))?;
    stream.drain(&write_load::log_end(&servers.source)?).await?;
    let ticks = own_ticks(servers.target_process());
    let (tell, told) = mpsc::unbounded_channel();
    let mut sessions = JoinSet::new();
    let until = Instant::now() + LOAD;
    for writer in 1..=WRITERS {
        sessions.spawn(write(servers.source.port(), writer, until, tell.clone()));
    }
    if has_large {
        sessions.spawn(write_large(servers.source.port(), until));
    }
    drop(tell);
    let appearances = Appearances::of(WRITERS, told);
    let watching = tokio::time::timeout(LOAD + PATIENCE, watch(servers.target.port(), appearances));
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
    let target_s = (own_ticks(servers.target_process()) - ticks) / 100.0;
    stream.drain(&write_load::log_end(&servers.source)?).await?;
    stream.stop().await?;
    let at = |percent: usize| format!("{:.0}", lags.at_ms(percent));
    let is_equal = hold_the_same(&servers.source, &servers.target)?;
    Ok(vec![
        format!("{}", lags.transactions() * CHANGES / LOAD.as_secs()),
        at(50),
        at(95),
        at(99),
        at(100),
        format!("{target_s:.1}"),
        if is_equal { "yes" } else { "NO" }.to_owned(),
    ])
}

/// Writes its share of the load, each transaction at its time.
async fn write(
    port: u16,
    writer: u64,
    until: Instant,
    tell: mpsc::UnboundedSender<Committed>,
) -> Result<(), Failure> {
    let mut conn = write_load::connect(port).await?;
    let mut random = Random::new(writer);
    let pace = Duration::from_secs(1) * (CHANGES * WRITERS) as u32 / CHANGES_PER_S as u32;
    let mut due = Instant::now();
    let mut number = 0;
    while Instant::now() < until {
        tokio::time::sleep_until(due.into()).await;
        due += pace;
        number += 1;
        write_load::transact(&mut conn, &mut random, Some((writer, number))).await?;
        tell.send((writer, number, Instant::now()))?;
    }
    Ok(())
}

async fn write_large(port: u16, until: Instant) -> Result<(), Failure> {
    let mut conn = write_load::connect(port).await?;
    let mut round = 0;
    while Instant::now() + LARGE_EVERY < until {
        tokio::time::sleep(LARGE_EVERY).await;
        let first = 1 + round % 20 * LARGE_CHANGES;
        round += 1;
        conn.query_drop(format!(
            "UPDATE sbtest1 SET k = k + 1 WHERE id BETWEEN {first} AND {}",
            first + LARGE_CHANGES - 1
        ))
        .await?;
    }
    Ok(())
}

/// Reads the target until it holds everything that was committed. Returns how long each transaction took to appear, to within the time
/// between two looks.
async fn watch(port: u16, mut appearances: Appearances) -> Result<Lags, Failure> {
    let mut conn = write_load::connect(port).await?;
    while !appearances.are_over() {
        appearances.look(conn.query("SELECT id, n FROM marker").await?);
        tokio::time::sleep(LOOK).await;
    }
    Ok(appearances.lags())
}
