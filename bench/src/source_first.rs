//! Source first: what the application on a saturated source feels while its database is copied away.
//!
//! Writers without any pause keep the source at its limit; the time of each of their transactions is taken, first without a copy and then with one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reberth_replicate::{Address, Secret, connection::Session, mysql::server};

use crate::Failure;
use crate::bars::Bar;
use crate::contestant;
use crate::data::{self, DATABASE};
use crate::report;
use crate::servers::{Servers, USER};
use crate::settings::Settings;

/// Connections of the application.
const WRITERS: u64 = 8;
/// How long each phase is measured, and how long it has been going on before.
const MEASURED: Duration = Duration::from_secs(20);
const SETTLING: Duration = Duration::from_secs(4);
/// What the p95 may grow by.
const GROWTH_MOST: f64 = 1.25;

/// Times of transactions of one phase, milliseconds, in order.
struct Times(Vec<f64>);

impl Times {
    fn at(&self, percent: usize) -> f64 {
        self.0
            .get(self.0.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    }
}

/// Measures without and with a copy, in turn, as often as asked.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let servers = Servers::start(settings.product)?;
    data::build(&servers.source, settings.size_mb)?;
    servers.source.sql(&format!(
        "CREATE TABLE {DATABASE}.account (id INT PRIMARY KEY, balance BIGINT NOT NULL, note VARCHAR(100) NOT NULL); \
         INSERT INTO {DATABASE}.account SELECT id, 0, '' FROM {DATABASE}.narrow1 WHERE id <= 20000"
    ))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut ratios = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..settings.runs {
        servers.empty_target()?;
        let address = Address::parse(&Secret::new(servers.source_url()), USER, "source")?;
        let before = runtime.block_on(write(address.clone()))?;
        let mut copy = contestant::this_program(&servers, &["reberth"], &["copied"])?.spawn()?;
        let during = runtime.block_on(write(address));
        let was_copying = copy.try_wait()?.is_none();
        // Fails only if it has ended by itself.
        let _ = copy.kill();
        copy.wait()?;
        let during = during?;
        ratios.push(during.at(95) / before.at(95));
        for (name, times) in [("without a copy", &before), ("with a copy", &during)] {
            rows.push(vec![
                name.to_owned(),
                format!("{:.0}", times.0.len() as f64 / MEASURED.as_secs_f64()),
                format!("{:.1}", times.at(50)),
                format!("{:.1}", times.at(95)),
                format!("{:.1}", times.at(99)),
            ]);
        }
        if !was_copying {
            report::say("the copy ended before the measurement did: take a larger SIZE");
        }
    }
    report::print(&["", "transactions/s", "p50 ms", "p95 ms", "p99 ms"], rows);
    let ratio = report::median(ratios.into_iter());
    let what = "source first: p95 of the application with a copy, to that without";
    Ok(vec![Bar::at_most(what, ratio, GROWTH_MOST)])
}

/// Writes with all connections and takes the times after the beginning has settled.
async fn write(address: Address) -> Result<Times, Failure> {
    let is_over = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let (address, is_over) = (address.clone(), is_over.clone());
        writers.spawn(async move {
            let mut session = server::writer(&address).await?;
            let mut times = Vec::new();
            let mut seed = number + 1;
            while !is_over.load(Ordering::Relaxed) {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let start = Instant::now();
                transaction(&mut session, seed >> 33).await?;
                if begun.elapsed() > SETTLING {
                    times.push(start.elapsed().as_secs_f64() * 1000.0);
                }
            }
            Ok::<Vec<f64>, Failure>(times)
        });
    }
    tokio::time::sleep(SETTLING + MEASURED).await;
    is_over.store(true, Ordering::Relaxed);
    let mut all = Vec::new();
    while let Some(times) = writers.join_next().await {
        all.extend(times??);
    }
    all.sort_by(f64::total_cmp);
    Ok(Times(all))
}

/// A small transaction as applications have them: read one, change two, find one by an index.
async fn transaction(session: &mut Session, random: u64) -> Result<(), Failure> {
    let (one, other) = (1 + random % 20_000, 1 + (random / 7) % 20_000);
    let (low, high) = (one.min(other), one.max(other));
    for sql in [
        "START TRANSACTION".to_owned(),
        format!("SELECT c FROM {DATABASE}.narrow1 WHERE id = {low}"),
        format!(
            "UPDATE {DATABASE}.account SET balance = balance + 1, note = 'm{random}' WHERE id = {low}"
        ),
        format!("UPDATE {DATABASE}.account SET balance = balance - 1 WHERE id = {high}"),
        "COMMIT".to_owned(),
    ] {
        session.run("writing as the application", sql).await?;
    }
    Ok(())
}
