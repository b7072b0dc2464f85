//! Managed PostgreSQL and stores of keys and values, as the data services' own API tells them.

mod key_value;
mod postgres;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::addons::{AddonSummary, Addons, KEY_VALUE, POSTGRES};
use super::reader::Reader;
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::Gathered;
use crate::{DiscoverError, Progress};

/// One line of the description that the command line tool shows.
#[derive(Debug, Deserialize)]
struct InfoLine {
    name: String,
    #[serde(default)]
    values: Vec<Value>,
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    addons: &Addons,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let stores: Vec<&AddonSummary> = addons
        .list
        .iter()
        .filter(|addon| matches!(addon.service(), POSTGRES | KEY_VALUE))
        .collect();
    let reads: Vec<_> = stores.iter().map(|addon| read(reader, addon)).collect();
    let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    let mut done = 0;
    while let Some(found) = reads.try_next().await? {
        done += 1;
        reader.tell(Progress::Advanced {
            what: "data services",
            done,
            total: stores.len(),
        });
        gathered.absorb(found);
    }
    Ok(())
}

async fn read(reader: &Reader<'_>, addon: &AddonSummary) -> Result<Gathered, DiscoverError> {
    match addon.service() {
        POSTGRES => postgres::read(reader, addon).await,
        _ => key_value::read(reader, addon).await,
    }
}

/// The lines with the given names, as settings. Other lines are not kept: nobody promised what stands in them.
fn told(info: &[InfoLine], names: &[&str]) -> BTreeMap<String, Value> {
    info.iter()
        .filter(|line| names.contains(&line.name.as_str()))
        .filter_map(|line| {
            let values: Vec<String> = line.values.iter().map(text_of).collect();
            (!values.is_empty()).then(|| (line.name.clone(), json!(values.join(", "))))
        })
        .collect()
}

fn first_value(info: &[InfoLine], name: &str) -> Option<String> {
    let line = info.iter().find(|line| line.name == name)?;
    line.values.first().map(text_of)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
