//! Whatever could still write is found: locked and cut off, or refused before anything is switched.

use std::collections::BTreeSet;

use reberth_journal::RunState;
use reberth_replicate::connection::Session;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::Server;
use reberth_testkit::learning::PASSWORD;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::{Crossing, locked};

/// Every way in which an account comes to a right to write.
const ACCOUNTS: &str = "
CREATE USER direct@'127.0.0.1' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO direct@'127.0.0.1';
CREATE USER everywhere@'%' IDENTIFIED BY 'local-only'; GRANT UPDATE ON *.* TO everywhere@'%';
CREATE USER pattern@'%' IDENTIFIED BY 'local-only'; GRANT DELETE ON `lms\\_%`.* TO pattern@'%';
CREATE USER by_table@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.badge TO by_table@'%';
CREATE USER by_column@'%' IDENTIFIED BY 'local-only'; GRANT UPDATE (code) ON lms_core.badge TO by_column@'%';
CREATE USER by_routine@'%' IDENTIFIED BY 'local-only'; CREATE PROCEDURE lms_core.tidy() DELETE FROM lms_core.badge WHERE FALSE; GRANT EXECUTE ON PROCEDURE lms_core.tidy TO by_routine@'%';
CREATE ROLE writing; GRANT INSERT ON lms_core.* TO writing; CREATE ROLE team; GRANT writing TO team;
CREATE USER by_role@'%' IDENTIFIED BY 'local-only'; GRANT team TO by_role@'%';
CREATE ROLE everything; GRANT UPDATE ON *.* TO everything; CREATE USER by_wide_role@'%' IDENTIFIED BY 'local-only'; GRANT everything TO by_wide_role@'%';
CREATE USER spared@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO spared@'%';
CREATE USER looking@'%' IDENTIFIED BY 'local-only'; GRANT SELECT ON lms_core.* TO looking@'%';
CREATE USER elsewhere@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON `lms_other`.* TO elsewhere@'%';
CREATE USER leaving@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON *.* TO leaving@'%';
CREATE USER resting@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO resting@'%';
";
const WRITING: [&str; 9] = [
    "app@%",
    "by_column@%",
    "by_role@%",
    "by_routine@%",
    "by_table@%",
    "by_wide_role@%",
    "direct@127.0.0.1",
    "everywhere@%",
    "pattern@%",
];

/// Needs the right to write, and leaves no row.
const WRITES_NOTHING: &str =
    "INSERT INTO lms_core.badge SELECT 1, 'none', NULL FROM DUAL WHERE FALSE";

pub(crate) async fn session(server: &Server, user: &str) -> Session {
    let url = Secret::new(format!(
        "mysql://{user}:{PASSWORD}@127.0.0.1:{}/?tls=off",
        server.port()
    ));
    Address::parse(&url, user, "source")
        .expect("a good address")
        .connect(&[])
        .await
        .expect("the account logs in")
}

