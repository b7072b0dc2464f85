//! Holding a stream and asking about it, whatever its engine.

use reberth_replicate::mysql::state::operation as mysql_operation;
use reberth_replicate::mysql::{self, log_room, server};
use reberth_replicate::operation::Operation;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::operation as postgres_operation;
use reberth_replicate::postgres::{self, kept};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::plan::Plan;
use crate::quantity::{bytes, duration_s};

/// A stream that was just held.
pub(super) struct Held {
    /// Where the target stands.
    pub(super) checkpoint: String,
    /// The epoch that was raised.
    pub(super) epoch: u64,
    /// How long the source waits for it, in words.
    pub(super) kept: String,
    /// The same for programs.
    pub(super) room: Value,
}

/// What is known of the stream besides its checkpoint.
pub(super) async fn read(plan: &Plan) -> Result<Operation, Failure> {
    let (direction, database) = (plan.direction(), plan.database());
    Ok(match plan {
        Plan::MySql(plan) => {
            let mut target = server::writer(&plan.to).await?;
            mysql_operation::read(&mut target, direction, database).await?
        }
        Plan::Postgres(plan) => {
            let mut target = Session::open(&plan.stream.to).await?;
            postgres_operation::read(&mut target, direction, database).await?
        }
    })
}

/// Whether the stream has a checkpoint.
pub(super) async fn is_begun(plan: &Plan) -> Result<bool, Failure> {
    let (direction, database) = (plan.direction(), plan.database());
    Ok(match plan {
        Plan::MySql(plan) => {
            let mut target = server::writer(&plan.to).await?;
            mysql::state::peek(&mut target, direction, database)
                .await?
                .is_some()
        }
        Plan::Postgres(plan) => {
            let mut target = Session::open(&plan.stream.to).await?;
            postgres::state::peek(&mut target, direction, database)
                .await?
                .is_some()
        }
    })
}

/// Holds the stream: nothing more is committed once this returns.
pub(super) async fn pause(plan: &Plan, by: &str) -> Result<Held, Failure> {
    match plan {
        Plan::MySql(plan) => pause_mysql(plan, by).await,
        Plan::Postgres(plan) => pause_postgres(&plan.stream, by).await,
    }
}

/// Lets the stream go on.
pub(super) async fn resume(plan: &Plan) -> Result<(), Failure> {
    let (direction, database) = (plan.direction(), plan.database());
    match plan {
        Plan::MySql(plan) => {
            let mut target = server::writer(&plan.to).await?;
            mysql_operation::resume(&mut target, direction, database).await?;
        }
        Plan::Postgres(plan) => {
            let mut target = Session::open(&plan.stream.to).await?;
            postgres_operation::resume(&mut target, direction, database).await?;
        }
    }
    Ok(())
}

async fn pause_mysql(plan: &mysql::pipeline::StreamPlan, by: &str) -> Result<Held, Failure> {
    let mut target = server::writer(&plan.to).await?;
    let closed = mysql_operation::pause(&mut target, plan.direction, &plan.database, by).await?;
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
    Ok(Held {
        checkpoint: checkpoint.position.to_string(),
        epoch: closed.epoch(),
        kept,
        room: json!(room),
    })
}

async fn pause_postgres(plan: &postgres::pipeline::StreamPlan, by: &str) -> Result<Held, Failure> {
    let mut target = Session::open(&plan.to).await?;
    let closed = postgres_operation::pause(&mut target, plan.direction, &plan.database, by).await?;
    let checkpoint = closed.checkpoint(&mut target).await?;
    let mut source = Session::open(&plan.from).await?;
    let kept = kept::read(&mut source, checkpoint.method, &plan.mark())
        .await?
        .unwrap_or_default();
    let words = match kept.bytes_most {
        Some(most) => format!(
            "the source keeps {} for it now, and lets go at {}; resume before that",
            bytes(kept.bytes),
            bytes(most)
        ),
        None => format!(
            "the source keeps {} for it now, and sets no limit: its disk may fill while this lasts",
            bytes(kept.bytes)
        ),
    };
    Ok(Held {
        checkpoint: checkpoint.position,
        epoch: closed.epoch(),
        kept: words,
        room: json!({ "kept_bytes": kept.bytes, "kept_bytes_most": kept.bytes_most }),
    })
}
