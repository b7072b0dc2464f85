//! Planned, approved, applied, proven; and what is in the way of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use reberth_journal::RunState;
use reberth_provision::{ApprovedPlan, Message, Planned, Standing, Verb};
use serde_json::json;

use crate::ground::{Ground, NETWORK};

const ALL: [&str; 4] = [
    "aws_route_table",
    "aws_route_table_association",
    "aws_subnet",
    "aws_vpc",
];

#[tokio::test]
async fn a_root_is_planned_approved_applied_and_proven() {
    let ground = Ground::new("there");
    let record = ground.record().await;
    assert_eq!(record.changeset.summary(), "4 to create");
    assert_eq!(record.changeset.outputs, ["vpc_id"]);
    assert_eq!(ground.cloud.effects(), [""; 0], "a plan changes nothing");
    let folder = ground.project.join(".reberth/provision/prod/00-network");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join("plan.tfplan")), 0o600);
    assert_eq!(mode(&folder), 0o700);

    assert_eq!(ground.apply(&record).await.state, RunState::Done);
    assert_eq!(ground.kinds(), ALL);
    assert_eq!(ground.cloud.effects().len(), 4);
    assert!(
        !ground.kept().contains("plan.tfplan"),
        "{:?}",
        ground.kept()
    );
    let told = ground.told.lock().unwrap().clone();
    let finished = |message: &&Message| matches!(message, Message::Finished { .. });
    assert_eq!(told.iter().filter(finished).count(), 4, "{told:?}");

    let journal = ground.journal.open();
    let run = journal.latest_run("provision").unwrap().unwrap();
    let history = journal.history(&run).unwrap();
    let evidence = &history.step("applied").unwrap().detail["evidence"];
    assert_eq!(evidence["second_plan"], "empty");
    assert_eq!(evidence["state_before"]["serial"], 0);
    let approved = &history.step("ready").unwrap().detail["evidence"];
    assert_eq!(approved["approved_by"], "Ana");
    assert_eq!(approved["plan"], record.hash().as_str());

    assert_eq!(ground.plan().await.unwrap(), Planned::UpToDate);
}

#[tokio::test]
async fn an_approval_is_of_one_plan() {
    let ground = Ground::new("one-plan");
    let first = ground.record().await;
    let journal = ground.journal.open();
    journal.approve(&first.hash(), "Ana").unwrap();
    let approval = journal.approval(&first.hash()).unwrap().unwrap();
    ground.rewrite(&NETWORK.replace("10.2.0.0/24", "10.2.1.0/24"));
    let second = ground.record().await;
    assert_ne!(first.hash(), second.hash());
    assert!(ApprovedPlan::new(second, &approval).is_none());
    // The first plan was replaced on disk: its record alone brings it nowhere.
    assert_eq!(ground.apply(&first).await.state, RunState::Undone);
    assert_eq!(ground.failure().0, "RB-PRO-011");
    assert_eq!(ground.cloud.effects(), [""; 0]);
}

#[tokio::test]
async fn what_changed_since_the_plan_is_in_its_way() {
    let ground = Ground::new("changed");
    let record = ground.record().await;
    ground.write("00-network", "more.tf", "# a remark\n");
    ground.apply(&record).await;
    assert_eq!(ground.failure().0, "RB-PRO-010");

    let record = ground.record().await;
    let plan = ground
        .project
        .join(".reberth/provision/prod/00-network/plan.tfplan");
    let mut bytes = fs::read(&plan).unwrap();
    bytes.push(0);
    fs::write(&plan, bytes).unwrap();
    ground.apply(&record).await;
    assert_eq!(ground.failure().0, "RB-PRO-011");

    let record = ground.record().await;
    let errored = ground
        .project
        .join("infra/live/prod/00-network/errored.tfstate");
    fs::write(&errored, "{}").unwrap();
    ground.apply(&record).await;
    assert_eq!(ground.failure().0, "RB-PRO-018");
    assert_eq!(ground.plan().await.unwrap_err().code(), "RB-PRO-018");
    fs::remove_file(errored).unwrap();
    assert_eq!(ground.cloud.effects(), [""; 0], "nothing of it was applied");

    // Nothing of what was in the way is left.
    let record = ground.record().await;
    assert_eq!(ground.apply(&record).await.state, RunState::Done);
    assert_eq!(ground.cloud.effects().len(), 4);
}

