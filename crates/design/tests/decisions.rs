//! Decisions: each is written down, the policy answers by name, and what nobody asks is refused.

use reberth_design::{DesignError, design};
use reberth_model::design::Design;
use reberth_model::estate::Attributes;
use reberth_model::policy::{Override, Policy, Scalar};

use crate::estates::{policy, small};

pub(crate) fn overriding(overrides: &[(&str, Scalar)]) -> Policy {
    let mut policy = policy();
    let overrides = overrides.iter().map(|(decision, value)| Override {
        decision: (*decision).to_owned(),
        value: value.clone(),
        reason: "asked for by the owner".to_owned(),
    });
    policy.overrides = overrides.collect();
    policy
}

pub(crate) fn word(text: &str) -> Scalar {
    Scalar::Word(text.to_owned())
}

fn made(overrides: &[(&str, Scalar)]) -> Result<Design, DesignError> {
    design(&small(), &overriding(overrides), "", None)
}

#[test]
fn every_decision_says_what_it_beat_and_why() {
    let design = made(&[]).unwrap();
    assert!(design.decisions.len() > 10);
    for decision in &design.decisions {
        let texts = [
            &decision.value,
            &decision.alternative,
            &decision.why,
            &decision.may_be,
        ];
        assert!(
            texts.iter().all(|text| !text.is_empty()),
            "{decision:?} is not whole"
        );
        assert_ne!(decision.value, decision.alternative, "{}", decision.id);
        assert_eq!(decision.overridden, None);
    }
    let ids: Vec<&str> = design.decisions.iter().map(|one| one.id.as_str()).collect();
    let mut unique = ids.clone();
    unique.dedup();
    assert_eq!(ids, unique, "ids are ordered and stand once");
}

/// Every decision may be set to its own value, and the design stays as it was but for the reason.
#[test]
fn an_override_with_the_rules_own_value_changes_nothing_else() {
    let plain = made(&[]).unwrap();
    for decision in &plain.decisions {
        let again = made(&[(&decision.id, word(&decision.value))]).unwrap();
        assert_eq!(again.network.subnets, plain.network.subnets);
        assert_eq!(again.databases.len(), plain.databases.len());
        let own = again.decision(&decision.id).unwrap();
        assert_eq!(own.value, decision.value);
        assert!(own.overridden.is_some(), "{}", decision.id);
        assert_eq!(reberth_design::notes(&again), [], "{}", decision.id);
    }
}

#[test]
fn the_policy_decides_by_name() {
    let design = made(&[
        ("network.zones", Scalar::Number(2)),
        ("network.nat", word("single")),
        ("services.school-web.instance_type", word("m7g.large")),
        ("services.school-cron.servers_max", Scalar::Number(2)),
        ("databases.school-core.multi_az", Scalar::Switch(false)),
        ("databases.school-core.instance_class", word("db.m7g.large")),
        (
            "databases.school-core.backup_retention_days",
            Scalar::Number(35),
        ),
    ])
    .unwrap();
    assert_eq!(design.network.zones.len(), 2);
    assert_eq!(design.network.subnets.len(), 6);
    let core = &design.databases[0];
    assert_eq!(
        (
            core.multi_az,
            core.instance_class.value.as_str(),
            core.backup_retention_days
        ),
        (false, "db.m7g.large", 35)
    );
    assert!(core.instance_class.why.contains("asked for by the owner"));
    assert_eq!(design.services[2].instance_type.value, "m7g.large");
    assert_eq!(design.services[0].capacity.max, 2);
}

#[test]
fn what_nobody_asks_and_what_cannot_be_is_refused() {
    for (decision, value, code, said) in [
        ("network.nats", word("single"), "RB-DSG-010", "network.nat"),
        (
            "services.gone.instance_type",
            word("m7g.large"),
            "RB-DSG-010",
            "services.school-web.instance_type",
        ),
        ("network.zones", Scalar::Number(4), "RB-DSG-009", "2 to 3"),
        (
            "network.cidr",
            word("10.8.0.0/28"),
            "RB-DSG-009",
            "/16 to /20",
        ),
        ("network.cidr", word("2001:db8::/32"), "RB-DSG-009", "IPv4"),
        (
            "databases.school-core.multi_az",
            word("maybe"),
            "RB-DSG-009",
            "true | false",
        ),
    ] {
        let error = made(&[(decision, value)]).unwrap_err();
        assert_eq!(error.code(), code, "{decision}: {error}");
        assert!(error.to_string().contains(said), "{decision}: {error}");
    }
}

/// A size that is in no table stops the design with the name of the decision that answers it.
#[test]
fn the_policy_names_a_type_that_no_table_knows() {
    let mut estate = small();
    for resource in &mut estate.resources {
        match &mut resource.attributes {
            Attributes::Database(own) if resource.id == "db-core" => own.size = "new".to_owned(),
            Attributes::DatabaseReplica(own) => own.size = Some("new".to_owned()),
            Attributes::Cache(own) => own.size = "new".to_owned(),
            Attributes::Server(own) if resource.id == "13" => {
                own.size = "new".to_owned();
                own.memory_mib = 9_000_000;
            }
            _ => {}
        }
    }
    let mut overrides: Vec<(String, Scalar)> = Vec::new();
    let made = loop {
        let named: Vec<(&str, Scalar)> = overrides
            .iter()
            .map(|(id, value)| (id.as_str(), value.clone()))
            .collect();
        match design(&estate, &overriding(&named), "", None) {
            Ok(made) => break made,
            Err(DesignError::UnknownSize { decision, .. }) => {
                let prefix = decision.split('.').next().unwrap();
                let value = match prefix {
                    "databases" => "db.r7g.16xlarge",
                    "caches" => "cache.r7g.large",
                    _ => "u7i-12tb.224xlarge",
                };
                overrides.push((decision, word(value)));
            }
            Err(other) => panic!("{other}"),
        }
    };
    let asked: Vec<&str> = overrides.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        asked,
        [
            "databases.school-core.instance_class",
            "caches.school-sessions.node_type",
            "services.school-cron.instance_type",
        ]
    );
    let core = made
        .databases
        .iter()
        .find(|own| own.key == "school-core")
        .unwrap();
    assert_eq!(core.instance_class.value, "db.r7g.16xlarge");
    assert_eq!(core.replicas[0].instance_class.value, "db.r7g.16xlarge");
}
