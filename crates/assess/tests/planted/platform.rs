//! Faults of a platform's applications.

use super::*;

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

#[test]
fn an_application_whose_drains_could_not_be_read_is_not_said_to_have_none() {
    let outcome = |hidden: Option<&str>, space: Option<&str>| {
        let own = App {
            space: space.map(str::to_owned),
            ..app()
        };
        let mut estate = estate_of("heroku", vec![resource(FAULTY, Attributes::App(own))]);
        estate.not_visible.extend(hidden.map(|what| NotVisible {
            what: what.to_owned(),
            reason: "403 forbidden".to_owned(),
        }));
        result(&estate, "RB-S-OPS-10")
    };
    let own = |list: &str| format!("/apps/{FAULTY}/{list}");
    assert_eq!(outcome(None, None), CheckResult::Fail);
    for list in ["telemetry-drains", "log-drains"] {
        let unread = outcome(Some(&own(list)), None);
        assert_eq!(unread, CheckResult::Unknown, "{list}");
    }
    let of_space = "/spaces/5ace/telemetry-drains";
    assert_eq!(outcome(Some(of_space), Some("inner")), CheckResult::Unknown);
    assert_eq!(outcome(Some(of_space), None), CheckResult::Fail);
    // Nobody was asked for the drains of spaces that are not told.
    for (list, space, expected) in [
        ("/spaces", Some("inner"), CheckResult::Unknown),
        ("/spaces", None, CheckResult::Fail),
        ("/spaces/5ace/peerings", Some("inner"), CheckResult::Fail),
    ] {
        assert_eq!(outcome(Some(list), space), expected, "{list}");
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

fn config(name: &str, host: Option<&str>) -> ConfigVar {
    ConfigVar {
        name: name.to_owned(),
        fingerprint: String::new(),
        host: host.map(str::to_owned),
    }
}
