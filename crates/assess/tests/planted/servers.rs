//! Faults of servers, volumes, networks and names.

use super::*;

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
