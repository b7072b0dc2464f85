//! Designs with other choices than the recorded accounts have: their roots are applied and then settled as well.

use reberth_generate::generate;
use reberth_model::design::{Design, ReplicationEngine};
use reberth_testkit::terraform::{Cloud, Finding, checkov, settle, settle_on};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

use crate::designs;

fn check(name: &str, design: &Design) {
    let folder = designs::scratch(name);
    designs::write(&folder, &generate(design).unwrap().0);
    if design.migration.engine == ReplicationEngine::Dms {
        enter_what_people_know(&folder, design);
    }
    settle(name, &folder.join("infra/live")).unwrap();
    let (findings, _) = checkov(&folder.join("infra")).unwrap();
    assert_eq!(findings, Vec::<Finding>::new(), "{name}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// DMS reads passwords that people put into Secrets Manager, and proves servers by certificates that people look up.
fn enter_what_people_know(folder: &Path, design: &Design) {
    let secrets = |side: &str| {
        let arn = |key: &str| {
            format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{side}-{key}")
        };
        let each = design
            .databases
            .iter()
            .map(|one| (one.key.clone(), arn(&one.key)));
        json!(each.collect::<BTreeMap<_, _>>())
    };
    let values = json!({
        "source_secret_arns": secrets("source"),
        "target_secret_arns": secrets("target"),
        "source_ca_pem": "-----BEGIN CERTIFICATE-----",
        "target_ca_pem": "-----BEGIN CERTIFICATE-----",
    });
    let live = folder.join("infra/live").join(&design.target.environment);
    let path = live.join("90-migration/people.auto.tfvars.json");
    std::fs::write(path, values.to_string()).unwrap();
}

/// Rows that AWS DMS carries, copied disks, a plain image, a disk that one server takes with it, public load balancers.
#[test]
fn servers_with_every_choice_made_the_other_way() {
    let design = designs::other();
    assert_eq!(design.migration.engine, ReplicationEngine::Dms);
    check("settled-other", &design);
}

#[test]
fn accounts_of_an_organization() {
    check("settled-organization", &designs::organization());
}

#[test]
fn pods_with_subnets_of_their_own() {
    check("settled-other-platform", &designs::other_platform());
}

/// What is there is taken over under its own name: nothing of its kind is made, replaced or destroyed.
#[test]
fn what_is_in_the_account_already_is_taken_over() {
    let design = designs::adopting();
    let cloud = Cloud::start("adopting").unwrap();
    let there = [
        (
            "aws_config_configuration_recorder",
            "default",
            json!({ "id": "default", "name": "default" }),
        ),
        (
            "aws_config_delivery_channel",
            "default-channel",
            json!({ "id": "default-channel", "name": "default-channel" }),
        ),
        (
            "aws_guardduty_detector",
            "12abc34d",
            json!({ "id": "12abc34d", "enable": true }),
        ),
        (
            "aws_route53_zone",
            "Z0123456789",
            json!({ "id": "Z0123456789", "name": "school.example", "zone_id": "Z0123456789", "name_servers": [] }),
        ),
        (
            "aws_s3_bucket",
            "school-uploads",
            json!({ "id": "school-uploads", "bucket": "school-uploads", "arn": "arn:aws:s3:::school-uploads" }),
        ),
        (
            "aws_securityhub_account",
            "123456789012",
            json!({ "id": "123456789012", "arn": "arn:aws:securityhub:::hub" }),
        ),
    ];
    for (kind, id, values) in &there {
        cloud.make(kind, id, values.clone()).unwrap();
    }
    // AWS makes these anew when their names change.
    let replace = [
        "aws_s3_bucket.bucket",
        "aws_config_configuration_recorder.name",
        "aws_config_delivery_channel.name",
        "aws_route53_zone.name",
    ];
    cloud.control(&json!({ "replace": replace })).unwrap();
    let folder = designs::scratch("settled-adopting");
    designs::write(&folder, &generate(&design).unwrap().0);
    settle_on(&cloud, "adopting", &folder.join("infra/live")).unwrap();
    std::fs::remove_dir_all(folder).unwrap();

    let effects = cloud.effects();
    for (kind, id, _) in there {
        assert!(effects.contains(&format!("import {kind} {id}")), "{kind}");
        let is_lost = |effect: &&String| **effect == format!("delete {kind} {id}");
        assert_eq!(effects.iter().find(is_lost), None);
        if kind != "aws_s3_bucket" {
            let made = effects
                .iter()
                .find(|effect| effect.starts_with(&format!("create {kind} ")));
            assert_eq!(made, None, "{kind} is made a second time");
        }
    }
}

/// Roots that have nothing to hold are not there, and nothing asks for what they would have put out.
#[test]
fn a_single_server_and_nothing_else() {
    check("settled-lone", &designs::lone_server());
}

/// Images from a pipeline, shared files.
#[test]
fn servers_whose_images_a_pipeline_makes() {
    check("settled-small", &designs::small());
}
