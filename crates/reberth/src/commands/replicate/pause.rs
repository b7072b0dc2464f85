//! `reberth replicate pause` and `resume`.

use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::stream::Direction;
use serde_json::json;

use super::{operation, start};
use crate::cli::{PauseArgs, StartArgs};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::scope::Scope;

/// How long a process that holds a stream is given to go on, and how often it is looked at.
const GO_ON_LIMIT: Duration = Duration::from_secs(15);
const GO_ON_INTERVAL: Duration = Duration::from_millis(250);

/// Holds streams: nothing more is committed once this returns.
pub(super) async fn pause(
    args: &PauseArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut never_begun = None;
    let mut held = 0;
    for plan in scope.plans(Direction::Forward, environment).await? {
        let database = plan.database();
        if !operation::is_begun(&plan).await? {
            let nothing = "not started, so there is nothing to hold; a process that waits to copy it will begin";
            output.note(format!("{database}: {nothing}"));
            never_begun = Some(database.to_owned());
            continue;
        }
        held += 1;
        let now = operation::pause(&plan, &args.by).await?;
        output.report(
            format!(
                "{database}: paused at {}\n  {}\n  `reberth replicate resume` goes on there",
                now.checkpoint, now.kept
            ),
            &json!({ "database": database, "paused": true, "checkpoint": now.checkpoint, "epoch": now.epoch, "log": now.room }),
        )?;
    }
    match never_begun {
        Some(database) if held == 0 => Err(ReplicateError::NotStarted { database }.into()),
        _ => Ok(Exit::Done),
    }
}

/// Lets streams go on: where a process holds them, there; otherwise in this process, as `start` would.
pub(super) async fn resume(
    args: &StartArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut here = Vec::new();
    for plan in start::plans(args, scope, environment).await? {
        if is_held_by_a_process(&plan).await? {
            go_on(&plan, output).await?;
        } else {
            here.push(plan);
        }
    }
    if here.is_empty() {
        return Ok(Exit::Done);
    }
    if !consent::given(
        &start::change(&here).await?,
        &args.consent,
        scope.project(),
        output,
    )? {
        return Ok(Exit::Waiting);
    }
    for plan in &here {
        operation::resume(plan).await?;
    }
    start::run_approved(args, scope, &here, output).await
}

async fn is_held_by_a_process(plan: &Plan) -> Result<bool, Failure> {
    let known = operation::read(plan).await?;
    Ok(known.pause.is_some() && known.report.is_some_and(|report| report.is_fresh()))
}

/// Takes the hold away, and waits for the process's own word that it goes on.
async fn go_on(plan: &Plan, output: &Output) -> Result<(), Failure> {
    operation::resume(plan).await?;
    let waiting = async {
        loop {
            let known = operation::read(plan).await?;
            if known
                .report
                .is_some_and(|report| report.progress.phase != "paused")
            {
                return Ok::<(), Failure>(());
            }
            tokio::time::sleep(GO_ON_INTERVAL).await;
        }
    };
    let word = match tokio::time::timeout(GO_ON_LIMIT, waiting).await {
        Ok(result) => {
            result?;
            "goes on in the process that held it"
        }
        Err(_) => {
            "may go on, but the process that held it has not said so yet; look with `reberth replicate status`"
        }
    };
    output.report(
        format!("{}: {word}", plan.database()),
        &json!({ "database": plan.database(), "paused": false }),
    )
}
