//! What the demo plays on: two database servers, the recorded provider, the front door, the application, and a project folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::{DatabaseError, Server};
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{self, DATABASE};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};
use reberth_testkit::replay::{Faults, Recording, Replay};
use tokio::process::{Child, Command};

use super::Scale;
use crate::failure::Failure;
use crate::output::Output;

/// Token that the recorded provider accepts.
const TOKEN: &str = "demo-token";

/// Everything that runs; ended when dropped.
pub(crate) struct Scene {
    pub(crate) source: Server,
    pub(crate) target: Server,
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
    pub(crate) async fn set(scale: Scale, keep: bool, output: &Output) -> Result<Scene, Failure> {
        let started = Instant::now();
        output.note("setting the scene: two MariaDB servers on free loopback ports, a learning platform with its data, its application, a recorded API");
        let (source, target) = tokio::task::spawn_blocking(move || {
            let source = Server::start("demo-source", &[])?;
            let target = Server::start("demo-target", &[])?;
            learning::seed(&source, scale.size)?;
            learning::prepare_target(&target)?;
            Ok::<_, DatabaseError>((source, target))
        })
        .await
        .map_err(|error| {
            Failure::io(
                "the servers could not be started",
                std::io::Error::other(error),
            )
        })?
        .map_err(no_server)?;
        let door = FrontDoor::start(
            &[("source", source.port()), ("target", target.port())],
            "source",
        )
        .await
        .map_err(failed("the front door could not be opened"))?;
        let replay = Replay::start(Recording::edtech(), TOKEN, Faults::default())
            .map_err(failed("the recorded API could not be served"))?;
        let project = std::env::temp_dir().join(format!("reberth-demo-{}", std::process::id()));
        let environment = environment(&source, &target);
        let ledger = Ledger::new();
        let plan = WritersPlan {
            speaks: Speaks::MySql,
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
            source,
            target,
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

    /// A session where a stream keeps its state.
    pub(crate) async fn state_session(&self, direction: Direction) -> Result<Session, Failure> {
        let (server, user, side) = match direction {
            Direction::Forward => (&self.target, "writer", "target"),
            Direction::Reverse => (&self.source, "reverse", "source"),
        };
        let url = Secret::new(server.url(user, learning::PASSWORD, DATABASE));
        Ok(server::writer(&Address::parse(&url, user, side)?).await?)
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
        format!(
            "# written for the demo; every connection is an environment variable\nschema: 1\nproject: brightlearn\nsource:\n  provider: digitalocean\n\
             target:\n  region: ap-south-1\n  environment: prod\npromises:\n  write_downtime_ms: 5000\nfront_door: {}\ndatabases:\n  - name: {DATABASE}\n    cluster: lms-core-mysql\n    \
             source: {{reader: env:LMS_READER, fence: env:LMS_FENCE, app: env:LMS_APP, reverse: env:LMS_REVERSE}}\n    \
             target: {{writer: env:LMS_TARGET_WRITER, fence: env:LMS_TARGET_FENCE, app: env:LMS_TARGET_APP}}\n    \
             exempt_accounts: [root@localhost, mariadb.sys@localhost]\n",
            self.door.control()
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

fn environment(source: &Server, target: &Server) -> Vec<(&'static str, String)> {
    let url = |server: &Server, user: &str| server.url(user, learning::PASSWORD, DATABASE);
    vec![
        ("DIGITALOCEAN_TOKEN", TOKEN.to_owned()),
        ("LMS_READER", url(source, "reader")),
        ("LMS_FENCE", url(source, "fence")),
        ("LMS_APP", url(source, "app")),
        ("LMS_REVERSE", url(source, "reverse")),
        ("LMS_TARGET_WRITER", url(target, "writer")),
        ("LMS_TARGET_FENCE", url(target, "fence")),
        ("LMS_TARGET_APP", url(target, "app")),
    ]
}
