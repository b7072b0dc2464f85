//! `reberth discover`: everything the account holds, as `estate.json`.

mod differences;
mod fingerprint_key;
mod job_watch;
mod process_use;
mod scheduled_jobs;

use std::collections::BTreeMap;
use std::sync::Arc;

use reberth_discover::heroku::SeenJobs;
use reberth_discover::inside::PROBES;
use reberth_discover::{
    AnswerCache, Api, Fingerprint, Progress, checkout, digitalocean, heroku, is_command, queues,
};
use reberth_model::document::{sha256_hex, to_bytes};
use reberth_model::estate::{Codebase, Difference, Estate, NotVisible};
use reberth_model::policy::Provider;
use serde_json::{Value, json};

use crate::atomic_file;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::{Project, optional};
use crate::record::Record;
use crate::settings::{DiscoverSettings, JobWatch};
use crate::table::table;
use crate::visible::visible;

/// An estate, and how many paths stayed broken while it was read.
struct Read {
    estate: Estate,
    broken: u64,
    /// How a watch over jobs ended; it listens for Ctrl-C to the end of the command.
    watched: job_watch::Ended,
}

/// What a watch over jobs goes on from.
struct Watching {
    api: Api,
    seen: SeenJobs,
    watch: JobWatch,
}

/// Reads the account and writes `estate.json`; the file is replaced whole or not at all. Where parts stayed broken the estate names them, and the
/// command ends as failed after it wrote.
pub(crate) async fn run(
    settings: DiscoverSettings,
    policy_sha256: &str,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let inputs = json!({ "policy": policy_sha256, "api": settings.api });
    let older = match settings.diff {
        true => optional(project.estate())?.map(|loaded| loaded.document),
        false => None,
    };
    let (record, is_diff) = (Record::begin(project, "discover", &inputs)?, settings.diff);
    let discovered = read(settings, project, output).await;
    let Read {
        estate,
        broken,
        watched,
    } = record.end(discovered)?;
    let difference = older.map(|older| Difference::between(&older, &estate));
    if is_diff && difference.is_none() {
        output.note("there was no estate.json yet, so there is nothing to compare with");
    }
    let mut parts = vec![text(&estate)];
    parts.extend(difference.as_ref().map(differences::text));
    let mut summary = summary(&estate);
    if let (Some(difference), Some(fields)) = (&difference, summary.as_object_mut()) {
        fields.insert("diff".to_owned(), json!(difference));
    }
    output.report(parts.join("\n\n"), &summary)?;
    if let Some(error) = watched.fault {
        output.note("the watch over jobs did not end well; estate.json has what was seen");
        return Err(error);
    }
    match broken {
        0 => Ok(Exit::Done),
        paths => Err(CliError::PartlyRead { paths }.into()),
    }
}

async fn read(
    settings: DiscoverSettings,
    project: &Project,
    output: &Output,
) -> Result<(Read, Value), Failure> {
    let answers = kept_answers(&settings, project, output);
    let checkouts = read_checkouts(&settings)?;
    let ssh = settings.ssh.clone();
    let (mut estate, broken, watching) = match settings.provider {
        Provider::Digitalocean => read_digitalocean(settings, answers.as_ref(), output).await?,
        Provider::Heroku => read_heroku(settings, answers.as_ref(), project, output).await?,
    };
    // The answers of a run that is not whole serve the next one.
    if let Some(answers) = answers.filter(|_| broken == 0) {
        finish(&answers, output);
    }
    checkout::add(&mut estate, checkouts);
    if let Some(ssh) = ssh {
        ssh.look_into(&mut estate, &|progress| tell(&progress, output))
            .await;
    }
    queues::add(&mut estate);
    let mut written_sha256 = write(&estate, project)?;
    let mut watched = job_watch::Ended::default();
    if let Some(mut watching) = watching {
        let seen_path = job_watch::path(project);
        let Watching { api, seen, watch } = &mut watching;
        watched = job_watch::run(api, &estate, seen, watch, (&seen_path, output)).await;
        heroku::add_seen_jobs(&mut estate, seen);
        written_sha256 = write(&estate, project)?;
    }
    let resources = estate.resources.len();
    let outputs = json!({ "estate": written_sha256, "resources": resources, "broken": broken });
    let read = Read {
        estate,
        broken,
        watched,
    };
    Ok((read, outputs))
}

