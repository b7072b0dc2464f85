//! What of the source reaches the target: nothing is dropped in silence.

use reberth_design::design;
use reberth_model::design::{Design, ParameterApply, Peer};
use reberth_model::estate::{Attributes, Database};

use crate::estates::{estate, policy, resource, server, small};

fn made() -> Design {
    design(&small(), &policy(), "", None).unwrap()
}

#[test]
fn every_resource_is_carried_or_listed() {
    let made = made();
    let text = serde_json::to_string(&made).unwrap();
    for resource in &small().resources {
        let quoted = serde_json::to_string(&resource.id).unwrap();
        assert!(
            text.contains(&quoted),
            "{} {} is nowhere",
            resource.attributes.kind(),
            resource.name
        );
    }
    for (id, word) in [("record-1", "host"), ("fw-1", "Session Manager")] {
        let listed = made
            .not_carried
            .iter()
            .any(|entry| entry.id == id && entry.why.contains(word));
        assert!(listed, "{id} should say {word}");
    }
}

#[test]
fn servers_become_services_by_name() {
    let made = made();
    let seen: Vec<_> = made
        .services
        .iter()
        .map(|service| {
            let capacity = &service.capacity;
            (
                service.key.as_str(),
                service.instance_type.value.as_str(),
                capacity.min,
                capacity.max,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("school-cron", "t3.small", 1, 1),
            ("school-staging", "t3.medium", 1, 1),
            ("school-web", "t3.large", 2, 4)
        ]
    );
    let target = made.services[2].target_group.as_ref().unwrap();
    assert_eq!(
        (target.port, target.health_path.as_str(), target.sticky),
        (8080, "/healthz", true)
    );
    assert!(made.services[0].target_group.is_none());
}

#[test]
fn a_database_keeps_its_settings_or_says_why_not() {
    let made = made();
    let core = &made.databases[0];
    assert_eq!(
        (core.key.as_str(), core.multi_az, core.storage_gib),
        ("school-core", true, 115)
    );
    assert_eq!(core.backup_window.as_deref(), Some("03:30-04:00"));
    assert_eq!(core.schemas, ["core"]);
    assert_eq!(core.replicas.len(), 1);
    assert_eq!(core.replicas[0].instance_class.value, "db.t4g.medium");
    let parameter = |name: &str| {
        let found = core
            .parameters
            .iter()
            .find(|parameter| parameter.name == name);
        found.map(|parameter| (parameter.value.as_str(), parameter.apply))
    };
    for (name, expected) in [
        (
            "sql_mode",
            Some(("ANSI,STRICT_ALL_TABLES", ParameterApply::Immediate)),
        ),
        (
            "time_zone",
            Some(("Asia/Calcutta", ParameterApply::Immediate)),
        ),
        (
            "innodb_rollback_on_timeout",
            Some(("1", ParameterApply::PendingReboot)),
        ),
        ("wait_timeout", Some(("3600", ParameterApply::Immediate))),
        (
            "binlog_row_image",
            Some(("FULL", ParameterApply::Immediate)),
        ),
        ("long_query_time", None),
    ] {
        assert_eq!(parameter(name), expected, "{name}");
    }
    let left: Vec<&str> = core
        .settings_not_copied
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    assert_eq!(left, ["never_heard_of"]);
}

#[test]
fn only_services_of_its_environment_reach_a_database() {
    let made = made();
    let peers = |key: &str| -> Vec<Peer> {
        let group = made
            .security_groups
            .iter()
            .find(|group| group.key == key)
            .unwrap();
        group.ingress.iter().map(|rule| rule.peer.clone()).collect()
    };
    let group = |key: &str| Peer::Group(key.to_owned());
    assert_eq!(
        peers("db-school-core"),
        [group("app-school-cron"), group("app-school-web")]
    );
    assert_eq!(peers("db-school-staging"), [group("app-school-staging")]);
    assert_eq!(peers("alb-school-lb"), [Peer::Distributions]);
    assert_eq!(
        peers("app-school-web"),
        [group("alb-school-lb"), group("app-school-cron")]
    );
    assert_eq!(peers("app-school-cron"), []);
}

#[test]
fn what_cannot_be_designed_is_listed_or_refused() {
    let documents = Database {
        engine: "mongodb".to_owned(),
        version: "7".to_owned(),
        ..Database::default()
    };
    let one = vec![
        resource(
            "1",
            "web-1",
            Attributes::Server(server("s-1vcpu-1gb", 1024, &[])),
        ),
        resource("2", "documents", Attributes::Database(documents)),
    ];
    let made = design(&estate(one), &policy(), "", None).unwrap();
    assert!(made.databases.is_empty());
    assert!(
        made.not_carried
            .iter()
            .any(|entry| entry.id == "2" && entry.why.contains("mongodb"))
    );

    let unknown = vec![resource(
        "1",
        "web-1",
        Attributes::Server(server("so-big", 9_000_000, &[])),
    )];
    for (resources, code) in [(Vec::new(), "RB-DSG-007"), (unknown, "RB-DSG-005")] {
        let error = design(&estate(resources), &policy(), "", None).unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[test]
fn a_service_that_others_reach_by_address_is_named() {
    let mut called = small();
    for resource in &mut called.resources {
        if let Attributes::Firewall(firewall) = &mut resource.attributes {
            firewall.tags = vec!["cron".to_owned()];
            firewall.inbound[0].tags = vec!["web".to_owned()];
        }
    }
    let named = |estate| {
        let made = design(estate, &policy(), "", None).unwrap();
        let entries = made.not_carried.into_iter();
        entries
            .filter(|entry| entry.why.contains("private address"))
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&called), ["school-cron-01"]);
    assert_eq!(named(&small()), Vec::<String>::new());
}

#[test]
fn equal_names_in_two_environments_stay_apart() {
    let made = design(
        &estate(vec![
            resource(
                "1",
                "web-1",
                Attributes::Server(server("s-1vcpu-1gb", 1024, &["env:prod"])),
            ),
            resource(
                "2",
                "web-1",
                Attributes::Server(server("s-1vcpu-1gb", 1024, &["env:staging"])),
            ),
        ]),
        &policy(),
        "",
        None,
    )
    .unwrap();
    assert_eq!(made.services.len(), 2);
    assert_ne!(made.services[0].key, made.services[1].key);
    assert_eq!(reberth_design::notes(&made), []);
}
