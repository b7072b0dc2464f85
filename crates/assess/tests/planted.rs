//! For each check of the source that the data can decide: an estate with the fault planted in one resource among healthy ones, and the same estate healed.

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

#[test]
fn faults_of_servers_are_found() {
    type Fault = fn(&mut Server);
    let faults: [(&str, Fault); 9] = [
        ("RB-S-OPS-12", |server| server.monitoring = false),
        ("RB-S-REL-13", |server| server.backups = false),
        ("RB-S-COST-01", |server| server.status = "off".to_owned()),
        ("RB-S-COST-02", |server| server.utilisation = None),
        ("RB-S-PERF-01", |server| {
            server
                .utilisation
                .as_mut()
                .expect("measured")
                .cpu_p95_percent = Some(93.0);
        }),
        ("RB-S-PERF-01", |server| {
            server
                .utilisation
                .as_mut()
                .expect("measured")
                .memory_p99_percent = Some(97.0);
        }),
        ("RB-S-SEC-15", |server| {
            server.operating_system = Some("CentOS 7 x64".to_owned())
        }),
        ("RB-S-SEC-15", |server| {
            server.operating_system = Some("Debian 10 x64".to_owned())
        }),
        ("RB-S-SEC-16", |server| {
            server.operating_system = Some("Fedora 43 x64".to_owned())
        }),
    ];
    for (check, fault) in faults {
        let mut sick = server();
        fault(&mut sick);
        let resources = |one: Server| {
            vec![
                resource(FAULTY, Attributes::Server(one)),
                resource(HEALTHY, Attributes::Server(server())),
            ]
        };
        let estate = estate_of("digitalocean", resources(sick));
        let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
        assert_eq!(names(&assessment, check), [FAULTY], "{check}");
        assert_eq!(result(&estate, check), CheckResult::Fail, "{check}");
        let healed = estate_of("digitalocean", resources(server()));
        assert_eq!(result(&healed, check), CheckResult::Pass, "{check} healed");
    }
}

#[test]
fn faults_of_databases_are_found() {
    type Fault = fn(&mut Database);
    let faults: [(&str, Fault); 11] = [
        ("RB-S-REL-02", |database| database.nodes = 1),
        ("RB-S-REL-03", |database| {
            database.latest_backup_at = Some("2026-11-10T00:00:00Z".to_owned());
        }),
        ("RB-S-REL-03", |database| database.latest_backup_at = None),
        ("RB-S-REL-09", |database| {
            database.settings = Some([("Connections".to_owned(), json!("97/100"))].into());
        }),
        ("RB-S-REL-09", |database| {
            database.storage_mib = Some(1024);
            database.data_bytes = Some(1000 << 20);
        }),
        ("RB-S-SEC-06", |database| {
            database.trusted_sources = Some(Vec::new())
        }),
        ("RB-S-SEC-06", |database| {
            database.trusted_sources.as_mut().expect("told")[0].value = "0.0.0.0/0".to_owned();
        }),
        ("RB-S-SEC-09", |database| database.tls = false),
        ("RB-S-SEC-10", |database| {
            database.users = vec![user("doadmin", "primary")]
        }),
        ("RB-S-SEC-11", |database| {
            database.version = "5.7.44".to_owned()
        }),
        ("RB-S-OPS-02", |database| {
            database.settings = Some([("binlog_retention_period".to_owned(), json!(600))].into());
        }),
    ];
    for (check, fault) in faults {
        let mut sick = database();
        fault(&mut sick);
        let resources = |one: Database| {
            vec![
                resource(FAULTY, Attributes::Database(one)),
                resource(HEALTHY, Attributes::Database(database())),
            ]
        };
        let estate = estate_of("digitalocean", resources(sick));
        let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
        assert_eq!(result(&estate, check), CheckResult::Fail, "{check}");
        assert_eq!(names(&assessment, check), [FAULTY], "{check}");
        let healed = estate_of("digitalocean", resources(database()));
        assert_ne!(result(&healed, check), CheckResult::Fail, "{check} healed");
    }
}

