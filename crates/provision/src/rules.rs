//! The rules that every plan is held against before a person is asked. One rule, one file, one line in [`RULES`].
//!
//! A rule sees the plan's JSON, not the files: what will be done, whoever wrote it. It refuses, or says that it cannot tell because a
//! value comes with the apply only; what it cannot tell is shown to the person who approves, and never counts as good.

mod data_store_kept;
mod encrypted_at_rest;
mod no_lost_protection;
mod no_open_ingress;
mod no_public_bucket;
mod no_public_database;
mod no_wildcard_permission;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::plan_document::{PlanDocument, ResourceChange};

/// Types that hold data or without which data cannot be read or found. None of them is replaced or deleted by a plan.
pub(crate) const DATA_STORES: [&str; 23] = [
    "aws_backup_vault",
    "aws_db_cluster_snapshot",
    "aws_db_instance",
    "aws_db_snapshot",
    "aws_docdb_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_eks_cluster",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_fsx_lustre_file_system",
    "aws_kms_key",
    "aws_memorydb_cluster",
    "aws_msk_cluster",
    "aws_opensearch_domain",
    "aws_organizations_account",
    "aws_organizations_organization",
    "aws_rds_cluster",
    "aws_route53_zone",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
];

/// A rule over plans.
pub struct Rule {
    /// Its name in findings and waivers.
    pub id: &'static str,
    /// What it holds, in a sentence.
    pub title: &'static str,
    check: fn(&ResourceChange, &Surroundings) -> Option<Verdict>,
}

/// All rules, in the order of their names.
pub static RULES: [&Rule; 7] = [
    &data_store_kept::RULE,
    &encrypted_at_rest::RULE,
    &no_lost_protection::RULE,
    &no_open_ingress::RULE,
    &no_public_bucket::RULE,
    &no_public_database::RULE,
    &no_wildcard_permission::RULE,
];

/// What a rule says of a change that it does not let pass.
enum Verdict {
    Refused(String),
    Unknown(String),
}

/// What rules need to know besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Keys of the ingress rules that the design gives its load balancers.
    pub load_balancer_rules: BTreeSet<String>,
    /// What people accept.
    pub waivers: Vec<PlanWaiver>,
}

/// A finding that a person accepts, by name and with a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanWaiver {
    /// The rule.
    pub rule: String,
    /// The resource's address, exactly.
    pub address: String,
    /// Who accepts it and why.
    pub accepted: String,
}

/// Whether a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The plan is not applied.
    Refused,
    /// A value that decides comes with the apply: the person who approves accepts that.
    Unknown,
    /// Refused, and accepted by a person in the policy.
    Accepted,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The resource.
    pub address: String,
    /// Whether it stands in the way.
    pub standing: Standing,
    /// What is wrong, or what cannot be told; who accepts it.
    pub why: String,
}

/// Holds a plan against all rules.
pub(crate) fn judge(plan: &PlanDocument, surroundings: &Surroundings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resource in &plan.resource_changes {
        for rule in RULES {
            let verdict = (rule.check)(resource, surroundings);
            findings.extend(verdict.map(|verdict| finding(rule, resource, verdict, surroundings)));
        }
    }
    findings
}

