//! The kinds that no stage reads yet: one row of a table each, with the facts that are kept.
//!
//! To map another kind add a row. A fact must never be a secret or hold one: functions carry a key, registries credentials,
//! apps environment values, alerts the addresses of chat hooks, autoscale pools start-up scripts.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::Value;

use reberth_model::estate::{Attributes, Other, Resource};

use super::facts::Facts;
use super::gathered::Gathered;
use super::page::{Identified, parse_field, parse_page};
use super::reader::{Collection, Reader};
use crate::DiscoverError;
use crate::client::Answer;

/// One kind of resource and how its list is read.
struct Row {
    kind: &'static str,
    path: &'static str,
    query: &'static str,
    key: &'static str,
    /// Field with the identifier, then the one with the name.
    id: &'static str,
    name: &'static str,
    facts: &'static [&'static str],
    /// Fields that name other resources, with the relation.
    references: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        kind: "cluster",
        path: "/v2/kubernetes/clusters",
        query: "",
        key: "kubernetes_clusters",
        id: "id",
        name: "name",
        facts: &[
            "version",
            "ha",
            "auto_upgrade",
            "surge_upgrade",
            "cluster_subnet",
            "service_subnet",
            "vpc_uuid",
            "tags",
            "status.state",
            "created_at",
            "registry_enabled",
            "node_pools.id",
            "node_pools.name",
            "node_pools.size",
            "node_pools.count",
            "node_pools.auto_scale",
            "node_pools.min_nodes",
            "node_pools.max_nodes",
            "node_pools.tags",
            "node_pools.nodes.droplet_id",
        ],
        references: &[("vpc_uuid", "in_network")],
    },
    Row {
        kind: "app",
        path: "/v2/apps",
        query: "",
        key: "apps",
        id: "id",
        name: "spec.name",
        facts: &[
            "default_ingress",
            "live_url",
            "tier_slug",
            "created_at",
            "project_id",
            "spec.name",
            "spec.region",
            "spec.domains.domain",
            "spec.services.name",
            "spec.services.instance_count",
            "spec.services.instance_size_slug",
            "spec.services.http_port",
            "spec.services.envs.key",
            "spec.services.envs.scope",
            "spec.services.envs.type",
            "spec.services.github.repo",
            "spec.services.image.repository",
            "spec.workers.name",
            "spec.workers.instance_count",
            "spec.workers.instance_size_slug",
            "spec.workers.envs.key",
            "spec.jobs.name",
            "spec.jobs.kind",
            "spec.jobs.envs.key",
            "spec.static_sites.name",
            "spec.functions.name",
            "spec.databases.name",
            "spec.databases.engine",
            "spec.databases.cluster_name",
            "spec.envs.key",
            "spec.vpc.id",
        ],
        references: &[],
    },
    Row {
        kind: "autoscale_pool",
        path: "/v2/droplets/autoscale",
        query: "",
        key: "autoscale_pools",
        id: "id",
        name: "name",
        facts: &[
            "config.min_instances",
            "config.max_instances",
            "config.target_cpu_utilization",
            "config.target_memory_utilization",
            "config.target_number_instances",
            "config.cooldown_minutes",
            "droplet_template.size",
            "droplet_template.region",
            "droplet_template.image",
            "droplet_template.vpc_uuid",
            "droplet_template.tags",
            "status",
            "active_resources_count",
        ],
        references: &[],
    },
    Row {
        kind: "network_peering",
        path: "/v2/vpc_peerings",
        query: "",
        key: "vpc_peerings",
        id: "id",
        name: "name",
        facts: &["vpc_ids", "status", "created_at"],
        references: &[("vpc_ids", "attached_to")],
    },
    Row {
        kind: "nat_gateway",
        path: "/v2/vpc_nat_gateways",
        query: "",
        key: "vpc_nat_gateways",
        id: "id",
        name: "name",
        facts: &[
            "type",
            "state",
            "size",
            "vpcs.vpc_uuid",
            "vpcs.gateway_ip",
            "egresses.public_gateways.ipv4",
            "created_at",
        ],
        references: &[],
    },
    Row {
        kind: "function_namespace",
        path: "/v2/functions/namespaces",
        query: "",
        key: "namespaces",
        id: "uuid",
        name: "label",
        facts: &["api_host", "namespace", "created_at"],
        references: &[],
    },
    Row {
        kind: "image",
        path: "/v2/images",
        query: "private=true",
        key: "images",
        id: "id",
        name: "name",
        facts: &[
            "distribution",
            "type",
            "regions",
            "size_gigabytes",
            "min_disk_size",
            "status",
            "created_at",
        ],
        references: &[],
    },
    Row {
        kind: "ssh_key",
        path: "/v2/account/keys",
        query: "",
        key: "ssh_keys",
        id: "id",
        name: "name",
        facts: &["fingerprint"],
        references: &[],
    },
    Row {
        kind: "alert",
        path: "/v2/monitoring/alerts",
        query: "",
        key: "policies",
        id: "uuid",
        name: "description",
        facts: &[
            "type",
            "compare",
            "value",
            "window",
            "entities",
            "tags",
            "enabled",
            "alerts.email",
        ],
        references: &[],
    },
    Row {
        kind: "uptime_check",
        path: "/v2/uptime/checks",
        query: "",
        key: "checks",
        id: "id",
        name: "name",
        facts: &["type", "target", "regions", "enabled"],
        references: &[],
    },
    Row {
        kind: "tag",
        path: "/v2/tags",
        query: "",
        key: "tags",
        id: "name",
        name: "name",
        facts: &["resources.count"],
        references: &[],
    },
    Row {
        kind: "invoice",
        path: "/v2/customers/my/invoices",
        query: "",
        key: "invoices",
        id: "invoice_uuid",
        name: "invoice_period",
        facts: &["amount", "invoice_period"],
        references: &[],
    },
];

/// Registries are asked for at two addresses, the older of which knows one only and says 404 when there is none.
const REGISTRY: Row = Row {
    kind: "registry",
    path: "/v2/registries",
    query: "",
    key: "registries",
    id: "name",
    name: "name",
    facts: &[
        "storage_usage_bytes",
        "subscription.tier.slug",
        "created_at",
    ],
    references: &[],
};
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
            reader.note_unmapped(row.path, "without an identifier".to_owned());
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
    /// Every field that is kept: the facts, and what the row itself looks at.
    fn paths(&self) -> Vec<&'static str> {
        let references = self.references.iter().map(|(field, _)| *field);
        let own = [self.id, self.name, "region", "region.slug"];
        self.facts
            .iter()
            .copied()
            .chain(own)
            .chain(references)
            .collect()
    }

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
