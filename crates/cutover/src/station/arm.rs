//! A way back with data: the stream from the new side to the old one runs before the new side opens.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Retry, Undo};
use serde_json::{Value, json};

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Arms the reverse stream.
pub(crate) struct Armed;

impl<E: Engine> Station<E> for Armed {
    fn name(&self) -> &'static str {
        "reverse_armed"
    }

    fn policy(&self) -> Policy {
        // The application is shut out of both sides: a wire that broke is tried again before the run turns back, or gets stuck on the way.
        Policy::reversible(Duration::from_secs(120)).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        passage.running_back = None;
        let armed = E::arm(passage).await?;
        let mut stream = E::start(&passage.back);
        if !stream
            .wait_until(|progress| progress.phase == "following" && progress.lag_ms.is_some())
            .await?
        {
            return Err(CutoverError::StreamEnded {
                goal: "the way back was armed".to_owned(),
            });
        }
        let mut noted = json!({ "from": armed.from, "epoch": stream.progress().epoch });
        if let (Value::Object(noted), Value::Object(more)) = (&mut noted, armed.evidence) {
            noted.extend(more);
        }
        passage.noted = noted;
        passage.running_back = Some(stream);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        if let Some(stream) = passage.running_back.take() {
            stream.stop().await?;
        }
        let undone = E::disarm(passage).await?;
        Ok(undone.map_or(Undo::AlreadyGone, Undo::Reverted))
    }
}