/// Replaces `estate.json`; the hash of its bytes.
fn write(estate: &Estate, project: &Project) -> Result<String, Failure> {
    let path = project.estate_path();
    let bytes = to_bytes(estate).map_err(|error| CliError::file(&path, "written", error.into()))?;
    atomic_file::replace(&path, &bytes)?;
    Ok(sha256_hex(&bytes))
}

/// What `--ssh` would run on each server.
pub(crate) fn show_ssh_commands(output: &Output) -> Result<Exit, Failure> {
    let rows: Vec<Vec<String>> = PROBES
        .iter()
        .map(|probe| vec![probe.name.to_owned(), probe.command.to_owned()])
        .collect();
    let list: Vec<Value> = PROBES
        .iter()
        .map(|probe| json!({ "name": probe.name, "command": probe.command }))
        .collect();
    let after = "then `getent ahosts HOST` for each database and cache of the estate. All of it is given to `sh` on its standard input, with errors sent nowhere.";
    let text = format!("{}\n\n{after}", table(&["for", "command"], &rows));
    output.report(text, &json!({ "commands": list }))?;
    Ok(Exit::Done)
}

/// The files of applications, read before anything is asked for: a folder that is misspelt is told at once.
fn read_checkouts(settings: &DiscoverSettings) -> Result<BTreeMap<String, Codebase>, Failure> {
    let mut checkouts = BTreeMap::new();
    for (name, folder) in &settings.checkouts {
        let code = checkout::read(folder).map_err(|error| CliError::file(folder, "read", error))?;
        checkouts.insert(name.clone(), code);
    }
    Ok(checkouts)
}

/// The answers of earlier runs. They save requests and nothing else, so that a discovery goes on without them.
fn kept_answers(
    settings: &DiscoverSettings,
    project: &Project,
    output: &Output,
) -> Option<Arc<AnswerCache>> {
    let folder = project.path(".reberth/answers");
    match AnswerCache::open(&folder, &settings.token) {
        Ok(answers) => Some(Arc::new(answers)),
        Err(error) => {
            output.note(format!(
                "answers are not kept in {}: {error}",
                folder.display()
            ));
            None
        }
    }
}

fn finish(answers: &AnswerCache, output: &Output) {
    if let Some(kind) = answers.fault() {
        output.note(format!("some answers could not be kept: {kind}"));
    }
    if let Err(error) = answers.finish() {
        output.note(format!("old answers could not be removed: {error}"));
    }
}

fn open(
    address: &str,
    settings: &DiscoverSettings,
    answers: Option<&Arc<AnswerCache>>,
) -> Result<Api, Failure> {
    let api = Api::new(address, settings.token.clone())?;
    Ok(match answers {
        Some(answers) => api.with_answers(Arc::clone(answers)),
        None => api,
    })
}

async fn read_digitalocean(
    settings: DiscoverSettings,
    answers: Option<&Arc<AnswerCache>>,
    output: &Output,
) -> Result<(Estate, u64, Option<Watching>), Failure> {
    let api = open(&settings.api, &settings, answers)?;
    let options = digitalocean::Options {
        measured_until_epoch_seconds: settings.measured_until_epoch_seconds,
        object_store: settings.object_store,
    };
    let estate =
        digitalocean::discover(&api, &options, &|progress| tell(&progress, output)).await?;
    tell_tally(&[&api], output);
    Ok((estate, api.tally().broken, None))
}

