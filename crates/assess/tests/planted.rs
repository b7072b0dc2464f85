//! For each check of the source that the data can decide: an estate with the fault planted in one resource among healthy ones, and the same estate healed.

mod databases;
mod entries;
mod platform;
mod servers;

use reberth_model::assessment::CheckResult;
use reberth_model::estate::*;
use serde_json::{Value, json};

use crate::estates::{TODAY, judge_by, names, policy};

const FAULTY: &str = "the-faulty-one";
const HEALTHY: &str = "the-healthy-one";

/// What is changed to plant a fault, and how what is healthy looks.
type Make = fn(faulty: bool) -> Attributes;

fn estate(provider: &str, make: Make, more: Vec<Resource>) -> Estate {
    let mut resources = vec![resource(FAULTY, make(true)), resource(HEALTHY, make(false))];
    resources.extend(more);
    estate_of(provider, resources)
}

fn estate_of(provider: &str, resources: Vec<Resource>) -> Estate {
    Estate {
        schema: 1,
        provider: provider.to_owned(),
        account: Some("ops@team.example".to_owned()),
        counts: Default::default(),
        resources,
        edges: Vec::new(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

fn resource(name: &str, attributes: Attributes) -> Resource {
    Resource {
        id: format!("id-of-{name}"),
        name: name.to_owned(),
        region: Some("blr1".to_owned()),
        cost: None,
        attributes,
    }
}

fn result(estate: &Estate, check: &str) -> CheckResult {
    let assessment = judge_by(estate, &policy(""), TODAY).expect("an assessment");
    assessment.check(check).expect(check).result
}

#[track_caller]
fn planted_with(provider: &str, check: &str, make: Make, more: Vec<Resource>) {
    let sick = estate(provider, make, more.clone());
    let assessment = judge_by(&sick, &policy(""), TODAY).expect("an assessment");
    assert_eq!(result(&sick, check), CheckResult::Fail, "{check}");
    assert_eq!(names(&assessment, check), [FAULTY], "{check}");
    let mut healed = vec![resource(HEALTHY, make(false))];
    healed.extend(more);
    assert_ne!(
        result(&estate_of(provider, healed), check),
        CheckResult::Fail,
        "{check} healed"
    );
}

#[track_caller]
fn planted(provider: &str, check: &str, make: Make) {
    planted_with(provider, check, make, Vec::new());
}

fn server() -> Server {
    Server {
        size: "s-2vcpu-4gb".to_owned(),
        vcpus: 2,
        operating_system: Some("Ubuntu 24.04 (LTS) x64".to_owned()),
        status: "active".to_owned(),
        backups: true,
        monitoring: true,
        utilisation: Some(Utilisation {
            window_hours: 336,
            samples: 12 * 336,
            cpu_p95_percent: Some(40.0),
            cpu_max_percent: Some(60.0),
            memory_p99_percent: Some(50.0),
        }),
        ..Server::default()
    }
}

fn database() -> Database {
    Database {
        engine: "mysql".to_owned(),
        version: "8.4.1".to_owned(),
        size: "db-s-2vcpu-4gb".to_owned(),
        nodes: 2,
        status: "online".to_owned(),
        tls: true,
        trusted_sources: Some(vec![TrustedSource {
            kind: "tag".to_owned(),
            value: "web".to_owned(),
        }]),
        settings: Some([("binlog_retention_period".to_owned(), json!(604_800))].into()),
        users: vec![user("doadmin", "primary"), user("app", "normal")],
        latest_backup_at: Some("2026-11-22T01:00:00Z".to_owned()),
        ..Database::default()
    }
}

fn user(name: &str, role: &str) -> DatabaseUser {
    DatabaseUser {
        name: name.to_owned(),
        role: role.to_owned(),
        authentication: None,
    }
}

fn app() -> App {
    App {
        stack: "heroku-24".to_owned(),
        stack_state: Some("public".to_owned()),
        default_stack: Some("heroku-24".to_owned()),
        stage: Some("production".to_owned()),
        config: Some(Vec::new()),
        ..App::default()
    }
}

fn balancer() -> LoadBalancer {
    LoadBalancer {
        listeners: vec![listener("https", 443, 80)],
        server_tag: Some("web".to_owned()),
        health_check: Some(HealthCheck {
            protocol: "http".to_owned(),
            path: Some("/healthz".to_owned()),
            ..HealthCheck::default()
        }),
        ..LoadBalancer::default()
    }
}

fn listener(protocol: &str, port: u16, server_port: u16) -> Listener {
    Listener {
        protocol: protocol.to_owned(),
        port,
        server_port,
        ..Listener::default()
    }
}

fn two_web_servers() -> Vec<Resource> {
    let web = || {
        Attributes::Server(Server {
            tags: vec!["web".to_owned()],
            ..server()
        })
    };
    vec![resource("web-1", web()), resource("web-2", web())]
}

fn process(instances: u32, app: &str) -> Attributes {
    let app_id = if app == "production" {
        "id-of-shop"
    } else {
        app
    };
    Attributes::Process(Process {
        app_id: app_id.to_owned(),
        command: "bundle exec puma".to_owned(),
        instances,
        size: "Standard-1X".to_owned(),
        ..Process::default()
    })
}