#[test]
fn engines_past_their_support_are_found_under_every_name() {
    for (engine, version) in [
        ("pg", "12.17"),
        ("advanced_pg", "13.2"),
        ("redis", "7.0.15"),
        ("mongodb", "4.4.29"),
        ("kafka", "3.5"),
        ("mysql", "8.0.35"),
    ] {
        let old = Database {
            engine: engine.to_owned(),
            version: version.to_owned(),
            ..database()
        };
        let estate = estate_of(
            "digitalocean",
            vec![resource(FAULTY, Attributes::Database(old))],
        );
        assert_eq!(
            result(&estate, "RB-S-SEC-11"),
            CheckResult::Fail,
            "{engine} {version}"
        );
    }
}

#[test]
fn a_hidden_list_of_backups_is_unknown_and_not_empty() {
    let none = Database {
        latest_backup_at: None,
        ..database()
    };
    let mut estate = estate_of(
        "digitalocean",
        vec![resource(FAULTY, Attributes::Database(none))],
    );
    estate.not_visible.push(NotVisible {
        what: format!("/v2/databases/id-of-{FAULTY}/backups"),
        reason: "403".to_owned(),
    });
    assert_eq!(result(&estate, "RB-S-REL-03"), CheckResult::Unknown);
}

#[test]
fn open_ports_are_found_in_firewalls_and_load_balancers() {
    planted("digitalocean", "RB-S-SEC-07", |faulty| {
        let address = if faulty {
            "0.0.0.0/0"
        } else {
            "198.51.100.7/32"
        };
        Attributes::Firewall(Firewall {
            inbound: vec![FirewallRule {
                protocol: "tcp".to_owned(),
                ports: "3000-4000".to_owned(),
                addresses: vec![address.to_owned()],
                ..FirewallRule::default()
            }],
            ..Firewall::default()
        })
    });
    planted_with(
        "digitalocean",
        "RB-S-SEC-07",
        |faulty| {
            let mut balancer = balancer();
            if faulty {
                balancer.listeners.push(listener("tcp", 5432, 5432));
            }
            Attributes::LoadBalancer(balancer)
        },
        two_web_servers(),
    );
}

#[test]
fn faults_of_entries_are_found() {
    type Fault = fn(&mut LoadBalancer);
    let faults: [(&str, Fault); 6] = [
        ("RB-S-REL-01", |balancer| {
            balancer.server_tag = Some("nobody".to_owned())
        }),
        ("RB-S-COST-01", |balancer| balancer.server_tag = None),
        ("RB-S-REL-06", |balancer| {
            balancer.sticky_cookie = Some("DO-LB".to_owned())
        }),
        ("RB-S-REL-10", |balancer| balancer.health_check = None),
        ("RB-S-REL-10", |balancer| {
            balancer.health_check.as_mut().expect("one").protocol = "tcp".to_owned();
        }),
        ("RB-S-SEC-08", |balancer| {
            balancer.listeners = vec![listener("http", 80, 80)]
        }),
    ];
    for (check, fault) in faults {
        let mut sick = balancer();
        fault(&mut sick);
        let mut resources = vec![
            resource(FAULTY, Attributes::LoadBalancer(sick)),
            resource(HEALTHY, Attributes::LoadBalancer(balancer())),
        ];
        resources.extend(two_web_servers());
        let estate = estate_of("digitalocean", resources);
        let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
        assert_eq!(result(&estate, check), CheckResult::Fail, "{check}");
        assert_eq!(names(&assessment, check), [FAULTY], "{check}");
    }
}

