//! A project folder with live servers behind it, and an application that writes.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::database::Server;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

use crate::folder::{Folder, Ran};

const SIZE: Size = Size {
    learners: 400,
    submissions: 20_000,
};
/// How long a command that nobody kills may take.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Live {
    pub(crate) source: Server,
    pub(crate) target: Server,
    pub(crate) ledger: Ledger,
    writers: Option<Writers>,
    folder: Folder,
    environment: Vec<(&'static str, String)>,
    _door: FrontDoor,
}

impl Live {
    pub(crate) async fn start(name: &str) -> Live {
        let source = Server::start(&format!("{name}-source"), &[]).unwrap();
        let target = Server::start(&format!("{name}-target"), &[]).unwrap();
        learning::seed(&source, SIZE).unwrap();
        learning::prepare_target(&target).unwrap();
        let servers = [("source", source.port()), ("target", target.port())];
        let door = FrontDoor::start(&servers, "source").await.unwrap();
        let ledger = Ledger::new();
        let plan = WritersPlan {
            speaks: Speaks::MySql,
            port: door.port(),
            writers: 4,
            rate_per_s: 100,
            learners: SIZE.learners,
            courses: 20,
            seed: 3,
        };
        let writers = Some(Writers::start(&ledger, &plan));
        let folder = Folder::empty();
        fs::create_dir_all(&folder.path).unwrap();
        folder.write("reberth.yaml", &policy(&door.control()));
        let environment = environment(&source, &target);
        Live {
            source,
            target,
            ledger,
            writers,
            folder,
            environment,
            _door: door,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reberth"));
        command
            .arg("--project")
            .arg(&self.folder.path)
            .args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran
    }

    /// Starts a command whose words go to a file beside the project.
    fn spawn(&self, arguments: &[&str]) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let errors = log.try_clone().unwrap();
        self.command(arguments)
            .stdout(log)
            .stderr(errors)
            .spawn()
            .unwrap()
    }

    pub(crate) fn log(&self) -> std::path::PathBuf {
        self.folder.path.with_extension("log")
    }

    /// Lets a command live for so long, then kills it. `Some` holds its exit code if it ended before.
    pub(crate) fn kill_after(&self, arguments: &[&str], life: Duration) -> Option<i32> {
        let mut child = self.spawn(arguments);
        let deadline = Instant::now() + life;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        None
    }

    /// Runs a command to its end, whatever was killed before.
    pub(crate) fn finish(&self, arguments: &[&str]) {
        let code = self.kill_after(arguments, PATIENCE);
        assert_eq!(
            code,
            Some(0),
            "{arguments:?}:\n{}",
            fs::read_to_string(self.log()).unwrap()
        );
    }

    pub(crate) async fn application_writes(&self) {
        let (before, deadline) = (self.ledger.acknowledged(), Instant::now() + PATIENCE);
        while self.ledger.acknowledged() < before + 5 {
            assert!(Instant::now() < deadline, "the application does not write");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Number of cutovers and ways back that came to their end.
    pub(crate) fn passages_done(&self) -> usize {
        let runs = self.ok(&["cutover", "status", "--json"]).json();
        let runs = runs.as_array().unwrap().iter();
        runs.filter(|run| run["state"]["state"] == "done").count()
    }

    /// Where the application's account is let in.
    pub(crate) fn open_sides(&self) -> Vec<&'static str> {
        let is_open = |server: &Server| {
            let sql = "SELECT COALESCE(JSON_VALUE(Priv, '$.account_locked'), 'false') FROM mysql.global_priv WHERE User = 'app'";
            !["1", "true"].contains(&server.sql(sql).unwrap().trim())
        };
        [("source", &self.source), ("target", &self.target)]
            .into_iter()
            .filter(|(_, server)| is_open(server))
            .map(|(side, _)| side)
            .collect()
    }

    /// With the application stopped: both sides hold the ledger, and are equal row by row.
    pub(crate) async fn settle(&mut self) {
        self.writers.take().unwrap().stop().await;
        let mut stream = self.spawn(&["replicate", "start", "--apply"]);
        self.ok(&["replicate", "verify"]);
        stream.kill().unwrap();
        stream.wait().unwrap();
        for (port, user) in [
            (self.source.port(), "reverse"),
            (self.target.port(), "writer"),
        ] {
            let verdict = self.ledger.compare(port, user).await.unwrap();
            assert!(verdict.is_exact(), "as {user}: {verdict:?}");
        }
        self.ok(&["audit", "verify"]);
        let status: serde_json::Value = self.ok(&["cutover", "status", "--json"]).json();
        assert!(status.is_array(), "{status}");
    }
}

fn policy(door: &str) -> String {
    format!(
        "schema: 1\nproject: brightlearn\nsource:\n  provider: digitalocean\ntarget:\n  region: ap-south-1\n  environment: prod\n\
         promises:\n  write_downtime_ms: 5000\nfront_door: {door}\ndatabases:\n  - name: {DATABASE}\n    cluster: lms-core-mysql\n    \
         source: {{reader: env:LMS_READER, fence: env:LMS_FENCE, app: env:LMS_APP, reverse: env:LMS_REVERSE}}\n    \
         target: {{writer: env:LMS_TARGET_WRITER, fence: env:LMS_TARGET_FENCE, app: env:LMS_TARGET_APP}}\n    \
         exempt_accounts: [root@localhost, mariadb.sys@localhost]\n"
    )
}

fn environment(source: &Server, target: &Server) -> Vec<(&'static str, String)> {
    let url = |server: &Server, user: &str| server.url(user, PASSWORD, DATABASE);
    vec![
        ("LMS_READER", url(source, "reader")),
        ("LMS_FENCE", url(source, "fence")),
        ("LMS_APP", url(source, "app")),
        ("LMS_REVERSE", url(source, "reverse")),
        ("LMS_TARGET_WRITER", url(target, "writer")),
        ("LMS_TARGET_FENCE", url(target, "fence")),
        ("LMS_TARGET_APP", url(target, "app")),
    ]
}
