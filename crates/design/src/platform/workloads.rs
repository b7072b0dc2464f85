//! Workloads of an application: what the platform runs as processes, jobs and releases.

use reberth_model::design::{
    Choice, Origin, ReleaseJob, Replicas, Rollout, Scaling, Schedule, Spread, WebEntry, Workload,
    WorkloadKind,
};
use reberth_model::estate::{Job, Process, Resource};
use std::collections::BTreeSet;

use super::estate_app::EstateApp;
use super::scaling::{self, Scaled};
use super::settings::Stores;
use super::{resources, schedule};
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name;

/// Longest name of a CronJob: eleven characters are for the times of its jobs.
const NAME_LENGTH_MAX: usize = 52;
/// Longest key: a value of a label has 63 characters.
const KEY_LENGTH_MAX: usize = 60;
const ZONE: &str = "topology.kubernetes.io/zone";
const HOST: &str = "kubernetes.io/hostname";
const PORT: u16 = 8080;
/// As at the source: a program has a minute to listen, and 30 seconds to end.
const BOOT_SECONDS_MAX: u32 = 60;
const GRACE_SECONDS: u32 = 30;
const IDLE_SECONDS: u32 = 55;
const DEREGISTRATION_SECONDS: u32 = 20;
const SURGE_PERCENT: u32 = 25;
const RELEASE_SECONDS_MAX: u32 = 900;
const JOB_SECONDS_MAX: u32 = 3600;
const JOB_DEADLINE_SECONDS: u32 = 300;
const WEB: &str = "web";
const RELEASE: &str = "release";
const ONE_OFF: &str = "run";
const IMPORTED: &str = "import";
/// Words of names and commands of programs that start other work at times.
const CLOCK_WORDS: [&str; 5] = ["clock", "scheduler", "celery beat", "cron", "rufus"];
const FORBID: &str = "Forbid";
const ALLOW: &str = "Allow";
const REPLACE: &str = "Replace";

/// What the workloads of all applications share.
pub(super) struct Shared<'a> {
    /// The environment of the policy.
    pub(super) environment: &'a str,
    /// Stores that queues may lie in.
    pub(super) stores: &'a Stores,
}

/// The workloads of an application, in no order.
pub(super) fn of(
    app: &EstateApp<'_>,
    shared: &Shared<'_>,
    keys: &mut BTreeSet<String>,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Workload>, DesignError> {
    let mut builder = Builder {
        app,
        shared,
        keys,
        names: BTreeSet::new(),
        decisions,
    };
    let mut workloads = Vec::new();
    for (resource, process) in &app.processes {
        workloads.push(builder.process(resource, process)?);
    }
    let has_release = workloads
        .iter()
        .any(|own| matches!(own.kind, WorkloadKind::Release(_)));
    if let Some(command) = app.app.release_command.as_deref().filter(|_| !has_release) {
        workloads.push(builder.release(command)?);
    }
    for (resource, job) in &app.jobs {
        workloads.extend(builder.job(resource, job)?);
    }
    if !workloads.is_empty() {
        workloads.push(builder.one_off()?);
    }
    Ok(workloads)
}

/// Whether a job of the source becomes a workload: one with a time that is understood.
pub(crate) fn is_scheduled(job: &Job) -> bool {
    job.seen_in == IMPORTED && job.schedule.as_deref().and_then(schedule::cron).is_some()
}

struct Builder<'a, 'd, 'p> {
    app: &'a EstateApp<'a>,
    shared: &'a Shared<'a>,
    keys: &'d mut BTreeSet<String>,
    names: BTreeSet<String>,
    decisions: &'d mut Decisions<'p>,
}

