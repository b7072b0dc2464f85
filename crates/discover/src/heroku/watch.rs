//! One-off processes of the scheduler, looked for again and again.
//!
//! Scheduled jobs have no API. What the scheduler starts is a process like any other while it runs, so that looking often enough shows the jobs that
//! start within the time and run longer than the pause between two looks. That never makes the list complete: a job of once a day may not start,
//! and a short one may start and end between two looks. The estate keeps saying so until a person lists them.
//!
//! A start is known by the identifier of its process, which the platform gives once. What was seen is handed out after each look, so that a watch
//! that ends early, in whatever way, loses at most the look that was under way, and the next one goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reberth_model::document::sha256_hex;
use reberth_model::estate::{App, Attributes, Edge, Estate, Job, Resource};
use serde::{Deserialize, Serialize};

use super::REFILL;
use super::addons::SCHEDULER;
use super::form::moment;
use super::processes::{SCHEDULED, SEEN_RUNNING};
use super::reader::Reader;
use crate::item::Identified;
use crate::scrubbed::scrubbed;
use crate::segment::segment;
use crate::{Api, DiscoverError, OnProgress, Progress};

/// Starts of one job that are kept by identifier, to count none twice. A process of the scheduler lives a day at most, and it starts none more often
/// than every ten minutes.
const LATEST_MAX: usize = 300;
/// Letters of the hash in an identifier.
const ID_LETTERS: usize = 12;

/// What was seen so far, by identifier of the application and by command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenJobs {
    /// How often every application with a scheduler was looked at and answered.
    pub looks: u64,
    /// How often some of them did not answer.
    #[serde(default)]
    pub partial_looks: u64,
    /// The jobs.
    pub apps: BTreeMap<String, BTreeMap<String, SeenJob>>,
}

/// One job that was seen to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenJob {
    /// How many starts were seen.
    pub starts: u64,
    /// When the earliest and the latest that were seen were made (RFC 3339).
    pub made: Option<(String, String)>,
    /// Identifiers of the latest starts, in the order seen.
    pub latest: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Dyno {
    id: String,
    #[serde(rename = "type")]
    process_type: Option<String>,
    command: Option<String>,
    created_at: Option<String>,
}

impl Identified for Dyno {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl SeenJobs {
    /// The same with every command as the estate writes it today: what an earlier version kept may be written otherwise, and would be another job.
    pub fn in_todays_words(self) -> SeenJobs {
        let in_words = |jobs: BTreeMap<String, SeenJob>| {
            let mut merged: BTreeMap<String, SeenJob> = BTreeMap::new();
            for (command, job) in jobs {
                merged.entry(scrubbed(&command)).or_default().merge(job);
            }
            merged
        };
        let apps = self.apps.into_iter();
        SeenJobs {
            apps: apps.map(|(app, jobs)| (app, in_words(jobs))).collect(),
            ..self
        }
    }

