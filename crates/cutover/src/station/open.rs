//! The other side lets the application in, and the application's own account proves it; the door still leads nowhere.

use reberth_journal::{Evidence, Policy, Retry, Undo};
use serde_json::json;

use super::{Station, unfinished, within};
use crate::engine::{Answer, Engine};
use crate::error::CutoverError;
use crate::passage::{LONGEST_WAIT, Passage};

/// Opens the side that gets the writes.
pub(crate) struct Opened {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Opened {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        // The application is shut out of both sides: a wire that broke is tried again before the run turns back, or gets stuck on the way.
        Policy::reversible(LONGEST_WAIT).with_retry(Retry::times(3))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        // One writer: the one side is proven shut before the other is opened, also by a process that did not fence it itself.
        let refusal = passage.prove_still_fenced().await?;
        let (side, limit) = (passage.to.name, passage.to.fenced_by.limit());
        within(limit, E::open(passage), |reason| CutoverError::NotOpen {
            side,
            reason,
        })
        .await?;
        let app = passage.to.app.clone();
        if let Answer::Refused(reason) = E::send_canary(passage, &app).await? {
            return Err(CutoverError::NotOpen { side, reason });
        }
        passage.noted = json!({
            "other_side_still_refuses": refusal,
            "accounts_unlocked": passage.opens.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "canary": "the application logged in and a write that changes no row was accepted",
            "smoke_rows": "not built: no rows of a test tenant are written",
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        // Also when they are locked already: a process that died in between may have left their sessions.
        let too_long = unfinished(&passage.to, "shutting the application out again");
        let limit = passage.to.fenced_by.limit();
        let shut = within(limit, E::shut(passage), too_long).await?;
        Ok(Undo::Reverted(shut))
    }

    fn inspection(&self) -> Vec<String> {
        E::INSPECTION.iter().map(ToString::to_string).collect()
    }
}
