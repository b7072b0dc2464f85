//! A PostgreSQL database handed over and back by the real binary: out of a source whose only role is an ordinary owner.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::postgres::{MASTER, OWNER, prepare_target, seed};
use reberth_testkit::learning::{DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};
use reberth_testkit::postgres::{Major, Postgres, client_folder};

use crate::folder::{Folder, Ran};

const SIZE: Size = Size {
    learners: 200,
    submissions: 1_000,
};
const PATIENCE: Duration = Duration::from_secs(180);

struct Owned {
    source: Postgres,
    target: Postgres,
    _door: FrontDoor,
    ledger: Ledger,
    folder: Folder,
}

impl Owned {
    fn run(&self, arguments: &[&str]) -> Ran {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new(env!("CARGO_BIN_EXE_reberth"))
            .args(arguments)
            .current_dir(&self.folder.path)
            .env("PATH", format!("{}:{path}", client_folder().display()))
            .env("SOURCE", self.source.url(OWNER, PASSWORD, DATABASE))
            .env("TARGET", self.target.url(MASTER, PASSWORD, DATABASE))
            .env("TARGET_APP", self.target.url(OWNER, PASSWORD, DATABASE))
            .stdin(Stdio::null())
            .output();
        let ran = Ran::of(&output.expect("reberth runs"));
        assert!(!format!("{ran:?}").contains(PASSWORD), "a secret is shown");
        ran
    }

    fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran
    }

    async fn the_application_writes(&self) {
        let (before, deadline) = (self.ledger.acknowledged(), Instant::now() + PATIENCE);
        while self.ledger.acknowledged() < before + 5 {
            assert!(Instant::now() < deadline, "the application does not write");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owners_database_is_handed_over_and_back_and_over_again() {
    let source = Postgres::start(Major::V15, "cut-source", &["wal_level=replica"]);
    let source = source.expect("a server");
    let target = Postgres::start(Major::V17, "cut-target", &[]).expect("a server");
    seed(&source, SIZE).expect("the source is seeded");
    prepare_target(&target, OWNER).expect("the target has accounts");
    let servers = [("source", source.port()), ("target", target.port())];
    let door = FrontDoor::start(&servers, "source").await.expect("a door");
    let folder = Folder::project();
    let policy = folder.read("reberth.yaml");
    let kept = policy
        .lines()
        .filter(|line| !line.starts_with("databases:") && !line.starts_with("front_door:"));
    let kept: Vec<&str> = kept.collect();
    let databases = format!(
        "front_door: \"{}\"\ndatabases:
  - name: {DATABASE}
    copy_workers: 2
    source: {{ reader: env:SOURCE, fence: env:SOURCE, app: env:SOURCE, reverse: env:SOURCE }}
    target: {{ writer: env:TARGET, fence: env:TARGET, app: env:TARGET_APP }}\n",
        door.control()
    );
    folder.write("reberth.yaml", &format!("{}\n{databases}", kept.join("\n")));
    let ledger = Ledger::new();
    let plan = WritersPlan {
        speaks: Speaks::Postgres(OWNER),
        port: door.port(),
        writers: 4,
        rate_per_s: 100,
        learners: SIZE.learners,
        courses: 20,
        seed: 5,
    };
    let writers = Writers::start(&ledger, &plan);
    let owned = Owned {
        source,
        target,
        _door: door,
        ledger,
        folder,
    };
    owned.ok(&["replicate", "start", "--apply", "--until", "caught-up"]);
    let asked = owned.run(&["cutover", "run"]);
    let said = format!("{}{}", asked.stdout, asked.stderr);
    assert!(
        asked.code == 3 && said.contains("a trigger on every table that refuses writes"),
        "{asked:?}"
    );
    owned.ok(&["cutover", "run", "--apply", "--by", "Asha"]);
    owned.the_application_writes().await;
    owned.ok(&["cutover", "way-back", "--apply", "--by", "Asha"]);
    owned.the_application_writes().await;
    owned.ok(&["cutover", "run", "--apply", "--by", "Asha"]);
    owned.the_application_writes().await;
    writers.stop().await;
    let equal = owned.ok(&[
        "replicate",
        "start",
        "--reverse",
        "--apply",
        "--until",
        "caught-up",
    ]);
    assert!(equal.stdout.contains("goal reached"), "{equal:?}");
    for server in [&owned.source, &owned.target] {
        let verdict = owned.ledger.compare_postgres(server).expect("a verdict");
        assert!(verdict.is_exact(), "{verdict:?}");
    }
}
