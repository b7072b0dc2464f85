//! The last look before the fence: who will be locked, that the door answers, that the other side is still shut, and a comparison of what
//! changed since the verification, so that the gate behind the fence has little left to do.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::touched::Touched;
use serde_json::json;

use super::Station;
use super::verified::require_no_difference;
use crate::error::CutoverError;
use crate::fence;
use crate::passage::Passage;

/// Makes ready for the fence.
pub(crate) struct Ready {
    pub(crate) name: &'static str,
}

impl Station for Ready {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(3600))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let edge = passage.edge.state().await?;
        passage.writers = writers_to_lock(passage).await?;
        let app = passage.from.app.user().to_owned();
        if !passage.writers.iter().any(|account| account.user == app) {
            return Err(CutoverError::NotFenced { side: passage.from.name, reason: format!("the application's account {app} is not among those that the fence can lock") });
        }
        let base = passage.equal_until.clone().ok_or(CutoverError::NothingToGoBackFrom { what: "the position up to which both sides were proven equal" })?;
        let mut session = server::reader(&passage.stream.from).await?;
        let flavour = server::version(&mut session).await?.flavour;
        let until = server::visible_position(&mut session, flavour).await?;
        let schema = passage.schema().await?;
        passage.running();
        let touched = Touched::read(&passage.stream, &schema, base.clone(), &until).await?;
        let report = touched.compare(&passage.stream, &schema).await?;
        require_no_difference(&report)?;
        // What is still open has not been proven equal up to `until`, so the gate behind the fence starts where this one did.
        let until = if report.open.is_empty() { until } else { base };
        passage.equal_until = Some(until.clone());
        passage.noted = json!({
            "writers": passage.writers, "exempt_accounts": passage.exempt, "front_door": format!("leads to {}", edge.leads_to),
            "keys_compared_again": touched.keys(), "still_changing": report.open.len(), "equal_until": until,
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}

/// Everyone who can write, but for those that must: the way back's writer, the fence itself, and those that the policy names.
async fn writers_to_lock(passage: &Passage) -> Result<Vec<fence::Account>, CutoverError> {
    let mut session = server::reader(&passage.from.fence).await?;
    let ours = [passage.from.writer.user(), passage.from.fence.user(), passage.stream.from.user()];
    let writers = fence::open_writers(&mut session, &passage.database).await?;
    Ok(writers.into_iter().filter(|account| !ours.contains(&account.user.as_str()) && !passage.exempt.contains(&account.to_string())).collect())
}
