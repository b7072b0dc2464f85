//! The kinds that no stage reads yet: one row of a table each, with the facts that are kept.

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
use crate::gathered::Gathered;
use crate::item::Identified;
use table::{REGISTRY, ROWS, Row};

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
        gather_row(row, reader, gathered).await?;
    }
    gather_registries(reader, gathered).await?;
    gather_balance(reader, gathered).await
}

async fn gather_row(
    row: &Row,
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let paths = row.paths();
    let seed = RowSeed { row, paths: &paths };
    let list = Collection {
        query: row.query,
        ..Collection::new(row.path, row.key)
    };
    for kept in reader.list_with(list, &seed).await?.unwrap_or_default() {
        if kept.id.is_empty() {
            reader.note_unmapped(row.path, kept.id);
        } else {
            row.add(kept, gathered);
        }
    }
    Ok(())
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
        Answer::Refused(reason) => reader.note_not_visible(REGISTRY.path, reason),
        Answer::Absent(_) => {}
    }
    match reader
        .ask(REGISTRY_PATH, |bytes| parse_field(bytes, "registry", &seed))
        .await?
    {
        Answer::Found(kept) => REGISTRY.add(kept, gathered),
        Answer::Refused(reason) => reader.note_not_visible(REGISTRY_PATH, reason),
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
        for (field, relation) in self.references {
            for to in texts(&fields[field]) {
                gathered.refer(&id, relation, to);
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
    paths: &'a [&'a str],
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
