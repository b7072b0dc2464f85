//! `reberth replicate start`: runs the streams in this process until a goal is reached or it is told to stop.

use std::time::Duration;

use reberth_model::policy::Policy;
use reberth_replicate::ReplicateError;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::{preflight, server, state};
use reberth_replicate::progress::Progress;
use serde_json::json;

use super::{direction, status};
use crate::cli::{Goal, StartArgs};
use crate::connections::{chosen, stream_plan};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::record::Record;

/// How often progress is shown and written down for `status`.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);
/// Less behind than this counts as caught up.
const CAUGHT_UP_MS: u64 = 1_000;

pub(super) async fn run(
    args: &StartArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut plans = Vec::new();
    for database in chosen(policy, args.consent.database.database.as_deref())? {
        plans.push(stream_plan(database, direction(args.reverse), environment)?);
    }
    for plan in &plans {
        check(plan).await?;
    }
    if !consent::given(&change(&plans), &args.consent, project, output)? {
        return Ok(Exit::Waiting);
    }
    let names: Vec<&str> = plans.iter().map(|plan| plan.database.as_str()).collect();
    let record = Record::begin(
        project,
        "replicate",
        &json!({ "databases": names, "direction": direction(args.reverse).word() }),
    )?;
    let result = follow(&plans, args.until, project, output).await;
    record.end(result.map(|ended| (Exit::Done, json!({ "ended": ended }))))
}

/// A stream that has begun goes on without another look; a new one wants a clean preflight; a way back is begun by a cutover only.
async fn check(plan: &StreamPlan) -> Result<(), Failure> {
    let mut target = server::writer(&plan.to).await?;
    if state::peek(&mut target, plan.direction, &plan.database)
        .await?
        .is_some()
    {
        return Ok(());
    }
    if plan.direction == Direction::Reverse {
        return Err(ReplicateError::NotStarted {
            database: format!("the way back of {}", plan.database),
        }
        .into());
    }
    Ok(preflight::run(plan).await?.require()?)
}

fn change(plans: &[StreamPlan]) -> serde_json::Value {
    let lines: Vec<String> = plans
        .iter()
        .map(|plan| {
            format!(
                "{}: {} -> {}",
                plan.database,
                plan.from.host(),
                plan.to.host()
            )
        })
        .collect();
    let is_reverse = plans
        .iter()
        .any(|plan| plan.direction == Direction::Reverse);
    json!({
        "replicate": lines,
        "reads": if is_reverse { "rows' changes from the target's log" } else { "rows and log of the source, as its reader" },
        "writes": if is_reverse { vec!["rows of these databases on the source", "the schema reberth on the source"] } else { vec!["these databases on the target", "the schema reberth on the target"] },
        "writes on the source": if is_reverse { "as listed" } else { "nothing" },
    })
}

/// Runs all streams. Returns why it ended.
async fn follow(
    plans: &[StreamPlan],
    until: Option<Goal>,
    project: &Project,
    output: &Output,
) -> Result<&'static str, Failure> {
    let mut streams: Vec<(&StreamPlan, RunningStream)> = plans
        .iter()
        .map(|plan| (plan, RunningStream::start(plan.clone())))
        .collect();
    let mut interval = tokio::time::interval(REPORT_INTERVAL);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| Failure::io("signals cannot be received", error))?;
    let ended = loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = tokio::signal::ctrl_c() => break "interrupted",
            _ = terminate.recv() => break "interrupted",
        }
        let mut reached = true;
        for (plan, stream) in &mut streams {
            let progress = stream.progress();
            status::write_down(project, plan, &progress)?;
            output.progress(line(&plan.database, &progress));
            output.event(
                "replicating",
                &json!({ "database": plan.database, "progress": progress }),
            );
            reached &= until.is_some_and(|goal| is_reached(goal, &progress));
            if let Some(result) = stream.ended_by_itself() {
                match result {
                    Ok(()) => {}
                    Err(ReplicateError::Superseded { .. }) => {
                        output.note(format!(
                            "{}: another Reberth has taken over this stream; this one ends",
                            plan.database
                        ));
                        return Ok("superseded");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if reached {
            break "goal reached";
        }
    };
    for (plan, stream) in streams {
        let progress = stream.progress();
        stream.stop().await?;
        status::write_down(project, plan, &progress)?;
        let position = progress
            .applied
            .as_ref()
            .map_or_else(|| "the beginning".to_owned(), ToString::to_string);
        output.report(
            format!(
                "{}: {ended} at {position}, {}",
                plan.database, progress.phase
            ),
            &json!({ "database": plan.database, "ended": ended, "progress": progress }),
        )?;
    }
    Ok(ended)
}

fn is_reached(goal: Goal, progress: &Progress) -> bool {
    match goal {
        Goal::Copied => matches!(progress.phase.as_str(), "replaying" | "following"),
        Goal::CaughtUp => {
            progress.phase == "following"
                && progress.lag_ms.is_some_and(|lag_ms| lag_ms < CAUGHT_UP_MS)
        }
    }
}

/// One line for people.
pub(crate) fn line(database: &str, progress: &Progress) -> String {
    let lag = match (progress.lag_ms, progress.lag_bytes) {
        (Some(lag_ms), Some(lag_bytes)) => format!("{lag_ms} ms, {lag_bytes} bytes behind"),
        (Some(lag_ms), None) => format!("{lag_ms} ms behind"),
        _ => "lag not measured yet".to_owned(),
    };
    let trouble = progress
        .retrying
        .as_ref()
        .map(|why| format!("  trying again: {why}"))
        .unwrap_or_default();
    match progress.phase.as_str() {
        "copying" => format!(
            "{database}: copying, {} of {} chunks, {} rows, {:.1} MB{trouble}",
            progress.chunks_done,
            progress.chunks,
            progress.rows_copied,
            progress.bytes_copied as f64 / 1e6
        ),
        "" => format!("{database}: connecting{trouble}"),
        phase => format!(
            "{database}: {phase}, {} transactions, {} changes applied, {lag}{trouble}",
            progress.transactions_applied, progress.changes_applied
        ),
    }
}
