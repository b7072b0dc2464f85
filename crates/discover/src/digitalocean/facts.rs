//! Keeps the fields of an object that stand on a list, and steps over all others.
//!
//! For kinds that no stage reads yet. What is not on the list never becomes a value in memory: answers for apps,
//! functions and registries carry secrets.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a value, keeping of every object only the fields whose path from the top is listed, for example `node_pools.size`.
/// A listed path that leads to an object keeps nothing of it unless paths below it are listed too, and a value that stands where an
/// object belongs is not kept: nobody knows what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) paths: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Facts<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let at = String::new();
        Below {
            facts: self,
            at: &at,
            is_listed: false,
        }
        .deserialize(deserializer)
    }
}

/// The same, some way down.
#[derive(Clone, Copy)]
struct Below<'a> {
    facts: Facts<'a>,
    at: &'a str,
    /// Whether this very path is listed, rather than one below it.
    is_listed: bool,
}

impl Below<'_> {
    fn keeps(&self, path: &str) -> bool {
        let is_on_the_way = |listed: &String| {
            let rest = listed.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.facts.paths.iter().any(is_on_the_way)
    }

    fn kept(&self, value: Value) -> Value {
        if self.is_listed { value } else { Value::Null }
    }
}

impl<'de> DeserializeSeed<'de> for Below<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(self.kept(Value::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(self.kept(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(self.kept(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(self.kept(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(self.kept(Value::from(value)))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.at.is_empty() {
                name.clone()
            } else {
                format!("{}.{name}", self.at)
            };
            if self.keeps(&path) {
                let below = Below {
                    facts: self.facts,
                    at: &path,
                    is_listed: self.facts.paths.contains(&path),
                };
                kept.insert(name, map.next_value_seed(below)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_fields_survive() {
        let text = r#"{"id":"a","key":"SECRET","pools":[{"size":"s","env":{"p":"SECRET"}}],"spec":{"x":1,"y":"SECRET"},"n":null}"#;
        let paths = ["id", "pools.size", "spec.x", "n"].map(str::to_owned);
        let facts = Facts { paths: &paths };
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = facts.deserialize(&mut reader).unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"id":"a","n":null,"pools":[{"size":"s"}],"spec":{"x":1}}"#
        );
    }

    #[test]
    fn a_text_in_the_place_of_an_object_is_not_kept() {
        let paths = ["spec.name", "list.id"].map(str::to_owned);
        let facts = Facts { paths: &paths };
        let text = r#"{"spec":"{\"envs\":\"SECRET\"}","list":["SECRET",{"id":1}]}"#;
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = facts.deserialize(&mut reader).unwrap();
        assert_eq!(value.to_string(), r#"{"list":[null,{"id":1}],"spec":null}"#);
    }
}
