//! Queues are resources of their own, joined with what holds them and who uses them.

mod small;

use std::collections::{BTreeMap, BTreeSet};

use reberth_discover::queues;
use reberth_model::estate::*;
use reberth_testkit::replay::Recording;
use serde_json::json;

use crate::harness::bytes;
use crate::heroku::discover_with;

const PRODUCTION: &str = "courseware-production";

/// What holds each queue, by name, with its software.
fn queues_of(estate: &Estate) -> BTreeMap<String, Vec<String>> {
    let queues = estate.of_kind("queue").map(|resource| {
        let Attributes::Other(other) = &resource.attributes else {
            panic!("{} is no queue", resource.name);
        };
        let software = other.facts["software"].as_array().expect("a list");
        let software = software.iter().filter_map(|own| own.as_str());
        let name = resource.name.trim_start_matches("queue in ").to_owned();
        (name, software.map(str::to_owned).collect())
    });
    queues.collect()
}

fn app_vars<'a>(estate: &'a Estate, id: &str) -> &'a [ConfigVar] {
    let mut apps = estate.apps();
    let (_, app) = apps.find(|(app, _)| app.id == id).expect("it is there");
    app.config.as_deref().expect("its settings are visible")
}

fn has_edge(estate: &Estate, from: &str, relation: &str, to: &str) -> bool {
    let mut edges = estate.edges.iter();
    edges.any(|edge| edge.from == from && edge.relation == relation && edge.to == to)
}

fn with_queues(recording: Recording, faults: &[&str]) -> Estate {
    let mut estate = discover_with(recording, faults, None)
        .0
        .expect("the recording has it");
    queues::add(&mut estate);
    estate
}

/// The recording with a broker that was bought, one outside, and a setting that names the store of the workers.
fn with_brokers() -> Recording {
    let mut recording = Recording::lms();
    let addons = recording.body_mut("/addons").expect("the recording has it");
    let addons = addons.as_array_mut().expect("the recording has it");
    let of_production = |addon: &&serde_json::Value| addon["app"]["name"] == PRODUCTION;
    let mut broker = addons
        .iter()
        .find(of_production)
        .expect("the recording has it")
        .clone();
    broker["id"] = json!("ffffffff-0000-4000-8000-00000000000a");
    broker["name"] = json!("cloudamqp-round-1");
    broker["addon_service"] = json!({"id": "x", "name": "cloudamqp"});
    broker["plan"] = json!({"id": "y", "name": "cloudamqp:tiger"});
    broker["config_vars"] = json!(["CLOUDAMQP_URL"]);
    addons.push(broker);
    let attachments = recording
        .body_mut("/addon-attachments")
        .expect("the recording has it");
    let attachments = attachments.as_array_mut().expect("the recording has it");
    let of_production = |own: &&serde_json::Value| own["app"]["name"] == PRODUCTION;
    let mut attachment = attachments
        .iter()
        .find(of_production)
        .expect("the recording has it")
        .clone();
    attachment["id"] = json!("ffffffff-0000-4000-8000-00000000000b");
    attachment["addon"]["id"] = json!("ffffffff-0000-4000-8000-00000000000a");
    attachments.push(attachment);
    let path = format!("/apps/{PRODUCTION}/config-vars");
    let vars = recording.body_mut(&path).expect("the recording has it");
    vars["CLOUDAMQP_URL"] = json!("amqps://u:RECORDED-FAKE@rabbit.example/v");
    vars["EXPORTS_SQS_URL"] = json!("https://sqs.eu-west-1.example/1/exports");
    vars["QUEUE_NAME"] = json!("exports");
    recording
}

#[test]
fn brokers_bought_and_outside_are_queues_with_their_users() {
    let estate = with_queues(with_brokers(), &[]);
    let found = queues_of(&estate);
    assert_eq!(found["cloudamqp-round-1"], ["RabbitMQ"]);
    let outside = format!("sqs.eu-west-1.example (EXPORTS_SQS_URL of {PRODUCTION})");
    assert_eq!(found[&outside], ["SQS"]);
    assert_eq!(estate.counts["queue"], found.len() as u64);
    let (app, _) = estate
        .apps()
        .find(|(app, _)| app.name == PRODUCTION)
        .unwrap();
    let vars = app_vars(&estate, &app.id);
    let value = vars.iter().find(|var| var.name == "EXPORTS_SQS_URL");
    let sqs = format!("sqs.eu-west-1.example/{}", value.unwrap().fingerprint);
    let broker = "ffffffff-0000-4000-8000-00000000000a";
    for (queue, holder) in [(broker, broker), (&sqs, "sqs.eu-west-1.example")] {
        let queue = format!("queue/{queue}");
        assert!(has_edge(&estate, &app.id, "uses", &queue), "{holder}");
        assert!(has_edge(&estate, &queue, "kept_in", holder), "{holder}");
    }
    assert!(!bytes(&estate).contains("RECORDED-FAKE"));
}

#[test]
fn passing_faults_find_the_same_queues() {
    let calm = bytes(&with_queues(with_brokers(), &[]));
    let faults = ["429:3", "500:7", "drop:5", "badjson:6", "truncate:9"];
    assert!(bytes(&with_queues(with_brokers(), &faults)) == calm);
}

#[test]
fn the_store_of_workers_holds_a_queue() {
    let estate = with_queues(Recording::lms(), &[]);
    let caches: BTreeSet<&str> = estate
        .of_kind("cache")
        .map(|cache| cache.name.as_str())
        .collect();
    let found = queues_of(&estate);
    // Four applications work off queues. Production has a second store, which its own setting calls a cache.
    assert_eq!(found.len(), 4);
    assert!(found.contains_key("heroku-redis-cubed-60152"));
    for (holder, software) in &found {
        assert!(caches.contains(holder.as_str()), "{holder}");
        assert_eq!(software, &["Sidekiq"], "{holder}");
    }
}

#[test]
fn queues_that_are_added_again_take_the_place_of_the_former() {
    let once = with_queues(with_brokers(), &[]);
    let mut twice = once.clone();
    queues::add(&mut twice);
    assert_eq!(bytes(&twice), bytes(&once));
}