impl Builder<'_, '_, '_> {
    fn is_main(&self) -> bool {
        self.app.environment == self.shared.environment
    }

    fn process(&mut self, resource: &Resource, process: &Process) -> Result<Workload, DesignError> {
        let kind_name = process_name(&resource.name).to_owned();
        let kind = self.kind(&kind_name, process);
        let why = match &kind {
            WorkloadKind::OneOff => {
                format!("kept for people to run: no instance of {kind_name} ran at the source")
            }
            _ => format!(
                "{} x {kind_name} of size {} at the source",
                process.instances, process.size
            ),
        };
        let mut own = self.bare(&kind_name, resource, kind, &process.command, why);
        own.resources = resources::decided(&own.key, resources::own(process), self.decisions)?;
        if !own.kind.is_long_running() {
            return Ok(own);
        }
        if let WorkloadKind::Web(entry) = &mut own.kind {
            entry.health_path = self.health_path(&own.key)?;
        }
        let scaled = Scaled {
            key: &own.key,
            kind: &own.kind,
            process,
            app: self.app,
            is_main: self.is_main(),
            stores: self.shared.stores,
        };
        let (replicas, scaling) = scaling::decide(&scaled, self.decisions)?;
        Ok(Workload {
            disruptable_at_once: (replicas.min > 1).then(|| (replicas.min / 4).max(1)),
            spread: spread(&replicas),
            rollout: match own.kind {
                WorkloadKind::Clock => Rollout::Recreate,
                _ => Rollout::Surge(SURGE_PERCENT),
            },
            replicas,
            scaling,
            ..own
        })
    }

    fn kind(&self, kind_name: &str, process: &Process) -> WorkloadKind {
        let name = kind_name.to_ascii_lowercase();
        let command = process.command.to_ascii_lowercase();
        let is_clock = |text: &str| CLOCK_WORDS.iter().any(|word| text.contains(word));
        match name.as_str() {
            RELEASE => WorkloadKind::Release(ReleaseJob {
                duration_seconds_max: RELEASE_SECONDS_MAX,
            }),
            _ if process.instances == 0 => WorkloadKind::OneOff,
            WEB => WorkloadKind::Web(self.web()),
            _ if is_clock(&name) || is_clock(&command) => WorkloadKind::Clock,
            _ => WorkloadKind::Worker,
        }
    }

    fn web(&self) -> WebEntry {
        WebEntry {
            port: PORT,
            health_path: Choice::default(),
            healthy_codes: "200-399".to_owned(),
            boot_seconds_max: BOOT_SECONDS_MAX,
            idle_timeout_seconds: IDLE_SECONDS,
            deregistration_seconds: DEREGISTRATION_SECONDS,
            sticky: self
                .app
                .app
                .features
                .iter()
                .any(|feature| feature == "http-session-affinity"),
            ingress: None,
            source_host: self.app.app.web_host.clone(),
        }
    }

    fn health_path(&mut self, key: &str) -> Result<Choice, DesignError> {
        self.decisions.decide(&Question {
            id: &format!("workloads.{key}.health_path"),
            value: "/",
            alternative: "a path that asks the database too",
            why: "the source knows no health check: it asks whether the port is open. Name a path that is cheap and true",
            may_be: Values::Path,
        })
    }

    fn release(&mut self, command: &str) -> Result<Workload, DesignError> {
        let kind = WorkloadKind::Release(ReleaseJob {
            duration_seconds_max: RELEASE_SECONDS_MAX,
        });
        let why = "runs with each release at the source, before the new version starts".to_owned();
        let own = self.bare(RELEASE, self.app.resource, kind, command, why);
        self.with_resources_of_largest(own)
    }

    /// Work that a person runs, in the size of the application's largest process.
    fn one_off(&mut self) -> Result<Workload, DesignError> {
        let why = "for consoles and tasks that people run with the present release".to_owned();
        let own = self.bare(ONE_OFF, self.app.resource, WorkloadKind::OneOff, "", why);
        self.with_resources_of_largest(own)
    }

    fn job(&mut self, resource: &Resource, job: &Job) -> Result<Option<Workload>, DesignError> {
        let written = job.schedule.clone().unwrap_or_default();
        let Some(cron) = schedule::cron(&written).filter(|_| job.seen_in == IMPORTED) else {
            return Ok(None);
        };
        let kind = WorkloadKind::Scheduled(Schedule {
            cron,
            time_zone: "Etc/UTC".to_owned(),
            as_written: written.clone(),
            concurrency: Choice::default(),
            starting_deadline_seconds: JOB_DEADLINE_SECONDS,
            duration_seconds_max: JOB_SECONDS_MAX,
            retries: 0,
        });
        let why = format!("a job of the scheduler, {written}");
        let mut own = self.bare(&job.command, resource, kind, &job.command, why);
        if let WorkloadKind::Scheduled(schedule) = &mut own.kind {
            schedule.concurrency = self.decisions.decide(&Question {
                id: &format!("workloads.{}.concurrency", own.key),
                value: FORBID,
                alternative: ALLOW,
                why: "the source may start a job while it still runs, which few jobs are written for",
                may_be: Values::OneOf(&[FORBID, ALLOW, REPLACE]),
            })?;
        }
        self.with_resources_of_largest(own).map(Some)
    }

    fn with_resources_of_largest(&mut self, own: Workload) -> Result<Workload, DesignError> {
        let processes = self.app.processes.iter();
        let largest = processes
            .map(|(_, process)| resources::own(process))
            .max_by_key(|own| (own.memory_request_mib, own.cpu_request_millis))
            .unwrap_or_else(|| resources::own(&Process::default()));
        Ok(Workload {
            resources: resources::decided(&own.key, largest, self.decisions)?,
            ..own
        })
    }

    /// A workload of one pod that is not scaled, spread or budgeted yet.
    fn bare(
        &mut self,
        words: &str,
        resource: &Resource,
        kind: WorkloadKind,
        command: &str,
        why: String,
    ) -> Workload {
        let name = name::unique_key(words, &resource.id, NAME_LENGTH_MAX, &mut self.names);
        let key = name::unique_key(
            &format!("{}-{name}", self.app.key),
            &resource.id,
            KEY_LENGTH_MAX,
            self.keys,
        );
        let grace = match kind {
            WorkloadKind::Web(_) => GRACE_SECONDS + DEREGISTRATION_SECONDS,
            _ => GRACE_SECONDS,
        };
        let mut from = vec![resource.id.clone()];
        if resource.id == self.app.resource.id {
            from.clear();
        }
        Workload {
            key,
            application: self.app.key.clone(),
            name,
            process: words.to_owned(),
            environment: self.app.environment.clone(),
            command: command.to_owned(),
            kind,
            resources: resources::own(&Process::default()),
            replicas: Replicas {
                min: 1,
                desired: 1,
                max: 1,
                why: "a job runs alone".to_owned(),
            },
            scaling: Scaling::Fixed,
            rollout: Rollout::Job,
            disruptable_at_once: None,
            spread: Vec::new(),
            termination_grace_seconds: grace,
            node_group: self.app.environment.clone(),
            origin: Origin { from, why },
        }
    }
}

/// The kind of process in a resource's name, `web` of `shop/web`.
fn process_name(resource: &str) -> &str {
    resource.rsplit('/').next().unwrap_or(resource)
}

/// Over zones, which a pod waits for, and over nodes, which it need not have.
fn spread(replicas: &Replicas) -> Vec<Spread> {
    if replicas.max < 2 {
        return Vec::new();
    }
    let over = |topology_key: &str, is_required: bool| Spread {
        topology_key: topology_key.to_owned(),
        skew_max: 1,
        is_required,
    };
    vec![over(ZONE, true), over(HOST, false)]
}
