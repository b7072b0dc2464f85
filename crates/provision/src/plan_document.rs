//! The JSON form of a plan, as `show -json` writes it: as much of it as is read here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The major version of the format that is understood. Minor versions add fields, which are passed over.
const FORMAT_MAJOR: &str = "1";

/// A plan.
#[derive(Clone, Debug, Deserialize)]
pub struct PlanDocument {
    format_version: String,
    /// What is planned for each resource, also those that stay as they are.
    #[serde(default)]
    pub resource_changes: Vec<ResourceChange>,
    /// What was found to differ from the state.
    #[serde(default)]
    pub resource_drift: Vec<ResourceChange>,
    /// What is planned for each output.
    #[serde(default)]
    pub output_changes: BTreeMap<String, ValueChange>,
    /// Whether planning broke off.
    #[serde(default)]
    pub errored: bool,
}

/// What is planned for one resource.
#[derive(Clone, Debug, Deserialize)]
pub struct ResourceChange {
    /// Its address.
    pub address: String,
    /// Where it was before, if it moves.
    #[serde(default)]
    pub previous_address: Option<String>,
    /// `managed` or `data`.
    #[serde(default)]
    pub mode: String,
    /// Its type.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The key of `for_each`, or the number of `count`.
    #[serde(default)]
    pub index: Option<Value>,
    /// What becomes of its values.
    pub change: ValueChange,
    /// Why, in Terraform's own word.
    #[serde(default)]
    pub action_reason: Option<String>,
}

/// What becomes of values.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ValueChange {
    /// `no-op`, `create`, `read`, `update`, `delete`, `forget`; two for a replacement, in their order.
    #[serde(default)]
    pub actions: Vec<String>,
    /// The values now.
    #[serde(default)]
    pub before: Value,
    /// The values afterwards, as far as they are known.
    #[serde(default)]
    pub after: Value,
    /// `true` where the value is known after the apply only.
    #[serde(default)]
    pub after_unknown: Value,
    /// `true` where the value is a secret.
    #[serde(default)]
    pub before_sensitive: Value,
    /// `true` where the value is a secret.
    #[serde(default)]
    pub after_sensitive: Value,
    /// The paths whose change asks for a new object.
    #[serde(default)]
    pub replace_paths: Vec<Vec<Value>>,
    /// Set when an existing object is taken over.
    #[serde(default)]
    pub importing: Option<Value>,
}

impl PlanDocument {
    /// Reads what `show -json` wrote. The error says why it cannot be understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let version = &document.format_version;
        if version.split('.').next() != Some(FORMAT_MAJOR) {
            return Err(format!(
                "its format is {version}, and {FORMAT_MAJOR}.x is understood"
            ));
        }
        if document.errored {
            return Err("the plan is not complete".to_owned());
        }
        Ok(document)
    }
}

impl ResourceChange {
    /// Whether Terraform manages it, rather than reads it.
    pub fn is_managed(&self) -> bool {
        self.mode == "managed"
    }

    /// Whether an object goes away: deleted, or replaced.
    pub fn removes(&self) -> bool {
        self.change.has("delete")
    }

    /// Whether something is made or changed.
    pub fn makes(&self) -> bool {
        self.change.has("create") || self.change.has("update")
    }

    /// Whether it is one of these types.
    pub fn is_one_of(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }
}

impl ValueChange {
    /// Whether this action is among those planned.
    pub fn has(&self, action: &str) -> bool {
        self.actions.iter().any(|planned| planned == action)
    }

    /// What is known of a field after the apply: a field is unknown, not empty, when its value comes with the apply.
    pub fn afterwards(&self, field: &str) -> Afterwards<'_> {
        if self.after_unknown[field] == true {
            return Afterwards::Unknown;
        }
        match &self.after[field] {
            Value::Null => Afterwards::Unset,
            value => Afterwards::Value(value),
        }
    }
}

/// What is known of a field after an apply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Afterwards<'v> {
    /// It has this value.
    Value(&'v Value),
    /// It has none.
    Unset,
    /// It comes with the apply.
    Unknown,
}

impl Afterwards<'_> {
    /// Whether it is certainly this text.
    pub fn is_text(self, text: &str) -> bool {
        matches!(self, Self::Value(value) if value == text)
    }

    /// Whether it is certainly true.
    pub fn is_true(self) -> bool {
        matches!(self, Self::Value(value) if *value == true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_of_another_format_or_an_incomplete_one_is_refused() {
        for (text, why) in [
            (r#"{"format_version": "2.0"}"#, "its format is 2.0"),
            (
                r#"{"format_version": "1.2", "errored": true}"#,
                "not complete",
            ),
            ("{", "EOF"),
            ("[]", "invalid"),
        ] {
            let refused = PlanDocument::read(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert!(PlanDocument::read(r#"{"format_version": "1.9", "new": 1}"#).is_ok());
    }
}
