//! The gate behind the fence: what comparing the changed rows takes beside comparing all of them, on little data and on four times as much.

use std::time::Instant;

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::touched::compare_between;
use reberth_replicate::mysql::{schema, server, verify};

use crate::Failure;
use crate::bars::Bar;
use crate::contestant::plan;
use crate::data;
use crate::report::{self, median};
use crate::servers::Servers;
use crate::settings::Settings;
use crate::write_load::log_end;

/// Keys that change between the verification and the fence.
pub(crate) const KEYS: u64 = 10_000;
/// How much more data the second look has.
pub(crate) const TIMES: u64 = 4;
/// The gate's time on so much more data, to that on the less: what depends on the rows held would be [`TIMES`].
pub(crate) const RATIO_MOST: f64 = 1.5;
/// The data takes little time to load, even where `SIZE` is large: only the ratio counts.
const SIZE_MB_MOST: u64 = 400;

/// What was measured at one size, in seconds.
pub(crate) struct Gate {
    pub(crate) megabytes: f64,
    pub(crate) touched_s: f64,
    pub(crate) all_s: f64,
}

/// Megabytes of the larger data.
pub(crate) fn size_mb(settings: &Settings) -> u64 {
    settings.size_mb.min(SIZE_MB_MOST)
}

/// Measures at both sizes.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Bar>, Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let large = size_mb(settings);
    let mut gates = Vec::new();
    for size_mb in [large / TIMES, large] {
        let servers = Servers::start(settings.product)?;
        let megabytes = data::build(&servers.source, size_mb)?;
        gates.push(runtime.block_on(measure(&servers, megabytes, settings.runs))?);
    }
    Ok(print("gate", &gates))
}

/// Prints the table and returns what is held against a bar.
pub(crate) fn print(name: &str, gates: &[Gate]) -> Vec<Bar> {
    let rows = gates.iter().map(|gate| {
        vec![
            format!("{:.0}", gate.megabytes),
            format!("{:.2}", gate.touched_s),
            format!("{:.2}", gate.all_s),
        ]
    });
    let changed = format!("{KEYS} changed keys, s");
    let head = ["MB of rows", changed.as_str(), "every row, s"];
    report::print(&head, rows.collect());
    let times = |figure: fn(&Gate) -> f64| match gates {
        [less, more] => figure(more) / figure(less),
        _ => f64::NAN,
    };
    report::say(&format!(
        "every row: {:.1} times as long on {TIMES} times the data\n",
        times(|gate| gate.all_s)
    ));
    let what = format!("{name}: time on {TIMES} times the data");
    vec![Bar::at_most(what, times(|gate| gate.touched_s), RATIO_MOST)]
}

async fn measure(servers: &Servers, megabytes: f64, runs: usize) -> Result<Gate, Failure> {
    let plan = plan(&servers.source_url(), &servers.target_url())?;
    let mut stream = RunningStream::start(plan.clone());
    stream
        .wait_until(|progress| progress.phase == "following")
        .await?;
    let (mut touched, mut all) = (Vec::new(), Vec::new());
    for run in 0..runs as u64 {
        let from = log_end(&servers.source)?;
        // Spread over the whole table; each run takes other rows.
        let rows = "(SELECT MAX(id) FROM narrow1)";
        let change = format!(
            "SET @step := GREATEST(1, {rows} DIV {KEYS}); UPDATE narrow1 SET k = k + 1 WHERE id % @step = {run} % @step LIMIT {KEYS}"
        );
        servers
            .source
            .sql(&format!("USE {}; {change}", data::DATABASE))?;
        let until = log_end(&servers.source)?;
        stream.drain(&until).await?;
        let begun = Instant::now();
        let mut session = server::reader(&plan.from).await?;
        let schema = schema::read(&mut session, &plan.database).await?;
        let compared = compare_between(&plan, &schema, from, &until).await?;
        touched.push(begun.elapsed().as_secs_f64());
        if !compared.report.is_equal() || compared.keys < KEYS * 9 / 10 {
            return Err(format!("the gate compared {} keys", compared.keys).into());
        }
        let begun = Instant::now();
        verify::verify(&plan, |_, _| {}).await?;
        all.push(begun.elapsed().as_secs_f64());
    }
    stream.stop().await?;
    Ok(Gate {
        megabytes,
        touched_s: median(touched.into_iter()),
        all_s: median(all.into_iter()),
    })
}
