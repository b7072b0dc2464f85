//! Estates that are large, badly named or poor in facts.

use reberth_design::{design, notes};
use reberth_model::design::Design;
use reberth_model::estate::{App, Attributes, Domain, Edge, Estate, Pipeline, Process, Resource};
use reberth_model::policy::Scalar;
use std::collections::BTreeSet;

use super::policy;
use crate::estates::estate;

fn app(id: &str, name: &str) -> Resource {
    resource(
        id,
        name,
        Attributes::App(App {
            stack: "container".to_owned(),
            stage: Some("production".to_owned()),
            ..App::default()
        }),
    )
}

fn domain(id: &str, name: &str) -> Resource {
    resource(id, name, Attributes::Domain(Domain::default()))
}

/// Edges of these triples: from, relation, to.
fn edges(triples: &[(&str, &str, &str)]) -> Vec<Edge> {
    let edge = |(from, relation, to): &(&str, &str, &str)| Edge {
        from: (*from).to_owned(),
        relation: (*relation).to_owned(),
        to: (*to).to_owned(),
    };
    triples.iter().map(edge).collect()
}

fn process(app: &str, app_name: &str, name: &str, size: &str, instances: u32) -> Resource {
    resource(
        &format!("{app}/{name}"),
        &format!("{app_name}/{name}"),
        Attributes::Process(Process {
            app_id: app.to_owned(),
            command: "run".to_owned(),
            instances,
            running: instances,
            size: size.to_owned(),
            ..Process::default()
        }),
    )
}

fn resource(id: &str, name: &str, attributes: Attributes) -> Resource {
    Resource {
        id: id.to_owned(),
        name: name.to_owned(),
        region: None,
        cost: None,
        attributes,
    }
}

fn platform_of(resources: Vec<Resource>) -> Estate {
    Estate {
        provider: "heroku".to_owned(),
        ..estate(resources)
    }
}

/// What Kubernetes takes as a name.
fn is_label(text: &str, length_max: usize) -> bool {
    text.len() <= length_max
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_names(design: &Design) {
    let platform = design.platform.as_ref().unwrap();
    let mut seen = BTreeSet::new();
    for own in &platform.workloads {
        assert!(is_label(&own.name, 52), "{:?}", own.name);
        assert!(is_label(&own.key, 63), "{:?}", own.key);
        assert!(
            seen.insert((own.application.clone(), own.name.clone())),
            "{own:?}"
        );
    }
    let mut roles = BTreeSet::new();
    for own in &platform.identities {
        let role = format!(
            "{}-{}-{}",
            design.target.project, design.target.environment, own.key
        );
        assert!(role.len() <= 64 && roles.insert(role), "{:?}", own.key);
    }
    for own in &platform.applications {
        assert!(is_label(&own.namespace, 63), "{:?}", own.namespace);
    }
    for own in &platform.repositories {
        assert!(
            own.name.len() <= 256 && own.name.is_ascii(),
            "{:?}",
            own.name
        );
    }
}

#[test]
fn names_that_kubernetes_refuses_are_made_good_and_stay_apart() {
    let long = "x".repeat(300);
    let names = [
        "Shop",
        "shop",
        "SHOP!",
        "Ünïcødé-学校",
        "",
        "--",
        "7",
        &long,
    ];
    let mut resources = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let id = format!("app-{index}");
        resources.push(app(&id, name));
        for kind in [
            "web", "Worker_A", "worker-a", "worker a", "run", "проц", &long,
        ] {
            resources.push(process(&id, name, kind, "Standard-1X", 1));
        }
    }
    let made = design(&platform_of(resources), &policy(&[]), "", None).unwrap();
    assert_eq!(
        made.platform.as_ref().unwrap().applications.len(),
        names.len()
    );
    check_names(&made);
    assert!(
        notes(&made)
            .iter()
            .all(|note| note.item.starts_with("application")),
        "only that their settings were not visible: {:?}",
        notes(&made)
    );
}

