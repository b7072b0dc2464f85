//! What is found when nothing goes wrong.

use reberth_model::estate::{Attributes, Estate, Server};
use reberth_testkit::replay::Recording;
use serde_json::json;

use crate::harness::{TOKEN, bytes, discover, discover_with};

#[test]
fn everything_recorded_is_counted_and_nothing_is_written() {
    let recording = Recording::edtech();
    let expect = recording.expect.clone();
    let (estate, stats) = discover_with(recording, &[], TOKEN);
    let estate = estate.unwrap();
    let kinds = [
        ("server", "droplets"),
        ("database", "database_clusters"),
        ("database_replica", "database_replicas"),
        ("load_balancer", "load_balancers"),
        ("domain", "domains"),
        ("dns_record", "domain_records"),
        ("network", "vpcs"),
        ("firewall", "firewalls"),
        ("volume", "volumes"),
        ("bucket", "spaces_buckets"),
    ];
    for (kind, expected) in kinds {
        assert_eq!(
            Some(estate.counts[kind]),
            expect[expected].as_u64(),
            "{kind}"
        );
    }
    assert_eq!(estate.account.as_deref(), Some("ops@brightlearn.example"));
    assert_eq!(
        estate.counts.values().sum::<u64>(),
        estate.resources.len() as u64
    );
    assert_eq!(stats.writes_refused, 0);
    let hidden: Vec<&str> = estate
        .not_visible
        .iter()
        .map(|part| part.what.as_str())
        .collect();
    assert_eq!(hidden, ["bucket list of the object store"]);
    assert_eq!(estate.unmapped, []);
}

#[test]
fn the_planted_findings_can_be_read_from_the_estate() {
    let findings = &Recording::edtech().expect["findings"];
    let estate = discover(&[]).unwrap();
    let open = databases(&estate, |database| {
        database.trusted_sources.as_deref() == Some(&[])
    });
    assert_same(&open, &findings["databases_without_trusted_sources"]);
    let single = databases(&estate, |database| database.nodes == 1);
    assert_same(&single, &findings["single_node_databases"]);
    let short = databases(&estate, |database| {
        let settings = database.settings.as_ref().unwrap();
        settings["binlog_retention_period"].as_u64().unwrap() < 86_400
    });
    assert_same(&short, &findings["binlog_retention_too_short_for_cdc"]);
    assert_same(
        &servers(&estate, |server| !server.backups),
        &findings["droplets_without_backups"],
    );
    assert_same(
        &servers(&estate, |server| !server.monitoring),
        &findings["droplets_without_monitoring"],
    );
    let unmeasured = servers(&estate, |server| server.utilisation.is_none());
    assert_same(&unmeasured, &findings["droplets_without_monitoring"]);
}

fn servers(estate: &Estate, wanted: impl Fn(&Server) -> bool) -> Vec<String> {
    let found = estate.servers().filter(|(_, server)| wanted(server));
    found.map(|(resource, _)| resource.name.clone()).collect()
}

fn databases(
    estate: &Estate,
    wanted: impl Fn(&reberth_model::estate::Database) -> bool,
) -> Vec<String> {
    let found = estate.databases().filter(|(_, database)| wanted(database));
    found.map(|(resource, _)| resource.name.clone()).collect()
}

