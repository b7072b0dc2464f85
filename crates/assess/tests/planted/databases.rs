//! Faults of databases.

use super::*;

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
