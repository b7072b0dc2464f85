//! Settings of an application: names, fingerprints and the hosts they point to. A value is held only while it is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use reberth_model::estate::ConfigVar;

use super::form::host;
use crate::Fingerprint;

/// One value of a setting, of which nothing but [`Fingerprint`] and host leave this module.
struct SecretText(String);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(SecretText(match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }))
    }
}

/// All settings, as the API tells them: `{"NAME": "value", …}`.
pub(super) struct ConfigVars(Vec<(String, SecretText)>);

impl ConfigVars {
    /// What may be known of them, ordered by name.
    pub(super) fn describe(self, fingerprint: &Fingerprint) -> Vec<ConfigVar> {
        let mut list: Vec<ConfigVar> = self
            .0
            .into_iter()
            .map(|(name, value)| ConfigVar {
                host: host(&value.0),
                fingerprint: fingerprint.of(&value.0),
                name,
            })
            .collect();
        list.sort();
        list
    }
}

impl<'de> Deserialize<'de> for ConfigVars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ConfigVars, D::Error> {
        deserializer.deserialize_map(ConfigVarsVisitor)
    }
}

struct ConfigVarsVisitor;

impl<'de> Visitor<'de> for ConfigVarsVisitor {
    type Value = ConfigVars;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigVars, A::Error> {
        let mut vars = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                vars.push((name, map.next_value()?));
            }
        }
        Ok(ConfigVars(vars))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_in_the_description() {
        let vars: ConfigVars =
            serde_json::from_str(r#"{"B":"https://u:hidden@h.example","A":null,"C":7}"#).unwrap();
        let text = serde_json::to_string(&vars.describe(&Fingerprint::new(b"key"))).unwrap();
        assert!(
            !text.contains("hidden") && text.contains("h.example"),
            "{text}"
        );
        assert!(text.find("\"A\"") < text.find("\"B\""), "{text}");
    }
}