fn assert_same(found: &[String], expected: &serde_json::Value) {
    let mut found = found.to_vec();
    found.sort();
    let mut expected: Vec<&str> = expected
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_server_is_described_measured_and_priced() {
    let estate = discover(&[]).unwrap();
    let (resource, server) = estate
        .servers()
        .find(|(resource, _)| resource.name == "lms-web-01")
        .unwrap();
    let cost = resource.cost.as_ref().unwrap();
    assert_eq!(
        (cost.usd.to_string().as_str(), server.backups),
        ("57.60", true)
    );
    assert_eq!(
        server.operating_system.as_deref(),
        Some("Ubuntu 22.04 (LTS) x64")
    );
    let utilisation = server.utilisation.as_ref().unwrap();
    assert_eq!((utilisation.samples, utilisation.window_hours), (335, 335));
    let cpu = utilisation.cpu_p95_percent.unwrap();
    assert!(
        cpu > 0.0 && cpu < utilisation.cpu_max_percent.unwrap(),
        "{cpu}"
    );
    assert!(utilisation.memory_p99_percent.unwrap() > 50.0);
}

#[test]
fn resources_know_what_they_belong_to() {
    let estate = discover(&[]).unwrap();
    let id = |kind: &str, name: &str| {
        let found = estate.of_kind(kind).find(|resource| resource.name == name);
        found.unwrap().id.clone()
    };
    let web = id("server", "lms-web-01");
    let cases = [
        (web.clone(), "in_network", id("network", "prod-blr1")),
        (id("load_balancer", "lms-lb-blr1"), "routes_to", web.clone()),
        (id("firewall", "web-from-lb"), "protects", web.clone()),
        (
            id("database_replica", "lms-core-mysql-ro"),
            "replica_of",
            id("database", "lms-core-mysql"),
        ),
        (id("database", "lms-core-mysql"), "allows", web.clone()),
        (web, "belongs_to", id("project", "lms-production")),
        (
            "lms-media".to_owned(),
            "belongs_to",
            id("project", "lms-production"),
        ),
        (
            id("cdn", "lms-media.blr1.cdn.digitaloceanspaces.com"),
            "serves",
            "lms-media".to_owned(),
        ),
    ];
    for (from, relation, to) in cases {
        let has = estate
            .edges
            .iter()
            .any(|edge| edge.from == from && edge.relation == relation && edge.to == to);
        assert!(has, "{from} {relation} {to}");
    }
}

#[test]
fn two_runs_give_the_same_bytes_and_no_secret() {
    let first = bytes(&discover(&[]).unwrap());
    assert_eq!(first, bytes(&discover(&[]).unwrap()));
    assert!(!first.contains("RECORDED-FAKE"));
    assert!(!first.contains(TOKEN));
}

#[test]
fn kinds_and_engines_of_tomorrow_are_kept() {
    let mut recording = Recording::edtech();
    let databases = recording.body_mut("/v2/databases").unwrap();
    databases["databases"][0]["engine"] = json!("advanced_pg");
    recording.add_list("/v2/kubernetes/clusters", "kubernetes_clusters", vec![
        json!({"id": "k8s-1", "name": "apps", "region": "blr1", "version": "1.33.1-do.0", "vpc_uuid": "elsewhere",
            "node_pools": [{"id": "p", "name": "web", "size": "s-4vcpu-8gb", "count": 3, "labels": {"x": "RECORDED-FAKE"}}]}),
    ]);
    recording.add_list("/v2/apps", "apps", vec![
        json!({"id": "app-1", "spec": {"name": "shop", "services": [{"name": "web", "envs": [{"key": "DB", "value": "RECORDED-FAKE"}]}]}}),
    ]);
    recording.add_object(
        "/v2/functions/namespaces",
        json!({"namespaces": [{"uuid": "fn-1", "label": "jobs", "key": "RECORDED-FAKE"}]}),
    );
    recording.add_object(
        "/v2/registry",
        json!({"registry": {"name": "images", "storage_usage_bytes": 5}}),
    );
    let volumes = recording.body_mut("/v2/volumes").unwrap();
    volumes["volumes"][0] = json!({"id": "odd-volume", "name": ["of another form"]});
    let resources = "/v2/projects/e2afba2e-c23e-479f-9dfb-42e799c12d6b/resources";
    let resources = recording.body_mut(resources).unwrap();
    resources["resources"][0] = json!({"urn": "do:teleporter:beam-1"});

    let estate = discover_with(recording, &[], TOKEN).0.unwrap();
    assert!(
        estate
            .databases()
            .any(|(_, database)| database.engine == "advanced_pg")
    );
    for (kind, id, name) in [
        ("cluster", "k8s-1", "apps"),
        ("app", "app-1", "shop"),
        ("function_namespace", "fn-1", "jobs"),
        ("registry", "images", "images"),
    ] {
        let found = estate.of_kind(kind).find(|resource| resource.id == id);
        assert_eq!(
            found.map(|resource| resource.name.as_str()),
            Some(name),
            "{kind}"
        );
    }
    let unmapped: Vec<&str> = estate
        .unmapped
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(
        unmapped,
        ["do:teleporter:beam-1", "odd-volume", "elsewhere"]
    );
    assert!(!bytes(&estate).contains("RECORDED-FAKE"));
}

#[test]
fn dns_records_and_certificates_keep_their_details() {
    let estate = discover(&[]).unwrap();
    let is_mx = |attributes: &Attributes| matches!(attributes, Attributes::DnsRecord(record) if record.record_type == "MX" && record.priority.is_some());
    assert!(
        estate
            .of_kind("dns_record")
            .any(|resource| is_mx(&resource.attributes))
    );
    let certificate = estate.of_kind("certificate").next().unwrap();
    assert!(
        matches!(&certificate.attributes, Attributes::Certificate(certificate) if certificate.dns_names.len() == 2)
    );
}

#[test]
fn a_list_that_contradicts_itself_is_kept_and_the_contradiction_told() {
    let mut recording = Recording::edtech();
    let items = json!([{"id": 1, "name": "golden"}, {"id": 2, "name": "old"}]);
    recording.add_object(
        "/v2/images",
        json!({"images": items, "links": {"pages": {"next": "https://x/?page=2"}}, "meta": {"total": 58}}),
    );
    let estate = discover_with(recording, &[], TOKEN).0.unwrap();
    assert_eq!(estate.counts["image"], 2);
    let told = estate
        .not_visible
        .iter()
        .find(|part| part.what == "/v2/images");
    assert!(told.unwrap().reason.contains("58 items, and 2"));
}
