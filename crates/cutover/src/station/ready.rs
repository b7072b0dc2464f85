//! The last look before the fence, so that what can be refused is refused while the application still writes: who will be locked and who opened,
//! that a canary's refusal would prove something, that the door answers, that the other side is shut, and a comparison of what changed since the
//! verification, so that the gate behind the fence has little left to do.

use std::collections::BTreeSet;
use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::touched::Touched;
use serde_json::json;

use super::verified::require_no_difference;
use super::{Station, jobs, programs};
use crate::error::CutoverError;
use crate::fence::canary::{self, Answer};
use crate::fence::{Account, Fence, Writer, list};
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
        let edge = passage.edge.require(passage.from.name).await?;
        passage.writers = look_at_origin(passage).await?;
        let (opens, others) = look_at_destination(passage).await?;
        passage.opens = opens;
        let triggers = programs::require_movable(passage).await?;
        let events = jobs::require_stoppable(passage).await?;
        let (keys, until) = compare_again(passage).await?;
        passage.noted = json!({
            "writers": passage.writers, "opens": passage.opens, "exempt_accounts": passage.exempt, "front_door": format!("leads to {}", edge.leads_to),
            "others_that_can_write_on_the_other_side": others, "keys_compared_again": keys, "triggers": triggers, "events_that_run": events, "equal_until": until,
        });
        passage.equal_until = Some(until);
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}

/// Everyone that the fence will lock: who can write, but for those that must.
async fn look_at_origin(passage: &mut Passage) -> Result<Vec<Account>, CutoverError> {
    let schema = passage.schema().await?;
    let mut fence = passage.fence_of_origin().await?;
    fence.own_events().await?;
    let mut writers = fence.writers().await?;
    writers.retain(|writer| !writer.is_locked);
    fence.require_in_reach(&writers)?;
    let writers: Vec<Account> = writers.into_iter().map(|writer| writer.account).collect();
    let app = passage.from.app.user();
    if !writers.iter().any(|account| account.user == app) {
        return Err(fence.refuse(format!(
            "the application's account {app} is not among those that the fence can lock ({})",
            list(&writers)
        )));
    }
    if let Answer::Refused(words) = canary::send(&passage.from.app, &schema).await? {
        return Err(fence.refuse(format!("the application's account {app} cannot write even now, so a refusal behind the fence would prove nothing: {words}")));
    }
    Ok(writers)
}

/// The accounts that will be opened on the other side, and who else can write there. The application's accounts must be shut there until then, or there would be
/// two writers.
async fn look_at_destination(
    passage: &mut Passage,
) -> Result<(Vec<Account>, Vec<String>), CutoverError> {
    let side = passage.to.name;
    let mut fence = passage.fence_of_destination().await?;
    fence.require_no_other_source().await?;
    let names = names_of_the_application(passage, &fence);
    let (ours, others): (Vec<Writer>, Vec<Writer>) = fence
        .writers()
        .await?
        .into_iter()
        .partition(|writer| names.contains(&writer.account.user));
    let open = list(
        ours.iter()
            .filter(|writer| !writer.is_locked)
            .map(|writer| &writer.account),
    );
    if !open.is_empty() {
        return Err(fence.refuse(format!("{open} can write there before the {side} is opened; lock it (ALTER USER ... ACCOUNT LOCK)")));
    }
    fence.require_in_reach(&ours)?;
    let sessions = fence.sessions_of(&names).await?;
    if sessions > 0 {
        return Err(fence.refuse(format!("{sessions} session(s) of the application's accounts are open there although these are locked; end them")));
    }
    let app = passage.to.app.user();
    let opens = match passage.locked_at_destination.as_slice() {
        [] => ours.into_iter().map(|writer| writer.account).collect(),
        locked => locked.to_vec(),
    };
    if !opens.iter().any(|account| account.user == app) {
        return Err(CutoverError::NotOpen {
            side,
            reason: format!(
                "there is no locked account {app} that could write once it is unlocked"
            ),
        });
    }
    let schema = passage.schema().await?;
    let words = canary::prove_shut(&passage.to.app, side, &schema).await?;
    // Both families say so of a locked account, and only when the password was right.
    if !words.contains("is locked") {
        return Err(CutoverError::NotOpen {
            side,
            reason: words,
        });
    }
    Ok((
        opens,
        others
            .into_iter()
            .filter(|writer| !writer.is_locked)
            .map(|writer| writer.account.to_string())
            .collect(),
    ))
}

/// The names under which the application, with its workers, logs in.
fn names_of_the_application(passage: &Passage, fence: &Fence) -> BTreeSet<String> {
    let exempt = fence.exempt_names();
    let fenced = passage
        .writers
        .iter()
        .map(|account| account.user.as_str())
        .filter(|user| !exempt.contains(user));
    fenced
        .chain([passage.to.app.user()])
        .map(str::to_owned)
        .collect()
}

/// Compares what changed since both sides were proven equal.
async fn compare_again(
    passage: &mut Passage,
) -> Result<(u64, reberth_replicate::position::LogPosition), CutoverError> {
    let base = passage.proven_until()?;
    let mut session = server::reader(&passage.stream.from).await?;
    let flavour = server::version(&mut session).await?.flavour;
    let until = server::visible_position(&mut session, flavour).await?;
    let schema = passage.schema().await?;
    // The stream must run meanwhile, or what differs by lag never settles.
    passage.running();
    let touched = Touched::read(&passage.stream, &schema, base.clone(), &until).await?;
    let report = touched.compare(&passage.stream, &schema).await?;
    require_no_difference(passage, &report)?;
    // What stayed open is compared once more behind the fence, so the position from which that is read must not move past it.
    Ok((
        touched.keys(),
        if report.open.is_empty() { until } else { base },
    ))
}
