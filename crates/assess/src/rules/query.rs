//! The query behind a piece of evidence: which call of the provider's API told it.

use reberth_model::assessment::Evidence;
use reberth_model::estate::Estate;

/// A kind of resource, the beginning of an attribute (empty: any), and the call that tells it. `{id}` and `{name}` are the resource's.
type Row = (&'static str, &'static str, &'static str);

/// The first row that fits holds.
const DIGITALOCEAN: &[Row] = &[
    (
        "server",
        "utilisation",
        "GET /v2/monitoring/metrics/droplet/*?host_id={id}",
    ),
    ("server", "inside", "discover --ssh"),
    ("server", "firewalls", "GET /v2/firewalls"),
    ("server", "public_ipv4 in DNS", "GET /v2/domains/*/records"),
    ("server", "volumes", "GET /v2/volumes"),
    ("server", "", "GET /v2/droplets"),
    (
        "database",
        "trusted_sources",
        "GET /v2/databases/{id}/firewall",
    ),
    ("database", "users", "GET /v2/databases/{id}/users"),
    (
        "database",
        "latest_backup_at",
        "GET /v2/databases/{id}/backups",
    ),
    ("database", "settings", "GET /v2/databases/{id}/config"),
    ("database", "sql_mode", "GET /v2/databases/{id}/sql_mode"),
    ("database", "", "GET /v2/databases"),
    (
        "cache",
        "trusted_sources",
        "GET /v2/databases/{id}/firewall",
    ),
    ("cache", "", "GET /v2/databases"),
    ("database_replica", "", "GET /v2/databases/*/replicas"),
    ("load_balancer", "", "GET /v2/load_balancers"),
    ("domain", "", "GET /v2/domains"),
    ("dns_record", "", "GET /v2/domains/*/records"),
    ("network", "", "GET /v2/vpcs"),
    ("firewall", "", "GET /v2/firewalls"),
    ("volume", "", "GET /v2/volumes"),
    (
        "bucket",
        "seen_in",
        "GET /v2/projects/*/resources, GET /v2/cdn/endpoints, GET /v2/spaces/keys",
    ),
    (
        "bucket",
        "settings",
        "GetBucketAcl and GetBucketPolicy of the object store",
    ),
    (
        "bucket",
        "",
        "ListBuckets and ListObjectsV2 of the object store",
    ),
    ("codebase", "", "discover --checkout"),
    ("cdn", "", "GET /v2/cdn/endpoints"),
    ("address", "", "GET /v2/reserved_ips"),
    ("certificate", "", "GET /v2/certificates"),
    ("snapshot", "", "GET /v2/snapshots"),
    ("app", "", "GET /v2/apps"),
    ("process", "", "GET /v2/apps"),
    ("alert", "", "GET /v2/monitoring/alerts"),
    ("uptime_check", "", "GET /v2/uptime/checks"),
];

const HEROKU: &[Row] = &[
    ("codebase", "", "discover --checkout"),
    ("app", "config", "GET /apps/{id}/config-vars"),
    ("app", "stack", "GET /apps, GET /stacks"),
    ("app", "features", "GET /apps/{id}/features"),
    ("app", "log_drain", "GET /apps/{id}/log-drains"),
    ("app", "processes", "GET /apps/{id}/formation"),
    ("app", "stage", "GET /pipeline-couplings"),
    ("app", "released_at", "GET /apps/{id}/releases"),
    ("app", "", "GET /apps"),
    // No call measures a process.
    ("process", "utilisation", ""),
    ("process", "", "GET /apps/*/formation"),
    (
        "job",
        "",
        "GET /apps/*/dynos, or the file given with --scheduled-jobs",
    ),
    ("addon", "", "GET /addons, GET /addon-attachments"),
    ("database", "", "GET /client/v11/databases/{id}"),
    ("cache", "", "GET /redis/v0/databases/{name}"),
    ("domain", "", "GET /apps/*/domains"),
    ("certificate", "", "GET /apps/*/sni-endpoints"),
    (
        "member",
        "",
        "GET /teams/*/members, GET /apps/*/collaborators",
    ),
    ("log_drain", "", "GET /apps/*/log-drains"),
    ("pipeline", "", "GET /pipelines"),
    ("space", "", "GET /spaces/{id}/nat"),
    ("webhook", "", "GET /apps/*/webhooks"),
    ("third_party", "", "GET /apps/*/config-vars"),
];

/// Attributes that no call tells: what is said of them is that they were not looked at.
const NOT_ASKED: &[&str] = &[
    "files",
    "agents",
    "crontab",
    "deployed code",
    "write paths",
    "wal_level",
    "binlog_format, ",
    "tables",
    "sessions",
    "columns",
    "statements",
    "connections, storage",
    "router log",
    "repository",
    "access",
    "tokens",
    "outbound",
    "restore",
];

/// The call that told `evidence` of `estate`; empty when none did.
pub(crate) fn behind(evidence: &Evidence, estate: &Estate) -> String {
    if NOT_ASKED
        .iter()
        .any(|attribute| evidence.attribute.starts_with(attribute))
    {
        return String::new();
    }
    let (kind, id, name) = match &evidence.resource {
        Some(resource) => (&resource.kind, resource.id.as_str(), resource.name.as_str()),
        // Evidence of the whole estate is called by the kind that was listed.
        None => (&evidence.attribute, "", ""),
    };
    let rows = if estate.provider == "heroku" {
        HEROKU
    } else {
        DIGITALOCEAN
    };
    let found = rows.iter().find(|(row_kind, attribute, _)| {
        row_kind == kind && evidence.attribute.starts_with(attribute)
    });
    found.map_or_else(String::new, |(_, _, call)| {
        call.replace("{id}", id).replace("{name}", name)
    })
}
