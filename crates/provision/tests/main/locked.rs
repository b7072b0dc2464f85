//! The state in a bucket, with its lock.

use reberth_journal::RunState;
use reberth_provision::Planned;
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
            let steps = reberth_provision::steps();
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
    let bucket = StateBucket::start("school-state").unwrap();
    let mut ground = Ground::new("no-bucket");
    on_bucket(&mut ground, &bucket);
    let other = bucket.backend("k").replace("school-state", "elsewhere");
    ground.write("00-network", "backend.tf", &other);
    let error = ground.plan().await.unwrap_err();
    assert_eq!(error.code(), "RB-PRO-005");
    assert!(error.to_string().contains("elsewhere"), "{error}");
}
