//! What was changed behind Terraform's back.

use reberth_journal::RunState;
use reberth_provision::{Drift, Verb, drift};
use serde_json::json;

use crate::ground::Ground;

#[tokio::test]
async fn drift_names_what_was_changed_and_what_is_gone() {
    let ground = Ground::new("drift");
    // A data source is read again at each look, and is no drift.
    ground.write(
        "00-network",
        "data.tf",
        "data \"aws_caller_identity\" \"this\" {}\n",
    );
    assert_eq!(
        drift(&ground.site().await).await.unwrap(),
        Drift::NotApplied
    );
    let record = ground.record().await;
    assert_eq!(ground.apply(&record).await.state, RunState::Done);
    assert_eq!(drift(&ground.site().await).await.unwrap(), Drift::None);

    ground
        .cloud
        .change("vpc-1", "enable_dns_support", json!(false))
        .unwrap();
    ground.cloud.remove("route-table-association-4").unwrap();
    let Drift::Found(found) = drift(&ground.site().await).await.unwrap() else {
        panic!("the drift was not seen");
    };
    let told: Vec<(Verb, &str)> = found
        .changes
        .iter()
        .map(|c| (c.verb, c.address.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Verb::Destroy, "aws_route_table_association.this"),
            (Verb::Change, "aws_vpc.this")
        ]
    );
    let changed = &found.changes[1].attributes;
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(changed[0].path, "enable_dns_support");
    assert!(!ground.kept().contains("drift.tfplan"));
    assert_eq!(ground.cloud.effects().len(), 4, "a look changes nothing");
}
