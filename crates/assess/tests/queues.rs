//! A queue moves with who uses it, is told what is done with it, and has no price that nobody read.

use reberth_assess::{html, scope_of_work_markdown};
use reberth_model::estate::*;
use serde_json::json;

use crate::estates::{edtech, judge};

fn resource(id: &str, name: &str, attributes: Attributes) -> Resource {
    Resource {
        id: id.to_owned(),
        name: name.to_owned(),
        region: None,
        cost: None,
        attributes,
    }
}

fn queue(holder: &str, name: &str, software: &str) -> Resource {
    let facts = [
        ("kept_in".to_owned(), json!(holder)),
        ("software".to_owned(), json!([software])),
        ("told_by".to_owned(), json!(["<b>setting</b> | of shop"])),
    ];
    let other = Other {
        word: "queue".to_owned(),
        facts: facts.into(),
    };
    let id = format!("queue/{holder}");
    resource(&id, &format!("queue in {name}"), Attributes::Other(other))
}

fn edge(from: &str, relation: &str, to: &str) -> Edge {
    Edge {
        from: from.to_owned(),
        relation: relation.to_owned(),
        to: to.to_owned(),
    }
}

/// Two applications that share a queue at a party outside, one with a broker that was bought, and a cluster of Kafka.
fn estate() -> Estate {
    let mut estate = edtech();
    estate.edges.clear();
    let app = |id: &str| resource(id, id, Attributes::App(App::default()));
    let broker = Addon {
        service: "cloudamqp".to_owned(),
        plan: "tiger".to_owned(),
        app_id: Some("shop".to_owned()),
        ..Addon::default()
    };
    let kafka = Database {
        engine: "kafka".to_owned(),
        ..Database::default()
    };
    estate.resources = vec![
        resource("a-1", "cloudamqp-round-1", Attributes::Addon(broker)),
        app("shop"),
        app("mailer"),
        resource("k-1", "events", Attributes::Database(kafka)),
        queue("a-1", "cloudamqp-round-1", "RabbitMQ"),
        queue("k-1", "events", "Kafka"),
        queue("sqs.example", "sqs.example", "SQS"),
    ];
    estate.edges = vec![
        edge("shop", "uses", "queue/a-1"),
        edge("shop", "uses", "queue/sqs.example"),
        edge("mailer", "uses", "queue/sqs.example"),
        edge("queue/a-1", "kept_in", "a-1"),
        edge("queue/k-1", "kept_in", "k-1"),
    ];
    estate
}

#[test]
fn who_shares_a_queue_cuts_over_together() {
    let assessment = judge(&estate());
    let wave = assessment.waves.iter().find(|wave| {
        let mut members = wave.members.iter();
        members.any(|member| member.name == "queue in sqs.example")
    });
    let wave = wave.unwrap();
    let members: Vec<&str> = wave.members.iter().map(|own| own.name.as_str()).collect();
    for name in [
        "shop",
        "mailer",
        "cloudamqp-round-1",
        "queue in cloudamqp-round-1",
    ] {
        assert!(members.contains(&name), "{members:?}");
    }
    assert!(!members.contains(&"events"), "{members:?}");
    let why = wave.why.join("\n");
    assert!(
        why.contains("mailer uses the queue in sqs.example"),
        "{why}"
    );
    assert!(
        why.contains("cloudamqp-round-1 holds a queue (RabbitMQ)"),
        "{why}"
    );
    // A queue gives no wave its name.
    assert!(
        assessment
            .waves
            .iter()
            .all(|wave| !wave.name.contains("queue"))
    );
}

#[test]
fn a_queue_without_a_target_price_says_so() {
    let assessment = judge(&estate());
    for (item, target) in [
        ("cloudamqp-round-1 kept", "Amazon MQ (RabbitMQ)"),
        ("events: database", "Amazon MSK"),
    ] {
        let mut lines = assessment.costs.iter();
        let line = lines.find(|line| line.item.starts_with(item)).expect(item);
        assert_eq!(line.likely, None, "{item}");
        let text = serde_json::to_string(line).unwrap();
        assert!(
            text.contains(target) && text.contains("no target price"),
            "{text}"
        );
    }
}

#[test]
fn the_pages_say_what_is_done_with_each_queue() {
    let estate = estate();
    let assessment = judge(&estate);
    let scope = scope_of_work_markdown(&assessment, &estate);
    for words in [
        "stays where it is: its readers run on one side only",
        "drained: producers go over first, readers when nothing waits; its data are not copied",
    ] {
        assert!(scope.contains(words), "{words}");
    }
    let page = html(&assessment, &estate);
    assert!(page.contains("<h3>Queues</h3>"));
    assert!(page.contains("no target price: as today, if it is kept"));
    assert!(page.contains("&lt;b&gt;setting&lt;/b&gt;") && !page.contains("<b>setting"));
}

#[test]
fn a_queue_that_two_environments_use_joins_neither_and_is_told() {
    let mut estate = estate();
    for resource in &mut estate.resources {
        if let Attributes::App(app) = &mut resource.attributes {
            let stage = if resource.id == "shop" {
                "production"
            } else {
                "staging"
            };
            app.stage = Some(stage.to_owned());
        }
    }
    let assessment = judge(&estate);
    let wave_of = |name: &str| {
        let mut waves = assessment.waves.iter();
        waves
            .find(|wave| wave.members.iter().any(|own| own.name == name))
            .expect("each is in a wave")
    };
    let (queue, shop, mailer) = (
        wave_of("queue in sqs.example"),
        wave_of("shop"),
        wave_of("mailer"),
    );
    assert_eq!(queue.number, shop.number);
    assert_ne!(mailer.number, shop.number);
    let told = "mailer uses the queue in sqs.example, across environments (staging, production): mend this before the move";
    assert!(mailer.why.iter().any(|why| why == told), "{:?}", mailer.why);
}

#[test]
fn a_queue_in_a_table_moves_with_its_database() {
    let mut estate = estate();
    let is_cluster = |own: &&mut Resource| own.id == "k-1";
    let cluster = estate.resources.iter_mut().find(is_cluster).unwrap();
    cluster.attributes = Attributes::Database(Database {
        engine: "pg".to_owned(),
        ..Database::default()
    });
    let page = html(&judge(&estate), &estate);
    for (words, times) in [
        ("moves with its database: what waits is rows of it", 1),
        ("in the price of its store", 1),
        ("its data are not copied", 0),
    ] {
        assert_eq!(page.matches(words).count(), times, "{words}");
    }
}
