//! The fence on Oracle's server: its roles of everybody, its accounts in the place of others, and the rights that it asks of whoever fences.

use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;
use reberth_testkit::database::Product;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::{Crossing, locked};
use crate::fence::{accounts, session};

const ACCOUNTS: &str = "
CREATE USER direct@'127.0.0.1' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO direct@'127.0.0.1';
CREATE USER pattern@'%' IDENTIFIED BY 'local-only'; GRANT DELETE ON `lms\\_%`.* TO pattern@'%';
CREATE USER by_column@'%' IDENTIFIED BY 'local-only'; GRANT UPDATE (code) ON lms_core.badge TO by_column@'%';
CREATE USER by_routine@'%' IDENTIFIED BY 'local-only'; CREATE PROCEDURE lms_core.tidy() DELETE FROM lms_core.badge WHERE FALSE; GRANT EXECUTE ON PROCEDURE lms_core.tidy TO by_routine@'%';
CREATE ROLE writing; GRANT INSERT ON lms_core.* TO writing; CREATE ROLE team; GRANT writing TO team;
CREATE USER by_role@'%' IDENTIFIED BY 'local-only'; GRANT team TO by_role@'%';
CREATE USER in_its_place@'%' IDENTIFIED BY 'local-only'; GRANT PROXY ON app@'%' TO in_its_place@'%';
CREATE USER looking@'%' IDENTIFIED BY 'local-only'; GRANT SELECT ON lms_core.* TO looking@'%';
CREATE USER elsewhere@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON `lms_other`.* TO elsewhere@'%';
";
const WRITING: [&str; 7] = [
    "app@%",
    "by_column@%",
    "by_role@%",
    "by_routine@%",
    "direct@127.0.0.1",
    "in_its_place@%",
    "pattern@%",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_account_of_mysql_that_could_write_is_shut_out_and_let_in_again() {
    let mut crossing = Crossing::start_on(Product::MySql, "fence").await;
    crossing
        .source
        .sql(ACCOUNTS)
        .expect("the accounts are made");
    let mut open = session(&crossing.source, "direct").await;
    open.run("writing", "BEGIN").await.unwrap();
    open.run(
        "writing",
        "INSERT INTO lms_core.badge VALUES (77, 'uncommitted', NULL)",
    )
    .await
    .unwrap();
    let mut looking = session(&crossing.source, "looking").await;
    let before = locked(&crossing.source);
    let fenced = async || {
        let waits = crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .unwrap();
        assert!(
            matches!(waits, RunState::Waiting { .. }),
            "{waits}: {}",
            crossing.failure(Way::There)
        );
        accounts(&crossing.evidence(Way::There, "source_fenced", "/fence/accounts_locked"))
    };

    let named = fenced().await;
    assert!(
        WRITING.iter().all(|account| named.contains(*account)),
        "{named:?}"
    );
    assert!(
        ["looking@%", "elsewhere@%", "fence@%", "reader@%"]
            .iter()
            .all(|account| !named.contains(*account)),
        "{named:?}"
    );
    assert!(open.run("writing", "COMMIT").await.is_err());
    let planted = crossing
        .source
        .sql("SELECT COUNT(*) FROM lms_core.badge WHERE learner_id = 77 AND code = 'uncommitted'")
        .unwrap();
    assert_eq!(planted.trim(), "0", "the open transaction was rolled back");
    looking
        .run("reading", "DO (SELECT COUNT(*) FROM lms_core.badge)")
        .await
        .expect("a reader is left alone");
    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    assert_eq!(locked(&crossing.source), before);
    crossing.only_writer("source").await;

    // A role that everybody has makes a writer of everyone.
    crossing
        .source
        .sql("SET GLOBAL mandatory_roles = '`nobody`, writing@`%`'")
        .unwrap();
    let named = fenced().await;
    assert!(
        named.contains("looking@%") && named.contains("elsewhere@%"),
        "{named:?}"
    );
    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    crossing
        .source
        .sql("SET GLOBAL mandatory_roles = ''")
        .unwrap();
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_writes_past_every_lock_of_mysql_or_cannot_be_seen_is_refused() {
    let mut crossing = Crossing::start_on(Product::MySql, "refusing").await;
    let port = crossing.target.port();
    let cases = [
        (
            "a scheduled event",
            "CREATE DATABASE lms_other; CREATE EVENT lms_other.tick ON SCHEDULE EVERY 1 HOUR DO DO 1".to_owned(),
            "DROP DATABASE lms_other",
            "ready RB-CUT-002: the source is not fenced: the event scheduler runs with 1 enabled event(s) of other databases",
        ),
        (
            "events out of sight",
            "REVOKE EVENT ON *.* FROM fence@'%'".to_owned(),
            "GRANT EVENT ON *.* TO fence@'%'",
            "ready RB-CUT-002: the source is not fenced: the event scheduler runs and fence may not see the events",
        ),
        (
            "an account that only others like it may lock",
            "GRANT SYSTEM_USER ON *.* TO app@'%'".to_owned(),
            "REVOKE SYSTEM_USER ON *.* FROM app@'%'",
            "ready RB-CUT-002: the source is not fenced: app@% holds SYSTEM_USER",
        ),
        (
            "incoming replication",
            format!("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = 'nobody'; START REPLICA; DO SLEEP(0.5)"),
            "STOP REPLICA; RESET REPLICA ALL",
            "ready RB-CUT-002: the source is not fenced: ",
        ),
        (
            "a prepared transaction",
            "XA START 'left'; INSERT INTO lms_core.badge VALUES (5, 'prepared', NULL); XA END 'left'; XA PREPARE 'left'".to_owned(),
            "XA ROLLBACK 'left'",
            "source_fenced RB-CUT-002: the source is not fenced: 1 prepared transaction(s)",
        ),
        (
            "prepared transactions out of sight",
            "REVOKE XA_RECOVER_ADMIN ON *.* FROM fence@'%'".to_owned(),
            "GRANT XA_RECOVER_ADMIN ON *.* TO fence@'%'",
            "ready RB-CUT-002: the source is not fenced: fence, which would fence it by accounts, lacks XA_RECOVER_ADMIN;",
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
            .sql(unmake)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        crossing.source_is_as_before().await;
    }
    crossing.settle(Direction::Forward).await;
}
