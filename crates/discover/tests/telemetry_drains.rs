//! Telemetry drains of applications and spaces of the platform's newer generation.

use reberth_model::estate::Attributes;
use reberth_testkit::replay::Recording;
use serde_json::json;

use crate::harness::bytes;
use crate::heroku::discover_with;

fn drain(id: &str, host: &str, signals: &[&str]) -> serde_json::Value {
    json!([{
        "id": id,
        "signals": signals,
        "exporter": {"type": "otlphttp", "endpoint": format!("https://u:RECORDED-FAKE@{host}/in?key=RECORDED-FAKE"),
            "headers": {"API-Key": "RECORDED-FAKE"}},
        "owner": {"id": "x", "type": "app"},
    }])
}

#[test]
fn drains_of_newer_applications_and_spaces_are_found_without_their_keys() {
    let mut recording = Recording::lms();
    let apps = recording.body_mut("/apps").unwrap().as_array_mut().unwrap();
    for app in apps.iter_mut() {
        app["generation"] = json!({"id": "f", "name": "fir"});
    }
    let text = |field: &str| apps[0][field].as_str().unwrap().to_owned();
    let (app, name) = (text("id"), text("name"));
    let space = json!({"id": "5ace", "name": "inner", "generation": {"id": "f", "name": "fir"}});
    recording.add_object("/spaces", json!([space]));
    recording.add_object("/spaces/5ace/peerings", json!([]));
    recording.add_object(
        &format!("/apps/{name}/telemetry-drains"),
        drain("t-1", "otel.example", &["traces", "logs"]),
    );
    recording.add_object(
        "/spaces/5ace/telemetry-drains",
        drain("t-2", "space.example", &["metrics"]),
    );
    let estate = discover_with(recording, &[], None).0.unwrap();
    let told: Vec<(String, String)> = estate
        .of_kind("telemetry_drain")
        .map(|resource| {
            let Attributes::Other(other) = &resource.attributes else {
                panic!("another kind");
            };
            (resource.name.clone(), other.facts["signals"].to_string())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("otel.example".to_owned(), r#"["logs","traces"]"#.to_owned()),
            ("space.example".to_owned(), r#"["metrics"]"#.to_owned()),
        ]
    );
    let belongs = |from: &str, to: &str| {
        let mut edges = estate.edges.iter();
        edges.any(|edge| edge.from == from && edge.relation == "belongs_to" && edge.to == to)
    };
    assert!(belongs("t-1", &app) && belongs("t-2", "5ace"));
    assert!(!bytes(&estate).contains("RECORDED-FAKE"));
    // The others are of the same generation, and the account does not have their lists.
    let hidden = estate.not_visible.iter();
    let hidden = hidden.filter(|own| own.what.ends_with("/telemetry-drains"));
    assert_eq!(hidden.count() as u64, estate.counts["app"] - 1);
}

#[test]
fn an_application_of_no_told_generation_without_such_a_list_is_no_news() {
    let mut recording = Recording::lms();
    let apps = recording.body_mut("/apps").unwrap().as_array_mut().unwrap();
    for app in apps.iter_mut() {
        app["generation"] = json!(null);
    }
    let (estate, stats) = discover_with(recording, &[], None);
    assert!(stats.paths.keys().any(|path| path.contains("telemetry")));
    let estate = estate.unwrap();
    let mut hidden = estate.not_visible.iter();
    assert!(!hidden.any(|own| own.what.contains("telemetry")));
}

#[test]
fn applications_of_the_first_generation_are_not_asked_for_them() {
    let (estate, stats) = discover_with(Recording::lms(), &[], None);
    assert_eq!(estate.unwrap().of_kind("telemetry_drain").count(), 0);
    assert!(!stats.paths.keys().any(|path| path.contains("telemetry")));
}
