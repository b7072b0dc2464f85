//! The last look before the fence, so that what can be refused is refused while the application still writes: who will be locked and who opened,
//! that a canary's refusal would prove something, that the door answers, that the other side is shut, and a comparison of what changed since the
//! verification, so that the gate behind the fence has little left to do.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use serde_json::json;

use super::Station;
use super::verified::require_no_difference;
use crate::engine::{Answer, Destination, Engine};
use crate::error::CutoverError;
use crate::passage::Passage;

/// Makes ready for the fence.
pub(crate) struct Ready {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Ready {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(3600))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        let edge = passage.edge.require(passage.from.name).await?;
        passage.writers = E::look_at_origin(passage).await?;
        require_working_canary(passage).await?;
        let Destination { opens, others } = E::look_at_destination(passage).await?;
        passage.opens = opens;
        let triggers = E::require_movable(passage).await?;
        let events = E::require_stoppable(passage).await?;
        let (keys, until) = compare_again(passage).await?;
        passage.noted = json!({
            "writers": passage.writers, "opens": passage.opens, "exempt_accounts": passage.exempt, "front_door": format!("leads to {}", edge.leads_to),
            "others_that_can_write_on_the_other_side": others, "keys_compared_again": keys, "triggers": triggers, "events_that_run": events, "equal_until": until,
        });
        passage.equal_until = Some(until);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}

/// A refusal proves something only of an account whose write is accepted while there is no fence.
async fn require_working_canary<E: Engine>(passage: &mut Passage<E>) -> Result<(), CutoverError> {
    let app = passage.from.app.clone();
    match E::send_canary(passage, &app).await? {
        Answer::Accepted(_) => Ok(()),
        Answer::Refused(words) => Err(CutoverError::NotFenced {
            side: passage.from.name,
            reason: format!(
                "the application's account {} cannot write even now, so a refusal behind the fence would prove nothing: {words}",
                app.user()
            ),
        }),
    }
}

/// Compares what changed since both sides were proven equal.
async fn compare_again<E: Engine>(
    passage: &mut Passage<E>,
) -> Result<(u64, E::Place), CutoverError> {
    let base = passage.proven_until()?;
    let until = E::place_before_fence(passage).await?;
    passage.drain_to(&until).await?;
    let compared = E::compare_changed(passage, &base, &until).await?;
    require_no_difference(passage, &compared.report)?;
    // What stayed open is compared once more behind the fence, so the position from which that is read must not move past it.
    Ok((
        compared.keys,
        if compared.report.open.is_empty() {
            until
        } else {
            base
        },
    ))
}
