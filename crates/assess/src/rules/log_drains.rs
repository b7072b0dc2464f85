use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{App, Attributes, Estate, Other, Resource};
use serde_json::Value;

use super::{Context, Rule, evidence};

/// Flags applications whose logs go nowhere. How long the receiver keeps them is not visible, nor what agents on servers send.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-10",
    problem: "The logs of some applications are kept nowhere",
    reads: &["app", "log_drain", "telemetry_drain", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let apps = estate.apps().map(|(resource, app)| {
        let hosts: Vec<&str> = estate
            .resources
            .iter()
            .filter_map(|other| match &other.attributes {
                Attributes::LogDrain(drain) if drain.app_id == resource.id => {
                    Some(drain.host.as_deref().unwrap_or("a host not told"))
                }
                Attributes::Other(own) => takes_logs_of(own, resource, app),
                _ => None,
            })
            .collect();
        match hosts.is_empty() {
            true if is_hidden(estate, resource, app) => {
                let value = "its drains could not be read";
                evidence(resource, CheckResult::Unknown, "log_drain", value)
            }
            true => evidence(resource, CheckResult::Fail, "log_drain", "no drain"),
            false => {
                let value = format!(
                    "{}; how long they are kept is not visible",
                    hosts.join(", ")
                );
                evidence(resource, CheckResult::Unknown, "log_drain", value)
            }
        }
    });
    let servers = estate.servers().map(|(resource, _)| {
        let value = "where its logs go is not visible from outside";
        evidence(resource, CheckResult::Unknown, "agents", value)
    });
    apps.chain(servers).collect()
}

/// Whether a list that could not be read may hold a drain of the application: its own, or one of a space when it runs in one. Where the list of spaces
/// itself could not be read, nobody was asked for their drains.
fn is_hidden(estate: &Estate, resource: &Resource, app: &App) -> bool {
    let own = format!("/apps/{}/", resource.name);
    let is_list = |what: &str| match what.strip_prefix(own.as_str()) {
        Some(list) => matches!(list, "log-drains" | "telemetry-drains"),
        None => {
            let is_of_spaces = match what.strip_prefix("/spaces") {
                Some(list) => list.is_empty() || list.ends_with("/telemetry-drains"),
                None => false,
            };
            app.space.is_some() && is_of_spaces
        }
    };
    estate.not_visible.iter().any(|part| is_list(&part.what))
}

/// The host of a telemetry drain that receives the logs of an application: its own, or one of its space.
fn takes_logs_of<'a>(drain: &'a Other, resource: &Resource, app: &App) -> Option<&'a str> {
    let fact = |name: &str| drain.facts.get(name).and_then(Value::as_str);
    let is_of = match fact("owner_kind") {
        Some("space") => app.space.is_some() && fact("owner") == app.space.as_deref(),
        _ => fact("owner") == Some(&resource.name),
    };
    let signals = drain.facts.get("signals").and_then(Value::as_array);
    let has_logs = signals.is_some_and(|list| list.iter().any(|own| own == "logs"));
    (drain.word == "telemetry_drain" && is_of && has_logs)
        .then(|| fact("host").unwrap_or("a host not told"))
}
