//! Queues of estates that are made of a few resources.

use std::collections::BTreeMap;

use reberth_discover::queues;
use reberth_model::estate::*;

use super::{has_edge, queues_of};
use crate::harness::bytes;

fn resource(id: &str, attributes: Attributes) -> Resource {
    Resource {
        id: id.to_owned(),
        name: id.to_owned(),
        region: None,
        cost: None,
        attributes,
    }
}

fn estate(resources: Vec<Resource>, edges: &[(&str, &str)]) -> Estate {
    let edges = edges.iter().map(|(from, to)| Edge {
        from: (*from).to_owned(),
        relation: "connects_to".to_owned(),
        to: (*to).to_owned(),
    });
    Estate {
        schema: 1,
        provider: "digitalocean".to_owned(),
        account: None,
        counts: BTreeMap::new(),
        resources,
        edges: edges.collect(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

fn server(address: &str, units: &[&str], connections: Vec<Connection>) -> Attributes {
    let units = units.iter().map(|name| Unit {
        name: (*name).to_owned(),
        state: "active".to_owned(),
    });
    Attributes::Server(Server {
        private_ipv4: vec![address.to_owned()],
        inside: Some(Inside {
            units: units.collect(),
            connections,
            ..Inside::default()
        }),
        ..Server::default()
    })
}

/// A server where `unit` is installed and does not run.
fn stopped(address: &str, unit: &str) -> Attributes {
    let mut stopped = server(address, &[unit], Vec::new());
    if let Attributes::Server(Server {
        inside: Some(inside),
        ..
    }) = &mut stopped
    {
        inside.units[0].state = "inactive".to_owned();
    }
    stopped
}

fn store(engine: &str) -> Database {
    Database {
        engine: engine.to_owned(),
        ..Database::default()
    }
}

#[test]
fn brokers_and_workers_on_servers_are_seen_from_inside() {
    let came = |address: &str, port| Connection {
        address: address.to_owned(),
        port,
        program: None,
        is_incoming: true,
    };
    let resources = vec![
        resource(
            "bus",
            server(
                "10.0.0.2",
                &["rabbitmq-server.service"],
                vec![came("10.0.0.3", 5672), came("10.0.0.4", 22)],
            ),
        ),
        resource("web", server("10.0.0.3", &["puma.service"], Vec::new())),
        resource(
            "jobs",
            server("10.0.0.4", &["sidekiq@default.service"], Vec::new()),
        ),
        resource("stopped", stopped("10.0.0.5", "sidekiq.service")),
        resource("three", Attributes::Cache(store("valkey"))),
        resource("events", Attributes::Database(store("kafka"))),
        resource("one", Attributes::Cache(store("valkey"))),
        resource("two", Attributes::Cache(store("valkey"))),
    ];
    let mut estate = estate(
        resources,
        &[
            ("jobs", "one"),
            ("jobs", "two"),
            ("web", "events"),
            ("stopped", "three"),
        ],
    );
    queues::add(&mut estate);
    let found = queues_of(&estate);
    let holders: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(holders, ["bus", "events", "one", "two"]);
    assert!(has_edge(&estate, "web", "uses", "queue/bus"));
    assert!(
        !has_edge(&estate, "jobs", "uses", "queue/bus"),
        "it came by another port"
    );
    assert!(has_edge(&estate, "web", "uses", "queue/events"));
    // Nothing tells in which of the two stores the work waits, and both say so.
    let text = bytes(&estate);
    assert_eq!(
        text.matches("in which of 2 is not told").count(),
        2,
        "{text}"
    );
}

/// An application with settings, each with its host; the host is the value too, so that equal ones have equal fingerprints.
fn app(id: &str, settings: &[(&str, &str)]) -> Resource {
    let vars = settings.iter().map(|(name, value)| ConfigVar {
        name: (*name).to_owned(),
        fingerprint: format!("print-of-{value}"),
        host: value.split('/').next().map(str::to_owned),
    });
    let app = App {
        config: Some(vars.collect()),
        ..App::default()
    };
    resource(id, Attributes::App(app))
}

fn process(app: &str, command: &str) -> Resource {
    let process = Process {
        app_id: app.to_owned(),
        command: command.to_owned(),
        ..Process::default()
    };
    resource(&format!("{app}/{command}"), Attributes::Process(process))
}

fn cache(id: &str, host: &str) -> Resource {
    let cache = Database {
        host: Some(host.to_owned()),
        ..store("redis")
    };
    resource(id, Attributes::Cache(cache))
}

fn third_party(host: &str) -> Resource {
    let other = Other {
        word: "third_party".to_owned(),
        facts: BTreeMap::new(),
    };
    resource(host, Attributes::Other(other))
}

/// The queues that `resources` tell of: holder with the setting, and software.
fn found(resources: Vec<Resource>, edges: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let mut estate = estate(resources, edges);
    queues::add(&mut estate);
    queues_of(&estate)
}

#[test]
fn settings_of_one_host_are_one_queue_only_where_their_values_are_equal() {
    let resources = vec![
        app("shop", &[("ORDERS_SQS_URL", "sqs.example/1/orders")]),
        app("mailer", &[("QUEUE_URL", "sqs.example/1/orders")]),
        app("films", &[("FILMS_SQS_URL", "sqs.example/1/films")]),
        third_party("sqs.example"),
    ];
    let mut estate = estate(resources, &[]);
    queues::add(&mut estate);
    let found = queues_of(&estate);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found["sqs.example (QUEUE_URL of mailer)"],
        ["SQS", "a queue"]
    );
    assert_eq!(found["sqs.example (FILMS_SQS_URL of films)"], ["SQS"]);
    let orders = "queue/sqs.example/print-of-sqs.example/1/orders";
    for (user, uses) in [("shop", true), ("mailer", true), ("films", false)] {
        assert_eq!(has_edge(&estate, user, "uses", orders), uses, "{user}");
    }
}

#[test]
fn the_store_that_a_setting_by_hand_points_to_holds_the_queue_of_sidekiq() {
    let resources = |command: &str| {
        vec![
            app("shop", &[("REDIS_URL", "redis.example/0")]),
            process("shop", command),
            cache("pages", "pages.internal"),
            third_party("redis.example"),
        ]
    };
    let outside = "redis.example (REDIS_URL of shop)";
    let of_sidekiq = found(resources("bundle exec sidekiq"), &[("shop", "pages")]);
    assert_eq!(of_sidekiq.keys().collect::<Vec<_>>(), [outside]);
    // Another software may read another setting: both are named.
    let of_bull = found(resources("bull"), &[("shop", "pages")]);
    assert_eq!(of_bull.keys().collect::<Vec<_>>(), ["pages", outside]);
}

#[test]
fn what_one_worker_uses_says_nothing_about_another() {
    let settings = [
        ("CELERY_BROKER_URL", "a.internal/0"),
        ("REDIS_URL", "b.internal/0"),
    ];
    let resources = vec![
        app("shop", &settings),
        process("shop", "celery -A shop worker"),
        process("shop", "bundle exec sidekiq"),
        cache("a", "a.internal"),
        cache("b", "b.internal"),
    ];
    let found = found(resources, &[("shop", "a"), ("shop", "b")]);
    assert_eq!(found["a"], ["Celery"]);
    assert_eq!(found["b"], ["Sidekiq"]);
}

#[test]
fn workers_of_any_broker_name_each_that_it_may_be() {
    let resources = vec![
        app("shop", &[]),
        process("shop", "celery -A shop worker"),
        cache("a", "a.internal"),
        resource("events", Attributes::Database(store("kafka"))),
    ];
    let mut estate = estate(resources, &[("shop", "a"), ("shop", "events")]);
    queues::add(&mut estate);
    let found = queues_of(&estate);
    assert_eq!(found["a"], ["Celery"]);
    assert_eq!(found["events"], ["Celery", "Kafka"]);
    assert_eq!(
        bytes(&estate).matches("in which of 2 is not told").count(),
        2
    );
}

#[test]
fn files_of_no_application_tell_of_nobodys_queue() {
    let code = Codebase {
        processes: vec![CodeProcess {
            name: "worker".to_owned(),
            command: Some("bundle exec sidekiq".to_owned()),
            file: "Procfile".to_owned(),
            ..CodeProcess::default()
        }],
        ..Codebase::default()
    };
    let resources = vec![
        resource("code", Attributes::Codebase(code)),
        cache("a", "a.internal"),
    ];
    // The edge would lead a worker of nobody to it.
    assert!(found(resources, &[("", "a")]).is_empty());
}
