//! The rules: one file each under `rules/`, one line each in [`RULES`].
//!
//! A rule looks at every resource it speaks of and says of each pass, fail or unknown, with the attribute it read. A check's result
//! is the worst of these. No evidence means that the estate has nothing of the kind.

mod administrator_account;
mod alerts;
mod api_tokens;
mod binlog_retention;
mod bucket_access;
mod built_from_repository;
mod certificate_expiry;
mod change_stream_postgres;
mod compute_pressure;
mod credential_literals;
mod database_backups;
mod database_standby;
mod database_tls;
mod disk_space;
mod engine_support;
mod health_check;
mod idle_environments;
mod idle_resources;
mod jobs_once;
mod local_state;
mod log_drains;
mod network_overlap;
mod old_platform_names;
mod open_ports;
mod operating_system_ended;
mod operating_system_ending;
mod outbound_measured;
mod outside_collaborators;
mod outside_parties;
mod personal_data;
mod plan_limits;
mod query;
mod record_ttl;
mod recovery_objectives;
mod region_fit;
mod rehearsal_copy;
mod restore_proof;
mod router_limits;
mod second_factor;
mod server_backups;
mod server_firewall;
mod server_monitoring;
mod settings_match;
mod single_instances;
mod skipped_objects;
mod statement_digests;
mod static_cloud_keys;
mod sticky_sessions;
mod table_keys;
mod trusted_sources;
mod utilisation_window;

use reberth_model::assessment::{CheckResult, Evidence, ResourceName};
use reberth_model::estate::{Estate, NotVisible, Resource};
use reberth_model::policy::Policy;

pub(crate) use query::behind as query_behind;

use crate::catalog::Catalog;
use crate::date::Date;

/// Every rule there is, ordered by the id of its check.
pub(crate) static RULES: &[Rule] = &[
    idle_resources::RULE,
    utilisation_window::RULE,
    outbound_measured::RULE,
    change_stream_postgres::RULE,
    binlog_retention::RULE,
    table_keys::RULE,
    skipped_objects::RULE,
    settings_match::RULE,
    record_ttl::RULE,
    old_platform_names::RULE,
    built_from_repository::RULE,
    rehearsal_copy::RULE,
    log_drains::RULE,
    alerts::RULE,
    server_monitoring::RULE,
    compute_pressure::RULE,
    statement_digests::RULE,
    region_fit::RULE,
    single_instances::RULE,
    database_standby::RULE,
    database_backups::RULE,
    restore_proof::RULE,
    local_state::RULE,
    sticky_sessions::RULE,
    jobs_once::RULE,
    outside_parties::RULE,
    plan_limits::RULE,
    health_check::RULE,
    recovery_objectives::RULE,
    router_limits::RULE,
    server_backups::RULE,
    network_overlap::RULE,
    disk_space::RULE,
    second_factor::RULE,
    api_tokens::RULE,
    outside_collaborators::RULE,
    static_cloud_keys::RULE,
    credential_literals::RULE,
    trusted_sources::RULE,
    open_ports::RULE,
    certificate_expiry::RULE,
    database_tls::RULE,
    administrator_account::RULE,
    engine_support::RULE,
    personal_data::RULE,
    bucket_access::RULE,
    server_firewall::RULE,
    operating_system_ended::RULE,
    operating_system_ending::RULE,
    idle_environments::RULE,
];

/// The rule of a check.
pub(crate) fn of(check: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == check)
}

/// How one check of the catalog is decided.
pub(crate) struct Rule {
    /// Id of the check in the catalog, which holds title, severity and remedy.
    pub(crate) id: &'static str,
    /// What is wrong when the check fails, as a sentence without a full stop.
    pub(crate) problem: &'static str,
    /// Kinds of resource it reads. Where a token may not list one of them, the check is unknown.
    pub(crate) reads: &'static [&'static str],
    /// Looks at the estate.
    pub(crate) check: fn(&Estate, &Context) -> Vec<Evidence>,
}

