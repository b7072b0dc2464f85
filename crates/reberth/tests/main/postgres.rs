//! `reberth replicate` between two PostgreSQL servers, as a person would use it.

use std::process::{Command, Output};

use reberth_testkit::postgres::{Major, PASSWORD, Postgres, client_folder};

const REBERTH: &str = env!("CARGO_BIN_EXE_reberth");
const TABLES: &str = "
    CREATE TABLE course (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL UNIQUE);
    CREATE TABLE enrolment (course_id int NOT NULL REFERENCES course, learner text NOT NULL, PRIMARY KEY (course_id, learner));
    INSERT INTO course (title) SELECT 'course ' || n FROM generate_series(1, 500) n;
    INSERT INTO enrolment SELECT id, 'learner ' || id % 7 FROM course;";

struct Servers {
    source: Postgres,
    target: Postgres,
}

impl Servers {
    fn start(name: &str, level: &str) -> Servers {
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
        let servers = Servers {
            source: start("source", &[level]),
            target: start("target", &["wal_level=logical"]),
        };
        servers
            .source
            .sql_as("owner", "lms", TABLES)
            .expect("tables");
        servers
    }

    fn reberth(&self, arguments: &[&str], reader: &str) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new(REBERTH)
            .arg("replicate")
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .env("PATH", format!("{}:{path}", client_folder().display()))
            .env(
                "REBERTH_SOURCE_URL",
                self.source.url(reader, PASSWORD, "lms"),
            )
            .env(
                "REBERTH_TARGET_URL",
                self.target.url("postgres", PASSWORD, "lms"),
            )
            .output()
            .expect("reberth runs")
    }

    /// An account on the target that cannot let triggers rest is named before anything is made on the source.
    fn expect_refused_writer(&self) {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new(REBERTH)
            .args(["replicate", "start", "--until", "copied"])
            .current_dir(std::env::temp_dir())
            .env("PATH", format!("{}:{path}", client_folder().display()))
            .env(
                "REBERTH_SOURCE_URL",
                self.source.url("postgres", PASSWORD, "lms"),
            )
            .env(
                "REBERTH_TARGET_URL",
                self.target.url("owner", PASSWORD, "lms"),
            )
            .output()
            .expect("reberth runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("may not set session_replication_role"),
            "{said}"
        );
        let made = "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)";
        assert_eq!(self.source.sql("lms", made).expect("a count").trim(), "0");
    }

    fn expect(&self, arguments: &[&str], reader: &str, code: i32) -> String {
        let output = self.reberth(arguments, reader);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains(PASSWORD), "a secret is shown");
        said
    }
}

#[test]
fn a_database_is_moved_verified_and_forgotten() {
    let servers = Servers::start("cli-logical", "wal_level=logical");
    servers.expect_refused_writer();
    let plan = servers.expect(&["plan"], "postgres", 0);
    assert!(
        plan.contains("0 blocker(s)") && plan.contains("the replication slot reberth_"),
        "{plan}"
    );
    servers.expect(&["start", "--until", "caught-up"], "postgres", 0);
    servers
        .source
        .sql(
            "lms",
            "UPDATE course SET title = title || '!' WHERE id < 100",
        )
        .expect("writes");
    servers.expect(&["start", "--until", "caught-up"], "postgres", 0);
    let equal = servers.expect(&["verify"], "postgres", 0);
    assert!(equal.contains("equal; 1000 rows compared"), "{equal}");
    servers
        .target
        .sql("lms", "UPDATE course SET title = 'other' WHERE id = 7")
        .expect("a difference");
    let found = servers.expect(&["verify"], "postgres", 4);
    assert!(
        found.contains("NOT EQUAL") && found.contains("course"),
        "{found}"
    );
    let stopped = servers.expect(&["stop"], "postgres", 0);
    assert!(
        stopped.contains("the replication slot") && stopped.contains("the schema reberth"),
        "{stopped}"
    );
    let left = servers.source.sql("lms", "SELECT (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_publication)").expect("counts");
    assert_eq!(left.trim(), "0\t0");
    let again = servers.expect(&["stop"], "postgres", 0);
    assert!(again.contains("nothing was left"), "{again}");
}

#[test]
fn an_ordinary_owner_is_followed_by_triggers_after_consent() {
    let servers = Servers::start("cli-capture", "wal_level=replica");
    let traces = "SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal), (SELECT count(*) FROM pg_namespace WHERE nspname = 'reberth')";
    let traces = || {
        servers
            .source
            .sql("lms", traces)
            .expect("counts")
            .trim()
            .to_owned()
    };
    let plan = servers.expect(&["plan"], "owner", 0);
    assert!(plan.contains("owner has no right to replicate"), "{plan}");
    let waiting = servers.expect(&["start", "--until", "caught-up"], "owner", 3);
    assert!(waiting.contains("add --apply"), "{waiting}");
    assert_eq!(traces(), "0\t0", "nothing is written without consent");
    servers.expect(&["start", "--until", "caught-up", "--apply"], "owner", 0);
    servers.source.sql_as("owner", "lms", "UPDATE course SET title = title || '!' WHERE id < 100; DELETE FROM enrolment WHERE course_id = 400").expect("writes");
    servers.expect(&["start", "--until", "caught-up"], "owner", 0);
    let equal = servers.expect(&["verify"], "owner", 0);
    assert!(equal.contains("equal; 999 rows compared"), "{equal}");
    servers.expect(&["stop"], "owner", 0);
    assert_eq!(traces(), "0\t0", "nothing is left on the source");
}
