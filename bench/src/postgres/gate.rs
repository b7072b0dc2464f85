//! The gate behind the fence, by either method.

use std::time::Instant;

use reberth_replicate::postgres::base;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::verify;

use super::capture_overhead;
use super::contestant::{address, follow as wait_until_it_follows, plan, start};
use super::data;
use super::servers::{DATABASE, Servers, log_end, url};
use crate::Failure;
use crate::bars::Bar;
use crate::gate::{Gate, KEYS, TIMES, print, size_mb};
use crate::report::{self, median};
use crate::settings::Settings;

/// Measures both methods at both sizes.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let large = size_mb(settings);
    let mut bars = Vec::new();
    for method in [Method::Logical, Method::TriggerCapture] {
        if !settings.wants_contestant(method.word()) {
            continue;
        }
        let mut gates = Vec::new();
        for size_mb in [large / TIMES, large] {
            let servers = Servers::start()?;
            let megabytes = data::build(&servers.source, size_mb)?;
            if method == Method::TriggerCapture {
                // A capture wants a key of every table.
                servers.source.sql(DATABASE, "DROP TABLE event")?;
                let source = address(&url(&servers.source), "source")?;
                runtime.block_on(capture_overhead::capture(&source))?;
            }
            gates.push(runtime.block_on(measure(&servers, method, megabytes, settings.runs))?);
        }
        report::say(&format!("{}:\n", method.word()));
        bars.extend(print(&format!("gate: {}", method.word()), &gates));
    }
    Ok(bars)
}

async fn measure(
    servers: &Servers,
    method: Method,
    megabytes: f64,
    runs: usize,
) -> Result<Gate, Failure> {
    let plan = plan(&url(&servers.source), &url(&servers.target), method)?;
    let mut stream = start(plan.clone());
    wait_until_it_follows(&mut stream).await?;
    let (mut touched, mut all) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let laid = base::lay(&plan).await?;
        // Spread over the whole table; each run takes other rows.
        let step = "(SELECT greatest(1, max(aid) / 10000) FROM pgbench_accounts)";
        let change = format!(
            "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid % {step} = {run} % {step} AND aid <= {step} * {KEYS}"
        );
        servers.source.sql(DATABASE, &change)?;
        servers
            .source
            .sql(DATABASE, "SELECT pg_current_xact_id()")?;
        let until = log_end(&servers.source)?;
        stream.drain(&until).await?;
        let begun = Instant::now();
        let compared = verify::compare_touched(&plan, &laid.name, &until).await?;
        touched.push(begun.elapsed().as_secs_f64());
        if !compared.report.is_equal() || compared.keys < KEYS * 9 / 10 {
            return Err(format!("the gate compared {} keys", compared.keys).into());
        }
        let begun = Instant::now();
        verify::rows(&plan, |_, _| {}).await?;
        all.push(begun.elapsed().as_secs_f64());
    }
    base::take_away(&plan).await?;
    stream.stop().await?;
    Ok(Gate {
        megabytes,
        touched_s: median(touched.into_iter()),
        all_s: median(all.into_iter()),
    })
}
