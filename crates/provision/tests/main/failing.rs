//! Applies that end in the middle: a resource fails, a person interrupts, a process dies.

use reberth_journal::{Observation, RunState, Step};
use reberth_provision::{Applying, plan, steps};
use serde_json::json;

use crate::ground::{Ground, NETWORK};

const KINDS: [&str; 4] = [
    "aws_vpc",
    "aws_subnet",
    "aws_route_table",
    "aws_route_table_association",
];

fn applied() -> Box<dyn Step<Applying>> {
    let found = steps().into_iter().find(|step| step.name() == "applied");
    found.expect("the step is there")
}

/// Whether Terraform has said that it was interrupted.
fn has_heard(ground: &Ground) -> bool {
    let folder = ground.project.join(".reberth/provision/prod/00-network");
    let log = std::fs::read_to_string(folder.join("apply.jsonl")).unwrap_or_default();
    log.contains("Interrupt received")
}

#[tokio::test]
async fn after_a_failure_at_any_resource_a_new_plan_has_what_is_left() {
    for (place, kind) in KINDS.iter().enumerate() {
        let ground = Ground::new("failing");
        let record = ground.record().await;
        ground.cloud.control(&json!({ "fail": [kind] })).unwrap();
        let state = ground.apply(&record).await.state;
        assert!(matches!(state, RunState::Stuck { .. }), "{kind}: {state}");
        let (code, what) = ground.failure();
        assert_eq!(code, "RB-PRO-013", "{what}");
        assert!(
            what.contains(&format!("{place} of 4 changes are done")),
            "{what}"
        );
        assert!(
            what.contains(&format!("{kind}.this: create of {kind} failed")),
            "{what}"
        );
        assert_eq!(ground.cloud.effects().len(), place, "{kind}");

        // The failure is mended; the old plan is still not applied again.
        ground.cloud.control(&json!({})).unwrap();
        ground.apply(&record).await;
        assert_eq!(ground.failure().0, "RB-PRO-013");
        assert_eq!(ground.cloud.effects().len(), place, "{kind}");

        let rest = ground.record().await;
        assert_eq!(rest.changeset.changes.len(), 4 - place, "{kind}");
        assert_eq!(ground.apply(&rest).await.state, RunState::Done);
        let effects = ground.cloud.effects();
        assert_eq!(
            effects.len(),
            4,
            "{kind}: nothing was made twice: {effects:?}"
        );
    }
}

#[tokio::test]
async fn an_interrupt_ends_in_order_and_a_second_one_leaves_it_running() {
    let ground = Ground::new("interrupt");
    let record = ground.record().await;
    ground.cloud.hold().unwrap();
    let mut applying = ground.applying(&record).await;
    let acting = tokio::spawn(async move { applied().act(&mut applying).await });
    ground
        .until("the first act", || !ground.cloud.begun().is_empty())
        .await;
    ground.interrupts.send(1).unwrap();
    ground.until("the interrupt", || has_heard(&ground)).await;
    ground.interrupts.send(2).unwrap();
    let left = acting.await.unwrap().unwrap_err();
    assert_eq!(left.code, "RB-PRO-015", "{left}");

    // It ends what is under way as soon as it can, though nobody watches.
    ground.cloud.release().unwrap();
    let mut next = ground.applying(&record).await;
    let seen = applied().act(&mut next).await.unwrap_err();
    assert_eq!(seen.code, "RB-PRO-013", "{seen}");
    assert_eq!(ground.cloud.effects(), ["create aws_vpc vpc-1"]);
    let rest = ground.record().await;
    assert_eq!(
        rest.changeset.summary(),
        "3 to create",
        "the first is in the state"
    );
}

#[tokio::test]
async fn one_interrupt_is_told_as_such_and_the_rest_is_planned_anew() {
    let ground = Ground::new("interrupted");
    let record = ground.record().await;
    ground.cloud.hold().unwrap();
    let mut applying = ground.applying(&record).await;
    let acting = tokio::spawn(async move { applied().act(&mut applying).await });
    ground
        .until("the first act", || !ground.cloud.begun().is_empty())
        .await;
    ground.interrupts.send(1).unwrap();
    ground.until("the interrupt", || has_heard(&ground)).await;
    ground.cloud.release().unwrap();
    let error = acting.await.unwrap().unwrap_err();
    assert_eq!(error.code, "RB-PRO-014", "{error}");
    assert_eq!(ground.cloud.effects(), ["create aws_vpc vpc-1"]);
    assert_eq!(ground.record().await.changeset.summary(), "3 to create");
}

