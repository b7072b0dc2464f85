//! What was seen inside servers and in checkouts is judged, named in the scope of work, and ties waves together.

use reberth_assess::scope_of_work_markdown;
use reberth_model::assessment::CheckResult;
use reberth_model::estate::*;

use crate::estates::{TODAY, judge_by, policy};

fn resource(id: &str, attributes: Attributes) -> Resource {
    Resource {
        id: id.to_owned(),
        name: format!("{id}-name"),
        region: None,
        cost: None,
        attributes,
    }
}

fn server(inside: Option<Inside>) -> Attributes {
    Attributes::Server(Server {
        operating_system: Some("Ubuntu 24.04 (LTS) x64".to_owned()),
        status: "active".to_owned(),
        public_ipv4: vec!["203.0.113.5".to_owned()],
        inside,
        ..Server::default()
    })
}

fn mount(path: &str, used: u64) -> Mount {
    Mount {
        path: path.to_owned(),
        device: "/dev/vda1".to_owned(),
        kind: "ext4".to_owned(),
        size_bytes: 100,
        used_bytes: used,
    }
}

fn seen() -> Inside {
    Inside {
        operating_system: Some("Ubuntu 18.04.6 LTS".to_owned()),
        schedules: vec![
            CronEntry {
                place: "timer".to_owned(),
                schedule: "*-*-* 6:00".to_owned(),
                user: None,
                command: "apt-daily.service".to_owned(),
            },
            CronEntry {
                place: "/etc/crontab".to_owned(),
                schedule: "15 2 * * *".to_owned(),
                user: Some("deploy".to_owned()),
                command: "bin/invoices | tee <b>log</b>".to_owned(),
            },
        ],
        listeners: vec![
            listener("0.0.0.0", 3306),
            listener("127.0.0.1", 6379),
            listener("[::]", 443),
        ],
        mounts: vec![mount("/", 91), mount("/srv/uploads", 40)],
        sites: vec![Site {
            server: "nginx".to_owned(),
            file: "/etc/nginx/nginx.conf".to_owned(),
            names: vec!["shop.example".to_owned()],
            upstreams: vec!["127.0.0.1:8080".to_owned()],
            roots: vec!["/var/www/shop".to_owned()],
        }],
        ..Inside::default()
    }
}

fn listener(address: &str, port: u16) -> ListeningPort {
    ListeningPort {
        protocol: "tcp".to_owned(),
        address: address.to_owned(),
        port,
        program: Some("mysqld".to_owned()),
    }
}

