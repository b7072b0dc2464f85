//! `reberth replicate stop`: ends streams for good and removes every trace of them, on both sides. It may be run again after it was cut off.

use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::spool;
use reberth_replicate::mysql::state::{self, Claim, StreamState};
use serde_json::json;

use super::postgres;
use crate::cli::ConsentArgs;
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::scope::Scope;

pub(super) async fn run(
    args: &ConsentArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let plans = scope.all_plans(environment).await?;
    let streams: Vec<String> = plans
        .iter()
        .map(|plan| {
            format!(
                "{} ({}): Reberth's state on the {} at {}",
                plan.database(),
                plan.direction().word(),
                plan.to().side(),
                plan.to().host()
            )
        })
        .collect();
    let marks: Vec<String> = plans
        .iter()
        .filter_map(|plan| match plan {
            Plan::MySql(_) => None,
            Plan::Postgres(plan) => Some(format!(
                "{}: a replication slot, a publication, capture triggers and the noted keys on the {} at {}",
                plan.stream.database,
                plan.stream.from.side(),
                plan.stream.from.host()
            )),
        })
        .collect();
    let streams: Vec<String> = streams.into_iter().chain(marks).collect();
    let change = json!({
        "stop replicating, and remove if it is there": streams,
        "keeps": ["the rows on the target as they are"],
    });
    if !consent::given(&change, args, scope.project(), output)? {
        return Ok(Exit::Waiting);
    }
    for plan in plans {
        let (removed, place) = match &plan {
            Plan::MySql(mysql) => {
                let place = format!("on the {} at {}", mysql.to.side(), mysql.to.host());
                (remove(mysql).await?, place)
            }
            Plan::Postgres(plan) => {
                let removed = postgres::stop(&plan.stream).await?;
                (removed, "on both sides".to_owned())
            }
        };
        let what = match removed.as_slice() {
            [] => format!("nothing was left {place}"),
            removed => format!("removed {place}: {}", removed.join(", ")),
        };
        output.report(
            format!("{} ({}): {what}", plan.database(), plan.direction().word()),
            &json!({ "database": plan.database(), "direction": plan.direction().word(), "host": plan.to().host(), "removed": removed }),
        )?;
    }
    Ok(Exit::Done)
}

/// Shuts a process out that still runs the stream, then removes what is there; a start or a stop that was cut off may have left any part of it.
async fn remove(plan: &StreamPlan) -> Result<Vec<String>, Failure> {
    let mut session = server::writer(&plan.to).await?;
    if state::peek(&mut session, plan.direction, &plan.database)
        .await?
        .is_some()
    {
        StreamState::take_over(
            &mut session,
            plan.direction,
            &plan.database,
            &mut Claim::new()?,
        )
        .await?;
    }
    let mut removed = state::forget(&mut session, plan.direction, &plan.database).await?;
    if spool::remove(plan) {
        removed.push("the spool on this machine".to_owned());
    }
    Ok(removed)
}
