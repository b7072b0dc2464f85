//! What changed between two estates of one account.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Estate, NotVisible, Resource};

/// Facts that are seen anew with every discovery; that they differ is no news.
const MEASURED: [&str; 2] = ["utilisation", "connections"];

/// What changed from an older estate to a newer one; everything ordered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Resources that are new.
    pub added: Vec<Named>,
    /// Resources that are gone.
    pub removed: Vec<Named>,
    /// Resources that are there in both, and differ.
    pub changed: Vec<Changed>,
    /// Relations that are new.
    pub edges_added: Vec<Edge>,
    /// Relations that are gone.
    pub edges_removed: Vec<Edge>,
    /// What the token saw before and may not see now.
    pub no_longer_visible: Vec<NotVisible>,
    /// What the token could not see before, and sees now.
    pub newly_visible: Vec<NotVisible>,
}

/// A resource by its names.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The kind's word.
    pub kind: String,
    /// The provider's identifier.
    pub id: String,
    /// The name people use.
    pub name: String,
}

/// A resource that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Which.
    #[serde(flatten)]
    pub resource: Named,
    /// The fields that differ, ordered by their path.
    pub fields: Vec<FieldChange>,
}

/// A field that is not what it was; null where it is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Where it stands in the resource, for example `attributes.size`.
    pub path: String,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
}

impl Difference {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Difference::default()
    }

    /// What changed from `older` to `newer`.
    pub fn between(older: &Estate, newer: &Estate) -> Difference {
        let (before, after) = (by_name(older), by_name(newer));
        let both = after
            .iter()
            .filter_map(|(key, now)| Some((*before.get(key)?, *now)));
        Difference {
            added: only_in(&after, &before),
            removed: only_in(&before, &after),
            changed: both.filter_map(|(then, now)| changed(then, now)).collect(),
            edges_added: missing(&newer.edges, &older.edges),
            edges_removed: missing(&older.edges, &newer.edges),
            no_longer_visible: missing(&newer.not_visible, &older.not_visible),
            newly_visible: missing(&older.not_visible, &newer.not_visible),
        }
    }
}

/// Resources by kind and identifier.
type ByName<'a> = BTreeMap<(&'a str, &'a str), &'a Resource>;

fn only_in(these: &ByName<'_>, those: &ByName<'_>) -> Vec<Named> {
    let only = these.iter().filter(|(key, _)| !those.contains_key(*key));
    only.map(|(_, resource)| named(resource)).collect()
}

fn by_name(estate: &Estate) -> ByName<'_> {
    let resources = estate.resources.iter();
    resources
        .map(|resource| ((resource.attributes.kind(), resource.id.as_str()), resource))
        .collect()
}

fn named(resource: &Resource) -> Named {
    Named {
        kind: resource.attributes.kind().to_owned(),
        id: resource.id.clone(),
        name: resource.name.clone(),
    }
}

/// What stands in `these` and not in `those`.
fn missing<T: Ord + Clone>(these: &[T], those: &[T]) -> Vec<T> {
    let those: BTreeSet<&T> = those.iter().collect();
    let missing = these.iter().filter(|item| !those.contains(item));
    missing.cloned().collect()
}

fn changed(then: &Resource, now: &Resource) -> Option<Changed> {
    if then == now {
        return None;
    }
    let mut fields = Vec::new();
    let [before, after] = [then, now].map(serde_json::to_value);
    compare("", &before.ok()?, &after.ok()?, &mut fields);
    (!fields.is_empty()).then(|| Changed {
        resource: named(now),
        fields,
    })
}

/// Objects are gone into; lists and single values are compared whole.
fn compare(path: &str, before: &Value, after: &Value, fields: &mut Vec<FieldChange>) {
    if let (Value::Object(then), Value::Object(now)) = (before, after) {
        let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        for name in names
            .into_iter()
            .filter(|name| !MEASURED.contains(&name.as_str()))
        {
            let below = match path {
                "" => name.clone(),
                _ => format!("{path}.{name}"),
            };
            let value = |of: &serde_json::Map<String, Value>| of.get(name).cloned();
            let [then, now] = [value(then), value(now)].map(Option::unwrap_or_default);
            compare(&below, &then, &now, fields);
        }
    } else if before != after {
        fields.push(FieldChange {
            path: path.to_owned(),
            before: before.clone(),
            after: after.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::{Attributes, Server, Utilisation};

    fn estate(servers: &[(&str, Server)]) -> Estate {
        let resources = servers.iter().map(|(id, server)| Resource {
            id: (*id).to_owned(),
            name: format!("web-{id}"),
            region: None,
            cost: None,
            attributes: Attributes::Server(server.clone()),
        });
        Estate {
            schema: 1,
            provider: "digitalocean".to_owned(),
            account: None,
            counts: BTreeMap::new(),
            resources: resources.collect(),
            edges: Vec::new(),
            not_visible: Vec::new(),
            unmapped: Vec::new(),
        }
    }

    #[test]
    fn what_came_what_went_and_what_changed_are_told_apart() {
        let small = Server {
            size: "small".to_owned(),
            ..Server::default()
        };
        let large = Server {
            size: "large".to_owned(),
            tags: vec!["new".to_owned()],
            ..Server::default()
        };
        let older = estate(&[
            ("1", small.clone()),
            ("2", small.clone()),
            ("3", small.clone()),
        ]);
        let newer = estate(&[("2", small.clone()), ("3", large), ("4", small)]);
        let told = Difference::between(&older, &newer);
        let ids = |named: &[Named]| named.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids(&told.added), ids(&told.removed)),
            (vec!["4".into()], vec!["1".into()])
        );
        assert_eq!(told.changed.len(), 1);
        let paths: Vec<&str> = told.changed[0]
            .fields
            .iter()
            .map(|field| field.path.as_str())
            .collect();
        assert_eq!(paths, ["attributes.size", "attributes.tags"]);
        assert!(Difference::between(&newer, &newer).is_empty());
    }

    #[test]
    fn a_new_measurement_is_no_change() {
        let measured = |samples| Server {
            utilisation: Some(Utilisation {
                samples,
                ..Utilisation::default()
            }),
            ..Server::default()
        };
        let [older, newer] = [1, 2].map(|samples| estate(&[("1", measured(samples))]));
        assert!(Difference::between(&older, &newer).is_empty());
    }
}