    /// Takes in one process; whether it was not known yet.
    fn take(&mut self, app: &str, dyno: Dyno) -> bool {
        let command = scrubbed(dyno.command.as_deref().unwrap_or_default());
        let jobs = self.apps.entry(app.to_owned()).or_default();
        let job = jobs.entry(command).or_default();
        if job.latest.contains(&dyno.id) {
            return false;
        }
        let made = dyno.created_at.as_deref().map(moment);
        job.merge(SeenJob {
            starts: 1,
            made: made.map(|made| (made.clone(), made)),
            latest: vec![dyno.id],
        });
        true
    }
}

impl SeenJob {
    /// Takes in starts of the same job; one that both saw counts once.
    fn merge(&mut self, other: SeenJob) {
        let (known, new): (Vec<String>, Vec<String>) = other
            .latest
            .into_iter()
            .partition(|id| self.latest.contains(id));
        self.starts += other.starts.saturating_sub(known.len() as u64);
        self.latest.extend(new);
        let surplus = self.latest.len().saturating_sub(LATEST_MAX);
        self.latest.drain(..surplus);
        self.made = match (self.made.take(), other.made) {
            (Some((first, last)), Some((other_first, other_last))) => {
                Some((first.min(other_first), last.max(other_last)))
            }
            (made, other) => made.or(other),
        };
    }
}

/// The shortest pause between two looks: they take half of what the account may ask in the long run, so that the team's own tools are not refused.
/// `None`: no application has a scheduler.
pub fn watch_pause_min(estate: &Estate) -> Option<Duration> {
    let apps = apps_with_scheduler(estate).len() as u32;
    (apps > 0).then(|| REFILL.saturating_mul(2).saturating_mul(apps))
}

/// Looks at the processes of every application of `estate` that has a scheduler, until it is dropped, with `pause` between two looks. `keep` is called
/// with all that was seen after each look. What did not answer in a look is told as [`Progress::LookedInPart`], again only when it is something else,
/// and the look is counted apart; so is one in which nothing answered. Ends by itself only with an error that no later look will be without, or when
/// there is no scheduler.
///
/// Dropping it at any await is safe: what `keep` was given last is whole.
pub async fn watch_jobs(
    api: &Api,
    estate: &Estate,
    seen: &mut SeenJobs,
    pause: Duration,
    keep: &(dyn Fn(&SeenJobs) + Send + Sync),
    progress: OnProgress<'_>,
) -> Result<(), DiscoverError> {
    let apps = apps_with_scheduler(estate);
    if apps.is_empty() {
        return Ok(());
    }
    let mut told = Vec::new();
    loop {
        let missing = match look(api, &apps, seen).await {
            Err(error) if !error.is_lasting() => vec![Missing {
                what: api.address().to_owned(),
                reason: error.to_string(),
            }],
            looked => looked?,
        };
        match missing.is_empty() {
            true => seen.looks += 1,
            false => seen.partial_looks += 1,
        }
        keep(seen);
        // The reason may be another at each look.
        let parts: Vec<String> = missing.iter().map(|part| part.what.clone()).collect();
        if parts != told && !missing.is_empty() {
            let missing = missing.iter();
            let missing = missing.map(|part| format!("{}: {}", part.what, part.reason));
            progress(Progress::LookedInPart {
                missing: missing.collect(),
            });
        }
        told = parts;
        progress(Progress::Looked {
            looks: seen.looks,
            jobs: seen.apps.values().map(BTreeMap::len).sum(),
        });
        tokio::time::sleep(pause).await;
    }
}

/// What did not answer in a look or is not understood.
struct Missing {
    what: String,
    reason: String,
}

/// One look; what it missed.
async fn look(
    api: &Api,
    apps: &BTreeSet<(String, String)>,
    seen: &mut SeenJobs,
) -> Result<Vec<Missing>, DiscoverError> {
    // What was read, and what was asked again, is told of no look.
    let reader = Reader::new(api, api, &|_| {});
    for (id, name) in apps {
        let path = format!("/apps/{}/dynos", segment(name));
        let dynos: Vec<Dyno> = reader.list(&path).await?.unwrap_or_default();
        let jobs = dynos.into_iter();
        for dyno in jobs.filter(|dyno| dyno.process_type.as_deref() == Some(SCHEDULED)) {
            seen.take(id, dyno);
        }
    }
    let notes = reader.into_notes();
    let silent = notes.not_visible.into_iter().map(|part| Missing {
        what: part.what,
        reason: part.reason,
    });
    let unknown = notes.unmapped.into_iter().map(|own| Missing {
        what: own.what,
        reason: format!("{} is not understood", own.id),
    });
    Ok(silent.chain(unknown).collect())
}

/// Identifier and name of the applications that the scheduler was added to.
fn apps_with_scheduler(estate: &Estate) -> BTreeSet<(String, String)> {
    let owners: BTreeSet<&str> = estate
        .addons()
        .filter(|(_, addon)| addon.service == SCHEDULER)
        .filter_map(|(_, addon)| addon.app_id.as_deref())
        .collect();
    let apps = estate.apps();
    let apps = apps.filter(|(app, _)| owners.contains(app.id.as_str()));
    apps.map(|(app, _): (&Resource, &App)| (app.id.clone(), app.name.clone()))
        .collect()
}

/// Adds the jobs that watches saw, unless a person listed them or a log shows them. What ran when the estate was read is one of them, and stands
/// there once.
pub fn add_seen_jobs(estate: &mut Estate, seen: &SeenJobs) {
    let apps: BTreeSet<String> = estate.apps().map(|(app, _)| app.id.clone()).collect();
    let looks = match seen.partial_looks {
        0 => format!("{} looks", seen.looks),
        partial => format!(
            "{} looks and {partial} in which some did not answer",
            seen.looks
        ),
    };
    for (app, jobs) in seen.apps.iter().filter(|(app, _)| apps.contains(*app)) {
        for (command, job) in jobs {
            if !is_told(estate, app, command) {
                remove_running(estate, app, command);
                add(estate, app, command, job, &looks);
            }
        }
    }
    remove_told(estate);
    let jobs = estate.of_kind("job").count() as u64;
    match jobs {
        0 => estate.counts.remove("job"),
        count => estate.counts.insert("job".to_owned(), count),
    };
    estate.sort();
}

fn is_told(estate: &Estate, app: &str, command: &str) -> bool {
    let mut resources = estate.resources.iter();
    resources.any(|resource| match &resource.attributes {
        // What a person listed keeps its white space.
        Attributes::Job(job) => {
            job.app_id == app && job.seen_in != SEEN_RUNNING && scrubbed(&job.command) == command
        }
        _ => false,
    })
}

/// What runs of a job that a person listed or a log shows is that job.
fn remove_told(estate: &mut Estate) {
    let running = estate
        .resources
        .iter()
        .filter_map(|own| match &own.attributes {
            Attributes::Job(job) if job.seen_in == SEEN_RUNNING => {
                Some((job.app_id.clone(), job.command.clone()))
            }
            _ => None,
        });
    for (app, command) in running.collect::<BTreeSet<_>>() {
        if is_told(estate, &app, &command) {
            remove_running(estate, &app, &command);
        }
    }
}

fn remove_running(estate: &mut Estate, app: &str, command: &str) {
    let is_running = |resource: &Resource| match &resource.attributes {
        Attributes::Job(job) => {
            job.app_id == app && job.command == command && job.seen_in == SEEN_RUNNING
        }
        _ => false,
    };
    let running = estate.resources.iter().filter(|own| is_running(own));
    let ids: BTreeSet<String> = running.map(|own| own.id.clone()).collect();
    estate.resources.retain(|own| !is_running(own));
    estate.edges.retain(|edge| !ids.contains(&edge.from));
}

fn add(estate: &mut Estate, app: &str, command: &str, job: &SeenJob, looks: &str) {
    let hash = sha256_hex(command.as_bytes());
    let id = format!("{app}/seen/{}", &hash[..ID_LETTERS.min(hash.len())]);
    let made = match &job.made {
        Some((first, last)) => format!(", first {first}, last {last}"),
        None => String::new(),
    };
    estate.edges.push(Edge {
        from: id.clone(),
        relation: "belongs_to".to_owned(),
        to: app.to_owned(),
    });
    estate.resources.push(Resource {
        id,
        name: command.to_owned(),
        region: None,
        cost: None,
        attributes: Attributes::Job(Job {
            app_id: app.to_owned(),
            command: command.to_owned(),
            schedule: Some(format!(
                "seen to start {} times in {looks}{made}",
                job.starts
            )),
            seen_in: SEEN_RUNNING.to_owned(),
        }),
    });
}