/// Whoever may change an application's namespace must not reach what governs the cluster.
#[test]
fn no_application_gets_a_namespace_of_the_cluster() {
    let names = [
        "kube-system",
        "Kube_Public",
        "default",
        "keda",
        "external-secrets",
        "app-default",
        "shop",
    ];
    let resources: Vec<Resource> = names.iter().map(|name| app(name, name)).collect();
    let estate = platform_of(resources);
    let made = design(&estate, &policy(&[]), "", None).unwrap();
    let namespaces = |design: &Design| {
        let applications = &design.platform.as_ref().unwrap().applications;
        let mut namespaces: Vec<String> = applications
            .iter()
            .map(|own| own.namespace.clone())
            .collect();
        namespaces.sort();
        namespaces
    };
    let found = namespaces(&made);
    for own in [
        "app-external-secrets",
        "app-keda",
        "app-kube-public",
        "app-kube-system",
        "shop",
    ] {
        assert!(found.contains(&own.to_owned()), "{own}: {found:?}");
    }
    let of_default = found.iter().filter(|own| own.starts_with("app-default"));
    assert_eq!(of_default.count(), 2, "{found:?}");
    assert_eq!(found.len(), names.len());
    check_names(&made);
    let deploy = &made.platform.as_ref().unwrap().cluster.access[0];
    assert_eq!(deploy.namespaces, found);

    // A design of an earlier version gave one: it is told, and the next design gives it up.
    let mut earlier = made.clone();
    let own = &mut earlier.platform.as_mut().unwrap().applications;
    let system = own.iter_mut().find(|own| own.key == "app-kube-system");
    let system = system.unwrap();
    system.key = "kube-system".to_owned();
    system.namespace = "kube-system".to_owned();
    let told = "the namespace kube-system belongs to the cluster";
    assert!(notes(&earlier).iter().any(|note| note.message == told));
    let next = design(&estate, &policy(&[]), "", Some(&earlier)).unwrap();
    assert_eq!(namespaces(&next), found);
}

#[test]
fn a_renamed_application_keeps_its_place() {
    let mut estate = platform_of(vec![
        app("a", "shop"),
        process("a", "shop", "web", "Basic", 2),
        domain("d", "www.shop.example"),
    ]);
    estate.edges = edges(&[("d", "belongs_to", "a"), ("d", "routes_to", "a")]);
    let places = |design: &Design| {
        let platform = design.platform.as_ref().unwrap();
        let own = platform
            .applications
            .iter()
            .find(|own| own.origin.from == ["a"]);
        let own = own.unwrap().clone();
        let ingresses: Vec<String> = design
            .ingresses
            .iter()
            .map(|one| one.name.clone())
            .collect();
        let secrets = (own.settings.secret, own.settings.bound_secret);
        (
            own.key,
            own.namespace,
            own.identity,
            own.repository,
            secrets,
            ingresses,
        )
    };
    let first = design(&estate, &policy(&[]), "", None).unwrap();
    assert_eq!(first.ingresses.len(), 1);
    for own in &mut estate.resources {
        if own.id == "a" {
            own.name = "store".to_owned();
        }
    }
    estate.resources.insert(0, app("0", "shop"));
    let second = design(&estate, &policy(&[]), "", Some(&first)).unwrap();
    assert_eq!(places(&second), places(&first));
    let fresh = design(&estate, &policy(&[]), "", None).unwrap();
    assert_ne!(places(&fresh), places(&first));
}

#[test]
fn an_application_that_leaves_a_pipeline_leaves_its_images_there() {
    let pipeline = Attributes::Pipeline(Pipeline::default());
    let mut estate = platform_of(vec![
        app("a", "shop-staging"),
        app("b", "shop"),
        resource("p", "line", pipeline),
    ]);
    estate.edges = edges(&[("a", "belongs_to", "p"), ("b", "belongs_to", "p")]);
    let repository = |design: &Design, id: &str| {
        let platform = design.platform.as_ref().unwrap();
        let mut applications = platform.applications.iter();
        let own = applications.find(|own| own.origin.from == [id]);
        own.unwrap().repository.clone()
    };
    let first = design(&estate, &policy(&[]), "", None).unwrap();
    assert_eq!(repository(&first, "a"), "line");
    // The one that goes has an id that stands before the pipeline's.
    estate.edges.remove(0);
    let second = design(&estate, &policy(&[]), "", Some(&first)).unwrap();
    assert_eq!(repository(&second, "b"), "line");
    assert_eq!(repository(&second, "a"), "shop-staging");
}

