//! An account that has every product with an API: each is found, with what it belongs to, and asked for as described.

mod account;

use reberth_model::estate::{Attributes, Estate};
use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::json;
use std::collections::BTreeSet;

use crate::description::{description, read_of};
use crate::harness::{TOKEN, bytes, discover_at};
use account::{
    APP, CACHE, CHECK, CLUSTER, GLOBAL, LOG, NETWORK, POOL, POSTGRES, REGIONAL, SEARCH, lists,
    objects,
};

fn recording() -> Recording {
    let mut recording = Recording::edtech();
    recording.clear();
    for (path, key, items) in lists() {
        recording.add_list(&path, key, items.as_array().expect("a list").clone());
    }
    for (path, body) in objects() {
        recording.add_object(&path, body);
    }
    recording
}

fn read(recording: Recording) -> (Estate, BTreeSet<String>) {
    let replay =
        Replay::start(recording, TOKEN, Faults::default()).expect("a loopback port is free");
    let estate = discover_at(&replay.url(), TOKEN).expect("nothing goes wrong");
    assert_eq!(replay.stats().writes_refused, 0);
    (estate, replay.targets())
}

#[test]
fn the_answers_of_this_test_are_those_the_provider_describes() {
    let reads = description();
    let bodies = lists()
        .into_iter()
        .map(|(path, key, items)| (path, json!({ key: items })));
    for (path, body) in bodies.chain(objects()) {
        let read = read_of(&reads, &path).unwrap_or_else(|| panic!("{path} is not described"));
        assert_eq!(read.unknown_field(&body), None);
    }
}

#[test]
fn every_request_is_one_that_the_provider_describes() {
    let reads = description();
    let [edtech, every] = [Recording::edtech(), recording()].map(|recording| read(recording).1);
    let asked: BTreeSet<String> = edtech.into_iter().chain(every).collect();
    assert!(asked.len() > 150, "{}", asked.len());
    for target in asked {
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let read = read_of(&reads, path).unwrap_or_else(|| panic!("{path} is not described"));
        assert_eq!(read.query_fault(query), None, "{target}");
    }
}

#[test]
fn every_product_is_found_and_no_secret() {
    let (estate, _) = read(recording());
    for kind in [
        "server",
        "network",
        "database",
        "cache",
        "cluster",
        "autoscale_pool",
        "app",
        "app_alert",
        "domain",
        "dns_record",
        "load_balancer",
        "firewall",
        "network_peering",
        "nat_gateway",
        "partner_attachment",
        "address_block",
        "file_share",
        "file_share_snapshot",
        "function_namespace",
        "function_trigger",
        "registry",
        "image_repository",
        "address",
        "volume",
        "snapshot",
        "certificate",
        "cdn",
        "bucket",
        "project",
        "image",
        "ssh_key",
        "alert",
        "log_destination",
        "log_sink",
        "uptime_check",
        "uptime_alert",
        "tag",
        "invoice",
        "balance",
    ] {
        assert!(
            estate.counts.contains_key(kind),
            "{kind}: {:?}",
            estate.counts
        );
    }
    let text = bytes(&estate);
    assert!(!text.contains("RECORDED-FAKE"), "a secret is in the estate");
    assert_eq!(estate.unmapped, []);
}

#[test]
fn what_belongs_together_is_joined() {
    let (estate, _) = read(recording());
    let record = |number: u32| format!("shop.example/{number}");
    let joined = [
        ("1", "belongs_to", CLUSTER),
        ("2", "belongs_to", POOL),
        ("1", "shares_host_with", "2"),
        (CLUSTER, "in_network", NETWORK),
        (CLUSTER, "uses", "images"),
        (POSTGRES, "allows", CLUSTER),
        (POSTGRES, "allows", "1"),
        (APP, "uses", POSTGRES),
        (APP, "in_network", NETWORK),
        (APP, "serves", "shop.example"),
        (GLOBAL, "routes_to", REGIONAL),
        (REGIONAL, "routes_to", "1"),
        ("fw", "allows", REGIONAL),
        ("fw", "allows", CLUSTER),
        ("nat", "attached_to", NETWORK),
        ("pa", "attached_to", NETWORK),
        ("share", "in_network", NETWORK),
        ("share-snap", "belongs_to", "share"),
        ("fn-uuid/nightly", "belongs_to", "fn-uuid"),
        ("images/web", "belongs_to", "images"),
        ("alert", "watches", "1"),
        ("dest", "sends_to", SEARCH),
        (&record(1), "routes_to", "1"),
        (&record(2), "routes_to", &record(1)),
        (&record(3), "routes_to", APP),
        (&record(4), "routes_to", "1"),
        (CHECK, "watches", &record(2)),
        ("cdn", "serves", "media"),
    ];
    for (from, relation, to) in joined {
        let has = estate
            .edges
            .iter()
            .any(|edge| edge.from == from && edge.relation == relation && edge.to == to);
        assert!(has, "{from} {relation} {to}");
    }
    assert!(estate.edges.iter().all(|edge| edge.from != edge.to));
}

#[test]
fn stores_of_every_engine_keep_what_only_they_have() {
    let (estate, _) = read(recording());
    let store = |id: &str| {
        let found = estate.data_stores().find(|(resource, _)| resource.id == id);
        found.expect("it was found").1.clone()
    };
    let postgres = store(POSTGRES);
    assert_eq!(
        postgres.version_ends_at.as_deref(),
        Some("2028-11-09T00:00:00Z")
    );
    assert_eq!(
        (
            postgres.connection_pools[0].connections,
            postgres.storage_grows
        ),
        (10, Some(true))
    );
    assert_eq!(store(CACHE).eviction_policy.as_deref(), Some("allkeys_lru"));
    assert_eq!(
        (
            store(LOG).topics[0].partitions,
            store(SEARCH).indexes[0].copies
        ),
        (12, 2)
    );
    let newest = estate
        .of_kind("invoice")
        .find(|invoice| invoice.id == "inv-2")
        .expect("it was found");
    let Attributes::Other(newest) = &newest.attributes else {
        panic!("invoices have no type of their own");
    };
    assert_eq!(
        newest.facts["charges"],
        json!([{"name": "Droplets", "count": "2", "usd": "11.00"}, {"name": "Overages", "count": null, "usd": "1.00"}])
    );
}

#[test]
fn a_mysql_cluster_is_measured() {
    let mut recording = recording();
    let databases = recording
        .body_mut("/v2/databases")
        .expect("there are databases");
    databases["databases"][0]["engine"] = json!("mysql");
    let (estate, _) = read(recording);
    let (_, database) = estate
        .databases()
        .find(|(resource, _)| resource.id == POSTGRES)
        .expect("it was found");
    let told = database.utilisation.as_ref().expect("it was measured");
    assert_eq!(
        (told.samples, told.cpu_max_percent, told.disk_max_percent),
        (2, Some(55.5), None)
    );
}
