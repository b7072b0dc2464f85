//! A managed store of keys and values.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use reberth_model::estate::{Attributes, Database, Resource};

use super::super::addons::AddonSummary;
use super::super::form::{HostOnly, moment};
use super::super::reader::Reader;
use super::{InfoLine, first_value, told};
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::segment::segment;

/// Lines of the description that speak of the service and not of its secrets.
const TOLD: &[&str] = &[
    "Plan",
    "Status",
    "Timeout",
    "Maxmemory",
    "Persistence",
    "HA Status",
    "Connections",
    "Keyspace Notifications",
    "Maintenance",
];

#[derive(Debug, Deserialize)]
struct Store {
    version: Option<String>,
    port: Option<u16>,
    created_at: Option<String>,
    prefer_native_tls: Option<bool>,
    #[serde(default)]
    resource_url: HostOnly,
    #[serde(default)]
    info: Vec<InfoLine>,
}

/// A setting with its value; the API adds descriptions and defaults.
#[derive(Debug, Deserialize)]
struct Setting {
    value: Option<Value>,
}

pub(super) async fn read(
    reader: &Reader<'_>,
    addon: &AddonSummary,
) -> Result<Gathered, DiscoverError> {
    let path = format!("/redis/v0/databases/{}", segment(&addon.name));
    let store: Option<Store> = reader.data_object(&path).await?;
    let path = format!("{path}/config");
    let settings: Option<BTreeMap<String, Setting>> = reader.data_object(&path).await?;
    let mut database = Database {
        engine: "redis".to_owned(),
        size: addon.plan().to_owned(),
        nodes: nodes(addon.plan()),
        tls: true,
        ..Database::default()
    };
    if let Some(store) = store {
        let mut told = told(&store.info, TOLD);
        for (name, setting) in settings.into_iter().flatten() {
            told.extend(setting.value.map(|value| (name, value)));
        }
        database.version = store.version.unwrap_or_default();
        database.status = first_value(&store.info, "Status").unwrap_or_default();
        database.host = store.resource_url.0;
        database.port = store.port;
        database.tls = store.prefer_native_tls.unwrap_or(false);
        database.created_at = store.created_at.as_deref().map(moment);
        database.settings = Some(told);
    }
    let mut found = Gathered::default();
    found.refer_known(&addon.name, "belongs_to", &addon.id);
    found.add(Resource {
        id: addon.name.clone(),
        name: addon.name.clone(),
        region: None,
        cost: addon.monthly_cost(),
        attributes: Attributes::Cache(database),
    });
    Ok(found)
}

/// Premium plans and those of private spaces have a standby, by the vendor's table of plans.
fn nodes(plan: &str) -> u32 {
    let has_standby = ["premium-", "private-", "shield-"]
        .iter()
        .any(|start| plan.starts_with(start));
    if has_standby { 2 } else { 1 }
}
