//! `reberth replicate start` and `resume`: runs all streams in this process until a goal is reached or it is told to end.

mod shown;

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::{Direction, operation};
use reberth_replicate::mysql::supervise::{Ended, Supervised};
use reberth_replicate::mysql::{preflight, server, state};
use reberth_replicate::progress::Progress;
use reberth_replicate::{LogPosition, ReplicateError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::direction;
use super::metrics::Metrics;
use crate::cli::{Goal, StartArgs};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::scope::{Scope, inputs};

pub(super) use shown::Shown;
pub(crate) use shown::line;

/// How often progress is shown.
const SHOW_INTERVAL: Duration = Duration::from_millis(500);
/// Copy workers of a process that carries several databases, if none of them wants more.
const SHARED_WORKERS: usize = 4;

pub(super) async fn run(
    args: &StartArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let plans = plans(args, scope, environment)?;
    for plan in &plans {
        check(plan).await?;
    }
    refuse_if_all_are_held(&plans).await?;
    run_approved(args, scope, &plans, output).await
}

/// The streams, with the workers that one of them may have.
pub(super) fn plans(
    args: &StartArgs,
    scope: &Scope,
    environment: &Environment,
) -> Result<Vec<StreamPlan>, Failure> {
    let mut plans = scope.plans(direction(args.reverse), environment)?;
    let streams = plans.len();
    for plan in &mut plans {
        plan.streams = streams;
        if let Some(workers) = args.workers {
            plan.workers = plan.workers.min(usize::from(workers));
        }
        plan.bytes_per_s_most = args.max_rate.map(|rate| u64::from(rate) * 1_000_000);
    }
    Ok(plans)
}

/// Asks for consent, then runs the streams.
pub(super) async fn run_approved(
    args: &StartArgs,
    scope: &Scope,
    plans: &[StreamPlan],
    output: &Output,
) -> Result<Exit, Failure> {
    let mut change = change(plans);
    if let Some(past) = &args.past {
        change["passes the schema change at"] = json!(past.to_string());
    }
    if !consent::given(&change, &args.consent, scope.project(), output)? {
        return Ok(Exit::Waiting);
    }
    if let Some(past) = &args.past {
        pass(past, plans).await?;
    }
    let metrics = match &args.metrics {
        Some(address) => Some(Metrics::serve(address, output).await?),
        None => None,
    };
    let work = async {
        let ended = follow(args, plans, metrics.as_ref(), output).await?;
        Ok((Exit::Done, json!({ "ended": ended })))
    };
    scope.recorded("replicate", inputs(plans), work).await
}

/// Lets the only stream pass one schema change.
async fn pass(past: &LogPosition, plans: &[StreamPlan]) -> Result<(), Failure> {
    let [plan] = plans else {
        let one = "--past is about the log of one source: name the database with --database";
        return Err(ReplicateError::Blocked(vec![one.to_owned()]).into());
    };
    let mut target = server::writer(&plan.to).await?;
    Ok(state::allow_past(&mut target, plan.direction, &plan.database, past).await?)
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

/// A held stream among others waits in this process; when all are held, there is nothing to run.
async fn refuse_if_all_are_held(plans: &[StreamPlan]) -> Result<(), Failure> {
    let mut names = Vec::new();
    for plan in plans {
        let mut target = server::writer(&plan.to).await?;
        let known = operation::read(&mut target, plan.direction, &plan.database).await?;
        if known.pause.is_none() {
            return Ok(());
        }
        names.push(plan.database.as_str());
    }
    let databases = names.join(", ");
    Err(CliError::Paused { databases }.into())
}

/// What will be read and written where.
pub(super) fn change(plans: &[StreamPlan]) -> Value {
    let is_reverse = plans
        .iter()
        .any(|plan| plan.direction == Direction::Reverse);
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
    json!({
        "replicate": lines,
        "reads": if is_reverse { "rows' changes from the target's log" } else { "rows and log of the source, as its reader" },
        "writes": if is_reverse { vec!["rows of these databases on the source", "the schema reberth on the source"] } else { vec!["these databases on the target", "the schema reberth on the target"] },
        "writes on the source": if is_reverse { "as listed" } else { "nothing" },
    })
}

/// Runs all streams. Returns why it ended.
async fn follow(
    args: &StartArgs,
    plans: &[StreamPlan],
    metrics: Option<&Metrics>,
    output: &Output,
) -> Result<&'static str, Failure> {
    let turns = Arc::new(Semaphore::new(shared_workers(args, plans)));
    let mut streams: Vec<(&StreamPlan, Supervised)> = plans
        .iter()
        .map(|plan| (plan, Supervised::start(plan.clone(), turns.clone())))
        .collect();
    let result = watch(args.until, &mut streams, metrics, output).await;
    let ended = *result.as_ref().unwrap_or(&"failed");
    // Every stream is ended in order, also when one of them has failed; the first failure is the one to report.
    let mut failures = Vec::new();
    for (plan, stream) in streams {
        let progress = stream.progress();
        match stream.end().await {
            Ok(_) => {}
            Err(error) => failures.push(error),
        }
        output.report(
            told(plan, ended, &progress),
            &json!({ "database": plan.database, "ended": ended, "progress": progress }),
        )?;
    }
    match (result, failures.into_iter().next()) {
        (Ok(_), Some(error)) => Err(error.into()),
        (result, _) => result,
    }
}

/// As many as the largest stream wants at the least, or it would wait for ever.
fn shared_workers(args: &StartArgs, plans: &[StreamPlan]) -> usize {
    let largest = plans.iter().map(|plan| plan.workers).max().unwrap_or(1);
    let wanted = args.workers.map_or(SHARED_WORKERS, usize::from);
    wanted.max(largest).max(1)
}

/// Shows all streams until the goal is reached, one of them fails, none is left, or somebody ends it.
async fn watch(
    until: Option<Goal>,
    streams: &mut Vec<(&StreamPlan, Supervised)>,
    metrics: Option<&Metrics>,
    output: &Output,
) -> Result<&'static str, Failure> {
    let mut shown = Shown::default();
    let mut interval = tokio::time::interval(SHOW_INTERVAL);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| Failure::io("signals cannot be received", error))?;
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = tokio::signal::ctrl_c() => return Ok("interrupted"),
            _ = terminate.recv() => return Ok("interrupted"),
        }
        let now: Vec<(&StreamPlan, Progress)> = streams
            .iter()
            .map(|(plan, stream)| (*plan, stream.progress()))
            .collect();
        let named: Vec<_> = now
            .iter()
            .map(|(plan, progress)| (plan.database.as_str(), plan.direction, progress.clone()))
            .collect();
        shown.show(&named, output);
        if let Some(metrics) = metrics {
            metrics.set(&now);
        }
        for at in (0..streams.len()).rev() {
            let Some(result) = streams[at].1.ended_by_itself() else {
                continue;
            };
            let why = word(result?);
            let (plan, _) = streams.remove(at);
            output.note(format!("{}: {why}", plan.database));
            if streams.is_empty() {
                return Ok(why);
            }
        }
        let is_reached = |goal: Goal| now.iter().all(|(_, progress)| is_reached(goal, progress));
        if until.is_some_and(is_reached) {
            return Ok("goal reached");
        }
    }
}

fn word(ended: Ended) -> &'static str {
    match ended {
        Ended::Told => "ended",
        Ended::Superseded => "another Reberth has taken over this stream; this one ends",
        Ended::Stopped => "stopped for good by `reberth replicate stop`",
    }
}

pub(super) fn is_reached(goal: Goal, progress: &Progress) -> bool {
    match goal {
        Goal::Copied => matches!(progress.phase.as_str(), "replaying" | "following"),
        Goal::CaughtUp => progress.is_caught_up(),
    }
}

fn told(plan: &StreamPlan, ended: &str, progress: &Progress) -> String {
    let position = progress
        .applied
        .as_ref()
        .map_or_else(|| "the beginning".to_owned(), ToString::to_string);
    let phase = match progress.phase.as_str() {
        "" => "connecting",
        phase => phase,
    };
    format!("{}: {ended} at {position}, {phase}", plan.database)
}
