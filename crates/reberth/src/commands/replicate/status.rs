//! `reberth replicate status`: where each stream stands, by its process's own word while that is fresh, and by the checkpoint on the target always.

use std::time::{Duration, SystemTime};

use reberth_model::policy::Policy;
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::{self, Direction};
use reberth_replicate::progress::Progress;
use serde_json::{Value, json};

use super::start::line;
use crate::cli::DatabaseArgs;
use crate::connections::{chosen, stream_plan};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// A process that has not written for longer than this is taken for gone.
const FRESH: Duration = Duration::from_secs(5);

pub(super) async fn run(
    args: &DatabaseArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    for database in chosen(policy, args.database.as_deref())? {
        for direction in [Direction::Forward, Direction::Reverse] {
            let plan = stream_plan(database, direction, environment)?;
            if let Some((text, document)) = describe(&plan, project).await? {
                output.report(text, &document)?;
            } else if direction == Direction::Forward {
                output.report(
                    format!("{}: not started", database.name),
                    &json!({ "database": database.name, "state": "not started" }),
                )?;
            }
        }
    }
    Ok(Exit::Done)
}

/// A line for each stream of each database, for `reberth status`. A server that does not answer is said to be so; nothing fails.
pub(crate) async fn status_lines(
    policy: &Policy,
    project: &Project,
    environment: &Environment,
) -> Vec<String> {
    let mut lines = Vec::new();
    for database in &policy.databases {
        for direction in [Direction::Forward, Direction::Reverse] {
            let described = async {
                let plan = stream_plan(database, direction, environment)?;
                describe(&plan, project).await
            };
            match described.await {
                Ok(Some((text, _))) => lines.extend(text.lines().next().map(str::to_owned)),
                Ok(None) if direction == Direction::Forward => {
                    lines.push(format!("{}: not started", database.name));
                }
                Ok(None) => {}
                Err(failure) => {
                    lines.push(format!(
                        "{}: not known ({})",
                        database.name,
                        failure.message()
                    ));
                    break;
                }
            }
        }
    }
    lines
}

async fn describe(
    plan: &StreamPlan,
    project: &Project,
) -> Result<Option<(String, Value)>, Failure> {
    let mut to = server::writer(&plan.to).await?;
    let Some(checkpoint) = state::peek(&mut to, plan.direction, &plan.database).await? else {
        return Ok(None);
    };
    let mut from = server::reader(&plan.from).await?;
    let flavour = server::version(&mut from).await?.flavour;
    let end = server::log_end(&mut from, flavour).await?;
    let lag_bytes = checkpoint
        .position
        .bytes_until(&end, &server::log_files(&mut from).await?);
    let name = match plan.direction {
        Direction::Forward => plan.database.clone(),
        Direction::Reverse => format!("{} (way back)", plan.database),
    };
    let running = read_fresh(project, plan);
    let lag_bytes_text = lag_bytes.map_or_else(
        || "an unknown number of".to_owned(),
        |bytes| bytes.to_string(),
    );
    let (lag, who) = match running.as_ref().map(|progress| progress.lag_ms) {
        Some(Some(lag_ms)) => (format!("{lag_ms} ms and {lag_bytes_text} bytes"), ""),
        Some(None) => (format!("{lag_bytes_text} bytes"), ""),
        None => (
            format!("{lag_bytes_text} bytes"),
            "; no process of this project folder is applying",
        ),
    };
    let mut text = format!(
        "{name}: {} at {}, {lag} behind{who}",
        checkpoint.phase.word(),
        checkpoint.position
    );
    if let Some(progress) = &running {
        text = format!("{text}\n  {}", line(&name, progress));
    }
    let mut tables = Vec::new();
    for (table, chunks, done, rows, bytes) in
        state::copy_totals(&mut to, plan.direction, &plan.database).await?
    {
        text.push_str(&format!(
            "\n  {table}: {done} of {chunks} chunks, {rows} rows, {:.1} MB copied",
            bytes as f64 / 1e6
        ));
        tables.push(json!({ "table": table, "chunks": chunks, "chunks_done": done, "rows": rows, "bytes": bytes }));
    }
    let document = json!({
        "database": plan.database, "direction": plan.direction.word(), "phase": checkpoint.phase.word(), "checkpoint": checkpoint.position,
        "log_end": end, "lag_bytes": lag_bytes, "lag_ms": running.as_ref().and_then(|progress| progress.lag_ms), "running": running, "tables": tables,
    });
    Ok(Some((text, document)))
}

fn file(plan: &StreamPlan) -> String {
    format!(
        ".reberth/stream-{}-{}.json",
        plan.direction.word(),
        plan.database
    )
}

/// Leaves word for `status` in another process.
pub(super) fn write_down(
    project: &Project,
    plan: &StreamPlan,
    progress: &Progress,
) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(progress)
        .map_err(|error| Failure::io("progress could not be serialised", error.into()))?;
    Ok(crate::atomic_file::replace(
        &project.path(&file(plan)),
        &bytes,
    )?)
}

fn read_fresh(project: &Project, plan: &StreamPlan) -> Option<Progress> {
    let path = project.path(&file(plan));
    let written = std::fs::metadata(&path).ok()?.modified().ok()?;
    let age = SystemTime::now()
        .duration_since(written)
        .unwrap_or_default();
    if age > FRESH {
        return None;
    }
    serde_json::from_slice(&std::fs::read(&path).ok()?).ok()
}
