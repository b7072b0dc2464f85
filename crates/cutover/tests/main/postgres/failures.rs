//! What fails before the switch is undone by itself, and the application writes on where it was.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use reberth_cutover::{Passage, Postgres as Family};
use reberth_journal::{AppendHook, Event, Killed, RunState};
use reberth_replicate::postgres::state::Method;
use reberth_replicate::stream::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::learning::DATABASE;

use reberth_testkit::learning::postgres::MASTER;
use reberth_testkit::postgres::PASSWORD;

use super::crossing::Crossing;
use crate::crosses::{Consent, Crosses, Way};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_before_the_fence_leaves_the_application_on_the_source() {
    let mut crossing = Crossing::start("failing", Method::TriggerCapture).await;
    crossing.method = Method::DumpWindow;
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "loading RB-REP-004: preflight found 1 blocker(s): nothing follows the source",
        )
        .await;
    crossing.method = Method::TriggerCapture;
    crossing.control.set(Traffic::Cut);
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-CUT-001")
        .await;
    crossing.control.set(Traffic::Pass);
    let cases = [
        // The side, what is wrong there, what mends it, and the words.
        (
            "target",
            "ALTER ROLE keeper PASSWORD 'another'",
            "ALTER ROLE keeper PASSWORD 'local-only'",
            "ready RB-CUT-006",
        ),
        (
            "target",
            "ALTER ROLE keeper LOGIN",
            "ALTER ROLE keeper NOLOGIN",
            "ready RB-CUT-002: the target is not fenced: keeper can write there",
        ),
        (
            "target",
            "ALTER ROLE master NOREPLICATION",
            "ALTER ROLE master REPLICATION",
            "ready RB-REP-004",
        ),
        (
            "target",
            "ALTER TABLE badge OWNER TO postgres; GRANT ALL ON badge TO master",
            "ALTER TABLE badge OWNER TO master",
            "ready RB-CUT-002: the target is not fenced: master owns neither public.badge",
        ),
        (
            "source",
            "BEGIN; INSERT INTO badge VALUES (1, 'prepared', NULL); PREPARE TRANSACTION 'left'",
            "ROLLBACK PREPARED 'left'",
            "ready RB-CUT-002: the source is not fenced: 1 prepared transaction(s)",
        ),
        (
            "source",
            "CREATE SUBSCRIPTION incoming CONNECTION 'host=127.0.0.1 port=1 dbname=none' PUBLICATION none WITH (connect = false, slot_name = 'nowhere'); ALTER SUBSCRIPTION incoming ENABLE",
            "ALTER SUBSCRIPTION incoming DISABLE; ALTER SUBSCRIPTION incoming SET (slot_name = NONE); DROP SUBSCRIPTION incoming",
            "ready RB-CUT-002: the source is not fenced: it takes in what another server sends",
        ),
    ];
    // So that the tables are there on the target.
    crossing.die_at(Way::There, "verified", "step_done").await;
    for (side, make, unmake, words) in cases {
        let on = crossing.server(side);
        on.sql(DATABASE, make)
            .unwrap_or_else(|error| panic!("{make}: {error:?}"));
        crossing.fails(Way::There, &RunState::Undone, words).await;
        on.sql(DATABASE, unmake)
            .unwrap_or_else(|error| panic!("{unmake}: {error:?}"));
        crossing.source_is_as_before().await;
    }
    crossing.pass(Way::There).await;
    crossing.settle(Direction::Reverse).await;
}