#[tokio::test]
async fn asked_to_stop_before_it_began_it_touches_nothing() {
    let ground = Ground::new("stopped");
    let record = ground.record().await;
    let mut applying = ground.applying(&record).await;
    ground.interrupts.send(1).unwrap();
    let stopped = applied().act(&mut applying).await.unwrap_err();
    assert_eq!(stopped.code, "RB-PRO-022", "{stopped}");
    assert_eq!(ground.cloud.begun(), [""; 0]);
    ground.interrupts.send(0).unwrap();
    applied().act(&mut applying).await.unwrap();
    assert_eq!(
        ground.cloud.effects().len(),
        4,
        "plan and approval still held"
    );
}

#[tokio::test]
async fn a_planner_keeps_others_out_until_its_plan_is_stored() {
    let ground = Ground::new("planner");
    let site = ground.site().await;
    let planner = ground.site().await;
    let planning = tokio::spawn(async move { plan(&planner).await });
    ground
        .until("the planner", || site.is_being_applied().unwrap())
        .await;
    assert_eq!(plan(&site).await.unwrap_err().code(), "RB-PRO-019");
    assert!(site.stored_plan().unwrap().is_none());
    planning.await.unwrap().unwrap();
    assert!(site.stored_plan().unwrap().is_some());
    assert!(!site.is_being_applied().unwrap());
}

#[tokio::test]
async fn a_runner_that_died_finds_its_apply_at_work_and_waits_for_it() {
    let ground = Ground::new("runner-died");
    let record = ground.record().await;
    ground.cloud.hold().unwrap();
    let mut applying = ground.applying(&record).await;
    let acting = tokio::spawn(async move { applied().act(&mut applying).await });
    ground
        .until("the first act", || !ground.cloud.begun().is_empty())
        .await;
    // All that the runner held is gone; the process of the apply is not.
    acting.abort();
    assert!(acting.await.unwrap_err().is_cancelled());

    let site = ground.site().await;
    assert!(site.is_being_applied().unwrap());
    assert_eq!(ground.plan().await.unwrap_err().code(), "RB-PRO-019");
    let mut next = ground.applying(&record).await;
    assert_eq!(
        applied().observe(&mut next).await.unwrap(),
        Observation::NotYet
    );
    let waiting = tokio::spawn(async move {
        applied().act(&mut next).await?;
        applied().verify(&mut next).await
    });
    ground.cloud.release().unwrap();
    let evidence = waiting.await.unwrap().unwrap();
    assert_eq!(evidence["second_plan"], "empty");
    assert_eq!(ground.cloud.effects().len(), 4, "each was made once");
}

#[tokio::test]
async fn an_apply_that_was_killed_names_what_it_was_at_and_is_not_repeated() {
    let ground = Ground::new("killed");
    ground.rewrite(NETWORK);
    let record = ground.record().await;
    ground.cloud.hold().unwrap();
    let mut applying = ground.applying(&record).await;
    let acting = tokio::spawn(async move { applied().act(&mut applying).await });
    ground
        .until("the first act", || !ground.cloud.begun().is_empty())
        .await;
    let folder = ground.project.join(".reberth/provision/prod/00-network");
    let attempt = std::fs::read(folder.join("attempt.json")).unwrap();
    let attempt: serde_json::Value = serde_json::from_slice(&attempt).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &attempt["pid"].to_string()])
        .status();
    assert!(killed.unwrap().success());
    let died = acting.await.unwrap().unwrap_err();
    assert_eq!(died.code, "RB-PRO-016", "{died}");
    assert!(died.what.contains("aws_vpc.this"), "{died}");
    ground.cloud.release().unwrap();

    let mut again = ground.applying(&record).await;
    assert_eq!(
        applied().act(&mut again).await.unwrap_err().code,
        "RB-PRO-016"
    );
    assert_eq!(ground.cloud.begun().len(), 1, "it was not begun again");
}
