//! The state in a bucket, with its lock.

use reberth_journal::{Observation, RunState};
use reberth_provision::{Drift, Planned, drift, steps};
use reberth_testkit::terraform::StateBucket;

use crate::ground::Ground;

fn on_bucket(ground: &mut Ground, bucket: &StateBucket) {
    ground.environment.extend(bucket.environment());
    let backend = bucket.backend("prod/00-network.tfstate");
    ground.write("00-network", "backend.tf", &backend);
}

#[tokio::test]
async fn the_lock_of_a_killed_apply_is_explained_and_never_taken_off() {
    let bucket = StateBucket::start("school-state").unwrap();
    let mut ground = Ground::new("locked");
    on_bucket(&mut ground, &bucket);
    let record = ground.record().await;
    ground.cloud.hold().unwrap();
    let killed = {
        let mut applying = ground.applying(&record).await;
        let acting = tokio::spawn(async move {
            let steps = steps();
            let applied = steps.iter().find(|step| step.name() == "applied").unwrap();
            applied.act(&mut applying).await
        });
        ground
            .until("the first act", || !ground.cloud.begun().is_empty())
            .await;
        let folder = ground.project.join(".reberth/provision/prod/00-network");
        let attempt = std::fs::read(folder.join("attempt.json")).unwrap();
        let attempt: serde_json::Value = serde_json::from_slice(&attempt).unwrap();
        let kill = std::process::Command::new("kill")
            .args(["-KILL", &attempt["pid"].to_string()])
            .status();
        assert!(kill.unwrap().success());
        acting.await.unwrap().unwrap_err()
    };
    assert_eq!(killed.code, "RB-PRO-016");
    ground.cloud.release().unwrap();
    let lock = "prod/00-network.tfstate.tflock".to_owned();
    assert!(
        bucket.keys().unwrap().contains(&lock),
        "the lock was left behind"
    );

    // A plan needs no lock; an apply does.
    let rest = ground.record().await;
    ground.apply(&rest).await;
    let (code, what) = ground.failure();
    assert_eq!(code, "RB-PRO-012", "{what}");
    assert!(
        what.contains("OperationTypeApply") && what.contains("no apply of this project is running"),
        "{what}"
    );
    assert!(
        bucket.keys().unwrap().contains(&lock),
        "only a person unlocks"
    );

    // A person looked, and unlocks with the id that was named; plan and approval still hold.
    let id = what
        .split("lock ")
        .last()
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let unlocked = tokio::process::Command::new(reberth_testkit::terraform::program())
        .arg(format!("-chdir={}", ground.root().folder.display()))
        .args(["force-unlock", "-force", id])
        .envs(ground.environment.clone())
        .output()
        .await
        .unwrap();
    assert!(unlocked.status.success(), "{unlocked:?}");
    assert_eq!(ground.apply(&rest).await.state, RunState::Done);
    assert_eq!(ground.plan().await.unwrap(), Planned::UpToDate);
    assert_eq!(bucket.keys().unwrap(), ["prod/00-network.tfstate"]);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_yet_is_named() {
    let bucket = StateBucket::without("school-state").unwrap();
    let mut ground = Ground::new("no-bucket");
    on_bucket(&mut ground, &bucket);
    let error = ground.plan().await.unwrap_err();
    assert_eq!(error.code(), "RB-PRO-005");
    assert!(error.to_string().contains("school-state"), "{error}");
    assert_eq!(
        drift(&ground.site().await).await.unwrap(),
        Drift::NotApplied
    );
}

/// A project whose first root makes the bucket for its own state.
fn bootstrap(name: &str, bucket: &StateBucket) -> Ground {
    let mut ground = Ground::new(name);
    ground.environment.extend(bucket.environment());
    let network = ground.root().folder;
    std::fs::rename(&network, network.with_file_name("_bootstrap")).expect("it is renamed");
    let backend = bucket.backend("prod/_bootstrap.tfstate");
    ground.write("_bootstrap", "backend.tf", &backend);
    ground
}

#[tokio::test]
async fn the_first_root_makes_its_bucket_and_its_state_moves_there() {
    let bucket = StateBucket::without("school-state").unwrap();
    let ground = bootstrap("bootstrap", &bucket);
    let record = ground.record().await;
    let here = ground
        .project
        .join(".reberth/provision/prod/_bootstrap/terraform.tfstate");
    let override_file = ground.root().folder.join("reberth_override.tf");
    assert!(override_file.exists());
    // The stub has no S3: the bucket comes to be here while the root is applied.
    bucket.make().unwrap();
    assert_eq!(ground.apply(&record).await.state, RunState::Done);
    assert_eq!(bucket.keys().unwrap(), ["prod/_bootstrap.tfstate"]);
    assert!(!override_file.exists() && !here.exists());
    assert_eq!(ground.plan().await.unwrap(), Planned::UpToDate);
    assert_eq!(ground.cloud.effects().len(), 4);
}

#[tokio::test]
async fn a_move_of_the_state_that_was_cut_short_is_finished() {
    let bucket = StateBucket::without("school-state").unwrap();
    let ground = bootstrap("cut-short", &bucket);
    let record = ground.record().await;
    let mut applying = ground.applying(&record).await;
    let steps = steps();
    let step = |name: &str| steps.iter().find(|step| step.name() == name).unwrap();
    step("applied").act(&mut applying).await.unwrap();
    // The process died after the override was removed, before the state was copied: there is no bucket yet.
    let early = step("state_moved").act(&mut applying).await.unwrap_err();
    assert_eq!(early.code, "RB-PRO-005", "{early}");
    assert!(early.retry, "a new bucket may not be seen at once");
    bucket.make().unwrap();
    let seen = step("state_moved").observe(&mut applying).await.unwrap();
    assert_eq!(seen, Observation::NotYet);
    step("state_moved").act(&mut applying).await.unwrap();
    step("state_moved").act(&mut applying).await.unwrap();
    let evidence = step("state_moved").verify(&mut applying).await.unwrap();
    assert_eq!(evidence["state_in_the_bucket"]["resources"], 4);
    assert_eq!(ground.plan().await.unwrap(), Planned::UpToDate);
}
