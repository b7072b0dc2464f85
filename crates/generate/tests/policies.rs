//! Every role has a policy of its own, and no policy lets anybody do everything.
//!
//! Walked over the files of every design of these tests, both case studies among them, built and written alike.

use reberth_generate::hcl::{Block, Body, Expression, block, list};
use reberth_model::design::Design;
use std::collections::BTreeMap;

use crate::{designs, parsed};

/// Policies of AWS by which somebody may do all of something; named here with the reason where one is meant.
const WIDE: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "FullAccess"];
/// Roles whose rights stand in the policy of what they are for, by module and name.
const NAMED_ELSEWHERE: [(&str, &str); 1] = [("log-search", "aws_iam_role.administrator")];

#[test]
fn no_policy_allows_everything() {
    for design in designs::all() {
        assert_eq!(faults(&parsed::all(&design)), Vec::<String>::new());
    }
}

#[test]
fn every_role_has_a_policy_of_its_own() {
    for design in designs::all() {
        assert_eq!(bare_roles(&parsed::all(&design)), Vec::<String>::new());
    }
}

#[test]
fn the_case_studies_have_roles_to_look_at() {
    let count = |design: &Design| {
        let trees = parsed::all(design);
        let blocks = trees.values().flat_map(Body::blocks);
        blocks
            .filter(|own| is(own, "resource", "aws_iam_role"))
            .count()
    };
    assert!(
        count(&designs::small()) >= 8,
        "{}",
        count(&designs::small())
    );
    assert!(
        count(&designs::platform()) >= 8,
        "{}",
        count(&designs::platform())
    );
}

#[test]
fn planted_policies_are_found() {
    let document = |actions: &[&str], resources: &[&str]| {
        block("data", &["aws_iam_policy_document", "planted"]).nest(
            block("statement", &[])
                .set("actions", list(actions.iter().copied()))
                .set("resources", list(resources.iter().copied())),
        )
    };
    let attachment = block("resource", &["aws_iam_role_policy_attachment", "planted"])
        .set("policy_arn", "arn:aws:iam::aws:policy/AdministratorAccess");
    for (planted, is_found) in [
        (document(&["*"], &["*"]), true),
        (document(&["s3:*"], &["*"]), true),
        (document(&["*"], &["arn:aws:s3:::x"]), true),
        (document(&["s3:GetObject"], &["arn:aws:s3:::x/*"]), false),
        (attachment, true),
    ] {
        let trees = [("main.tf".to_owned(), Body::new().block(planted.clone()))].into();
        assert_eq!(!faults(&trees).is_empty(), is_found, "{planted:?}");
    }
    let role = block("resource", &["aws_iam_role", "planted"]).set("name", "planted");
    let trees = [("main.tf".to_owned(), Body::new().block(role))].into();
    assert_eq!(bare_roles(&trees).len(), 1);
}

pub(crate) fn is(block: &Block, kind: &str, label: &str) -> bool {
    block.kind() == kind && block.labels().first().is_some_and(|own| own == label)
}

fn faults(trees: &BTreeMap<String, Body>) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, body) in trees {
        for own in body.blocks() {
            if is(own, "data", "aws_iam_policy_document") {
                let statements = statements(own.body());
                faults.extend(
                    statements
                        .iter()
                        .filter_map(|one| judge(one))
                        .map(|why| format!("{path}: {} {why}", own.labels().join("."))),
                );
            }
            let text = format!("{:?}", own.body());
            if own
                .labels()
                .first()
                .is_some_and(|label| label.contains("policy_attachment"))
            {
                let wide = WIDE.iter().filter(|name| text.contains(*name));
                faults.extend(wide.map(|name| format!("{path}: attaches {name}")));
            }
        }
    }
    faults
}

/// Statements, also those that stand in a dynamic block.
pub(crate) fn statements(body: &Body) -> Vec<&Body> {
    let mut found = Vec::new();
    for own in body.blocks() {
        if own.kind() == "statement" {
            found.push(own.body());
        } else if is(own, "dynamic", "statement") {
            found.extend(
                own.body()
                    .blocks()
                    .filter(|inner| inner.kind() == "content")
                    .map(Block::body),
            );
        }
    }
    found
}

