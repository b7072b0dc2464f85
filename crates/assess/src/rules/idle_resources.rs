use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Address, Attributes, Estate, Resource, Server, Volume};

use super::{Context, Rule, evidence};

/// Flags what nobody uses: stopped servers, volumes attached to nothing, reserved addresses that point nowhere.
///
/// A server that runs passes only when its use was measured; whether anybody needs what it does is a question for people.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-COST-01",
    problem: "Some of what would be moved is used by nobody",
    reads: &["server", "volume", "address", "app"],
    check,
};

/// A server busier than this, at its highest, does some work.
const IDLE_CPU_MAX_PERCENT: f64 = 2.0;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate.resources.iter().filter_map(look).collect()
}

fn look(resource: &Resource) -> Option<Evidence> {
    let (result, attribute, value) = match &resource.attributes {
        Attributes::Server(server) => server_use(server),
        Attributes::Volume(Volume { server_ids, .. }) if server_ids.is_empty() => (
            CheckResult::Fail,
            "server_ids",
            "attached to no server".to_owned(),
        ),
        Attributes::Volume(Volume { server_ids, .. }) => {
            (CheckResult::Pass, "server_ids", server_ids.join(", "))
        }
        Attributes::App(app) if app.maintenance => {
            (CheckResult::Fail, "maintenance", "serves nobody".to_owned())
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
