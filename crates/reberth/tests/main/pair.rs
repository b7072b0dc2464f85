//! Two real servers and an empty folder: replication by two environment variables.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::database::Server;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use serde_json::Value;

use crate::folder::{Folder, Ran};

const SIZE: Size = Size {
    learners: 200,
    submissions: 3_000,
};
/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
    folder: Folder,
}

impl Pair {
    pub(crate) fn start(name: &str) -> Pair {
        let source = Server::start(&format!("{name}-source"), &[]).unwrap();
        let target = Server::start(&format!("{name}-target"), &[]).unwrap();
        learning::seed(&source, SIZE).unwrap();
        learning::prepare_target(&target).unwrap();
        let folder = Folder::empty();
        fs::create_dir_all(&folder.path).unwrap();
        Pair {
            source,
            target,
            folder,
        }
    }

    /// The two variables.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [
            (
                "REBERTH_SOURCE_URL",
                self.source.url("reader", PASSWORD, DATABASE),
            ),
            (
                "REBERTH_TARGET_URL",
                self.target.url("writer", PASSWORD, DATABASE),
            ),
        ]
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reberth"));
        command
            .args(arguments)
            .current_dir(&self.folder.path)
            .envs(self.variables())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of `replicate` in the empty folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let arguments: Vec<&str> = ["replicate"].iter().chain(arguments).copied().collect();
        let ran = Ran::of(&self.command(&arguments).output().unwrap());
        assert!(
            !format!("{ran:?}").contains(PASSWORD),
            "a password was printed: {ran:?}"
        );
        assert_eq!(self.left_behind(), Vec::<PathBuf>::new(), "{arguments:?}");
        ran
    }

    pub(crate) fn code(&self, arguments: &[&str], code: i32) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        ran
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
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

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path.with_extension("log")
    }

    pub(crate) fn status(&self) -> Value {
        self.code(&["status", "--json"], 0).json()
    }

    /// Waits until `condition` holds of the status.
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if condition(&status) {
                return;
            }
            let log = || fs::read_to_string(self.log()).unwrap_or_default();
            assert!(Instant::now() < deadline, "{what}: {status}\n{}", log());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Databases on the target that are not the server's own.
    pub(crate) fn target_databases(&self) -> Vec<String> {
        let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('lms_core', 'reberth') ORDER BY 1";
        let names = self.target.sql(sql).unwrap();
        names.lines().map(str::to_owned).collect()
    }

    /// Waits until the reader has no session on the source: a server sees that a reader of its log has left when it next speaks to it.
    pub(crate) fn wait_until_the_source_is_free(&self) {
        let sql =
            "SELECT ID, COMMAND, STATE FROM information_schema.PROCESSLIST WHERE USER = 'reader'";
        let deadline = Instant::now() + PATIENCE;
        loop {
            let sessions = self.source.sql(sql).unwrap();
            if sessions.is_empty() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "held open on the source: {sessions}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn badges(&self, server: &Server) -> u32 {
        let sql = "SELECT COUNT(*) FROM lms_core.badge";
        server.sql(sql).unwrap().trim().parse().unwrap()
    }

    pub(crate) fn add_badges(&self, code: &str) {
        self.source
            .sql(&format!(
                "USE lms_core; INSERT INTO badge SELECT seq, '{code}', NULL FROM seq_1_to_20"
            ))
            .unwrap();
    }

    /// Files that a command without a project folder must not write.
    fn left_behind(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder.path).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        fs::remove_file(self.log()).ok();
    }
}
