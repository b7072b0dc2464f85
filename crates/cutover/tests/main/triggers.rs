//! A trigger that writes an audit, over the whole way there, back, and there again: each change of the application is written down exactly once.

use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;

use crate::crosses::{Crosses, Way};
use crate::crossing::Crossing;

const TRIGGERS: &str = "USE lms_core; CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, enrollment BIGINT UNSIGNED NOT NULL, KEY (enrollment));
    CREATE TRIGGER audit_enrollment AFTER INSERT ON enrollment FOR EACH ROW INSERT INTO audit (enrollment) VALUES (NEW.id);
    CREATE VIEW audited AS SELECT COUNT(*) AS rows_of_it FROM audit;";
const TRUST: &str = "SET GLOBAL log_bin_trust_function_creators = 1;";

fn triggers(server: &reberth_testkit::database::Server) -> String {
    server
        .sql("SELECT TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'lms_core'")
        .expect("triggers are listed")
        .trim()
        .to_owned()
}

/// Rows that were audited twice or not at all, since the trigger was made.
fn wrongly_audited(server: &reberth_testkit::database::Server, since: &str) -> String {
    server
        .sql(&format!("USE lms_core; SELECT e.id, COUNT(a.id) FROM enrollment e LEFT JOIN audit a ON a.enrollment = e.id WHERE e.id > {since} GROUP BY e.id HAVING COUNT(a.id) <> 1
                       UNION ALL SELECT enrollment, COUNT(*) FROM audit GROUP BY enrollment HAVING COUNT(*) <> 1"))
        .expect("the audit is read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_audited_once_there_and_back_and_there_again() {
    let mut crossing = Crossing::start("triggers").await;
    crossing.stop_the_application().await;
    crossing.source.sql(TRIGGERS).unwrap();
    let since = crossing
        .source
        .sql("SELECT MAX(id) FROM lms_core.enrollment")
        .unwrap();
    let since = since.trim().to_owned();
    crossing.let_the_application_write();
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-REP-004")
        .await;
    assert_eq!(
        triggers(&crossing.source),
        "audit_enrollment\troot@localhost"
    );
    crossing
        .source
        .sql(&format!("{TRUST} GRANT SET USER ON *.* TO reverse@'%'"))
        .unwrap();
    crossing
        .target
        .sql(&format!("{TRUST} GRANT SET USER ON *.* TO writer@'%'"))
        .unwrap();

    crossing.pass(Way::There).await;
    assert_eq!(
        triggers(&crossing.source),
        "",
        "the way back streams into the source"
    );
    assert_eq!(
        triggers(&crossing.target),
        "audit_enrollment\troot@localhost"
    );
    crossing.the_application_writes().await;

    crossing.pass(Way::Back).await;
    assert_eq!(
        triggers(&crossing.source),
        "audit_enrollment\troot@localhost"
    );
    assert_eq!(triggers(&crossing.target), "");
    crossing.the_application_writes().await;

    crossing.pass(Way::There).await;
    crossing.the_application_writes().await;
    crossing.stop_the_application().await;
    crossing.settle(Direction::Reverse).await;
    for server in [&crossing.source, &crossing.target] {
        assert_eq!(wrongly_audited(server, &since), "");
    }
    let audited = crossing
        .target
        .sql("SELECT rows_of_it > 0 FROM lms_core.audited")
        .unwrap();
    assert_eq!(audited.trim(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_gives_the_triggers_back() {
    let mut crossing = Crossing::start("triggers-abort").await;
    crossing.stop_the_application().await;
    crossing
        .source
        .sql(&format!(
            "{TRIGGERS} {TRUST} GRANT SET USER ON *.* TO reverse@'%'"
        ))
        .unwrap();
    crossing.target.sql(TRUST).unwrap();
    crossing.let_the_application_write();
    for (step, event) in [("aligned", "step_done"), ("reverse_armed", "step_done")] {
        crossing.die_at(Way::There, step, event).await;
        assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
        assert_eq!(
            triggers(&crossing.source),
            "audit_enrollment\troot@localhost"
        );
        assert_eq!(triggers(&crossing.target), "");
    }
}
