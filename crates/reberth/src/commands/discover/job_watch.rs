//! `--watch-jobs`: what the scheduler starts within a time, kept in the project from one watch to the next.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use reberth_discover::Api;
use reberth_discover::heroku::{SeenJobs, watch_jobs, watch_pause_min};
use reberth_model::document::to_bytes;
use reberth_model::estate::Estate;
use tokio::task::JoinSet;

use super::tell;
use crate::atomic_file;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::settings::JobWatch;

/// The exit code of a program that Ctrl-C ended, as shells give it.
const INTERRUPTED: i32 = 130;

/// Where what was seen is kept. Nothing of it is secret: commands are written as in the estate.
pub(super) fn path(project: &Project) -> PathBuf {
    project.path(".reberth/seen-jobs.json")
}

/// What earlier watches saw. A secret that an earlier version did not know as one goes from the file too.
pub(super) fn kept(project: &Project) -> Result<SeenJobs, Failure> {
    let path = path(project);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SeenJobs::default()),
        Err(error) => return Err(CliError::file(&path, "read", error).into()),
    };
    let kept: SeenJobs = serde_json::from_slice(&bytes)
        .map_err(|error| CliError::file(&path, "read", error.into()))?;
    let seen = kept.clone().in_todays_words();
    if seen != kept {
        write(&path, &seen)?;
    }
    Ok(seen)
}

/// How a watch ended.
#[derive(Default)]
pub(super) struct Ended {
    /// What ended it early, or left what was seen unkept.
    pub(super) fault: Option<Failure>,
    /// End the program at Ctrl-C, as long as they live.
    _interrupts: JoinSet<()>,
}

/// Watches until the time is over or somebody interrupts it; both end it well. `seen` has what was seen, however it ended.
pub(super) async fn run(
    api: &Api,
    estate: &Estate,
    seen: &mut SeenJobs,
    watch: &JobWatch,
    (path, output): (&Path, &Output),
) -> Ended {
    let Some(pause_min) = watch_pause_min(estate) else {
        output.note("no application has the scheduler: there is nothing to watch");
        return Ended::default();
    };
    if watch.pause < pause_min {
        output.note(format!(
            "looks every {:.1} s: more often would leave the team's own tools too few requests",
            pause_min.as_secs_f64()
        ));
    }
    let unkept = Mutex::new(None);
    let keep = |seen: &SeenJobs| note_unkept(write(path, seen), &unkept, output);
    output.progress("watching what the scheduler starts; Ctrl-C ends it and keeps what was seen");
    let on_progress = |progress| tell(&progress, output);
    let pause = watch.pause.max(pause_min);
    let fault = tokio::select! {
        ended = watch_jobs(api, estate, seen, pause, &keep, &on_progress) => ended.err(),
        () = tokio::time::sleep(watch.length) => None,
        () = interrupted(output) => {
            output.note("interrupted: the estate has what was seen until now");
            None
        }
    };
    let interrupts = end_on_interrupt();
    // The look that was under way may have seen something.
    keep(seen);
    let unkept = unkept.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ended {
        fault: fault.map(Failure::from).or(unkept.map(Failure::from)),
        _interrupts: interrupts,
    }
}

fn write(path: &Path, seen: &SeenJobs) -> Result<(), CliError> {
    let bytes = to_bytes(seen).map_err(|error| CliError::file(path, "written", error.into()))?;
    atomic_file::replace(path, &bytes)
}

/// Tells the first of a row of failures at once, since a watch may go on for days, and keeps the last one for the end.
fn note_unkept(written: Result<(), CliError>, unkept: &Mutex<Option<CliError>>, output: &Output) {
    let mut unkept = unkept.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Err(error), None) = (&written, unkept.as_ref()) {
        output.note(format!("what is seen is not kept on disk: {error}"));
    }
    *unkept = written.err();
}

/// Waits for Ctrl-C. Where it cannot be listened for it ends the program as ever, and the watch goes on.
async fn interrupted(output: &Output) {
    if let Err(error) = tokio::signal::ctrl_c().await {
        output.note(format!(
            "Ctrl-C will end the program and not the watch alone: {error}"
        ));
        std::future::pending::<()>().await;
    }
}

/// From here on Ctrl-C ends the program again, which it would not do by itself once somebody listened for it. Files are replaced whole, so it may
/// happen at any moment.
fn end_on_interrupt() -> JoinSet<()> {
    let mut interrupts = JoinSet::new();
    interrupts.spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
    interrupts
}
