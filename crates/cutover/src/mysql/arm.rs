//! The checkpoint of the stream back.

use reberth_replicate::mysql::state::{self, Checkpoint, Phase};
use reberth_replicate::mysql::{schema, server};
use reberth_replicate::position::LogPosition;
use serde_json::{Value, json};

use super::{MySql, programs};
use crate::engine::Arming;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Writes it.
pub(super) async fn arm(passage: &Passage<MySql>) -> Result<Arming<LogPosition>, CutoverError> {
    let plan = &passage.back;
    let mut from = server::reader(&plan.from).await?;
    let flavour = server::version(&mut from).await?.flavour;
    // After all alignment writes, and before the application may write (rule 33).
    let position = server::log_end(&mut from, flavour).await?;
    let checkpoint = Checkpoint {
        phase: Phase::Following,
        position: position.clone(),
        certain_from: position.clone(),
        executed: server::executed(&mut from, flavour).await?,
        source_identity: server::identity(&mut from, flavour).await?,
        schema: schema::read(&mut from, &plan.database).await?,
    };
    let mut to = server::writer(&plan.to).await?;
    state::prepare_tables(&mut to, plan.direction, &plan.database).await?;
    // A stream back that an earlier cutover left ends here: both sides are proven equal at this moment.
    if state::peek(&mut to, plan.direction, &plan.database)
        .await?
        .is_some()
    {
        state::StreamState::take_over(
            &mut to,
            plan.direction,
            &plan.database,
            &mut state::Claim::new()?,
        )
        .await?;
        state::forget(&mut to, plan.direction, &plan.database).await?;
        state::prepare_tables(&mut to, plan.direction, &plan.database).await?;
    }
    let taken_off = programs::take_off(passage).await?;
    state::begin(&mut to, plan.direction, &plan.database, &checkpoint).await?;
    let retention: Vec<(String, String)> =
        from.rows("asking for the log's retention", "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('expire_logs_days', 'binlog_expire_logs_seconds')").await?;
    Ok(Arming {
        from: position,
        evidence: json!({ "log_retention": retention, "triggers_taken_off": taken_off }),
    })
}

/// Forgets it.
pub(super) async fn disarm(passage: &Passage<MySql>) -> Result<Option<Value>, CutoverError> {
    let put_back = programs::put_back(passage).await?;
    let plan = &passage.back;
    let mut to = server::writer(&plan.to).await?;
    // Also without a checkpoint: a process that died while it armed may have left the schema half made.
    let removed = state::forget(&mut to, plan.direction, &plan.database).await?;
    let is_nothing = removed.is_empty() && put_back.is_empty();
    Ok((!is_nothing).then(|| json!({ "removed": removed, "triggers_put_back": put_back })))
}
