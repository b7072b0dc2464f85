//! `--watch-jobs`: what the scheduler starts within a time, kept in the project from one watch to the next.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use reberth_discover::heroku::{SeenJobs, add_seen_jobs, watch_jobs};
use reberth_discover::{Api, DiscoverError};
use reberth_model::document::to_bytes;
use reberth_model::estate::Estate;

use super::tell;
use crate::atomic_file;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::settings::JobWatch;

/// Where what was seen is kept. Nothing of it is secret: commands are written as in the estate.
fn path(project: &Project) -> PathBuf {
    project.path(".reberth/seen-jobs.json")
}

/// Adds the jobs of this watch, if one was asked for, and of those before it. The error that ended a watch early is handed back beside the estate,
/// which holds what was seen until then.
pub(super) async fn add(
    api: &Api,
    estate: &mut Estate,
    watch: Option<&JobWatch>,
    project: &Project,
    output: &Output,
) -> Result<Option<DiscoverError>, Failure> {
    let path = path(project);
    let mut seen = kept(&path)?;
    let fault = match watch {
        Some(watch) => run(api, estate, &mut seen, watch, (&path, output)).await?,
        None => None,
    };
    add_seen_jobs(estate, &seen);
    Ok(fault)
}

fn kept(path: &Path) -> Result<SeenJobs, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SeenJobs::default()),
        Err(error) => return Err(CliError::file(path, "read", error).into()),
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map_err(|error| CliError::file(path, "read", error.into()).into())
}

/// Watches until the time is over or somebody interrupts it; both end it well.
async fn run(
    api: &Api,
    estate: &Estate,
    seen: &mut SeenJobs,
    watch: &JobWatch,
    (path, output): (&Path, &Output),
) -> Result<Option<DiscoverError>, Failure> {
    let unkept: Mutex<Option<CliError>> = Mutex::new(None);
    let keep = |seen: &SeenJobs| {
        let written = to_bytes(seen)
            .map_err(|error| CliError::file(path, "written", error.into()))
            .and_then(|bytes| atomic_file::replace(path, &bytes));
        *unkept.lock().unwrap_or_else(PoisonError::into_inner) = written.err();
    };
    output.progress("watching what the scheduler starts; Ctrl-C ends it and keeps what was seen");
    let on_progress = |progress| tell(&progress, output);
    let fault = tokio::select! {
        ended = watch_jobs(api, estate, seen, watch.pause, &keep, &on_progress) => ended.err(),
        () = tokio::time::sleep(watch.length) => None,
        interrupted = tokio::signal::ctrl_c() => {
            // Without a handler Ctrl-C would have ended the program: nothing is lost by going on.
            if interrupted.is_ok() {
                output.note("interrupted: the estate has what was seen until now");
            }
            None
        }
    };
    match unkept.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(fault),
    }
}
