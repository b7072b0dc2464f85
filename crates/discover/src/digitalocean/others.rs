//! The kinds that no stage reads yet: one row of a table each, with the facts that are kept.

mod parts;
mod table;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::Value;

use reberth_model::estate::{Attributes, Other, Resource};

use super::collection::Collection;
use super::facts::Facts;
use super::page::{parse_field, parse_page};
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::Answer;
use crate::gathered::{Gathered, urn_id};
use crate::item::Identified;
use crate::segment::segment;
use parts::PARTS;
use table::{Names, REGISTRY, ROWS, Row};

const REGISTRY_PATH: &str = "/v2/registry";

/// An object of which only listed fields were kept, with the field that identifies it.
struct Kept {
    id: String,
    fields: Value,
}

impl Identified for Kept {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// A resource of a kind without a type of its own; facts that are null are left out.
pub(super) fn other<'a>(
    kind: &str,
    id: String,
    name: String,
    region: Option<String>,
    facts: impl IntoIterator<Item = (&'a str, Value)>,
) -> Resource {
    let facts = facts.into_iter().filter(|(_, value)| !value.is_null());
    Resource {
        id,
        name,
        region,
        cost: None,
        attributes: Attributes::Other(Other {
            word: kind.to_owned(),
            facts: facts
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }),
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    for row in ROWS {
        for kept in read_row(row, row.path, reader).await? {
            row.add(kept, gathered);
        }
    }
    gather_registries(reader, gathered).await?;
    gather_parts(reader, gathered).await?;
    gather_balance(reader, gathered).await
}

/// Reads the lists below what was found. What they hold is unique within its owner only.
async fn gather_parts(reader: &Reader<'_>, gathered: &mut Gathered) -> Result<(), DiscoverError> {
    for part in PARTS {
        for (owner, name) in owners(part.of, part.by, gathered) {
            let path = part.row.path.replace("{}", &segment(&name));
            for mut kept in read_row(&part.row, &path, reader).await? {
                kept.id = format!("{owner}/{}", kept.id);
                gathered.refer(&kept.id, "belongs_to", owner.as_str());
                part.row.add(kept, gathered);
            }
        }
    }
    Ok(())
}

/// Identifiers of a kind's resources, each with what stands for it in a path.
fn owners(kind: &str, by: &str, gathered: &Gathered) -> Vec<(String, String)> {
    let of_kind = gathered
        .resources()
        .iter()
        .filter(|resource| resource.attributes.kind() == kind);
    let named = of_kind.filter_map(|resource| match &resource.attributes {
        _ if by.is_empty() => Some((resource.id.clone(), resource.id.clone())),
        Attributes::Other(other) => {
            let name = other.facts.get(by)?.as_str()?;
            Some((resource.id.clone(), name.to_owned()))
        }
        _ => None,
    });
    named.collect()
}

/// The items of a row's list at `path`; those without an identifier are noted.
async fn read_row(row: &Row, path: &str, reader: &Reader<'_>) -> Result<Vec<Kept>, DiscoverError> {
    let paths = row.paths();
    let seed = RowSeed { row, paths: &paths };
    let list = Collection {
        query: row.query,
        ..Collection::new(path, row.key)
    };
    let items = reader.list_with(list, &seed).await?.unwrap_or_default();
    let (known, unnamed): (Vec<Kept>, Vec<Kept>) =
        items.into_iter().partition(|kept| !kept.id.is_empty());
    for kept in unnamed {
        reader.note_unmapped(path, kept.id);
    }
    Ok(known)
}

async fn gather_registries(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let paths = REGISTRY.paths();
    let seed = RowSeed {
        row: &REGISTRY,
        paths: &paths,
    };
    match reader
        .ask(REGISTRY.path, |bytes| {
            parse_page(bytes, REGISTRY.key, &seed)
        })
        .await?
    {
        Answer::Found(page) => {
            page.items
                .into_iter()
                .for_each(|kept| REGISTRY.add(kept, gathered));
            return Ok(());
        }
        Answer::Refused(reason) | Answer::Broken(reason) => {
            reader.note_not_visible(REGISTRY.path, reason)
        }
        Answer::Absent(_) => {}
    }
    match reader
        .ask(REGISTRY_PATH, |bytes| parse_field(bytes, "registry", &seed))
        .await?
    {
        Answer::Found(kept) => REGISTRY.add(kept, gathered),
        Answer::Refused(reason) | Answer::Broken(reason) => {
            reader.note_not_visible(REGISTRY_PATH, reason)
        }
        Answer::Absent(_) => {}
    }
    Ok(())
}

/// What the account owes this month; an assessment holds its own sum of the parts against it.
async fn gather_balance(reader: &Reader<'_>, gathered: &mut Gathered) -> Result<(), DiscoverError> {
    let balance: Option<Balance> = reader.object("/v2/customers/my/balance").await?;
    if let Some(balance) = balance {
        let facts = [
            ("month_to_date_usage", balance.month_to_date_usage.into()),
            ("account_balance", balance.account_balance.into()),
        ];
        gathered.add(other(
            "balance",
            "balance".to_owned(),
            "balance".to_owned(),
            None,
            facts,
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Balance {
    month_to_date_usage: Option<String>,
    account_balance: Option<String>,
}

impl Row {
    fn add(&self, kept: Kept, gathered: &mut Gathered) {
        let Kept { id, fields } = kept;
        for reference in self.references {
            for named in all_at(&fields, reference.field) {
                refer(&id, reference.names, reference.relation, &named, gathered);
            }
        }
        let name = texts(at(&fields, self.name))
            .next()
            .filter(|name| !name.is_empty());
        let region = texts(&fields["region"])
            .chain(texts(&fields["region"]["slug"]))
            .next();
        let own = ["region", self.id, self.name];
        let facts = fields.as_object().into_iter().flatten();
        let facts = facts.filter(|(field, _)| !own.contains(&field.as_str()));
        let facts = facts.map(|(field, value)| (field.as_str(), value.clone()));
        gathered.add(other(
            self.kind,
            id.clone(),
            name.unwrap_or(id),
            region,
            facts,
        ));
    }
}

/// Reads one item of a row's list.
#[derive(Clone)]
struct RowSeed<'a> {
    row: &'a Row,
    paths: &'a [String],
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept, D::Error> {
        let fields = Facts { paths: self.paths }.deserialize(deserializer)?;
        let id = texts(at(&fields, self.row.id)).next().unwrap_or_default();
        Ok(Kept { id, fields })
    }
}

/// The value at a dotted path; null when there is none.
fn at<'a>(fields: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(fields, |value, field| &value[field])
}

/// Every text and number at a dotted path that may lead through lists.
fn all_at(fields: &Value, path: &str) -> Vec<String> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match fields {
        Value::Array(items) => items.iter().flat_map(|item| all_at(item, path)).collect(),
        _ if rest.is_empty() => texts(&fields[first]).collect(),
        _ => all_at(&fields[first], rest),
    }
}

fn refer(id: &str, names: Names, relation: &'static str, named: &str, gathered: &mut Gathered) {
    match names {
        Names::Id => gathered.refer(id, relation, named),
        Names::IdIfKnown => gathered.refer_known(id, relation, named),
        Names::UrnIfKnown => gathered.refer_known(id, relation, urn_id(named)),
        Names::Member => gathered.refer_known(named, relation, id),
        Names::Store => gathered.refer_store_named(id, relation, named),
        Names::Tag => gathered.refer_tagged(id, relation, named),
        Names::Host => gathered.refer_host(id, relation, host_of(named)),
    }
}

/// The host of a URL, or the text itself when it is none.
fn host_of(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => host,
        _ => place,
    }
}

/// A text or number, or each of a list of them, as text.
fn texts(value: &Value) -> impl Iterator<Item = String> + '_ {
    let values = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_lists() {
        let fields = json!({"pools": [{"nodes": [{"id": 1}, {"id": "b"}]}, {"nodes": null}], "tags": ["x", "y"]});
        assert_eq!(all_at(&fields, "pools.nodes.id"), ["1", "b"]);
        assert_eq!(all_at(&fields, "tags"), ["x", "y"]);
        assert_eq!(all_at(&fields, "absent.id"), Vec::<String>::new());
    }

    #[test]
    fn the_host_of_a_target_is_found() {
        for (target, host) in [
            (
                "https://user:secret@shop.example:8443/health?x=1",
                "shop.example",
            ),
            ("192.0.2.7", "192.0.2.7"),
            ("shop.example", "shop.example"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(host_of(target), host, "{target}");
        }
    }
}
