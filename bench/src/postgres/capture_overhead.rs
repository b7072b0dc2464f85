//! Trigger capture: what it costs the application on the source, for small transactions and for statements that touch many rows.
//!
//! Two databases of one server take the same load in turn, one with the triggers and one without.

use std::time::{Duration, Instant};

use reberth_replicate::postgres::capture::{install, keys, prune};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::{capture::Cut, table};
use reberth_replicate::{Address, Secret};
use reberth_testkit::postgres::{Major, PASSWORD, Postgres};
use tokio::task::JoinSet;

use crate::Failure;
use crate::bars::Bar;
use crate::measure::tree_ticks;
use crate::report::{self, median};
use crate::settings::Settings;

/// Connections of the application.
const WRITERS: u64 = 4;
/// Small transactions in one run.
const TRANSACTIONS: u64 = 8_000;
/// Rows of each table, and of each large statement.
const ROWS: u64 = 200_000;
/// What a load may take, of its time without triggers.
const RATIO_MOST: f64 = 1.6;
/// More than is noted here.
const LIMIT_BYTES: u64 = 64 << 30;

/// A load, by its name; it runs on either database.
const LOADS: &[&str] = &[
    "small transactions",
    "large INSERT",
    "large UPDATE",
    "large DELETE",
];

/// Wall and CPU seconds of a load, the latter of the server.
type Spent = (f64, f64);

/// Measures each load without and with the triggers, in turn, as often as asked.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let options = [
        "wal_level=replica",
        "shared_buffers=512MB",
        "max_wal_size=8GB",
    ];
    let server = Postgres::start(Major::V17, "bench-capture", &options)?;
    for database in ["bare", "captured"] {
        server.restricted_owner(database, database)?;
        server.sql_as(database, database, &schema())?;
        server.sql(database, "VACUUM ANALYZE")?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut times = vec![[Vec::new(), Vec::new()]; LOADS.len()];
    let process = server.process_id().unwrap_or_default();
    runtime.block_on(async {
        capture(&address(&server, "captured")?).await?;
        for round in 0..settings.runs as u64 + 1 {
            for (load, times) in times.iter_mut().enumerate() {
                for (database, times) in ["bare", "captured"].iter().zip(times) {
                    server.sql("postgres", "CHECKPOINT")?;
                    let ticks = tree_ticks(process);
                    let taken = apply(&address(&server, database)?, load, round).await?;
                    let cpu_s = (tree_ticks(process) - ticks) / 100.0;
                    // The first round warms both.
                    if round > 0 {
                        times.push((taken.as_secs_f64(), cpu_s));
                    }
                }
                forget(&address(&server, "captured")?).await?;
            }
        }
        Ok::<(), Failure>(())
    })?;
    Ok(print(&times))
}

/// Prints each load; the bar is for the small transactions, which applications are made of, and for all loads together.
fn print(times: &[[Vec<Spent>; 2]]) -> Vec<Bar> {
    let of = |load: usize, way: usize, figure: fn(&Spent) -> f64| {
        median(times[load][way].iter().map(figure))
    };
    let wall_s = |load, way| of(load, way, |spent| spent.0);
    let cpu_s = |load, way| of(load, way, |spent| spent.1);
    let rows = LOADS.iter().enumerate().map(|(load, name)| {
        vec![
            (*name).to_owned(),
            format!("{:.2}", wall_s(load, 0)),
            format!("{:.2}", wall_s(load, 1)),
            format!("{:.2}", wall_s(load, 1) / wall_s(load, 0)),
            format!("{:.2}", cpu_s(load, 1) / cpu_s(load, 0)),
        ]
    });
    let head = ["load", "without s", "with s", "ratio", "CPU ratio"];
    report::print(&head, rows.collect());
    let all = |way| (0..LOADS.len()).map(|load| wall_s(load, way)).sum::<f64>();
    let small = wall_s(0, 1) / wall_s(0, 0);
    vec![
        Bar::at_most(
            "capture: small transactions, time to that without triggers",
            small,
            RATIO_MOST,
        ),
        Bar::at_most(
            "capture: all loads together, time to that without triggers",
            all(1) / all(0),
            RATIO_MOST,
        ),
    ]
}

fn schema() -> String {
    let mut sql = String::new();
    for table in 1..=4 {
        sql += &format!(
            "CREATE TABLE sbtest{table} (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL); CREATE INDEX ON sbtest{table} (k);
             INSERT INTO sbtest{table} SELECT n, (n * 7919) % {ROWS}, md5(n::text), md5(n::text) FROM generate_series(1, {ROWS}) n;"
        );
    }
    sql
}

fn address(server: &Postgres, database: &str) -> Result<Address, Failure> {
    let url = Secret::new(server.url(database, PASSWORD, database));
    Ok(Address::parse(&url, database, "source")?)
}

/// Makes the triggers in a database.
pub(crate) async fn capture(address: &Address) -> Result<(), Failure> {
    let mut session = Session::open(address).await?;
    let tables = table::read(&mut session).await?;
    let captured = keys::read(&mut session, &tables).await?;
    install::install(&mut session, &captured, LIMIT_BYTES).await?;
    Ok(())
}

/// Empties what was noted, as a stream would that has applied it.
async fn forget(address: &Address) -> Result<(), Failure> {
    let mut session = Session::open(address).await?;
    let all = Cut::now(&mut session).await?;
    prune::prune(&mut session, &[&all]).await?;
    Ok(())
}

async fn application(address: &Address) -> Result<Session, Failure> {
    Ok(Session::open_with(address, &[("search_path", "public")]).await?)
}

async fn apply(address: &Address, load: usize, round: u64) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut session = application(address).await?;
    let from = 1_000_000 + round * ROWS;
    let statement = match load {
        0 => {
            small_transactions(address, round).await?;
            return Ok(begun.elapsed());
        }
        1 => format!(
            "INSERT INTO sbtest1 SELECT n, n, 'x', 'y' FROM generate_series({from} + 1, {from} + {ROWS}) n"
        ),
        2 => format!("UPDATE sbtest2 SET pad = '{round}'"),
        _ => format!("DELETE FROM sbtest1 WHERE id > {from} AND id <= {from} + {ROWS}"),
    };
    session
        .run_within(Duration::from_secs(600), "writing", statement)
        .await?;
    Ok(begun.elapsed())
}

/// Transactions of four row changes, in the manner of sysbench's `oltp_write_only`.
async fn small_transactions(address: &Address, round: u64) -> Result<(), Failure> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let address = address.clone();
        writers.spawn(async move {
            let mut session = application(&address).await?;
            let mut seed = (round * WRITERS + writer + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut below = |bound: u64| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed % bound
            };
            for _ in 0..TRANSACTIONS / WRITERS {
                let table = 1 + below(4);
                // Writers share no rows, so that none waits for another.
                let mut id = || 1 + below(ROWS / WRITERS) * WRITERS + writer;
                let (one, two, three) = (id(), id(), id());
                for sql in [
                    "BEGIN".to_owned(),
                    format!("UPDATE sbtest{table} SET k = k + 1 WHERE id = {one}"),
                    format!("UPDATE sbtest{table} SET c = '{three}' WHERE id = {two}"),
                    format!("DELETE FROM sbtest{table} WHERE id = {three}"),
                    format!("INSERT INTO sbtest{table} VALUES ({three}, {one}, 'c', 'p')"),
                    "COMMIT".to_owned(),
                ] {
                    session.run("writing", sql).await?;
                }
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}
