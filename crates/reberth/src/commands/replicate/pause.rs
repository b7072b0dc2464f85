//! `reberth replicate pause` and `resume`.

use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::{self, Direction, operation};
use reberth_replicate::mysql::{log_room, server};
use serde_json::json;

use super::start;
use crate::cli::{PauseArgs, StartArgs};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::quantity::duration_s;
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
    for plan in scope.plans(Direction::Forward, environment)? {
        let mut target = server::writer(&plan.to).await?;
        if state::peek(&mut target, plan.direction, &plan.database)
            .await?
            .is_none()
        {
            let nothing = "not started, so there is nothing to hold; a process that waits to copy it will begin";
            output.note(format!("{}: {nothing}", plan.database));
            never_begun = Some(plan.database.clone());
            continue;
        }
        held += 1;
        let closed =
            operation::pause(&mut target, plan.direction, &plan.database, &args.by).await?;
        let checkpoint = closed.checkpoint(&mut target).await?;
        let mut source = server::reader(&plan.from).await?;
        let room = log_room::read(&mut source, &checkpoint.position).await?;
        let kept = match room.left_s(0) {
            Some(left_s) => format!(
                "the source keeps its log for {} by its settings; resume before that",
                duration_s(left_s)
            ),
            None => "the source removes nothing of its log by age".to_owned(),
        };
        output.report(
            format!(
                "{}: paused at {}\n  {kept}\n  `reberth replicate resume` goes on there",
                plan.database, checkpoint.position
            ),
            &json!({ "database": plan.database, "paused": true, "checkpoint": checkpoint.position, "epoch": closed.epoch(), "log": room }),
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
    for plan in start::plans(args, scope, environment)? {
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
        &start::change(&here),
        &args.consent,
        scope.project(),
        output,
    )? {
        return Ok(Exit::Waiting);
    }
    for plan in &here {
        let mut target = server::writer(&plan.to).await?;
        operation::resume(&mut target, plan.direction, &plan.database).await?;
    }
    start::run_approved(args, scope, &here, output).await
}

async fn is_held_by_a_process(plan: &StreamPlan) -> Result<bool, Failure> {
    let mut target = server::writer(&plan.to).await?;
    let known = operation::read(&mut target, plan.direction, &plan.database).await?;
    Ok(known.pause.is_some() && known.report.is_some_and(|report| report.is_fresh()))
}

/// Takes the hold away, and waits for the process's own word that it goes on.
async fn go_on(plan: &StreamPlan, output: &Output) -> Result<(), Failure> {
    let mut target = server::writer(&plan.to).await?;
    operation::resume(&mut target, plan.direction, &plan.database).await?;
    let waiting = async {
        loop {
            let known = operation::read(&mut target, plan.direction, &plan.database).await?;
            if known
                .report
                .is_some_and(|report| report.progress.phase != "paused")
            {
                return Ok::<(), ReplicateError>(());
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
        format!("{}: {word}", plan.database),
        &json!({ "database": plan.database, "paused": false }),
    )
}
