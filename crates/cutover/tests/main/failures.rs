//! What fails before the switch is undone by itself, and the application writes on where it was.

use reberth_cutover::Edge;
use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::fault_proxy::Traffic;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::{Crossing, locked};

const SEEN: &str = "INSERT INTO lms_core.lesson_view VALUES (1, 1, 0, 1, 'planted', '2026-01-01')";
const GONE: &str =
    "SET sql_log_bin = 0; DELETE FROM lms_core.lesson_view WHERE note = 'planted' LIMIT 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_before_the_switch_leaves_the_application_on_the_source() {
    let mut crossing = Crossing::start("failing").await;
    // The front door does not answer.
    crossing.control.set(Traffic::Cut);
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-CUT-001")
        .await;
    crossing.control.set(Traffic::Pass);
    crossing.source_is_as_before().await;

    // It leads to the other side already.
    let door = Edge::new(crossing.door.control());
    door.open("target").await.expect("the door obeys");
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-CUT-001")
        .await;
    door.open("source").await.expect("the door obeys");
    crossing.source_is_as_before().await;

    // The application's account on the target has another password: found while its login is still refused anyway.
    crossing
        .target
        .sql("ALTER USER app@'%' IDENTIFIED BY 'another'")
        .expect("the password is changed");
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-CUT-006")
        .await;
    crossing
        .target
        .sql("ALTER USER app@'%' IDENTIFIED BY 'local-only'")
        .expect("the password is changed");
    crossing.source_is_as_before().await;

    // A fence's credential is wrong.
    for side in ["source", "target"] {
        let mut passage = crossing.passage(Way::There);
        let port = if side == "source" {
            crossing.source.port()
        } else {
            crossing.target.port()
        };
        let wrong = Address::parse(
            &Secret::new(format!("mysql://fence:wrong@127.0.0.1:{port}/?tls=off")),
            "fence",
            side,
        )
        .expect("a good address");
        *(if side == "source" {
            &mut passage.from.fence
        } else {
            &mut passage.to.fence
        }) = wrong;
        let state = crossing
            .live_with(&mut passage, Way::There, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(state, RunState::Undone);
        assert!(
            crossing.failure(Way::There).starts_with("ready RB-REP-003"),
            "{}",
            crossing.failure(Way::There)
        );
        crossing.source_is_as_before().await;
    }

    // The right to write the way back is gone, which shows behind the fence.
    crossing
        .source
        .sql("REVOKE ALL ON reberth.* FROM reverse@'%'")
        .expect("the right is revoked");
    crossing
        .fails(Way::There, &RunState::Undone, "reverse_armed RB-REP-003")
        .await;
    crossing
        .source
        .sql("GRANT ALL ON reberth.* TO reverse@'%'")
        .expect("the right is granted");
    crossing.source_is_as_before().await;
    assert_eq!(locked(&crossing.target), ["app@%", "mariadb.sys@localhost"]);
    crossing.settle(Direction::Forward).await;
}

/// A row that is missing on the other side of a table that was touched behind the last comparison is found behind the fence, either way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_found_behind_the_fence_opens_the_side_that_had_the_writes_again() {
    let mut crossing = Crossing::start("differing").await;
    crossing.source.sql(SEEN).expect("the row is planted");
    crossing.die_at(Way::There, "ready", "step_done").await;
    crossing.target.sql(GONE).expect("the row goes");
    crossing.source.sql(SEEN).expect("the table is touched");
    crossing
        .fails(Way::There, &RunState::Undone, "drained RB-CUT-003")
        .await;
    crossing.source_is_as_before().await;

    // The next try compares everything and, of tables that stand still, does not get as far.
    crossing.stop_the_application().await;
    crossing
        .fails(Way::There, &RunState::Undone, "verified RB-CUT-003")
        .await;
    crossing.let_the_application_write();
    crossing.source_is_as_before().await;
    crossing.source.sql(GONE).expect("the difference is mended");
    crossing.pass(Way::There).await;

    crossing
        .die_at(Way::Back, "ready_to_return", "step_done")
        .await;
    crossing.source.sql(GONE).expect("the row goes");
    crossing.target.sql(SEEN).expect("the table is touched");
    crossing
        .fails(Way::Back, &RunState::Undone, "reverse_drained RB-CUT-003")
        .await;
    crossing.only_writer("target").await;
    crossing.the_application_writes().await;
    crossing.target.sql(GONE).expect("the difference is mended");
    crossing.pass(Way::Back).await;
    crossing.only_writer("source").await;
    crossing.settle(Direction::Forward).await;
}

/// The way back fails after the source was opened: the source is shut again, every account of it, before the target opens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_fails_at_the_door_shuts_the_source_again() {
    let mut crossing = Crossing::start("halfway").await;
    let worker = "CREATE USER worker@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, INSERT ON lms_core.* TO worker@'%'";
    crossing.source.sql(worker).expect("the account is made");
    crossing.pass(Way::There).await;
    let shut = locked(&crossing.source);
    assert!(
        ["app@%", "worker@%"]
            .iter()
            .all(|account| shut.iter().any(|locked| locked == account)),
        "{shut:?}"
    );

    crossing.die_at(Way::Back, "source_open", "step_done").await;
    assert_eq!(locked(&crossing.source), ["mariadb.sys@localhost"]);
    crossing.control.set(Traffic::Cut);
    let stuck = crossing
        .live(Way::Back, Consent::Given, None)
        .await
        .expect("the journal takes every event");
    assert!(
        matches!(&stuck, RunState::Stuck { text, .. } if text.contains("target_fenced")),
        "the door cannot be told to open: {stuck}"
    );
    crossing.only_writer("target").await;
    assert_eq!(locked(&crossing.source), shut);
    crossing.control.set(Traffic::Pass);
    crossing.retry(Way::Back, &RunState::Undone).await;
    crossing.the_application_writes().await;

    crossing.pass(Way::Back).await;
    crossing.only_writer("source").await;
    crossing.settle(Direction::Forward).await;
}