/// A row that nobody touched is found by the verification, and one that was touched since by the gate behind the fence, also if the applier did not bring its change; either way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_is_found_wherever_it_came_from_and_the_application_writes_on() {
    for (name, method) in [
        ("differing-slot", Method::Logical),
        ("differing-owner", Method::TriggerCapture),
    ] {
        let mut crossing = Crossing::start(name, method).await;
        // As nobody's application would: past fences, captures and what the log tells.
        let gone = |learner: u32| {
            format!(
                "SET reberth.origin = 'test'; SET session_replication_role = replica; DELETE FROM badge WHERE learner_id = {learner}"
            )
        };
        let again = |learner: u32| {
            format!(
                "SET reberth.origin = 'test'; INSERT INTO badge VALUES ({learner}, 'First', '2025-02-03 04:05:06')"
            )
        };
        let touch = "UPDATE badge SET awarded_at = awarded_at WHERE learner_id = 7";
        crossing.die_at(Way::There, "streaming", "step_done").await;
        crossing.target.sql(DATABASE, &gone(9)).unwrap();
        crossing
            .fails(Way::There, &RunState::Undone, "verified RB-CUT-003")
            .await;
        crossing.source_is_as_before().await;
        assert_eq!(crossing.bases(), "0 , 0 0");
        crossing.target.sql(DATABASE, &again(9)).unwrap();

        crossing.die_at(Way::There, "ready", "step_done").await;
        crossing.source.sql(DATABASE, touch).unwrap();
        crossing.carry_over(Direction::Forward).await;
        crossing.target.sql(DATABASE, &gone(7)).unwrap();
        crossing
            .fails(Way::There, &RunState::Undone, "drained RB-CUT-003")
            .await;
        crossing.source_is_as_before().await;
        assert_eq!(crossing.bases(), "0 , 0 0");
        crossing.target.sql(DATABASE, &again(7)).unwrap();
        crossing.pass(Way::There).await;
        assert_eq!(crossing.bases(), "0 0, 0 0");

        crossing
            .die_at(Way::Back, "reverse_streaming", "step_done")
            .await;
        crossing.source.sql(DATABASE, &gone(9)).unwrap();
        crossing
            .fails(Way::Back, &RunState::Undone, "reverse_verified RB-CUT-003")
            .await;
        crossing.source.sql(DATABASE, &again(9)).unwrap();
        crossing
            .die_at(Way::Back, "ready_to_return", "step_done")
            .await;
        crossing.target.sql(DATABASE, touch).unwrap();
        crossing.carry_over(Direction::Reverse).await;
        crossing.source.sql(DATABASE, &gone(7)).unwrap();
        crossing
            .fails(Way::Back, &RunState::Undone, "reverse_drained RB-CUT-003")
            .await;
        crossing.only_writer("target");
        crossing.the_application_writes().await;
        assert_eq!(crossing.bases(), "0 0, 0 0");
        crossing.source.sql(DATABASE, &again(7)).unwrap();
        crossing.pass(Way::Back).await;
        crossing.only_writer("source");
        crossing.settle(Direction::Forward).await;
        assert_eq!(crossing.bases(), "0 0, 0 0");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_that_was_opened_during_the_decision_is_found_before_the_switch() {
    let mut crossing = Crossing::start("breach", Method::TriggerCapture).await;
    for breach in [
        "ALTER TABLE badge DISABLE TRIGGER reberth_fence_refuse",
        "DROP TRIGGER reberth_fence_refuse ON badge; INSERT INTO badge VALUES (7, 'slipped in', NULL)",
        "CREATE TABLE fresh (id int PRIMARY KEY)",
        "SELECT lo_create(4711)",
    ] {
        crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .unwrap();
        crossing.source.sql_as("keeper", DATABASE, breach).unwrap();
        let ended = crossing.live(Way::There, Consent::Given, None).await;
        assert_eq!(ended.unwrap(), RunState::Undone, "{breach}");
        let failure = crossing.failure(Way::There);
        assert!(
            failure.starts_with("switched RB-CUT-00"),
            "{breach}: {failure}"
        );
        crossing
            .source
            .sql_as("keeper", DATABASE, "DROP TABLE IF EXISTS fresh; SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = 4711")
            .unwrap();
        crossing.source_is_as_before().await;
    }
    crossing.settle(Direction::Forward).await;
}

/// The fence lets through what bears our mark. Whoever forges it is seen in the log, behind the place up to which both sides were proven equal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_past_the_fence_is_told_by_the_log_before_the_switch() {
    let mut crossing = Crossing::start("past", Method::Logical).await;
    let waits = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    assert!(
        matches!(waits, RunState::Waiting { .. }),
        "{waits}: {}",
        crossing.failure(Way::There)
    );
    let forged = "SET reberth.origin = 'nobody'; UPDATE badge SET awarded_at = awarded_at WHERE learner_id = 7";
    crossing.source.sql(DATABASE, forged).unwrap();
    crossing
        .fails(Way::There, &RunState::Undone, "switched RB-CUT-004")
        .await;
    crossing.source_is_as_before().await;
    crossing.pass(Way::There).await;
    crossing.settle(Direction::Reverse).await;
}