fn estate(resources: Vec<Resource>, edges: Vec<Edge>) -> Estate {
    Estate {
        schema: 1,
        provider: "digitalocean".to_owned(),
        account: None,
        counts: Default::default(),
        resources,
        edges,
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

/// Result and values of the evidence that a check has of the server `web`.
fn of_web(estate: &Estate, check: &str) -> Vec<(CheckResult, String)> {
    let assessment = judge_by(estate, &policy(""), TODAY).expect("an assessment");
    let evidence = &assessment.check(check).expect(check).evidence;
    let of_web = evidence.iter().filter(|item| {
        let name = item.resource.as_ref().map(|name| name.id.as_str());
        name == Some("web")
    });
    of_web
        .map(|item| (item.result, item.value.clone()))
        .collect()
}

#[test]
fn what_is_seen_inside_decides_checks_that_are_open_from_outside() {
    let inside = estate(vec![resource("web", server(Some(seen())))], Vec::new());
    let outside = estate(vec![resource("web", server(None))], Vec::new());
    // (check, from outside, from inside, what the evidence must name)
    let cases = [
        (
            "RB-S-SEC-15",
            Some(CheckResult::Pass),
            CheckResult::Fail,
            "Ubuntu 18.04.6 LTS",
        ),
        (
            "RB-S-REL-15",
            Some(CheckResult::Unknown),
            CheckResult::Fail,
            "/ 91 %",
        ),
        (
            "RB-S-REL-05",
            Some(CheckResult::Unknown),
            CheckResult::Fail,
            "/srv/uploads",
        ),
        ("RB-S-SEC-07", None, CheckResult::Fail, "3306 (mysqld)"),
        (
            "RB-S-REL-07",
            Some(CheckResult::Unknown),
            CheckResult::Unknown,
            "15 2 * * *: bin/invoices",
        ),
    ];
    for (check, from_outside, from_inside, named) in cases {
        let before = of_web(&outside, check);
        assert_eq!(before.first().map(|item| item.0), from_outside, "{check}");
        let after = of_web(&inside, check);
        assert_eq!(after.len(), 1, "{check}: {after:?}");
        assert_eq!(after[0].0, from_inside, "{check}: {after:?}");
        assert!(after[0].1.contains(named), "{check}: {after:?}");
    }
}

#[test]
fn a_quiet_server_passes_and_a_firewall_is_judged_by_its_own_rules() {
    let quiet = Inside {
        mounts: vec![mount("/", 20)],
        ..Inside::default()
    };
    let alone = estate(vec![resource("web", server(Some(quiet)))], Vec::new());
    for check in ["RB-S-REL-15", "RB-S-REL-07"] {
        assert_eq!(of_web(&alone, check)[0].0, CheckResult::Pass, "{check}");
    }
    let firewall = Attributes::Firewall(Firewall {
        server_ids: vec!["web".to_owned()],
        ..Firewall::default()
    });
    let both = vec![
        resource("web", server(Some(seen()))),
        resource("wall", firewall),
    ];
    assert_eq!(of_web(&estate(both, Vec::new()), "RB-S-SEC-07"), []);
}

#[test]
fn a_volume_that_its_server_does_not_mount_is_used_by_nobody() {
    let volume = || {
        let volume = Volume {
            size_gib: 100,
            server_ids: vec!["web".to_owned()],
            ..Volume::default()
        };
        resource("disk", Attributes::Volume(volume))
    };
    let result = |mounts: Vec<Mount>| {
        let inside = Inside {
            mounts,
            ..Inside::default()
        };
        let all = vec![resource("web", server(Some(inside))), volume()];
        let assessment = judge_by(&estate(all, Vec::new()), &policy(""), TODAY).expect("one");
        let check = assessment.check("RB-S-COST-01").expect("the check");
        let mut found = check.evidence.iter();
        let found = found.find(|item| item.resource.as_ref().is_some_and(|name| name.id == "disk"));
        found.expect("evidence of the volume").result
    };
    assert_eq!(result(vec![mount("/", 1)]), CheckResult::Fail);
    assert_eq!(
        result(vec![mount("/", 1), mount("/mnt/a", 1)]),
        CheckResult::Pass
    );
    assert_eq!(
        result(Vec::new()),
        CheckResult::Pass,
        "mounts were not seen"
    );
}

#[test]
fn an_open_connection_puts_both_ends_into_one_wave() {
    let database = || Attributes::Database(Database::default());
    let resources = || vec![resource("db", database()), resource("web", server(None))];
    let waves = |edges| {
        let estate = estate(resources(), edges);
        judge_by(&estate, &policy(""), TODAY)
            .expect("an assessment")
            .waves
    };
    assert_eq!(waves(Vec::new()).len(), 2);
    let edge = Edge {
        from: "web".to_owned(),
        relation: "connects_to".to_owned(),
        to: "db".to_owned(),
    };
    let together = waves(vec![edge]);
    assert_eq!(together.len(), 1);
    assert_eq!(together[0].why, ["web-name was seen to use db-name"]);
}

#[test]
fn the_scope_of_work_names_what_runs_and_nothing_in_it_executes() {
    let code = Codebase {
        release_commands: vec!["rake db:migrate".to_owned()],
        schedules: vec![Schedule {
            file: "crontab".to_owned(),
            schedule: "@daily".to_owned(),
            command: "rake digest".to_owned(),
        }],
        processes: vec![CodeProcess {
            file: "Procfile".to_owned(),
            name: "web".to_owned(),
            ports: vec![3000],
            health_check: Some("/healthz".to_owned()),
            ..CodeProcess::default()
        }],
        runtimes: vec![Runtime {
            language: "ruby".to_owned(),
            version: Some("2.7.8".to_owned()),
            file: ".ruby-version".to_owned(),
        }],
        ..Codebase::default()
    };
    let resources = vec![
        resource("shop", Attributes::Codebase(code)),
        resource("web", server(Some(seen()))),
    ];
    let estate = estate(resources, Vec::new());
    let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
    let text = scope_of_work_markdown(&assessment, &estate);
    for line in [
        "rake db:migrate",
        "@daily: rake digest",
        "port 3000; health: /healthz",
        "15 2 \\* \\* \\* as deploy",
        "shop.example",
        "/srv/uploads",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    assert!(
        !text.contains("<b>") && !text.contains("apt-daily"),
        "{text}"
    );
    let old = assessment.check("RB-S-SEC-11").expect("the check");
    assert_eq!(old.result, CheckResult::Fail);
    assert!(
        old.evidence[0]
            .value
            .starts_with("ruby 2.7.8 in .ruby-version: support ends 2023-03-31")
    );
}
