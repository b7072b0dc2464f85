//! Who besides the owner may use a bucket.

use serde_json::Value;
use std::collections::BTreeSet;

use super::documents::{AccessList, Party};

const EVERYONE: &str = "everyone";

/// What an access list gives to others than the owner, ordered.
pub(super) fn of_list(list: AccessList) -> Vec<String> {
    let owner = list.owner.id;
    let grants = list.grants.grant.into_iter();
    let given = grants.filter(|grant| grant.grantee.group.is_some() || grant.grantee.id != owner);
    let rights: BTreeSet<String> = given
        .map(|grant| format!("{}: {}", name(grant.grantee), grant.permission))
        .collect();
    rights.into_iter().collect()
}

fn name(party: Party) -> String {
    match party
        .group
        .as_deref()
        .and_then(|uri| uri.rsplit('/').next())
    {
        Some("AllUsers") => EVERYONE.to_owned(),
        Some("AuthenticatedUsers") => "every account of the provider".to_owned(),
        Some(group) => format!("group {group}"),
        None => format!("account {}", party.id.unwrap_or_default()),
    }
}

/// What a policy gives to everyone, ordered.
pub(super) fn of_policy(policy: &Value) -> Vec<String> {
    let rights: BTreeSet<String> = each(&policy["Statement"])
        .filter(|statement| statement["Effect"] == "Allow" && is_for_everyone(statement))
        .flat_map(|statement| {
            let condition = match statement["Condition"].is_object() {
                true => ", under a condition",
                false => "",
            };
            let actions = each(&statement["Action"]).filter_map(Value::as_str);
            let given = actions.map(|action| format!("{EVERYONE}: {action}{condition}"));
            given.collect::<Vec<_>>()
        })
        .collect();
    rights.into_iter().collect()
}

fn is_for_everyone(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    principal == "*" || each(&principal["AWS"]).any(|account| account == "*")
}

/// A policy writes one thing bare and several in a list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
    .iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::from_xml;
    use serde_json::json;

    #[test]
    fn an_access_list_without_its_owner() {
        let text = r#"<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>7</ID></Owner><AccessControlList>
            <Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>7</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>
            <Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>
            <Grant><Grantee><ID>8</ID></Grantee><Permission>WRITE</Permission></Grant></AccessControlList></AccessControlPolicy>"#;
        let list = from_xml(text.as_bytes()).unwrap();
        assert_eq!(of_list(list), ["account 8: WRITE", "everyone: READ"]);
    }

    #[test]
    fn a_policy_is_public_where_it_allows_everyone() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"]},
            {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:PutObject", "Condition": {"Bool": {}}},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"},
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam:::user/1"}, "Action": "s3:*"},
        ]});
        let rights = [
            "everyone: s3:GetObject",
            "everyone: s3:ListBucket",
            "everyone: s3:PutObject, under a condition",
        ];
        assert_eq!(of_policy(&policy), rights);
        for other in [json!(null), json!([]), json!("x"), json!({"Statement": 5})] {
            assert!(of_policy(&other).is_empty(), "{other}");
        }
    }
}