pub(crate) fn accounts(value: &serde_json::Value) -> BTreeSet<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| account.as_str().expect("a name").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_account_and_every_session_that_could_write_is_shut_out_and_let_in_again() {
    let mut crossing = Crossing::start("fence").await;
    crossing
        .source
        .sql(ACCOUNTS)
        .expect("the accounts are made");
    crossing.exempt.push("spared@%".to_owned());
    let mut open = session(&crossing.source, "direct").await;
    open.run("writing", "BEGIN").await.unwrap();
    open.run(
        "writing",
        "INSERT INTO lms_core.badge VALUES (77, 'uncommitted', NULL)",
    )
    .await
    .unwrap();
    // Their accounts are locked or gone before the fence comes, and their sessions write on.
    let mut left = session(&crossing.source, "leaving").await;
    let mut rested = session(&crossing.source, "resting").await;
    crossing
        .source
        .sql("DROP USER leaving@'%'; ALTER USER resting@'%' ACCOUNT LOCK")
        .unwrap();
    for writing in [&mut left, &mut rested] {
        writing.run("writing", WRITES_NOTHING).await.unwrap();
    }
    let (mut spared, mut looking) = (
        session(&crossing.source, "spared").await,
        session(&crossing.source, "looking").await,
    );
    let before = locked(&crossing.source);

    let waits = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    assert!(
        matches!(waits, RunState::Waiting { .. }),
        "{waits}: {}",
        crossing.failure(Way::There)
    );
    let named = accounts(&crossing.evidence(Way::There, "source_fenced", "/fence/accounts_locked"));
    assert!(
        WRITING.iter().all(|account| named.contains(*account)),
        "{named:?}"
    );
    let shut = locked(&crossing.source);
    assert!(
        WRITING
            .iter()
            .all(|account| shut.iter().any(|locked| locked == account)),
        "{shut:?}"
    );
    assert!(
        [
            "spared@%",
            "looking@%",
            "elsewhere@%",
            "reverse@%",
            "fence@%",
            "reader@%"
        ]
        .iter()
        .all(|account| !named.contains(*account)),
        "{named:?}"
    );
    assert!(
        accounts(&crossing.evidence(Way::There, "ready", "/exempt_accounts")).contains("spared@%")
    );
    for (name, writing) in [
        ("in a transaction", &mut open),
        ("of a dropped account", &mut left),
        ("of a locked account", &mut rested),
    ] {
        assert!(
            writing
                .run(
                    "writing",
                    "INSERT INTO lms_core.badge VALUES (78, 'late', NULL)"
                )
                .await
                .is_err(),
            "the session {name} still writes"
        );
    }
    let planted = crossing.source.sql("SELECT COUNT(*) FROM lms_core.badge WHERE learner_id IN (77, 78) AND code IN ('uncommitted', 'late')").unwrap();
    assert_eq!(planted.trim(), "0", "the open transaction was rolled back");
    spared
        .run("writing", WRITES_NOTHING)
        .await
        .expect("an exempt account is left alone");
    looking
        .run("reading", "DO (SELECT COUNT(*) FROM lms_core.badge)")
        .await
        .expect("a reader is left alone");

    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    assert_eq!(locked(&crossing.source), before);
    crossing.only_writer("source").await;
    crossing.the_application_writes().await;

    // A right of everybody makes a writer of everyone.
    crossing
        .source
        .sql("GRANT INSERT ON lms_core.* TO PUBLIC")
        .unwrap();
    crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    let named = accounts(&crossing.evidence(Way::There, "source_fenced", "/fence/accounts_locked"));
    assert!(
        named.contains("looking@%") && named.contains("elsewhere@%"),
        "{named:?}"
    );
    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    crossing
        .source
        .sql("REVOKE INSERT ON lms_core.* FROM PUBLIC")
        .unwrap();
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_writes_past_every_lock_is_refused() {
    let mut crossing = Crossing::start("refusing").await;
    let port = crossing.target.port();
    let cases = [
        (
            "a scheduled event",
            "CREATE DATABASE lms_other; CREATE EVENT lms_other.tick ON SCHEDULE EVERY 1 HOUR DO DO 1; SET GLOBAL event_scheduler = ON".to_owned(),
            "DROP DATABASE lms_other; SET GLOBAL event_scheduler = OFF".to_owned(),
            "ready RB-CUT-002: the source is not fenced: the event scheduler runs with 1 enabled event(s) of other databases, such as lms_other.tick",
        ),
        (
            "incoming replication",
            format!("CHANGE MASTER TO master_host = '127.0.0.1', master_port = {port}, master_user = 'nobody'; START SLAVE; DO SLEEP(0.5)"),
            "STOP SLAVE; RESET SLAVE ALL".to_owned(),
            "ready RB-CUT-002: the source is not fenced: 2 thread(s) of incoming replication",
        ),
        (
            "a prepared transaction",
            "XA START 'left'; INSERT INTO lms_core.badge VALUES (5, 'prepared', NULL); XA END 'left'; XA PREPARE 'left'".to_owned(),
            "XA ROLLBACK 'left'".to_owned(),
            "source_fenced RB-CUT-002: the source is not fenced: 1 prepared transaction(s)",
        ),
    ];
    crossing.die_at(Way::There, "streaming", "step_done").await;
    for (what, make, unmake, words) in cases {
        crossing
            .source
            .sql(&make)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        crossing.fails(Way::There, &RunState::Undone, words).await;
        crossing
            .source
            .sql(&unmake)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        crossing.source_is_as_before().await;
    }
    crossing.settle(Direction::Forward).await;
}

/// Two sides on which the application can write are two writers: found before the source is fenced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_open_already_is_refused() {
    let mut crossing = Crossing::start("open").await;
    crossing
        .target
        .sql("ALTER USER app@'%' ACCOUNT UNLOCK")
        .unwrap();
    let mut early = session(&crossing.target, "app").await;
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "ready RB-CUT-002: the target is not fenced: app@% can write there",
        )
        .await;
    crossing
        .target
        .sql("ALTER USER app@'%' ACCOUNT LOCK")
        .unwrap();
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "ready RB-CUT-002: the target is not fenced: 1 session(s)",
        )
        .await;
    early.run("leaving", "KILL CONNECTION_ID()").await.ok();
    drop(early);
    crossing.source_is_as_before().await;

    // The same for a worker's account, which writes on the source under a name of its own.
    let worker = "CREATE USER worker@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO worker@'%'";
    crossing.source.sql(worker).unwrap();
    crossing
        .target
        .sql(&worker.replace("'%'", "'127.%'"))
        .unwrap();
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "ready RB-CUT-002: the target is not fenced: worker@127.% can write there",
        )
        .await;
    crossing
        .target
        .sql("ALTER USER worker@'127.%' ACCOUNT LOCK")
        .unwrap();

    // No account that could be opened, and one whose host is not everywhere.
    crossing
        .target
        .sql("RENAME USER app@'%' TO later@'%'")
        .unwrap();
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-CUT-006")
        .await;
    crossing
        .target
        .sql("RENAME USER later@'%' TO app@'127.0.0._'")
        .unwrap();
    crossing.pass(Way::There).await;
    assert_eq!(
        locked(&crossing.target),
        ["mariadb.sys@localhost"],
        "the worker's account is opened with the application's"
    );
    crossing.pass(Way::Back).await;
    assert!(["app@127.0.0._", "worker@127.%"].iter().all(|account| {
        locked(&crossing.target)
            .iter()
            .any(|locked| locked == account)
    }));
    crossing.settle(Direction::Forward).await;
}
