//! A way back with data: the stream from the new side to the old one runs before the new side opens.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Undo};
use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::state::{self, Checkpoint, Phase};
use reberth_replicate::mysql::{schema, server};
use serde_json::json;

use super::{Station, programs};
use crate::error::CutoverError;
use crate::passage::Passage;

/// Arms the reverse stream.
pub(crate) struct Armed;

impl Station for Armed {
    fn name(&self) -> &'static str {
        "reverse_armed"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(120))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        passage.running_back = None;
        let plan = passage.back.clone();
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
        state::prepare_tables(&mut to).await?;
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
            state::prepare_tables(&mut to).await?;
        }
        let taken_off = programs::take_off(passage).await?;
        state::begin(&mut to, plan.direction, &plan.database, &checkpoint).await?;
        let mut stream = RunningStream::start(plan);
        if !stream
            .wait_until(|progress| progress.phase == "following" && progress.lag_ms.is_some())
            .await?
        {
            return Err(CutoverError::StreamEnded {
                goal: "the way back was armed".to_owned(),
            });
        }
        let retention: Vec<(String, String)> =
            from.rows("asking for the log's retention", "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('expire_logs_days', 'binlog_expire_logs_seconds')").await?;
        passage.noted = json!({ "from": position, "epoch": stream.progress().epoch, "log_retention": retention, "triggers_taken_off": taken_off });
        passage.running_back = Some(stream);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        if let Some(stream) = passage.running_back.take() {
            stream.stop().await?;
        }
        let put_back = programs::put_back(passage).await?;
        let plan = &passage.back;
        let mut to = server::writer(&plan.to).await?;
        // Also without a checkpoint: a process that died while it armed may have left the schema half made.
        let removed = state::forget(&mut to, plan.direction, &plan.database).await?;
        Ok(if removed.is_empty() && put_back.is_empty() {
            Undo::AlreadyGone
        } else {
            Undo::Reverted(json!({ "removed": removed, "triggers_put_back": put_back }))
        })
    }
}
