//! Several databases of one project folder in one process, with its metrics.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::database::Server;

use crate::folder::{Folder, Ran};
use crate::scrape::{get, parse};

const PASSWORD: &str = "local-only";
const NAMES: [&str; 3] = ["shop", "blog", "wiki"];
const PATIENCE: Duration = Duration::from_secs(180);

struct Several {
    source: Server,
    target: Server,
    folder: Folder,
}

impl Several {
    fn start(name: &str) -> Several {
        let source = Server::start(&format!("{name}-source"), &[]).unwrap();
        let target = Server::start(&format!("{name}-target"), &[]).unwrap();
        for name in NAMES {
            let sql = format!(
                "CREATE DATABASE {name}; USE {name}; CREATE TABLE page (id INT PRIMARY KEY, text VARCHAR(200) NOT NULL, UNIQUE KEY page_text (text));
                 INSERT INTO page SELECT seq, CONCAT('{name} ', seq) FROM seq_1_to_5000; ANALYZE TABLE page"
            );
            source.sql(&sql).unwrap();
        }
        source.sql("CREATE USER reader@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, SHOW VIEW, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO reader@'%'").unwrap();
        target
            .sql(
                "CREATE USER writer@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON *.* TO writer@'%'",
            )
            .unwrap();
        let folder = Folder::empty();
        fs::create_dir_all(&folder.path).unwrap();
        folder.write("reberth.yaml", &policy(&NAMES, "front_door: 127.0.0.1:1\n"));
        Several {
            source,
            target,
            folder,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reberth"));
        command
            .args(arguments)
            .current_dir(&self.folder.path)
            .env("READER", self.source.url("reader", PASSWORD, ""))
            .env("WRITER", self.target.url("writer", PASSWORD, ""))
            .stdin(Stdio::null());
        command
    }

    fn code(&self, arguments: &[&str], code: i32) -> Ran {
        let ran = Ran::of(&self.command(arguments).output().unwrap());
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        ran
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let log = fs::File::create(self.log()).unwrap();
        let errors = log.try_clone().unwrap();
        self.command(arguments)
            .stdout(log)
            .stderr(errors)
            .spawn()
            .unwrap()
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path.join("replicate.log")
    }
}

fn policy(names: &[&str], rest: &str) -> String {
    let databases: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                "  - name: {name}\n    source: {{reader: env:READER, fence: env:READER, app: env:READER, reverse: env:READER}}\n    \
                 target: {{writer: env:WRITER, fence: env:WRITER, app: env:WRITER}}\n"
            )
        })
        .collect();
    format!(
        "schema: 1\nproject: several\nsource:\n  provider: digitalocean\ntarget:\n  region: ap-south-1\n{rest}databases:\n{}",
        databases.concat()
    )
}

/// Waits until `read` returns something.
fn wait<T>(what: &str, read: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = read() {
            return value;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn one_process_carries_all_databases_of_a_folder_and_measures_them() {
    let several = Several::start("several");
    // One worker's turn for two workers each: the databases are copied one after the other.
    let mut process = several.spawn(&[
        "replicate",
        "start",
        "--apply",
        "--workers",
        "1",
        "--metrics",
        "0",
    ]);
    let address = wait("no address", || {
        let log = fs::read_to_string(several.log()).unwrap();
        let at = log.split("http://").nth(1)?.split('/').next()?;
        Some(at.to_owned())
    });
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let page = wait("not caught up", || {
        let (status, body) = get(&address, "/metrics");
        assert!(status.contains("200"), "{status}");
        if body.is_empty() {
            return None;
        }
        let page = parse(&body);
        let caught_up = |name: &str| {
            let series = format!(
                "reberth_replication_caught_up{{database=\"{name}\",direction=\"forward\",engine=\"mysql\"}}"
            );
            page.get(&series) == Some(&1.0)
        };
        NAMES.iter().all(|name| caught_up(name)).then_some(page)
    });
    for name in NAMES {
        let value = |family: &str, labels: &str| {
            page[&format!(
                "{family}{{database=\"{name}\",direction=\"forward\",engine=\"mysql\"{labels}}}"
            )]
        };
        assert_eq!(value("reberth_copy_rows_total", ""), 5_000.0);
        assert_eq!(
            value("reberth_replication_phase", ",phase=\"following\""),
            1.0
        );
        assert!(value("reberth_replication_lag_seconds", "") < 1.0);
    }
    assert!(get(&address, "/secret").0.contains("404"));

    several
        .source
        .sql("DELETE FROM blog.page WHERE id < 10; INSERT INTO wiki.page VALUES (0, 'zero')")
        .unwrap();
    let rows = |name: &str| {
        several
            .target
            .sql(&format!("SELECT COUNT(*) FROM {name}.page"))
            .unwrap()
    };
    wait("not followed", || {
        (rows("blog").trim() == "4991" && rows("wiki").trim() == "5001").then_some(())
    });
    several.code(&["replicate", "pause", "--database", "blog"], 0);
    several
        .source
        .sql("DELETE FROM blog.page; DELETE FROM shop.page WHERE id = 1")
        .unwrap();
    wait("held by the other", || {
        (rows("shop").trim() == "4999").then_some(())
    });
    assert_eq!(rows("blog").trim(), "4991");
    several.code(&["replicate", "resume", "--database", "blog"], 0);
    wait("not resumed", || (rows("blog").trim() == "0").then_some(()));
    several.code(&["replicate", "verify"], 0);
    process.kill().unwrap();
    process.wait().unwrap();
    several.code(&["replicate", "stop", "--apply"], 0);
    let left = several.target.sql("SHOW DATABASES LIKE 'reberth'").unwrap();
    assert_eq!(left, "");
    for databases in ["shop", "blog"] {
        let shared = several.code(&["cutover", "run", "--database", databases, "--apply"], 1);
        assert!(
            shared.stderr.contains("front_door of its own"),
            "{shared:?}"
        );
    }
}

#[test]
fn an_address_that_is_taken_starts_nothing() {
    let several = Several::start("taken");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = several.code(&["replicate", "start", "--apply", "--metrics", &address], 1);
    assert!(ran.stderr.contains("error[RB-CLI-016]"), "{ran:?}");
    assert_eq!(
        several.target.sql("SHOW DATABASES LIKE 'shop'").unwrap(),
        ""
    );
}
