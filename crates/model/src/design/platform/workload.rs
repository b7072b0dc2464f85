//! Workloads: everything that runs in containers.

use serde::{Deserialize, Serialize};

use super::super::{Choice, Origin};

/// Something that runs in containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Workload {
    /// Stable key, unique in the design.
    pub key: String,
    /// Key of its application.
    pub application: String,
    /// Its name in the application's namespace, at most 52 characters: the limit of a `CronJob`, whose jobs are named after it.
    pub name: String,
    /// Its name at the source, for example `worker_critical`.
    pub process: String,
    /// The environment it is labelled with.
    pub environment: String,
    /// What it runs, as the source has it: a line for a shell.
    pub command: String,
    /// What kind of work it is.
    pub kind: WorkloadKind,
    /// What each of its pods asks for.
    pub resources: PodResources,
    /// How many pods there are: for a job 1.
    pub replicas: Replicas,
    /// What changes their number.
    pub scaling: Scaling,
    /// How a new release takes the place of the old one.
    pub rollout: Rollout,
    /// How many pods may be taken away at once when nodes are replaced; `None`: no budget is made, because one pod that may not go would hold
    /// up every replacement of its node.
    pub disruptable_at_once: Option<u32>,
    /// How its pods are spread; empty where there is only one.
    pub spread: Vec<Spread>,
    /// Seconds that a pod gets to end its work.
    pub termination_grace_seconds: u32,
    /// Key of the node group that it runs on.
    pub node_group: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// What kind of work a workload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadKind {
    /// Answers requests.
    Web(WebEntry),
    /// Runs all the time and answers nobody.
    Worker,
    /// Starts other work at times: never two at once.
    Clock,
    /// Runs at times.
    Scheduled(Schedule),
    /// Runs once with each release, before the new pods start.
    Release(ReleaseJob),
    /// Runs when a person asks for it.
    OneOff,
}

impl WorkloadKind {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            WorkloadKind::Web(_) => "web",
            WorkloadKind::Worker => "worker",
            WorkloadKind::Clock => "clock",
            WorkloadKind::Scheduled(_) => "scheduled",
            WorkloadKind::Release(_) => "release",
            WorkloadKind::OneOff => "one-off",
        }
    }

    /// Whether it runs all the time, so that it becomes a `Deployment`.
    pub fn is_long_running(&self) -> bool {
        matches!(
            self,
            WorkloadKind::Web(_) | WorkloadKind::Worker | WorkloadKind::Clock
        )
    }
}

/// How requests reach a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebEntry {
    /// Port of the container; the setting `PORT` tells it to the program.
    pub port: u16,
    /// Path that answers with one of `healthy_codes` when a pod is well.
    pub health_path: Choice,
    /// Answers that are well, as a target group takes them: `200-399`.
    pub healthy_codes: String,
    /// Seconds that a program may take to begin to listen.
    pub boot_seconds_max: u32,
    /// Seconds without a byte after which the load balancer gives up.
    pub idle_timeout_seconds: u32,
    /// Seconds that the load balancer lets requests end when a pod goes.
    pub deregistration_seconds: u32,
    /// Whether a client stays with one pod.
    pub sticky: bool,
    /// Key of the load balancer before it; `None`: it is reached inside the cluster only.
    pub ingress: Option<String>,
    /// Host name that the source gave it, which its callers must be told the successor of; `None` where nothing is known of one.
    pub source_host: Option<String>,
}

/// When a workload runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Schedule {
    /// Five fields, as cron has them.
    pub cron: String,
    /// `Etc/UTC`.
    pub time_zone: String,
    /// What the source said.
    pub as_written: String,
    /// What happens when it is still running: `Forbid`, `Allow` or `Replace`.
    pub concurrency: Choice,
    /// Seconds after its time in which it may still start.
    pub starting_deadline_seconds: u32,
    /// Seconds after which it is ended.
    pub duration_seconds_max: u32,
    /// How often it is tried again when it fails.
    pub retries: u32,
}

/// Work that runs once with each release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseJob {
    /// Seconds after which it is ended, and the release with it.
    pub duration_seconds_max: u32,
}

/// What one pod asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PodResources {
    /// Processors it is given at least, in thousandths.
    pub cpu_request_millis: u64,
    /// Memory it is given at least, in MiB.
    pub memory_request_mib: u64,
    /// Processors it may use at most; `None`: whatever its node has left, as at the source.
    pub cpu_limit_millis: Option<u64>,
    /// Memory it may use at most: the same as the request, so that no other pod dies for it.
    pub memory_limit_mib: u64,
    /// How they are known.
    pub basis: ResourceBasis,
    /// Why.
    pub why: String,
}

/// How it is known what a pod asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceBasis {
    /// From measured use.
    Measured,
    /// From the size at the source: use was not measured.
    Assumed,
    /// The policy says so.
    Decided,
}

impl ResourceBasis {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            ResourceBasis::Measured => "measured",
            ResourceBasis::Assumed => "assumed",
            ResourceBasis::Decided => "decided",
        }
    }
}

/// How many pods there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Replicas {
    /// At least.
    pub min: u32,
    /// At first: as many as at the source.
    pub desired: u32,
    /// At most.
    pub max: u32,
    /// Why.
    pub why: String,
}

/// What changes the number of pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Nothing.
    Fixed,
    /// A `HorizontalPodAutoscaler` that holds the use of processors at this share of the request, in percent.
    Cpu(u32),
    /// A `ScaledObject` of KEDA that follows the length of a queue.
    Queue(QueueScaling),
}

/// Scaling by the length of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueueScaling {
    /// Key of the cache that holds the queue.
    pub cache: String,
    /// Setting that names the cache.
    pub setting: String,
    /// Key of the list in it, for example `queue:default`.
    pub list: String,
    /// Waiting entries for which there shall be one pod.
    pub entries_per_pod: u32,
    /// Seconds between two looks.
    pub polling_seconds: u32,
    /// Seconds of calm after which there are fewer.
    pub cooldown_seconds: u32,
}

/// How a new release takes the place of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// New pods start before old ones go; this many percent of the pods more, rounded up.
    Surge(u32),
    /// All old pods end before a new one starts: two of them must never meet.
    Recreate,
    /// A job: each run has the release of its start.
    Job,
}

/// How pods are spread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spread {
    /// Label of nodes that tells what they are spread over.
    pub topology_key: String,
    /// By how many pods two places may differ.
    pub skew_max: u32,
    /// Whether a pod waits rather than break it.
    pub is_required: bool,
}