fn finding(
    rule: &Rule,
    resource: &ResourceChange,
    verdict: Verdict,
    surroundings: &Surroundings,
) -> Finding {
    let waiver = surroundings
        .waivers
        .iter()
        .find(|waiver| waiver.rule == rule.id && waiver.address == resource.address);
    let (standing, why) = match (verdict, waiver) {
        (Verdict::Refused(why), Some(waiver)) => (
            Standing::Accepted,
            format!("{why}; accepted: {}", waiver.accepted),
        ),
        (Verdict::Refused(why), None) => (Standing::Refused, why),
        (Verdict::Unknown(why), _) => (Standing::Unknown, why),
    };
    Finding {
        rule: rule.id.to_owned(),
        address: resource.address.clone(),
        standing,
        why,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn resource(kind: &str, actions: &[&str], before: Value, after: Value) -> Value {
        let mode = if actions == ["read"] {
            "data"
        } else {
            "managed"
        };
        json!({ "address": format!("{kind}.x"), "mode": mode, "type": kind,
                "change": { "actions": actions, "before": before, "after": after } })
    }

    fn found(resource: Value, surroundings: &Surroundings) -> Vec<(String, Standing)> {
        let plan = json!({ "format_version": "1.2", "resource_changes": [resource] }).to_string();
        let plan = PlanDocument::read(&plan).unwrap();
        let findings = judge(&plan, surroundings).into_iter();
        findings.map(|found| (found.rule, found.standing)).collect()
    }

    /// What one created or changed resource is refused for.
    fn refused(kind: &str, after: Value) -> Vec<String> {
        let found = found(
            resource(kind, &["create"], Value::Null, after),
            &Surroundings::default(),
        );
        found.into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn what_holds_data_is_neither_deleted_nor_replaced() {
        let none = Surroundings::default();
        for actions in [
            &["delete"][..],
            &["delete", "create"],
            &["create", "delete"],
        ] {
            let database = resource("aws_db_instance", actions, json!({}), json!({}));
            let rules: Vec<String> = found(database, &none).into_iter().map(|f| f.0).collect();
            assert!(
                rules.contains(&"data-store-kept".to_owned()),
                "{actions:?} {rules:?}"
            );
            let group = resource("aws_security_group", actions, json!({}), json!({}));
            assert_eq!(found(group, &none), []);
        }
        let changed = resource("aws_db_instance", &["update"], json!({}), json!({}));
        assert_eq!(found(changed, &none), []);
    }

    #[test]
    fn a_person_accepts_one_finding_of_one_resource() {
        let surroundings = |address: &str| Surroundings {
            waivers: vec![PlanWaiver {
                rule: "data-store-kept".to_owned(),
                address: address.to_owned(),
                accepted: "Ana: it is empty".to_owned(),
            }],
            ..Surroundings::default()
        };
        let bucket = || resource("aws_s3_bucket", &["delete"], json!({}), Value::Null);
        let standing = |address| found(bucket(), &surroundings(address))[0].1;
        assert_eq!(standing("aws_s3_bucket.x"), Standing::Accepted);
        assert_eq!(standing("aws_s3_bucket.y"), Standing::Refused);
    }

    #[test]
    fn databases_are_not_public() {
        let good = json!({ "storage_encrypted": true, "publicly_accessible": false });
        assert_eq!(refused("aws_db_instance", good), [""; 0]);
        let public = json!({ "storage_encrypted": true, "publicly_accessible": true });
        assert_eq!(
            refused("aws_db_instance", public.clone()),
            ["no-public-database"]
        );
        assert_eq!(
            refused("aws_rds_cluster_instance", public),
            ["no-public-database"]
        );
    }

    #[test]
    fn ports_are_open_to_all_on_load_balancers_only() {
        let rule = |cidr: &str, port: u16, key: &str| {
            let mut rule = resource(
                "aws_vpc_security_group_ingress_rule",
                &["create"],
                Value::Null,
                json!({ "cidr_ipv4": cidr, "from_port": port, "to_port": port, "ip_protocol": "tcp" }),
            );
            rule["index"] = key.into();
            let surroundings = Surroundings {
                load_balancer_rules: ["alb-https".to_owned()].into(),
                ..Surroundings::default()
            };
            found(rule, &surroundings).len()
        };
        assert_eq!(rule("0.0.0.0/0", 443, "alb-https"), 0);
        assert_eq!(rule("0.0.0.0/0", 443, "app-https"), 1);
        assert_eq!(rule("0.0.0.0/0", 22, "alb-https"), 1);
        assert_eq!(rule("0.0.0.0/1", 22, "app-ssh"), 1, "half of all is open");
        assert_eq!(rule("10.0.0.0/8", 3306, "db"), 0);
        let inline = json!({ "ingress": [{ "cidr_blocks": [], "ipv6_cidr_blocks": ["::/0"], "from_port": 0, "to_port": 0, "protocol": "-1" }] });
        assert_eq!(refused("aws_security_group", inline), ["no-open-ingress"]);
        let old = json!({ "type": "ingress", "cidr_blocks": ["10.1.0.0/16", "0.0.0.0/0"], "from_port": 0, "to_port": 65535, "protocol": "tcp" });
        assert_eq!(
            refused("aws_security_group_rule", old.clone()),
            ["no-open-ingress"]
        );
        let mut out = old;
        out["type"] = "egress".into();
        assert_eq!(refused("aws_security_group_rule", out), [""; 0]);
    }

    #[test]
    fn what_comes_with_the_apply_is_told_as_unknown() {
        let unknown = |kind: &str, after: Value, unknown: Value| {
            let mut resource = resource(kind, &["create"], Value::Null, after);
            resource["change"]["after_unknown"] = unknown;
            let found = found(resource, &Surroundings::default());
            found
                .into_iter()
                .map(|(_, standing)| standing)
                .collect::<Vec<_>>()
        };
        let rule = json!({ "type": "ingress", "from_port": 22 });
        let ranges = json!({ "cidr_blocks": [true] });
        assert_eq!(
            unknown("aws_security_group_rule", rule.clone(), ranges.clone()),
            [Standing::Unknown]
        );
        let group = json!({ "ingress": [rule] });
        let inline = json!({ "ingress": [ranges] });
        assert_eq!(
            unknown("aws_security_group", group, inline),
            [Standing::Unknown]
        );
        let computed = json!({ "ingress": true });
        assert_eq!(unknown("aws_security_group", json!({}), computed), []);
        let public = json!({ "publicly_accessible": true });
        assert_eq!(
            unknown("aws_rds_cluster_instance", json!({}), public),
            [Standing::Unknown]
        );
    }

    #[test]
    fn nobody_may_do_everything_everywhere() {
        let policy =
            |statement: Value| json!({ "policy": json!({ "Statement": statement }).to_string() });
        let bad = "no-wildcard-permission";
        for statement in [
            json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]),
            json!({ "Effect": "Allow", "Action": ["s3:Get*", "*:*"], "Resource": ["arn:x", "*"] }),
            json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]),
        ] {
            assert_eq!(
                refused("aws_iam_policy", policy(statement.clone())),
                [bad],
                "{statement}"
            );
        }
        for statement in [
            json!([{ "Effect": "Deny", "Action": "*", "Resource": "*" }]),
            json!([{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/*" }]),
            json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*" }]),
        ] {
            assert_eq!(
                refused("aws_iam_role_policy", policy(statement.clone())),
                [""; 0],
                "{statement}"
            );
        }
        let everything = json!({ "Statement": { "Action": "*", "Resource": "*" } }).to_string();
        let role = json!({ "inline_policy": [{ "policy": everything }] });
        assert_eq!(refused("aws_iam_role", role), [bad]);
        let administrator = json!({ "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess" });
        assert_eq!(
            refused("aws_iam_role_policy_attachment", administrator),
            [bad]
        );
        assert_eq!(
            refused("aws_iam_policy", json!({ "policy": "no JSON" })),
            [bad]
        );
    }

    #[test]
    fn a_policy_that_comes_with_the_apply_is_unknown_and_its_document_is_judged() {
        let mut late = resource("aws_iam_policy", &["create"], Value::Null, json!({}));
        late["change"]["after_unknown"] = json!({ "policy": true });
        let none = Surroundings::default();
        assert_eq!(found(late, &none)[0].1, Standing::Unknown);
        let document = |actions: Value| {
            let statement =
                json!([{ "effect": null, "actions": actions, "resources": ["arn:x", "*"] }]);
            resource(
                "aws_iam_policy_document",
                &["read"],
                Value::Null,
                json!({ "statement": statement }),
            )
        };
        assert_eq!(found(document(json!(["*"])), &none)[0].1, Standing::Refused);
        assert_eq!(found(document(json!(["s3:GetObject"])), &none), []);
    }

    #[test]
    fn data_are_encrypted_buckets_closed_and_protection_stays() {
        assert_eq!(
            refused("aws_db_instance", json!({ "storage_encrypted": false })),
            ["encrypted-at-rest"]
        );
        assert_eq!(
            refused(
                "aws_db_instance",
                json!({ "replicate_source_db": "primary" })
            ),
            [""; 0]
        );
        assert_eq!(refused("aws_ebs_volume", json!({})), ["encrypted-at-rest"]);
        let open = json!({ "block_public_acls": true, "block_public_policy": false, "ignore_public_acls": true, "restrict_public_buckets": true });
        assert_eq!(
            refused("aws_s3_bucket_public_access_block", open),
            ["no-public-bucket"]
        );
        let unprotected = resource(
            "aws_db_instance",
            &["update"],
            json!({ "deletion_protection": true }),
            json!({ "deletion_protection": false }),
        );
        let found = found(unprotected, &Surroundings::default());
        assert_eq!(
            found,
            [("no-lost-protection".to_owned(), Standing::Refused)]
        );
    }
}