/// The way back fails after the source was opened: the source is shut again, before the target opens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_fails_at_the_door_shuts_the_source_again() {
    for (name, method) in [
        ("halfway-slot", Method::Logical),
        ("halfway-owner", Method::TriggerCapture),
    ] {
        let mut crossing = Crossing::start(name, method).await;
        crossing.pass(Way::There).await;
        crossing.die_at(Way::Back, "source_open", "step_done").await;
        crossing
            .write_as_the_application("source")
            .expect("the source is open");
        assert_eq!(crossing.abort(Way::Back).await, RunState::Cancelled);
        crossing.only_writer("target");
        crossing.the_application_writes().await;
        crossing.pass(Way::Back).await;
        crossing.only_writer("source");
        crossing.settle(Direction::Forward).await;
    }
}

/// States behind the fence and before the point of decision that reach for the target.
const BEHIND_THE_FENCE: [&str; 3] = ["aligned", "reverse_armed", "target_open_internally"];

/// Cuts the wire once for each of those states, when it begins to act or to undo, until that has failed.
struct CutsOnce {
    wire: Arc<FaultProxy>,
    begins: &'static str,
    has_cut: Mutex<BTreeSet<String>>,
}

impl AppendHook for CutsOnce {
    fn after(&self, event: &Event) -> Result<(), Killed> {
        let step = event.step.clone().unwrap_or_default();
        if BEHIND_THE_FENCE.contains(&step.as_str()) {
            let is_cut = event.kind == self.begins
                && self.has_cut.lock().expect("nobody panicked").insert(step);
            self.wire.set(match is_cut {
                true => Traffic::Cut,
                false => Traffic::Pass,
            });
        }
        Ok(())
    }
}

/// Nobody can write anywhere meanwhile, so what a moment heals is neither undone nor left to a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_breaks_once_behind_the_fence_is_tried_again() {
    let mut crossing = Crossing::start("wire", Method::Logical).await;
    let wire = FaultProxy::start(crossing.target.port()).await;
    let wire = Arc::new(wire.expect("the proxy starts"));
    let over_the_wire = |crossing: &Crossing| -> Passage<Family> {
        let port = wire.port();
        let url = format!("postgres://{MASTER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}?tls=off");
        let target = Address::parse(&Secret::new(url), MASTER, "target").expect("an address");
        let mut passage = crossing.passage(Way::There);
        passage.to.fence = target.clone();
        passage.to.writer = target.clone();
        passage.back.from = target;
        passage
    };
    let cuts = |begins| -> Option<Arc<dyn AppendHook>> {
        Some(Arc::new(CutsOnce {
            wire: wire.clone(),
            begins,
            has_cut: Mutex::default(),
        }))
    };
    let mut passage = over_the_wire(&crossing);
    let hook = cuts("act_started");
    let waits = crossing
        .live_with(&mut passage, Way::There, Consent::Withheld, hook)
        .await
        .unwrap();
    let failure = crossing.failure(Way::There);
    assert!(
        matches!(waits, RunState::Waiting { .. }),
        "{waits}: {failure}"
    );
    let failures = BEHIND_THE_FENCE.map(|step| crossing.failures(Way::There, step));
    assert_eq!(failures, [1, 1, 1], "{failure}");
    drop(passage);

    let journal = crossing.journal();
    let run = journal.latest_run(Way::There.kind()).unwrap().unwrap();
    journal.request_cancel(&run, "the test").unwrap();
    drop(journal);
    let mut passage = over_the_wire(&crossing);
    let hook = cuts("undo_started");
    let ended = crossing
        .live_with(&mut passage, Way::There, Consent::Withheld, hook)
        .await
        .unwrap();
    let failure = crossing.failure(Way::There);
    assert_eq!(ended, RunState::Cancelled, "{failure}");
    let history = crossing.history(Way::There);
    let failures = BEHIND_THE_FENCE.map(|step| history.step(step).unwrap().undo_failures);
    // Counters that were put ahead stay, so there is nothing to reach for.
    assert_eq!(failures, [0, 1, 1], "{failure}");
    crossing.source_is_as_before().await;
    crossing.settle(Direction::Forward).await;
}