/// What a rule may know beside the estate.
pub(crate) struct Context<'a> {
    /// The day of the assessment.
    pub(crate) today: Date,
    /// What the person decided.
    pub(crate) policy: &'a Policy,
    /// Ends of support.
    pub(crate) catalog: &'a Catalog,
}

/// Evidence of one resource.
fn evidence(
    resource: &Resource,
    result: CheckResult,
    attribute: &str,
    value: impl Into<String>,
) -> Evidence {
    Evidence {
        result,
        resource: Some(name_of(resource)),
        attribute: attribute.to_owned(),
        value: value.into(),
        query: String::new(),
    }
}

/// Evidence of the whole estate.
fn evidence_of_all(result: CheckResult, attribute: &str, value: impl Into<String>) -> Evidence {
    Evidence {
        result,
        resource: None,
        attribute: attribute.to_owned(),
        value: value.into(),
        query: String::new(),
    }
}

/// Fail when `failed`, else pass.
fn fail_if(failed: bool) -> CheckResult {
    if failed {
        CheckResult::Fail
    } else {
        CheckResult::Pass
    }
}

/// A resource by the names that people use.
pub(crate) fn name_of(resource: &Resource) -> ResourceName {
    ResourceName {
        kind: resource.attributes.kind().to_owned(),
        name: resource.name.clone(),
        id: resource.id.clone(),
    }
}

/// Why resources of `kind` could not be listed at all, when they could not.
pub(crate) fn hidden<'a>(estate: &'a Estate, kind: &str) -> Option<&'a NotVisible> {
    let collection = match kind {
        "server" => "/v2/droplets",
        "database" | "cache" if estate.provider == "heroku" => "/addons",
        "database" | "cache" => "/v2/databases",
        "load_balancer" => "/v2/load_balancers",
        "dns_record" => "/v2/domains",
        "network" => "/v2/vpcs",
        "firewall" => "/v2/firewalls",
        "volume" => "/v2/volumes",
        "address" => "/v2/reserved_ips",
        "certificate" => "/v2/certificates",
        "cdn" => "/v2/cdn/endpoints",
        "snapshot" => "/v2/snapshots",
        "alert" => "/v2/monitoring/alerts",
        "uptime_check" => "/v2/uptime/checks",
        "app" if estate.provider == "heroku" => "/apps",
        "addon" => "/addons",
        _ => return None,
    };
    estate.not_visible.iter().find(|entry| {
        let what = entry.what.split('?').next().unwrap_or_default();
        what == collection || what == kind || what.strip_suffix('s') == Some(kind)
    })
}

/// The lists below the collection of `kind` that could not be read, such as the records of one DNS zone or the processes of one application.
pub(crate) fn hidden_in_part(estate: &Estate, kind: &str) -> Vec<Evidence> {
    let (start, end) = match kind {
        "dns_record" => ("/v2/domains/", ""),
        "process" => ("/apps/", "/formation"),
        "log_drain" => ("/apps/", "/log-drains"),
        // Of applications and of spaces.
        "telemetry_drain" => ("/", "/telemetry-drains"),
        _ => return Vec::new(),
    };
    estate
        .not_visible
        .iter()
        .filter(|entry| entry.what.starts_with(start) && entry.what.ends_with(end))
        .map(|entry| {
            let value = format!("could not be read: {}", entry.reason);
            evidence_of_all(CheckResult::Unknown, &entry.what, value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_decides_one_check_of_the_catalog() {
        let catalog = Catalog::with(&[]);
        for rule in RULES {
            assert!(
                catalog
                    .checks
                    .iter()
                    .any(|check| check.id == rule.id && check.scope == "source"),
                "{}",
                rule.id
            );
        }
        for check in catalog
            .checks
            .iter()
            .filter(|check| check.scope == "source")
        {
            assert!(of(&check.id).is_some(), "{} has no rule", check.id);
        }
        assert!(
            RULES.windows(2).all(|pair| pair[0].id < pair[1].id),
            "ordered, and none twice"
        );
    }
}
