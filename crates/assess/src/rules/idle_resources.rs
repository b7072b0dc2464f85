use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Address, Attributes, Estate, Resource, Server, Volume};

use super::{Context, Rule, evidence};
use crate::server_inside;

/// Flags what nobody uses: stopped servers, volumes attached to nothing or mounted nowhere, reserved addresses that point nowhere, load balancers without servers, empty buckets,
/// applications that run nothing, add-ons of nobody.
///
/// A server that runs passes only when its use was measured; whether anybody needs what it does is a question for people.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-COST-01",
    problem: "Some of what would be moved is used by nobody",
    reads: &[
        "server",
        "volume",
        "address",
        "app",
        "addon",
        "load_balancer",
        "bucket",
    ],
    check,
};

/// A server busier than this, at its highest, does some work.
const IDLE_CPU_MAX_PERCENT: f64 = 2.0;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| look(estate, resource))
        .collect()
}

fn look(estate: &Estate, resource: &Resource) -> Option<Evidence> {
    let (result, attribute, value) = match &resource.attributes {
        Attributes::Server(server) => server_use(server),
        Attributes::Volume(Volume { server_ids, .. }) if server_ids.is_empty() => (
            CheckResult::Fail,
            "server_ids",
            "attached to no server".to_owned(),
        ),
        Attributes::Volume(Volume { server_ids, .. }) if is_mounted_nowhere(estate, server_ids) => {
            (
                CheckResult::Fail,
                "server_ids",
                "attached, and its server mounts nothing beside its own disk".to_owned(),
            )
        }
        Attributes::Volume(Volume { server_ids, .. }) => {
            (CheckResult::Pass, "server_ids", server_ids.join(", "))
        }
        Attributes::App(app) if app.maintenance => {
            (CheckResult::Fail, "maintenance", "serves nobody".to_owned())
        }
        Attributes::App(_) if runs_nothing(estate, resource) => (
            CheckResult::Fail,
            "processes",
            "no instance of any process is asked for".to_owned(),
        ),
        Attributes::Addon(addon) if addon.app_id.is_none() && addon.shared_with.is_empty() => (
            CheckResult::Fail,
            "app_id",
            "attached to no application".to_owned(),
        ),
        Attributes::LoadBalancer(balancer)
            if balancer.server_ids.is_empty() && balancer.server_tag.is_none() =>
        {
            (
                CheckResult::Fail,
                "server_ids",
                "no server stands behind it".to_owned(),
            )
        }
        Attributes::Bucket(bucket) if bucket.objects == Some(0) => {
            (CheckResult::Fail, "objects", "it is empty".to_owned())
        }
        Attributes::App(app) => (
            CheckResult::Unknown,
            "released_at",
            format!(
                "last released {}; whether anybody uses it is for people",
                app.released_at.as_deref().unwrap_or("at a time not told")
            ),
        ),
        Attributes::Address(Address {
            server_id: None, ..
        }) => (
            CheckResult::Fail,
            "server_id",
            "assigned to no server".to_owned(),
        ),
        Attributes::Address(Address {
            server_id: Some(id),
            ..
        }) => (CheckResult::Pass, "server_id", id.clone()),
        _ => return None,
    };
    Some(evidence(resource, result, attribute, value))
}

/// Whether every server that it is attached to was looked into, and none mounts a file system beside its own.
fn is_mounted_nowhere(estate: &Estate, server_ids: &[String]) -> bool {
    let mounts_nothing = |server: &Server| {
        let inside = server.inside.as_ref();
        inside.is_some_and(|inside| {
            !inside.mounts.is_empty() && server_inside::data_mounts(inside).is_empty()
        })
    };
    server_ids.iter().all(|id| {
        let mut servers = estate.servers();
        servers.any(|(resource, server)| resource.id == *id && mounts_nothing(server))
    })
}

/// Whether an application has processes and none of them shall run.
fn runs_nothing(estate: &Estate, app: &Resource) -> bool {
    let mut of_app = estate
        .processes()
        .filter(|(_, process)| process.app_id == app.id)
        .peekable();
    of_app.peek().is_some() && of_app.all(|(_, process)| process.instances == 0)
}

fn server_use(server: &Server) -> (CheckResult, &'static str, String) {
    if server.status != "active" {
        return (CheckResult::Fail, "status", server.status.clone());
    }
    match server
        .utilisation
        .as_ref()
        .and_then(|measured| measured.cpu_max_percent)
    {
        None => (
            CheckResult::Unknown,
            "utilisation",
            "runs; its use is not measured".to_owned(),
        ),
        Some(max) if max < IDLE_CPU_MAX_PERCENT => (
            CheckResult::Fail,
            "utilisation.cpu_max_percent",
            format!("{max:.1} % at its highest"),
        ),
        Some(max) => (
            CheckResult::Pass,
            "utilisation.cpu_max_percent",
            format!("{max:.1} %"),
        ),
    }
}
