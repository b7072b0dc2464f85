use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Other, Resource};
use serde_json::Value;

use super::{Context, Rule, evidence, evidence_of_all};

/// Flags alerts that are switched off, and an estate in which nothing alerts at all. A baseline of rates and times is never visible from outside, so an
/// alert that is on is listed and leaves the check open.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-11",
    problem: "Nothing, or not everything, alerts when users suffer",
    reads: &["alert", "uptime_check", "addon", "app"],
    check,
};

/// Services that measure applications from inside.
const MEASURING_SERVICES: &[&str] = &[
    "newrelic",
    "scout",
    "appsignal",
    "datadog",
    "librato",
    "hostedgraphite",
    "skylight",
    "dynatrace",
    "pingdom",
    "rollbar",
    "sentry",
    "honeybadger",
    "bugsnag",
    "airbrake",
    "raygun",
];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let found: Vec<Evidence> = estate.resources.iter().filter_map(look).collect();
    if !found.is_empty() {
        return found;
    }
    let attribute = if estate.provider == "heroku" {
        "addon"
    } else {
        "alert"
    };
    let value = "no alert, no uptime check and no measuring service";
    vec![evidence_of_all(CheckResult::Fail, attribute, value)]
}

fn look(resource: &Resource) -> Option<Evidence> {
    match &resource.attributes {
        Attributes::Other(other) if matches!(other.word.as_str(), "alert" | "uptime_check") => {
            Some(switched(resource, other))
        }
        Attributes::Addon(addon)
            if MEASURING_SERVICES
                .iter()
                .any(|service| addon.service.starts_with(service)) =>
        {
            let value = format!(
                "{} measures; its alerts and baseline are not visible",
                addon.service
            );
            Some(evidence(resource, CheckResult::Unknown, "service", value))
        }
        _ => None,
    }
}

fn switched(resource: &Resource, other: &Other) -> Evidence {
    let (result, value) = match other.facts.get("enabled").and_then(Value::as_bool) {
        Some(false) => (CheckResult::Fail, "switched off"),
        _ => (
            CheckResult::Unknown,
            "on; no baseline to compare with is visible",
        ),
    };
    evidence(resource, result, "enabled", value)
}
