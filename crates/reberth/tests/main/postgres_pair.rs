//! Two real PostgreSQL servers, and replication between them by two environment variables or in a project folder.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::postgres::{Major, PASSWORD, Postgres, client_folder};
use serde_json::Value;

use crate::folder::{Folder, Ran};

const TABLES: &str = "
    CREATE TABLE course (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL UNIQUE);
    CREATE TABLE enrolment (course_id int NOT NULL REFERENCES course, learner text NOT NULL, PRIMARY KEY (course_id, learner));
    INSERT INTO course (title) SELECT 'course ' || n FROM generate_series(1, 500) n;
    INSERT INTO enrolment SELECT id, 'learner ' || id % 7 FROM course;";
/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct PostgresPair {
    pub(crate) source: Postgres,
    pub(crate) target: Postgres,
    folder: Folder,
    /// Who reads the source.
    reader: &'static str,
}

impl PostgresPair {
    /// [`PostgresPair::start`] by a slot, for which the source keeps so little.
    pub(crate) fn start_keeping_little(name: &str) -> PostgresPair {
        let pair = PostgresPair::start(name, "wal_level=logical");
        for setting in [
            "max_slot_wal_keep_size = '32MB'",
            "max_wal_size = '64MB'",
            "wal_keep_size = 0",
        ] {
            let sql = format!("ALTER SYSTEM SET {setting}");
            pair.source.sql("postgres", &sql).expect("a setting");
        }
        pair.on_source("SELECT pg_reload_conf()");
        pair
    }

    /// With tables of an owner without any special right, in the database `lms`.
    pub(crate) fn start(name: &str, level: &str) -> PostgresPair {
        let start = |side: &str, settings: &[&str]| {
            let server =
                Postgres::start(Major::V15, &format!("{name}-{side}"), settings).expect("a server");
            server.restricted_owner("lms", "owner").expect("an owner");
            server
                .sql(
                    "postgres",
                    &format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'"),
                )
                .expect("a password");
            server
        };
        let folder = Folder::empty();
        fs::create_dir_all(&folder.path).expect("a folder");
        let pair = PostgresPair {
            source: start("source", &[level]),
            target: start("target", &["wal_level=logical"]),
            folder,
            reader: if level == "wal_level=logical" {
                "postgres"
            } else {
                "owner"
            },
        };
        pair.source.sql_as("owner", "lms", TABLES).expect("tables");
        pair
    }

    /// The same, read by an account that may do nothing else.
    pub(crate) fn read_only(mut self) -> PostgresPair {
        let viewer = format!(
            "CREATE ROLE viewer LOGIN PASSWORD '{PASSWORD}'; GRANT CONNECT ON DATABASE lms TO viewer; GRANT SELECT ON ALL TABLES IN SCHEMA public TO viewer; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO viewer"
        );
        self.source.sql("lms", &viewer).expect("a role");
        self.reader = "viewer";
        self
    }

    /// The same, with a target on which a transaction can be left prepared, and holds its locks without a session.
    pub(crate) fn deciding_in_two_steps(mut self) -> PostgresPair {
        let sql = "ALTER SYSTEM SET max_prepared_transactions = 5";
        self.target.sql("postgres", sql).expect("a setting");
        self.target.shut_down().expect("it ends in order");
        self.target.resume().expect("it comes back");
        self
    }

    /// The same, with a project folder whose policy names the database.
    pub(crate) fn with_project(mut self) -> PostgresPair {
        self.folder = Folder::project();
        let policy = self.folder.read("reberth.yaml");
        let kept: Vec<&str> = policy
            .lines()
            .filter(|line| !line.starts_with("databases:"))
            .collect();
        let databases = "databases:
  - name: lms
    copy_workers: 3
    source: { reader: env:SOURCE_READER, fence: env:SOURCE_READER, app: env:SOURCE_READER, reverse: env:SOURCE_READER }
    target: { writer: env:TARGET_WRITER, fence: env:TARGET_WRITER, app: env:TARGET_WRITER }\n";
        self.folder
            .write("reberth.yaml", &format!("{}\n{databases}", kept.join("\n")));
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let source = self.source.url(self.reader, PASSWORD, "lms");
        let target = self.target.url("postgres", PASSWORD, "lms");
        let names = match self.folder.path.join("reberth.yaml").is_file() {
            true => ["SOURCE_READER", "TARGET_WRITER"],
            false => ["REBERTH_SOURCE_URL", "REBERTH_TARGET_URL"],
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_reberth"));
        command
            .arg("replicate")
            .args(arguments)
            .current_dir(&self.folder.path)
            .env("PATH", format!("{}:{path}", client_folder().display()))
            .envs(names.into_iter().zip([source, target]))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command that must end with that code.
    pub(crate) fn code(&self, arguments: &[&str], code: i32) -> Ran {
        let ran = Ran::of(&self.command(arguments).output().expect("reberth runs"));
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains(PASSWORD), "a secret is shown");
        ran
    }

    /// [`PostgresPair::code`], and all that was said.
    pub(crate) fn expect(&self, arguments: &[&str], code: i32) -> String {
        let ran = self.code(arguments, code);
        format!("{}{}", ran.stdout, ran.stderr)
    }

    /// Starts a command that goes on.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log");
        let errors = log.try_clone().expect("a log");
        let mut command = self.command(arguments);
        command
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("reberth runs")
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

    /// Starts a stream that waits on the target for a lock, which nobody's session holds, and kills it when it has come so far.
    pub(crate) fn kill_at(&self, lock: &str, has_come: impl Fn(&PostgresPair, &Value) -> bool) {
        let hold = format!("BEGIN; {lock}; PREPARE TRANSACTION 'held'");
        self.target.sql("lms", &hold).expect("a lock");
        let mut started = self.spawn(&["start", "--apply"]);
        self.wait_for(lock, |status| has_come(self, status));
        started.kill().expect("a process");
        started.wait().expect("a process");
        let let_go = "ROLLBACK PREPARED 'held'";
        self.target.sql("lms", let_go).expect("no lock");
    }

    /// Runs statements on the source as the owner of its tables.
    pub(crate) fn write(&self, sql: &str) {
        self.source.sql_as("owner", "lms", sql).expect("writes");
    }

    /// What a query of one value tells on the target.
    pub(crate) fn on_target(&self, sql: &str) -> String {
        let answer = self.target.sql("lms", sql).expect("an answer");
        answer.trim().to_owned()
    }

    /// What a query of one value tells on the source.
    pub(crate) fn on_source(&self, sql: &str) -> String {
        let answer = self.source.sql("lms", sql).expect("an answer");
        answer.trim().to_owned()
    }

    /// An account on the target that cannot let triggers rest is named before anything is made on the source.
    pub(crate) fn expect_refused_writer(&self) {
        let mut command = self.command(&["start", "--until", "copied"]);
        let owner = self.target.url("owner", PASSWORD, "lms");
        let output = command.env("REBERTH_TARGET_URL", owner).output();
        let said = Ran::of(&output.expect("reberth runs")).stderr;
        assert!(
            said.contains("may not set session_replication_role"),
            "{said}"
        );
        assert_eq!(self.on_source(LEFT), "0");
    }
}

/// Slots, publications, triggers and schemas of ours on the source.
pub(crate) const LEFT: &str = "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication) \
     + (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'reberth')";

impl Drop for PostgresPair {
    fn drop(&mut self) {
        fs::remove_file(self.log()).ok();
    }
}
