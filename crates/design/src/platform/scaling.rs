//! How many pods a workload has, and what changes their number.

use reberth_model::design::{QueueScaling, Replicas, Scaling, WorkloadKind};
use reberth_model::estate::Process;

use super::estate_app::EstateApp;
use super::settings::Stores;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const FIXED: &str = "fixed";
const CPU: &str = "cpu";
const QUEUE: &str = "queue";
/// Share of the request at which pods are added, in percent.
const CPU_PERCENT: u32 = 70;
/// Most pods of one workload.
const REPLICAS_MAX: u64 = 1000;
/// Entries of a queue for which there shall be one pod.
const ENTRIES_PER_POD: &str = "100";
const ENTRIES_PER_POD_MAX: u64 = 1_000_000;
/// What KEDA does by itself.
const POLLING_SECONDS: u32 = 30;
const COOLDOWN_SECONDS: u32 = 300;
/// Programs that keep their queue in a list of a store of keys and values: a word of the command, and the list of their default queue.
const QUEUES: [(&str, &str); 3] = [
    ("sidekiq", "queue:default"),
    ("resque", "resque:queue:default"),
    ("celery", "celery"),
];

/// What is asked about a workload that runs all the time.
pub(super) struct Scaled<'a> {
    pub(super) key: &'a str,
    pub(super) kind: &'a WorkloadKind,
    pub(super) process: &'a Process,
    pub(super) app: &'a EstateApp<'a>,
    pub(super) is_main: bool,
    pub(super) stores: &'a Stores,
}

/// How many pods, and what changes that.
pub(super) fn decide(
    own: &Scaled<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<(Replicas, Scaling), DesignError> {
    let scaling = scaling(own, decisions)?;
    let replicas = replicas(own, &scaling, decisions)?;
    // What may not grow is not scaled: an autoscaler between equal numbers only hides who decides.
    let scaling = if replicas.min == replicas.max {
        Scaling::Fixed
    } else {
        scaling
    };
    Ok((replicas, scaling))
}

fn scaling(own: &Scaled<'_>, decisions: &mut Decisions<'_>) -> Result<Scaling, DesignError> {
    let queue = queue(own);
    let (value, why) = match (own.kind, &queue) {
        (WorkloadKind::Clock, _) => return Ok(Scaling::Fixed),
        _ if !own.is_main => (
            FIXED,
            "outside of the main environment load does not change by itself",
        ),
        (WorkloadKind::Worker, Some(_)) => (
            QUEUE,
            "work waits in a queue: its length says how many are needed, before processors show it. The default queue is watched: no API tells which others there are",
        ),
        _ => (
            CPU,
            "processors are what it runs out of first, as far as its size tells; requests in a second are better once they are measured",
        ),
    };
    let may_be: &'static [&'static str] = match queue {
        Some(_) => &[FIXED, CPU, QUEUE],
        None => &[FIXED, CPU],
    };
    let choice = decisions.decide(&Question {
        id: &format!("workloads.{}.scaling", own.key),
        value,
        alternative: if value == FIXED { CPU } else { FIXED },
        why,
        may_be: Values::OneOf(may_be),
    })?;
    Ok(match (choice.value.as_str(), queue) {
        (QUEUE, Some((cache, setting, list))) => Scaling::Queue(QueueScaling {
            cache,
            setting,
            list,
            entries_per_pod: decisions.number(&Question {
                id: &format!("workloads.{}.entries_per_pod", own.key),
                value: ENTRIES_PER_POD,
                alternative: "what one pod finishes in a minute",
                why: "how long an entry takes was not measured: watch the age of the oldest and correct it",
                may_be: Values::Number(1, ENTRIES_PER_POD_MAX),
            })? as u32,
            polling_seconds: POLLING_SECONDS,
            cooldown_seconds: COOLDOWN_SECONDS,
        }),
        (CPU, _) => Scaling::Cpu(CPU_PERCENT),
        _ => Scaling::Fixed,
    })
}

/// Cache, setting and list of the queue that a process works off, as far as its command tells.
fn queue(own: &Scaled<'_>) -> Option<(String, String, String)> {
    let command = own.process.command.to_ascii_lowercase();
    let (_, list) = QUEUES.iter().find(|(word, _)| command.contains(word))?;
    let mut given = own
        .app
        .addons
        .iter()
        .filter_map(|(resource, addon)| Some((addon, own.stores.caches.get(&resource.id)?)))
        .flat_map(|(addon, cache)| addon.config_vars.iter().map(move |name| (name, cache)));
    // What a queue is kept in is mostly called this; another cache may forget what it is full of.
    let (setting, cache) = given.find(|(name, _)| *name == "REDIS_URL")?;
    Some((cache.clone(), setting.clone(), (*list).to_owned()))
}

fn replicas(
    own: &Scaled<'_>,
    scaling: &Scaling,
    decisions: &mut Decisions<'_>,
) -> Result<Replicas, DesignError> {
    let (min, why) = least(own);
    let max = match scaling {
        Scaling::Fixed => min,
        _ => (min * 2).min(REPLICAS_MAX as u32).max(min),
    };
    let is_clock = matches!(own.kind, WorkloadKind::Clock);
    let bound = if is_clock { 1 } else { REPLICAS_MAX };
    let min_own = decisions.number(&Question {
        id: &format!("workloads.{}.replicas_min", own.key),
        value: &min.to_string(),
        alternative: "fewer, where autoscaling may be trusted",
        why: &why,
        may_be: Values::Number(1, bound.max(u64::from(min))),
    })? as u32;
    let max_own = decisions.number(&Question {
        id: &format!("workloads.{}.replicas_max", own.key),
        value: &max.max(min_own).to_string(),
        alternative: "more pods at most",
        why: match scaling {
            Scaling::Fixed => "nothing changes their number",
            _ => "twice as many as today, for load that was not measured; the placement check holds nodes for them",
        },
        may_be: Values::Number(1, bound.max(u64::from(min))),
    })? as u32;
    Ok(Replicas {
        // Where the two contradict each other the most is a promise about cost, so it wins.
        min: min_own.min(max_own),
        desired: own.process.instances.clamp(min_own.min(max_own), max_own),
        max: max_own,
        why,
    })
}

/// At least as many as at the source; requests of the main environment are answered by two, so that one may go.
fn least(own: &Scaled<'_>) -> (u32, String) {
    let count = own.process.instances.clamp(1, REPLICAS_MAX as u32);
    match own.kind {
        WorkloadKind::Web(_) if own.is_main && count == 1 => (
            2,
            "one at the source, which restarts it for minutes at times; two here, so that a node may be replaced".to_owned(),
        ),
        WorkloadKind::Clock if count == 1 => (
            1,
            "one at the source: two would start everything twice".to_owned(),
        ),
        _ => (count, format!("{count} at the source")),
    }
}
