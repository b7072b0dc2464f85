//! What an act plays on: its two database servers, the recorded provider, the front door, the application, and a project folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reberth_testkit::database::DatabaseError;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::DATABASE;
use reberth_testkit::ledger::{Ledger, Writers, WritersPlan};
use reberth_testkit::replay::{Faults, Replay};
use tokio::process::{Child, Command};

use super::cast::Cast;
use super::{Act, Scale};
use crate::failure::Failure;
use crate::output::Output;

/// Token that the recorded provider accepts.
const TOKEN: &str = "demo-token";

/// Everything that runs; ended when dropped.
pub(crate) struct Scene {
    pub(crate) act: Act,
    pub(crate) cast: Cast,
    pub(crate) door: FrontDoor,
    pub(crate) replay: Replay,
    pub(crate) ledger: Ledger,
    writers: Option<Writers>,
    pub(crate) project: PathBuf,
    keep: bool,
    environment: Vec<(&'static str, String)>,
}

fn failed(what: &'static str) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| Failure::io(what, error)
}

fn no_server(error: DatabaseError) -> Failure {
    Failure::new(
        "RB-CLI-011",
        error,
        "run `make setup`, which installs what the demo needs, then try again",
    )
}

impl Scene {
    /// Starts everything, the application included.
    pub(crate) async fn set(
        act: Act,
        scale: Scale,
        keep: bool,
        output: &Output,
    ) -> Result<Scene, Failure> {
        let started = Instant::now();
        output.note(match act {
            Act::First => "FIRST ACT: from DigitalOcean, with MariaDB".to_owned(),
            Act::Second => "\nSECOND ACT: from Heroku, with PostgreSQL".to_owned(),
        });
        let assembled = tokio::task::spawn_blocking(move || Cast::assemble(act, scale.size)).await;
        let cast = assembled
            .map_err(|error| {
                Failure::io(
                    "the servers could not be started",
                    std::io::Error::other(error),
                )
            })?
            .map_err(no_server)?;
        output.note(format!("the scene: {}", cast.lines().setting));
        let door = FrontDoor::start(&cast.ports(), "source")
            .await
            .map_err(failed("the front door could not be opened"))?;
        let replay = Replay::start(cast.recording(), TOKEN, Faults::default())
            .map_err(failed("the recorded API could not be served"))?;
        let project = std::env::temp_dir().join(format!(
            "reberth-demo-{}{}",
            std::process::id(),
            if act == Act::First { "" } else { "-second" }
        ));
        let mut environment = cast.environment();
        environment.push((cast.lines().token, TOKEN.to_owned()));
        let ledger = Ledger::new();
        let plan = WritersPlan {
            speaks: cast.speaks(),
            port: door.port(),
            writers: 4,
            rate_per_s: scale.writes_per_s,
            learners: scale.size.learners,
            courses: 20,
            seed: 7,
        };
        let writers = Some(Writers::start(&ledger, &plan));
        output.note(format!("  ready after {:.1} s; the application writes {} times a second from now on and never stops\n", started.elapsed().as_secs_f64(), scale.writes_per_s));
        Ok(Scene {
            act,
            cast,
            door,
            replay,
            ledger,
            writers,
            project,
            keep,
            environment,
        })
    }

    /// Runs a command of Reberth as a person would, and shows it. Returns its exit code and how long it took.
    pub(crate) async fn run(
        &self,
        arguments: &[&str],
        output: &Output,
    ) -> Result<(i32, Duration), Failure> {
        output.note(format!("$ reberth {}", arguments.join(" ")));
        let started = Instant::now();
        let status = self
            .command(arguments)?
            .status()
            .await
            .map_err(failed("a command could not be started"))?;
        Ok((status.code().unwrap_or(-1), started.elapsed()))
    }

    /// Starts a command that runs beside the story; its words go to a log in the project folder.
    pub(crate) fn start(&self, arguments: &[&str], output: &Output) -> Result<Child, Failure> {
        output.note(format!("$ reberth {} &", arguments.join(" ")));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.project.join(".reberth/replicate.log"))
            .map_err(failed("the log could not be opened"))?;
        let errors = log
            .try_clone()
            .map_err(failed("the log could not be opened"))?;
        self.command(arguments)?
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(failed("a command could not be started"))
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let program =
            std::env::current_exe().map_err(failed("this program does not know where it is"))?;
        let mut command = Command::new(program);
        command
            .arg("--project")
            .arg(&self.project)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// The policy that a person would have written.
    pub(crate) fn policy(&self) -> String {
        let lines = self.cast.lines();
        format!(
            "# written for the demo; every connection is an environment variable\nschema: 1\nproject: {}\nsource:\n  provider: {}\n\
             target:\n  region: {}\n  environment: prod\npromises:\n  write_downtime_ms: 5000\nfront_door: {}\ndatabases:\n  - name: {DATABASE}\n{}",
            lines.project,
            lines.provider,
            lines.region,
            self.door.control(),
            self.cast.connections()
        )
    }

    /// Lets the application finish its writes and stops it.
    pub(crate) async fn stop_the_application(&mut self) {
        if let Some(writers) = self.writers.take() {
            writers.stop().await;
        }
    }

    /// The project folder, if it is kept.
    pub(crate) fn kept(&self) -> Option<&Path> {
        self.keep.then_some(self.project.as_path())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is left in the system's temporary folder.
            std::fs::remove_dir_all(&self.project).ok();
        }
    }
}
