//! A managed PostgreSQL.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Database, DatabaseUser, Resource};

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
    "Data Size",
    "Tables",
    "Connections",
    "Connection Pooling",
    "Credentials",
    "Fork/Follow",
    "Followers",
    "Rollback",
    "HA Status",
    "Continuous Protection",
    "Data Encryption",
    "Maintenance",
    "Maintenance window",
    "Infrastructure",
    "Mutual TLS",
];
/// Plans that have a standby, by the vendor's table of plans.
const PLANS_WITH_STANDBY: &[&str] = &["premium-", "private-", "shield-"];
const DUMP: &str = "pg_dump";

#[derive(Debug, Deserialize)]
struct Cluster {
    postgres_version: Option<String>,
    num_bytes: Option<u64>,
    port: Option<u16>,
    database_name: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    resource_url: HostOnly,
    #[serde(default)]
    following: HostOnly,
    #[serde(default)]
    info: Vec<InfoLine>,
}

#[derive(Debug, Deserialize)]
struct Credential {
    name: String,
    #[serde(default)]
    credentials: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    user: String,
}

#[derive(Debug, Deserialize)]
struct Transfer {
    from_type: Option<String>,
    finished_at: Option<String>,
    succeeded: Option<bool>,
    from_name: Option<String>,
}

pub(super) async fn read(
    reader: &Reader<'_>,
    addon: &AddonSummary,
) -> Result<Gathered, DiscoverError> {
    let id = segment(&addon.id);
    let path = format!("/client/v11/databases/{id}");
    let cluster: Option<Cluster> = reader.data_object(&path).await?;
    let path = format!("/postgres/v0/databases/{id}/credentials");
    // Plans without credentials of their own answer that there are none.
    let credentials: Option<Vec<Credential>> = reader.data_object_if_any(&path).await?;
    let latest_backup_at = read_backup(reader, addon).await?;
    let mut found = Gathered::default();
    let is_visible = cluster.is_some();
    let mut users = users(credentials.unwrap_or_default());
    users.sort();
    let database = match cluster {
        Some(cluster) => {
            if let Some(leader) = &cluster.following.0 {
                found.refer_host(&addon.name, "replica_of", leader);
            }
            describe(addon, cluster, users, latest_backup_at)
        }
        None => Database {
            engine: "pg".to_owned(),
            size: addon.plan().to_owned(),
            nodes: nodes(addon.plan(), None),
            tls: true,
            users,
            ..Database::default()
        },
    };
    if !is_visible {
        let reason = "its version, size and settings are not known".to_owned();
        reader.notes().not_visible(&addon.name, reason);
    }
    found.refer_known(&addon.name, "belongs_to", &addon.id);
    found.add(Resource {
        id: addon.name.clone(),
        name: addon.name.clone(),
        region: None,
        cost: addon.monthly_cost(),
        attributes: Attributes::Database(database),
    });
    Ok(found)
}

fn describe(
    addon: &AddonSummary,
    cluster: Cluster,
    users: Vec<DatabaseUser>,
    latest_backup_at: Option<String>,
) -> Database {
    let info = &cluster.info;
    Database {
        engine: "pg".to_owned(),
        version: first_value(info, "PG Version")
            .or_else(|| cluster.postgres_version.as_deref().and_then(bare_version))
            .unwrap_or_default(),
        size: addon.plan().to_owned(),
        nodes: nodes(addon.plan(), first_value(info, "HA Status").as_deref()),
        status: first_value(info, "Status").unwrap_or_default(),
        data_bytes: cluster.num_bytes,
        host: cluster.resource_url.0,
        port: cluster.port,
        // The platform refuses connections without TLS.
        tls: true,
        databases: cluster.database_name.into_iter().collect(),
        users,
        settings: Some(told(info, TOLD)),
        latest_backup_at,
        created_at: cluster.created_at.as_deref().map(moment),
        ..Database::default()
    }
}

/// `16.4` of `PostgreSQL 16.4 (Ubuntu) on x86_64`.
fn bare_version(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    words
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

fn nodes(plan: &str, standby: Option<&str>) -> u32 {
    let has_standby = match standby {
        Some(status) => !status.eq_ignore_ascii_case("unavailable"),
        None => PLANS_WITH_STANDBY
            .iter()
            .any(|start| plan.starts_with(start)),
    };
    if has_standby { 2 } else { 1 }
}

fn users(credentials: Vec<Credential>) -> Vec<DatabaseUser> {
    let role = |name: &str| {
        if name == "default" {
            "primary"
        } else {
            "normal"
        }
    };
    credentials
        .iter()
        .flat_map(|credential| {
            credential.credentials.iter().map(|account| DatabaseUser {
                name: account.user.clone(),
                role: role(&credential.name).to_owned(),
                authentication: None,
            })
        })
        .collect()
}

/// When the newest dump that the platform keeps was finished.
async fn read_backup(
    reader: &Reader<'_>,
    addon: &AddonSummary,
) -> Result<Option<String>, DiscoverError> {
    let Some(app) = &addon.app else {
        return Ok(None);
    };
    let path = format!("/client/v11/apps/{}/transfers", segment(&app.name));
    let transfers: Option<Vec<Transfer>> = reader.data_object_if_any(&path).await?;
    let newest = transfers
        .into_iter()
        .flatten()
        .filter(|transfer| {
            let is_of_this = transfer
                .from_name
                .as_deref()
                .is_none_or(|name| name.eq_ignore_ascii_case(&addon.name));
            transfer.from_type.as_deref() == Some(DUMP)
                && transfer.succeeded == Some(true)
                && is_of_this
        })
        .filter_map(|transfer| transfer.finished_at.as_deref().map(moment))
        .max();
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_is_told_or_follows_from_the_plan() {
        let cases = [
            ("premium-4", None, 2),
            ("standard-2", None, 1),
            ("essential-0", None, 1),
            ("premium-0", Some("Unavailable"), 1),
            ("standard-2", Some("Available"), 2),
        ];
        for (plan, standby, expected) in cases {
            assert_eq!(nodes(plan, standby), expected, "{plan} {standby:?}");
        }
    }

    #[test]
    fn the_version_is_found_in_the_servers_own_words() {
        let text = "PostgreSQL 16.4 (Ubuntu) on x86_64";
        assert_eq!(bare_version(text).as_deref(), Some("16.4"));
        assert_eq!(bare_version("unknown"), None);
    }
}
