//! Which attributes differ, down to single values, with secrets left out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan_document::ValueChange;

const SECRET: &str = "(a secret)";
const UNKNOWN: &str = "(known after the apply)";
/// Longer values are cut: a changeset is read by people.
const LENGTH_MAX: usize = 80;

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// Where it is, such as `ingress[0].from_port`.
    pub path: String,
    /// What it is now.
    pub before: String,
    /// What it will be.
    pub after: String,
    /// Whether this is why a new object is made.
    pub replaces: bool,
}

/// One place in the five trees that say everything about a change.
#[derive(Clone, Copy)]
struct Place<'v> {
    before: &'v Value,
    after: &'v Value,
    unknown: &'v Value,
    secret_before: &'v Value,
    secret_after: &'v Value,
}

/// The values that differ, in the order of their names.
pub(super) fn attributes(change: &ValueChange) -> Vec<AttributeChange> {
    let place = Place {
        before: &change.before,
        after: &change.after,
        unknown: &change.after_unknown,
        secret_before: &change.before_sensitive,
        secret_after: &change.after_sensitive,
    };
    let mut found = Vec::new();
    walk(place, "", &mut found);
    let replacing: Vec<String> = change.replace_paths.iter().map(|p| path_text(p)).collect();
    for attribute in &mut found {
        attribute.replaces = replacing
            .iter()
            .any(|path| attribute.path.starts_with(path));
    }
    found
}

fn walk(place: Place<'_>, path: &str, found: &mut Vec<AttributeChange>) {
    let is_secret = *place.secret_before == true || *place.secret_after == true;
    let is_unknown = *place.unknown == true;
    if !is_secret && !is_unknown {
        match (place.before, place.after) {
            (Value::Object(_), Value::Object(_)) => return walk_object(place, path, found),
            (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                for index in 0..before.len() {
                    walk(place.item(index), &format!("{path}[{index}]"), found);
                }
                return;
            }
            _ => {}
        }
    }
    if place.before == place.after && !is_unknown {
        return;
    }
    found.push(AttributeChange {
        path: path.to_owned(),
        before: shown(place.before, is_secret),
        after: match is_unknown {
            true => UNKNOWN.to_owned(),
            false => shown(place.after, is_secret),
        },
        replaces: false,
    });
}

fn walk_object(place: Place<'_>, path: &str, found: &mut Vec<AttributeChange>) {
    let names = |value: &Value| -> Vec<String> {
        let fields = value.as_object().into_iter();
        fields.flat_map(|fields| fields.keys().cloned()).collect()
    };
    let mut all = names(place.before);
    all.extend(names(place.after));
    all.extend(names(place.unknown));
    all.sort();
    all.dedup();
    for name in all {
        let inner = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        walk(place.field(&name), &inner, found);
    }
}

impl<'v> Place<'v> {
    fn field(self, name: &str) -> Self {
        self.each(|value| &value[name])
    }

    fn item(self, index: usize) -> Self {
        self.each(|value| &value[index])
    }

    fn each(self, step: impl Fn(&'v Value) -> &'v Value) -> Self {
        Self {
            before: step(self.before),
            after: step(self.after),
            unknown: step(self.unknown),
            secret_before: step(self.secret_before),
            secret_after: step(self.secret_after),
        }
    }
}

/// A value in a line. Of what has parts only their number is shown: a part may be a secret.
fn shown(value: &Value, is_secret: bool) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        _ if is_secret => SECRET.to_owned(),
        Value::Array(items) => format!("({} items)", items.len()),
        Value::Object(fields) => format!("({} fields)", fields.len()),
        value => {
            let text = value.to_string();
            let cut: String = text.chars().take(LENGTH_MAX).collect();
            if cut.len() < text.len() {
                return format!("{cut}...");
            }
            cut
        }
    }
}

/// A path of the plan, in the form that [`walk`] writes.
fn path_text(path: &[Value]) -> String {
    let mut text = String::new();
    for part in path {
        match part {
            Value::String(name) if text.is_empty() => text.push_str(name),
            Value::String(name) => text.push_str(&format!(".{name}")),
            part => text.push_str(&format!("[{part}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(change: ValueChange) -> Vec<String> {
        let attributes = attributes(&change);
        let line = |a: &AttributeChange| {
            format!(
                "{} {} -> {}{}",
                a.path,
                a.before,
                a.after,
                if a.replaces { " !" } else { "" }
            )
        };
        attributes.iter().map(line).collect()
    }

    #[test]
    fn single_values_are_named_and_the_one_that_replaces_is_marked() {
        let change = ValueChange {
            before: json!({ "a": 1, "b": [{ "c": "x" }], "same": [1], "gone": true }),
            after: json!({ "a": 2, "b": [{ "c": "y" }], "same": [1], "gone": null }),
            after_unknown: json!({ "arn": true }),
            replace_paths: vec![vec![json!("b"), json!(0), json!("c")]],
            ..ValueChange::default()
        };
        let expected = [
            "a 1 -> 2",
            "arn (none) -> (known after the apply)",
            "b[0].c \"x\" -> \"y\" !",
            "gone true -> (none)",
        ];
        assert_eq!(lines(change), expected);
    }

    #[test]
    fn a_secret_is_never_shown_wherever_it_stands() {
        let change = ValueChange {
            before: json!({ "password": "old-hush", "users": [{ "token": "hush" }], "env": { "KEY": "hush" } }),
            after: json!({ "password": "new-hush", "users": [{ "token": "hush2" }, { "token": "hush3" }], "env": { "KEY": "hush4" } }),
            before_sensitive: json!({ "users": [{ "token": true }], "env": true }),
            after_sensitive: json!({ "password": true, "users": [{ "token": true }, { "token": true }] }),
            ..ValueChange::default()
        };
        let text = lines(change).join("\n");
        assert!(!text.contains("hush"), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        let made = ValueChange {
            before: Value::Null,
            after: json!({ "password": "hush" }),
            ..ValueChange::default()
        };
        assert!(!lines(made).join("\n").contains("hush"));
    }
}
