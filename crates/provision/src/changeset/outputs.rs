//! Which outputs of a root change, and which of them only lose values.

use serde_json::Value;

use crate::plan_document::{PlanDocument, ValueChange};

/// Names of the outputs whose values change.
pub(super) fn changed(plan: &PlanDocument) -> Vec<String> {
    names(plan, |change| !change.has("no-op"))
}

/// Names of those that only lose values: they go away, or parts of them do, and what is left is as it was. A value that comes with the apply may be anything.
pub(super) fn that_lose(plan: &PlanDocument) -> Vec<String> {
    names(plan, |change| {
        !change.has("no-op")
            && !has_unknown(&change.after_unknown)
            && only_loses(&change.before, &change.after)
    })
}

fn names(plan: &PlanDocument, is_meant: impl Fn(&ValueChange) -> bool) -> Vec<String> {
    let outputs = plan.output_changes.iter();
    let meant = outputs.filter(|(_, change)| is_meant(change));
    meant.map(|(name, _)| name.clone()).collect()
}

/// Terraform leaves unknown parts out of the value, so that they look lost there.
fn has_unknown(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(is_unknown) => *is_unknown,
        Value::Array(parts) => parts.iter().any(has_unknown),
        Value::Object(parts) => parts.values().any(has_unknown),
        _ => false,
    }
}

fn only_loses(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (_, Value::Null) => true,
        (Value::Object(before), Value::Object(after)) => after
            .iter()
            .all(|(key, after)| before.get(key).is_some_and(|own| only_loses(own, after))),
        (Value::Array(before), Value::Array(after)) => {
            let mut rest = before.iter();
            after.iter().all(|own| rest.any(|before| before == own))
        }
        (before, after) => before == after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lose(change: Value) -> bool {
        let plan = json!({ "format_version": "1.2", "output_changes": { "ids": change } });
        let plan = PlanDocument::read(&plan.to_string()).unwrap();
        assert_eq!(changed(&plan), ["ids"]);
        that_lose(&plan) == ["ids"]
    }

    #[test]
    fn an_output_loses_when_nothing_of_it_is_new() {
        for (before, after, expected) in [
            (json!({ "a": 1, "b": 2 }), json!({ "a": 1 }), true),
            (json!({ "a": 1 }), json!({}), true),
            (
                json!({ "a": { "x": 1, "y": 2 } }),
                json!({ "a": { "x": 1 } }),
                true,
            ),
            (json!(["a", "b", "c"]), json!(["a", "c"]), true),
            (json!("a"), Value::Null, true),
            (json!({ "a": 1 }), json!({ "a": 2 }), false),
            (json!({ "a": 1 }), json!({ "b": 1 }), false),
            (
                json!({ "a": { "x": 1 } }),
                json!({ "a": { "y": 1 } }),
                false,
            ),
            (json!(["a", "b"]), json!(["b", "a"]), false),
            (json!("a"), json!("b"), false),
            (json!(["a"]), json!({}), false),
            (Value::Null, json!({}), false),
        ] {
            let change = json!({ "actions": ["update"], "before": before, "after": after, "after_unknown": false });
            assert_eq!(lose(change), expected, "{before} -> {after}");
        }
    }

    #[test]
    fn what_comes_with_the_apply_is_not_lost() {
        for unknown in [json!(true), json!({ "b": true }), json!({ "b": [true] })] {
            let change = json!({ "actions": ["update"], "before": { "a": 1, "b": 2 }, "after": { "a": 1 }, "after_unknown": unknown });
            assert!(!lose(change), "{unknown}");
        }
        let new =
            json!({ "actions": ["create"], "before": null, "after": null, "after_unknown": true });
        assert!(!lose(new));
    }
}
