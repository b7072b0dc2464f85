use serde_json::Value;

use super::{Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange, ValueChange};

/// Types with a policy, and the attribute that holds it.
const POLICIES: [(&str, &str); 5] = [
    ("aws_iam_policy", "policy"),
    ("aws_iam_role_policy", "policy"),
    ("aws_iam_user_policy", "policy"),
    ("aws_iam_group_policy", "policy"),
    ("aws_ssoadmin_permission_set_inline_policy", "inline_policy"),
];
const ATTACHMENTS: [&str; 4] = [
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
];
const ADMINISTRATOR: &str = ":policy/AdministratorAccess";

/// Refuses a permission to do everything on everything, also by the policy that AWS has for it.
pub(super) static RULE: Rule = Rule {
    id: "no-wildcard-permission",
    title: "Nobody may do everything on everything.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    let change = &resource.change;
    if resource.kind == "aws_iam_policy_document" && change.has("read") {
        let statements = change.after["statement"].as_array().into_iter().flatten();
        return statements.filter_map(|s| judge(s, &DOCUMENT)).next();
    }
    if !resource.makes() {
        return None;
    }
    if resource.is_one_of(&ATTACHMENTS) {
        let arn = change.after["policy_arn"].as_str().unwrap_or_default();
        return arn
            .ends_with(ADMINISTRATOR)
            .then(|| Verdict::Refused("it would give AdministratorAccess".to_owned()));
    }
    if resource.kind == "aws_iam_role" {
        return check_role(change);
    }
    let (_, attribute) = POLICIES.iter().find(|(kind, _)| *kind == resource.kind)?;
    match change.afterwards(attribute) {
        Afterwards::Unknown => Some(Verdict::Unknown(format!(
            "{attribute} comes with the apply: look at the document it is made from"
        ))),
        Afterwards::Value(Value::String(policy)) => judge_policy(policy),
        _ => None,
    }
}

/// What a role brings along in itself, in the form that is no longer recommended.
fn check_role(change: &ValueChange) -> Option<Verdict> {
    let inline = change.after["inline_policy"].as_array();
    let policies = inline.into_iter().flatten().map(|own| &own["policy"]);
    if let Some(verdict) = policies
        .filter_map(Value::as_str)
        .filter_map(judge_policy)
        .next()
    {
        return Some(verdict);
    }
    let attached = change.after["managed_policy_arns"].as_array();
    let mut arns = attached.into_iter().flatten().filter_map(Value::as_str);
    arns.any(|arn| arn.ends_with(ADMINISTRATOR))
        .then(|| Verdict::Refused("it would give AdministratorAccess".to_owned()))
}

fn judge_policy(policy: &str) -> Option<Verdict> {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return Some(Verdict::Unknown("its policy is no JSON".to_owned()));
    };
    match &policy["Statement"] {
        Value::Array(statements) => statements.iter().filter_map(|s| judge(s, &JSON)).next(),
        statement => judge(statement, &JSON),
    }
}

/// The names that a statement's fields have: in JSON, and in the data source that writes it.
struct Names {
    effect: &'static str,
    actions: &'static str,
    not_actions: &'static str,
    resources: &'static str,
}

const JSON: Names = Names {
    effect: "Effect",
    actions: "Action",
    not_actions: "NotAction",
    resources: "Resource",
};
const DOCUMENT: Names = Names {
    effect: "effect",
    actions: "actions",
    not_actions: "not_actions",
    resources: "resources",
};

fn judge(statement: &Value, names: &Names) -> Option<Verdict> {
    let is_deny = statement[names.effect] == "Deny";
    let everything = ["*", "*:*"];
    let all_actions = holds(&statement[names.actions], &everything);
    let all_but_some = has_any(&statement[names.not_actions]);
    if is_deny || !holds(&statement[names.resources], &["*"]) || !(all_actions || all_but_some) {
        return None;
    }
    let what = if all_actions {
        "every action"
    } else {
        "all but some actions"
    };
    Some(Verdict::Refused(format!(
        "it would allow {what} on every resource"
    )))
}

/// Whether a text, or a list of texts, holds one of these.
fn holds(value: &Value, wanted: &[&str]) -> bool {
    let is_wanted = |value: &Value| value.as_str().is_some_and(|text| wanted.contains(&text));
    match value {
        Value::Array(items) => items.iter().any(is_wanted),
        value => is_wanted(value),
    }
}

fn has_any(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}