/// What is wrong with a statement. One with principals belongs to a resource, and `*` in it is that resource only.
fn judge(statement: &Body) -> Option<String> {
    let value = |name: &str| {
        statement
            .attributes()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| texts(value))
    };
    let is_deny = value("effect").is_some_and(|effect| effect == ["Deny"]);
    let has_principals = statement.blocks().any(|own| own.kind() == "principals");
    if is_deny || has_principals {
        return None;
    }
    if value("not_actions").is_some() {
        return Some("allows all but some actions".to_owned());
    }
    let on_everything =
        value("resources").is_some_and(|resources| resources.iter().any(|own| own == "*"));
    let actions = value("actions").unwrap_or_default();
    let wide = actions.iter().find(|action| {
        let is_all = action.as_str() == "*" || action.as_str() == "*:*";
        is_all || on_everything && action.ends_with(":*")
    })?;
    Some(format!("allows {wide}"))
}

/// The texts in a value; of an expression, every quoted one.
pub(crate) fn texts(value: &Expression) -> Vec<String> {
    match value {
        Expression::Text(text) | Expression::Template(text) => vec![text.clone()],
        Expression::List(items) => items.iter().flat_map(texts).collect(),
        Expression::Code(text) => text
            .split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// Roles that no policy and no attachment of the same folder names: nobody would know what they are for.
fn bare_roles(trees: &BTreeMap<String, Body>) -> Vec<String> {
    let mut bare = Vec::new();
    for (path, body) in trees {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for role in body
            .blocks()
            .filter(|own| is(own, "resource", "aws_iam_role"))
        {
            let reference = format!("aws_iam_role.{}", role.labels()[1]);
            let of_folder = trees.iter().filter(|(other, _)| {
                other.rsplit_once('/').map_or("", |(folder, _)| folder) == folder
            });
            let mut blocks = of_folder.flat_map(|(_, body)| body.blocks());
            let has_policy = blocks.any(|own| {
                let is_policy = ["aws_iam_role_policy", "aws_iam_role_policy_attachment"]
                    .iter()
                    .any(|kind| is(own, "resource", kind));
                is_policy && format!("{:?}", own.body()).contains(&reference)
            });
            let is_elsewhere = NAMED_ELSEWHERE
                .iter()
                .any(|(module, name)| folder.ends_with(module) && reference == *name);
            if !has_policy && !is_elsewhere {
                bare.push(format!("{path}: {reference}"));
            }
        }
    }
    bare
}

/// What charts bring is in no access policy of EKS, so the deploy role gets it by a group, in its namespaces and nowhere else.
#[test]
fn the_deploy_role_changes_what_charts_bring_in_its_namespaces_only() {
    use serde::Deserialize;
    let design = designs::platform();
    let platform = design.platform.as_ref().unwrap();
    let (files, _) = reberth_generate::generate(&design).unwrap();
    let path = "infra/live/prod/30-platform/kubernetes/custom-resource-editors.yaml";
    let text = String::from_utf8(files[path].clone()).unwrap();
    let documents: Vec<serde_json::Value> = serde_norway::Deserializer::from_str(&text)
        .map(|one| serde_json::Value::deserialize(one).unwrap())
        .collect();
    let of = |kind: &str| {
        documents
            .iter()
            .filter(|one| one["kind"] == kind)
            .cloned()
            .collect::<Vec<_>>()
    };
    let role = of("ClusterRole").remove(0);
    let groups: Vec<&str> = role["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["apiGroups"][0].as_str().unwrap())
        .collect();
    assert_eq!(groups, ["elbv2.k8s.aws", "external-secrets.io", "keda.sh"]);
    assert!(
        !text.contains('*') && !text.contains("secrets]") && of("ClusterRoleBinding").is_empty()
    );
    let bound: Vec<String> = of("RoleBinding")
        .iter()
        .map(|one| one["metadata"]["namespace"].as_str().unwrap().to_owned())
        .collect();
    let mut namespaces: Vec<String> = platform
        .applications
        .iter()
        .map(|own| own.namespace.clone())
        .collect();
    namespaces.sort();
    assert_eq!(bound, namespaces);
    for file in ["30-platform/main.tf", "90-migration/cluster.tf"] {
        let text = String::from_utf8_lossy(&files[&format!("infra/live/prod/{file}")]).into_owned();
        assert!(text.contains("custom-resource-editors"), "{file}: {text}");
    }
}
