//! The two runs: which stations, in which order, and what they take from the journal when they go on.

use std::time::Duration;

use reberth_journal::{BoxFuture, RunHistory, Step, Timer};
use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::passage::Passage;
use crate::states::STATES;
use crate::station::Carried;
use crate::station::align::Aligned;
use crate::station::arm::Armed;
use crate::station::decide::Decided;
use crate::station::drain::Drained;
use crate::station::fence::Fenced;
use crate::station::jobs::{JobsStarted, JobsStopped};
use crate::station::open::Opened;
use crate::station::ready::Ready;
use crate::station::stream::Streaming;
use crate::station::switch::Switched;
use crate::station::unbuilt::Unbuilt;
use crate::station::verified::Verified;

/// Kind of the run from source to target.
pub const CUTOVER: &str = "cutover";
/// Kind of the run back.
pub const WAY_BACK: &str = "way_back";

/// The engine's timer on this runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clockwork;

impl Timer for Clockwork {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The stations of a cutover, states 5 to 24.
pub fn cutover_steps<E: Engine>() -> Vec<Box<dyn Step<Passage<E>>>> {
    STATES[5..]
        .iter()
        .map(|state| cutover_step(state.name, state.not_built))
        .collect()
}

fn cutover_step<E: Engine>(
    name: &'static str,
    not_built: Option<&'static str>,
) -> Box<dyn Step<Passage<E>>> {
    if let Some(reason) = not_built {
        return Box::new(Carried(Unbuilt { name, reason }));
    }
    match name {
        "loading" | "streaming" => Box::new(Carried(Streaming { name })),
        "verified" => Box::new(Carried(Verified { name })),
        "ready" => Box::new(Carried(Ready { name })),
        "source_fenced" => Box::new(Carried(Fenced { name })),
        "drained" => Box::new(Carried(Drained { name })),
        "aligned" => Box::new(Carried(Aligned { name })),
        "reverse_armed" => Box::new(Carried(Armed)),
        "target_open_internally" => Box::new(Carried(Opened { name })),
        "point_of_decision" => Box::new(Carried(Decided)),
        "switched" => Box::new(Carried(Switched { name })),
        "jobs_stopped" => Box::new(Carried(JobsStopped { name })),
        // `jobs_started`, the last one that is built.
        _ => Box::new(Carried(JobsStarted { name })),
    }
}

/// The stations of the way back.
pub fn way_back_steps<E: Engine>() -> Vec<Box<dyn Step<Passage<E>>>> {
    vec![
        Box::new(Carried(Streaming {
            name: "reverse_streaming",
        })),
        Box::new(Carried(Verified {
            name: "reverse_verified",
        })),
        Box::new(Carried(Ready {
            name: "ready_to_return",
        })),
        Box::new(Carried(JobsStopped {
            name: "target_jobs_stopped",
        })),
        Box::new(Carried(Fenced {
            name: "target_fenced",
        })),
        Box::new(Carried(Drained {
            name: "reverse_drained",
        })),
        Box::new(Carried(Aligned {
            name: "source_aligned",
        })),
        Box::new(Carried(Opened {
            name: "source_open",
        })),
        Box::new(Carried(Switched {
            name: "switched_back",
        })),
        Box::new(Carried(JobsStarted {
            name: "source_jobs_started",
        })),
    ]
}

impl<E: Engine> Passage<E> {
    /// Takes from the journal what an earlier process of this run had found out.
    pub fn recall(&mut self, history: &RunHistory) {
        for step in history.steps() {
            let Some(evidence) = step.detail.get("evidence") else {
                continue;
            };
            if let Some(position) = evidence
                .get("equal_until")
                .or_else(|| evidence.get("barrier"))
                .and_then(read)
            {
                self.equal_until = Some(position);
            }
            if let Some(writers) = evidence.get("writers").and_then(read) {
                self.writers = writers;
            }
            if let Some(opens) = evidence.get("opens").and_then(read) {
                self.opens = opens;
            }
            if let Some(jobs) = evidence.get("events").and_then(read) {
                self.jobs = jobs;
            }
        }
    }
}

/// What a passage takes from the one before it, if that came to its end: from where on the sides may differ, and whom it locked.
pub fn base_from_history<E: Engine>(history: &RunHistory) -> (Option<E::Place>, Vec<E::Account>) {
    let evidence = |name: &str, field: &str| {
        history
            .step(name)?
            .detail
            .get("evidence")?
            .get(field)
            .cloned()
    };
    let armed = evidence("reverse_armed", "from").as_ref().and_then(read);
    let locked = evidence("ready", "writers")
        .or_else(|| evidence("ready_to_return", "writers"))
        .as_ref()
        .and_then(read);
    (armed, locked.unwrap_or_default())
}

fn read<T: DeserializeOwned>(value: &serde_json::Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}
