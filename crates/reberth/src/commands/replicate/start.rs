//! `reberth replicate start` and `resume`: runs all streams in this process until a goal is reached or it is told to end.

mod change;
mod shown;

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::mysql::{self, server, state};
use reberth_replicate::postgres;
use reberth_replicate::progress::Progress;
use reberth_replicate::stream::Direction;
use reberth_replicate::supervise::{Ended, Supervised};
use reberth_replicate::{LogPosition, ReplicateError};
use serde_json::json;
use tokio::sync::Semaphore;

use super::metrics::Metrics;
use super::postgres::source::{alters_tables, prepare};
use super::{direction, operation};
use crate::cli::{Goal, StartArgs};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::plan::Plan;
use crate::scope::{Scope, inputs};

pub(super) use change::change;
use shown::Shown;
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
    let plans = plans(args, scope, environment).await?;
    for plan in &plans {
        check(plan).await?;
    }
    refuse_if_all_are_held(&plans).await?;
    run_approved(args, scope, &plans, output).await
}

/// The streams, with the workers that one of them may have.
pub(super) async fn plans(
    args: &StartArgs,
    scope: &Scope,
    environment: &Environment,
) -> Result<Vec<Plan>, Failure> {
    let plans = scope.plans(direction(args.reverse), environment).await?;
    let streams = plans.len();
    let rate = args.max_rate.map(|rate| u64::from(rate) * 1_000_000);
    let limited = plans
        .into_iter()
        .map(|plan| plan.limited(streams, args.workers.map(usize::from), rate));
    Ok(limited.collect())
}

/// Asks for consent, then runs the streams.
pub(super) async fn run_approved(
    args: &StartArgs,
    scope: &Scope,
    plans: &[Plan],
    output: &Output,
) -> Result<Exit, Failure> {
    let mut change = change(plans).await?;
    if let Some(past) = &args.past {
        change["passes the schema change at"] = json!(past.to_string());
    }
    if !consent::given(&change, &args.consent, scope.project(), output)? {
        return Ok(Exit::Waiting);
    }
    // Naming two addresses is consent to read the one and to fill the other, and to no change of the application's tables.
    let names_only = scope.project().is_none() && !args.consent.apply;
    if names_only && alter_tables(plans).await? {
        output.note(
            "\nnothing was done yet: this writes on the source. To do exactly this, add --apply"
                .to_owned(),
        );
        let waiting = json!({ "hash": consent::hash(&change), "change": change });
        output.event("waiting", &waiting);
        return Ok(Exit::Waiting);
    }
    if let Some(past) = &args.past {
        pass(past, plans).await?;
    }
    for plan in plans {
        prepare(plan).await?;
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

async fn alter_tables(plans: &[Plan]) -> Result<bool, Failure> {
    for plan in plans {
        if alters_tables(plan).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lets the only stream pass one schema change.
async fn pass(past: &LogPosition, plans: &[Plan]) -> Result<(), Failure> {
    let [plan] = plans else {
        let one = "--past is about the log of one source: name the database with --database";
        return Err(ReplicateError::Blocked(vec![one.to_owned()]).into());
    };
    let plan = plan.require_mysql("--past")?;
    let mut target = server::writer(&plan.to).await?;
    Ok(state::allow_past(&mut target, plan.direction, &plan.database, past).await?)
}

/// A stream that has begun goes on without another look; a new one wants a clean preflight; a way back is begun by a cutover only.
async fn check(plan: &Plan) -> Result<(), Failure> {
    if operation::is_begun(plan).await? {
        return Ok(());
    }
    if plan.direction() == Direction::Reverse {
        return Err(ReplicateError::NotStarted {
            database: format!("the way back of {}", plan.database()),
        }
        .into());
    }
    match plan {
        Plan::MySql(plan) => Ok(mysql::preflight::run(plan).await?.require()?),
        Plan::Postgres(plan) => Ok(postgres::preflight::require(&plan.stream).await?),
    }
}

/// A held stream among others waits in this process; when all are held, there is nothing to run.
async fn refuse_if_all_are_held(plans: &[Plan]) -> Result<(), Failure> {
    let mut names = Vec::new();
    for plan in plans {
        if operation::read(plan).await?.pause.is_none() {
            return Ok(());
        }
        names.push(plan.database());
    }
    let databases = names.join(", ");
    Err(CliError::Paused { databases }.into())
}

/// Runs all streams. Returns why it ended.
async fn follow(
    args: &StartArgs,
    plans: &[Plan],
    metrics: Option<&Metrics>,
    output: &Output,
) -> Result<&'static str, Failure> {
    let turns = Arc::new(Semaphore::new(shared_workers(args, plans)));
    let mut streams: Vec<(&Plan, Supervised)> = plans
        .iter()
        .map(|plan| (plan, plan.supervise(turns.clone())))
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
            &json!({ "database": plan.database(), "ended": ended, "progress": progress }),
        )?;
    }
    match (result, failures.into_iter().next()) {
        (Ok(_), Some(error)) => Err(error.into()),
        (result, _) => result,
    }
}

/// As many as the largest stream wants at the least, or it would wait for ever.
fn shared_workers(args: &StartArgs, plans: &[Plan]) -> usize {
    let largest = plans.iter().map(Plan::workers).max().unwrap_or(1);
    let wanted = args.workers.map_or(SHARED_WORKERS, usize::from);
    wanted.max(largest).max(1)
}

/// Shows all streams until the goal is reached, one of them fails, none is left, or somebody ends it.
async fn watch(
    until: Option<Goal>,
    streams: &mut Vec<(&Plan, Supervised)>,
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
        let now: Vec<(&Plan, Progress)> = streams
            .iter()
            .map(|(plan, stream)| (*plan, stream.progress()))
            .collect();
        let named: Vec<_> = now
            .iter()
            .map(|(plan, progress)| (plan.database(), plan.direction(), progress.clone()))
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
            output.note(format!("{}: {why}", plan.database()));
            if streams.is_empty() {
                return Ok(why);
            }
        }
        let is_reached = |goal: Goal| now.iter().all(|(_, progress)| is_reached(goal, progress));
        if until.is_some_and(is_reached) {
            return Ok("goal reached");
        }
        if now
            .iter()
            .all(|(_, progress)| is_all_there_will_be(progress))
        {
            return Ok("all is copied and nothing follows");
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

fn is_reached(goal: Goal, progress: &Progress) -> bool {
    let is_far = match goal {
        Goal::Copied => matches!(progress.phase.as_str(), "replaying" | "following"),
        Goal::CaughtUp => progress.is_caught_up(),
    };
    is_far || is_all_there_will_be(progress)
}

/// Whether it was copied in a window without writes, behind which nothing comes.
fn is_all_there_will_be(progress: &Progress) -> bool {
    progress.phase == "copied"
}

fn told(plan: &Plan, ended: &str, progress: &Progress) -> String {
    let position = progress
        .applied
        .as_ref()
        .map_or_else(|| "the beginning".to_owned(), ToString::to_string);
    let phase = match progress.phase.as_str() {
        "" => "connecting",
        phase => phase,
    };
    format!("{}: {ended} at {position}, {phase}", plan.database())
}