async fn read_heroku(
    settings: DiscoverSettings,
    answers: Option<&Arc<AnswerCache>>,
    project: &Project,
    output: &Output,
) -> Result<(Estate, u64, Option<Watching>), Failure> {
    let seen = job_watch::kept(project)?;
    let open = |address: &str| {
        let api = open(address, &settings, answers)?;
        Ok::<_, Failure>(api.with_accept(heroku::ACCEPT).with_refill(heroku::REFILL))
    };
    let (api, data_api) = (open(&settings.api)?, open(&settings.data_api)?);
    let jobs = match &settings.scheduled_jobs {
        Some(path) => Some(scheduled_jobs::read(path)?),
        None => None,
    };
    let measured = match &settings.process_use {
        Some(path) => Some(process_use::read(path)?),
        None => None,
    };
    let fingerprint = Fingerprint::new(&fingerprint_key::of(project)?);
    let mut logged = Vec::new();
    for (app, path) in &settings.scheduler_logs {
        let bytes = std::fs::read(path).map_err(|error| CliError::file(path, "read", error))?;
        logged.extend(heroku::jobs_of_log(app, &String::from_utf8_lossy(&bytes)));
    }
    let options = heroku::Options {
        logged_jobs: &logged,
        data_api: &data_api,
        fingerprint: &fingerprint,
        process_use: measured.as_deref(),
        scheduled_jobs: jobs.as_deref(),
    };
    let mut estate = heroku::discover(&api, &options, &|progress| tell(&progress, output)).await?;
    tell_tally(&[&api, &data_api], output);
    // What breaks during the watch costs a look, not a part of the estate.
    let broken = api.tally().broken + data_api.tally().broken;
    heroku::add_seen_jobs(&mut estate, &seen);
    let watch = settings.job_watch;
    let watching = watch.map(|watch| Watching { api, seen, watch });
    Ok((estate, broken, watching))
}

fn tell_tally(apis: &[&Api], output: &Output) {
    let sum = |count: fn(reberth_discover::Tally) -> u64| -> u64 {
        apis.iter().map(|api| count(api.tally())).sum()
    };
    output.progress(format!(
        "{} requests, {} of them unchanged since the last time; {} answers taken from then",
        sum(|tally| tally.requests),
        sum(|tally| tally.unchanged),
        sum(|tally| tally.taken),
    ));
}

fn tell(progress: &Progress, output: &Output) {
    match progress {
        Progress::Read { what, found } => output.progress(format!("read {what}: {found}")),
        Progress::Advanced { what, done, total } => {
            output.progress(format!("{what}: {done} of {total}"));
        }
        Progress::Looked { looks, jobs } => {
            output.progress(format!(
                "look {looks} at the scheduler: {jobs} jobs seen so far"
            ));
        }
        Progress::LookedInPart { missing } => output.note(format!(
            "not all applications answered a look at the scheduler: {}",
            visible(&missing.join("; "))
        )),
        Progress::Waiting { seconds } => {
            output.progress(format!("the provider asks to wait {seconds} s"));
        }
        Progress::Retrying { what, why } => output.progress(format!("{what} again: {why}")),
        _ => {}
    }
}

fn summary(estate: &Estate) -> Value {
    json!({
        "provider": estate.provider,
        "account": estate.account,
        "counts": estate.counts,
        "not_visible": estate.not_visible,
        "unmapped": estate.unmapped,
    })
}

fn text(estate: &Estate) -> String {
    let rows: Vec<Vec<String>> = estate
        .counts
        .iter()
        .map(|(kind, count)| vec![kind.clone(), count.to_string()])
        .collect();
    let mut parts = vec![table(&["kind", "found"], &rows)];
    let (commands, hidden): (Vec<&NotVisible>, Vec<&NotVisible>) =
        estate.not_visible.iter().partition(|part| is_command(part));
    for (title, hidden) in [
        ("not visible to this token", hidden),
        ("with a secret, which is left out", commands),
    ] {
        let lines = hidden.into_iter();
        let lines = lines.map(|own| format!("  {}: {}", visible(&own.what), visible(&own.reason)));
        parts.extend(listed(title, &lines.collect::<Vec<_>>()));
    }
    let unmapped: Vec<String> = estate
        .unmapped
        .iter()
        .map(|part| format!("  {} {}", visible(&part.what), visible(&part.id)))
        .collect();
    parts.extend(listed("read, and not understood by this build", &unmapped));
    parts.push("wrote estate.json".to_owned());
    parts.join("\n\n")
}

fn listed(title: &str, lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
}