#[test]
fn a_host_name_that_goes_to_another_application_takes_no_load_balancer_along() {
    let mut estate = platform_of(vec![
        app("a", "shop"),
        process("a", "shop", "web", "Basic", 2),
        domain("d", "www.shop.example"),
        domain("e", "old.shop.example"),
    ]);
    estate.edges = edges(&[("d", "routes_to", "a"), ("e", "routes_to", "a")]);
    let keys = |design: &Design| -> Vec<(String, String)> {
        let ingresses = design.ingresses.iter();
        let mut keys: Vec<_> = ingresses
            .map(|own| (own.service.clone(), own.key.clone()))
            .collect();
        keys.sort();
        keys
    };
    let of = |service: &str, key: &str| (service.to_owned(), key.to_owned());
    let first = design(&estate, &policy(&[]), "", None).unwrap();
    assert_eq!(keys(&first), [of("shop-web", "shop")]);

    // It stands before the one that had the name.
    estate.resources.insert(0, app("0", "archive"));
    let web = process("0", "archive", "web", "Basic", 1);
    estate.resources.push(web);
    estate.edges = edges(&[("d", "routes_to", "a"), ("e", "routes_to", "0")]);
    let second = design(&estate, &policy(&[]), "", Some(&first)).unwrap();
    let both = [of("archive-web", "archive"), of("shop-web", "shop")];
    assert_eq!(keys(&second), both);

    // One that has all the names has the load balancer behind which they stand.
    estate.edges = edges(&[("d", "routes_to", "0"), ("e", "routes_to", "0")]);
    let third = design(&estate, &policy(&[]), "", Some(&first)).unwrap();
    assert_eq!(keys(&third), [of("archive-web", "shop")]);
}

#[test]
fn a_thousand_workloads_are_placed() {
    let sizes = ["Standard-1X", "Standard-2X", "Performance-M", "Basic"];
    let mut resources = Vec::new();
    for index in 0..250 {
        let id = format!("app-{index:03}");
        resources.push(app(&id, &id));
        for (kind, size) in ["web", "worker", "mailer", "clock"].iter().zip(sizes) {
            resources.push(process(&id, &id, kind, size, 1 + index % 5));
        }
    }
    let made = design(&platform_of(resources), &policy(&[]), "", None).unwrap();
    let platform = made.platform.as_ref().unwrap();
    // A thousand of the source, and for each application one for what people run.
    assert_eq!(platform.workloads.len(), 1250);
    assert!(platform.placements[0].scenarios.iter().all(|own| own.fits));
    assert!(platform.placements[0].scenarios[0].pods > 3000);
    check_names(&made);
}

#[test]
fn two_zones_no_prices_and_unknown_sizes_are_designed_all_the_same() {
    let resources = vec![
        app("a", "shop"),
        process("a", "shop", "web", "Quantum-9", 2),
        process("a", "shop", "console", "", 0),
    ];
    let mut two = policy(&[("network.zones", Scalar::Number(2))]);
    two.target.region = "eu-north-1".to_owned();
    let made = design(&platform_of(resources), &two, "", None).unwrap();
    let platform = made.platform.as_ref().unwrap();
    let group = platform.node_group("prod").unwrap();
    assert_eq!(group.zones, ["a", "b"]);
    assert_eq!(group.size.desired % 2, 0);
    let lost = &platform.placements[0].scenarios[2];
    assert!(lost.name == "zone_lost" && lost.fits && lost.zones.len() == 1);
    assert!(platform.placements[0].weighed[0].usd_hour_e5.is_none());
    let web = platform.workload("shop-web").unwrap();
    assert!(
        web.resources.why.contains("no table"),
        "{}",
        web.resources.why
    );
}

#[test]
fn an_application_of_which_nothing_runs_is_a_namespace() {
    let made = design(&platform_of(vec![app("a", "shop")]), &policy(&[]), "", None).unwrap();
    let platform = made.platform.as_ref().unwrap();
    assert_eq!(platform.workloads.len(), 0);
    assert_eq!(platform.applications.len(), 1);
    assert_eq!(platform.node_groups.len(), 1);
}

#[test]
fn edges_to_nowhere_and_shared_services_do_no_harm() {
    let mut estate = platform_of(vec![
        app("a", "shop"),
        process("a", "shop", "web", "Basic", 1),
    ]);
    estate.edges = edges(&[
        ("ghost", "belongs_to", "a"),
        ("a", "belongs_to", "ghost"),
        ("a", "belongs_to", "a"),
        ("ghost", "routes_to", "ghost"),
    ]);
    let made = design(&estate, &policy(&[]), "", None).unwrap();
    assert!(made.platform.unwrap().workload("shop-web").is_some());
}
