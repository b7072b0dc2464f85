//! Scheduled events: switched off on the side that is left, before its fence, and switched on where the application runs after the switch.
//!
//! An event writes without a session that a fence could refuse, and two servers must not do one job twice. Which events ran is kept beside them on
//! their own server ([`keep`]), and stands in the journal too, so that the side that opens starts them even if the other one is gone by then.
//!
//! **What runs after a switch**: whatever ran on the side that was left; and of what an earlier passage switched off on the side that opens, only
//! those that the other side does not have at all. Of an event that both sides have, the side where the application just was decides.

use reberth_replicate::mysql::objects::{self, Kind, keep};
use reberth_replicate::mysql::server;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MySql, programs};
use crate::error::CutoverError;
use crate::passage::Passage;

/// The events of the side that is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Those that ran and were switched off.
    pub(super) stopped: Vec<String>,
    /// Those that did not run.
    pub(super) resting: Vec<String>,
}

impl Events {
    /// What runs on the side that opens, where an earlier passage switched `kept` off.
    fn to_start(&self, kept: Vec<String>) -> Vec<String> {
        let is_only_there =
            |name: &String| !self.stopped.contains(name) && !self.resting.contains(name);
        let only_there = kept.into_iter().filter(is_only_there);
        self.stopped.iter().cloned().chain(only_there).collect()
    }
}

/// Refuses, while the application still writes, events that could not be switched off, or not be switched on again. Returns those that run.
pub(super) async fn require_stoppable(
    passage: &Passage<MySql>,
) -> Result<Vec<String>, CutoverError> {
    let running = passage.fence_of_origin().await?.own_events().await?;
    if !running.is_empty() {
        let mut from = server::writer(&passage.from.writer).await?;
        programs::require_definers(&mut from, passage, Kind::Event).await?;
    }
    Ok(running)
}

/// Switches the events off on the side that is left.
pub(super) async fn stop(passage: &Passage<MySql>) -> Result<Events, CutoverError> {
    let mut from = server::writer(&passage.from.writer).await?;
    let mut fence = passage.fence_of_origin().await?;
    let stopped = match fence.own_events().await?.as_slice() {
        // None ran, or a process that died has switched them off.
        [] => keep::stopped_events(&mut from, &passage.database).await?,
        _ => keep::stop_events(&mut from, &passage.database).await?,
    };
    fence.require_no_other_source().await?;
    let found = objects::read(&mut from, &passage.database).await?.programs;
    let resting = found
        .into_keys()
        .filter(|(kind, name)| *kind == Kind::Event && !stopped.contains(name))
        .map(|(_, name)| name)
        .collect();
    Ok(Events { stopped, resting })
}

/// Undoes [`stop`].
pub(super) async fn start_again(passage: &Passage<MySql>) -> Result<Vec<String>, CutoverError> {
    let mut from = server::writer(&passage.from.writer).await?;
    Ok(keep::start_events_again(&mut from, &passage.database).await?)
}

/// Switches the events on where the application is now.
pub(super) async fn start(passage: &Passage<MySql>) -> Result<Value, CutoverError> {
    let mut to = server::writer(&passage.to.writer).await?;
    let kept = keep::stopped_events(&mut to, &passage.database).await?;
    let events = passage.jobs.to_start(kept);
    let missing = keep::start_events(&mut to, &passage.database, &events).await?;
    let scheduler: Option<String> = to
        .row(
            "asking for the event scheduler",
            "SELECT @@global.event_scheduler",
        )
        .await?;
    Ok(json!({
        "events_started": events, "events_not_there": missing, "event_scheduler": scheduler, "job_runners": "the policy names none",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_that_was_left_decides_of_what_it_has() {
        let names = |text: &str| -> Vec<String> {
            let names = text.split(' ').filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        for (stopped, resting, kept, started) in [
            ("nightly", "", "", "nightly"),
            ("nightly", "weekly", "nightly weekly", "nightly"),
            ("", "nightly", "nightly", ""),
            ("nightly", "", "only_here", "nightly only_here"),
        ] {
            let events = Events {
                stopped: names(stopped),
                resting: names(resting),
            };
            assert_eq!(events.to_start(names(kept)), names(started));
        }
    }
}