#[tokio::test]
async fn a_state_newer_than_the_plan_is_refused() {
    let ground = Ground::new("newer");
    let record = ground.record().await;
    // Another person's checkout of the same state applies in between.
    let state = ground
        .project
        .join("infra/live/prod/00-network/terraform.tfstate");
    fs::write(
        &state,
        json!({ "version": 4, "terraform_version": "1.15.5", "serial": 7, "lineage": "another", "outputs": {}, "resources": [] })
            .to_string(),
    )
    .unwrap();
    ground.apply(&record).await;
    let (code, what) = ground.failure();
    assert_eq!(code, "RB-PRO-009");
    assert!(what.contains("serial 7 of lineage another"), "{what}");
    assert_eq!(ground.cloud.effects(), [""; 0]);
}

#[tokio::test]
async fn a_planned_replacement_of_data_is_refused_and_names_why() {
    let bucket =
        |name: &str| format!("resource \"aws_s3_bucket\" \"this\" {{\n  bucket = \"{name}\"\n}}\n");
    let ground = Ground::new("replace");
    ground.rewrite(&bucket("school-uploads"));
    let record = ground.record().await;
    assert_eq!(ground.apply(&record).await.state, RunState::Done);

    ground
        .cloud
        .control(&json!({ "replace": ["aws_s3_bucket.bucket"] }))
        .unwrap();
    ground.rewrite(&bucket("school-media"));
    let record = ground.record().await;
    let change = &record.changeset.changes[0];
    assert_eq!(change.verb, Verb::Replace);
    let why = change.attributes.iter().find(|a| a.replaces).unwrap();
    assert_eq!(why.path, "bucket");
    assert_eq!(record.findings[0].standing, Standing::Refused);
    assert_eq!(record.check_not_refused().unwrap_err().code(), "RB-PRO-008");
    // Also an approval does not carry it through.
    ground.apply(&record).await;
    assert_eq!(ground.failure().0, "RB-PRO-008");
    assert_eq!(ground.cloud.effects(), ["create aws_s3_bucket s3-bucket-1"]);
}

#[tokio::test]
async fn a_secret_stands_in_no_file_but_the_plan() {
    let ground = Ground::new("secret");
    ground.rewrite(
        "variable \"hush\" {\n  type      = string\n  sensitive = true\n  default   = \"RECORDED-FAKE-secret\"\n}\n\
         resource \"aws_vpc\" \"this\" {\n  cidr_block = \"10.2.0.0/18\"\n  tags       = { Token = var.hush }\n}\n\
         output \"hush\" {\n  value     = var.hush\n  sensitive = true\n}\n",
    );
    let record = ground.record().await;
    assert_eq!(ground.apply(&record).await.state, RunState::Done);
    ground.rewrite(
        "variable \"hush\" {\n  type      = string\n  sensitive = true\n  default   = \"RECORDED-FAKE-other\"\n}\n\
         resource \"aws_vpc\" \"this\" {\n  cidr_block = \"10.2.0.0/18\"\n  tags       = { Token = var.hush }\n}\n",
    );
    let record = ground.record().await;
    assert!(!record.changeset.changes[0].attributes.is_empty());
    let folder = ground.project.join(".reberth/provision/prod/00-network");
    for name in ground.kept() {
        if name == "plan.tfplan" {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(folder.join(&name)).unwrap()).into_owned();
        assert!(!text.contains("RECORDED-FAKE"), "{name}: {text}");
    }
}