#[test]
fn what_nobody_uses_is_found() {
    planted("digitalocean", "RB-S-COST-01", |faulty| {
        Attributes::Volume(Volume {
            server_ids: if faulty {
                Vec::new()
            } else {
                vec!["7".to_owned()]
            },
            ..Volume::default()
        })
    });
    planted("digitalocean", "RB-S-COST-01", |faulty| {
        Attributes::Address(Address {
            ip: "203.0.113.9".to_owned(),
            server_id: (!faulty).then(|| "7".to_owned()),
        })
    });
    planted("digitalocean", "RB-S-COST-01", |faulty| {
        Attributes::Bucket(Bucket {
            objects: Some(if faulty { 0 } else { 12 }),
            ..Bucket::default()
        })
    });
    planted("heroku", "RB-S-COST-01", |faulty| {
        Attributes::App(App {
            maintenance: faulty,
            ..app()
        })
    });
    planted("heroku", "RB-S-COST-01", |faulty| {
        Attributes::Addon(Addon {
            app_id: (!faulty).then(|| "a".to_owned()),
            ..Addon::default()
        })
    });
    let idle = process(0, "production");
    let estate = estate_of(
        "heroku",
        vec![
            resource("shop", Attributes::App(app())),
            resource("shop/web", idle),
        ],
    );
    assert_eq!(
        result(&estate, "RB-S-COST-01"),
        CheckResult::Fail,
        "an application without instances"
    );
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

#[test]
fn faults_of_networks_volumes_and_names_are_found() {
    planted("digitalocean", "RB-S-REL-14", |faulty| {
        Attributes::Network(Network {
            cidr: if faulty {
                "172.17.0.0/20"
            } else {
                "10.122.0.0/20"
            }
            .to_owned(),
            ..Network::default()
        })
    });
    planted("digitalocean", "RB-S-OPS-06", |faulty| {
        Attributes::DnsRecord(DnsRecord {
            record_type: "A".to_owned(),
            data: "203.0.113.4".to_owned(),
            ttl_seconds: Some(if faulty { 3600 } else { 60 }),
            ..DnsRecord::default()
        })
    });
    planted("digitalocean", "RB-S-OPS-07", |faulty| {
        let data = if faulty {
            "shop.herokuapp.com."
        } else {
            "shop.example."
        };
        Attributes::DnsRecord(DnsRecord {
            record_type: "CNAME".to_owned(),
            data: data.to_owned(),
            ttl_seconds: Some(60),
            ..DnsRecord::default()
        })
    });
    planted("digitalocean", "RB-S-SEC-08", |faulty| {
        let ends = if faulty { "2026-12-01" } else { "2027-11-01" };
        Attributes::Certificate(Certificate {
            not_after: Some(format!("{ends}T00:00:00Z")),
            ..Certificate::default()
        })
    });
    planted("digitalocean", "RB-S-OPS-11", |faulty| {
        Attributes::Other(Other {
            word: "alert".to_owned(),
            facts: [("enabled".to_owned(), Value::Bool(!faulty))].into(),
        })
    });
    let volume = Volume {
        size_gib: 100,
        server_ids: vec![format!("id-of-{FAULTY}")],
        ..Volume::default()
    };
    planted_with(
        "digitalocean",
        "RB-S-REL-05",
        |_| Attributes::Server(server()),
        vec![resource("uploads", Attributes::Volume(volume))],
    );
}

#[test]
fn a_server_without_a_firewall_and_an_estate_without_staging_or_alerts_are_found() {
    let guard = Firewall {
        server_ids: vec![format!("id-of-{HEALTHY}")],
        ..Firewall::default()
    };
    planted_with(
        "digitalocean",
        "RB-S-SEC-14",
        |_| Attributes::Server(server()),
        vec![resource("guard", Attributes::Firewall(guard))],
    );
    let bare = estate_of(
        "digitalocean",
        vec![resource(FAULTY, Attributes::Server(server()))],
    );
    for check in ["RB-S-OPS-09", "RB-S-OPS-11"] {
        assert_eq!(result(&bare, check), CheckResult::Fail, "{check}");
    }
}

#[test]
fn faults_of_applications_are_found() {
    type Fault = fn(&mut App);
    let faults: [(&str, Fault); 6] = [
        ("RB-S-SEC-11", |app| app.stack = "heroku-20".to_owned()),
        ("RB-S-SEC-04", |app| {
            app.config = Some(vec![config("BUCKETEER_AWS_SECRET_ACCESS_KEY", None)])
        }),
        ("RB-S-SEC-04", |app| {
            app.config = Some(vec![config("spaces_secret", None)])
        }),
        ("RB-S-OPS-07", |app| {
            app.config = Some(vec![config("API_URL", Some("api.herokuapp.com"))])
        }),
        ("RB-S-REL-06", |app| {
            app.features = vec!["http-session-affinity".to_owned()]
        }),
        ("RB-S-OPS-10", |_| {}),
    ];
    for (check, fault) in faults {
        let mut sick = app();
        fault(&mut sick);
        let drain = LogDrain {
            app_id: format!("id-of-{HEALTHY}"),
            host: Some("logs.example".to_owned()),
            addon_id: None,
        };
        let estate = estate_of(
            "heroku",
            vec![
                resource(FAULTY, Attributes::App(sick)),
                resource(HEALTHY, Attributes::App(app())),
                resource("drain", Attributes::LogDrain(drain)),
            ],
        );
        let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
        assert_eq!(result(&estate, check), CheckResult::Fail, "{check}");
        assert_eq!(names(&assessment, check), [FAULTY], "{check}");
    }
}

fn config(name: &str, host: Option<&str>) -> ConfigVar {
    ConfigVar {
        name: name.to_owned(),
        fingerprint: String::new(),
        host: host.map(str::to_owned),
    }
}

#[test]
fn faults_of_a_platform_are_found() {
    planted("heroku", "RB-S-SEC-01", |faulty| {
        Attributes::Member(Member {
            second_factor: Some(!faulty),
            ..Member::default()
        })
    });
    planted("heroku", "RB-S-REL-08", |faulty| {
        let service = if faulty { "fixie-socks" } else { "papertrail" };
        Attributes::Addon(Addon {
            service: service.to_owned(),
            app_id: Some("a".to_owned()),
            ..Addon::default()
        })
    });
    planted("heroku", "RB-S-SEC-08", |faulty| {
        Attributes::Domain(Domain {
            target: Some("x.herokudns.example".to_owned()),
            certificate_id: Some("c".to_owned()),
            certificate_status: Some(if faulty { "failed" } else { "cert issued" }.to_owned()),
            ..Domain::default()
        })
    });
    planted_with(
        "heroku",
        "RB-S-REL-01",
        |faulty| process(if faulty { 1 } else { 2 }, "production"),
        vec![resource("shop", Attributes::App(app()))],
    );
    let review = App {
        stage: Some("review".to_owned()),
        ..app()
    };
    let estate = estate_of(
        "heroku",
        vec![
            resource(FAULTY, Attributes::App(review)),
            resource("one/web", process(1, &format!("id-of-{FAULTY}"))),
        ],
    );
    assert_eq!(result(&estate, "RB-S-SUS-01"), CheckResult::Fail);
    let member = |name: &str, role: Option<&str>| {
        let member = Member {
            role: role.map(str::to_owned),
            second_factor: Some(true),
            ..Member::default()
        };
        resource(name, Attributes::Member(member))
    };
    let estate = estate_of(
        "heroku",
        vec![
            member("a@team.example", Some("admin")),
            member("b@eu.team.example", Some("member")),
            member("gone@elsewhere.example", None),
            member("gone-too@elsewhere.example", None),
        ],
    );
    let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
    assert_eq!(
        names(&assessment, "RB-S-SEC-03"),
        ["gone-too@elsewhere.example", "gone@elsewhere.example"]
    );
}
