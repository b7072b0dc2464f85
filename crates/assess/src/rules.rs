//! The rules: one file each under `rules/`, one line each in [`RULES`].
//!
//! A rule looks at every resource it speaks of and says of each pass, fail or unknown, with the attribute it read. A check's result
//! is the worst of these. No evidence means that the estate has nothing of the kind.

mod administrator_account;
mod binlog_retention;
mod built_from_repository;
mod certificate_expiry;
mod change_stream_postgres;
mod compute_pressure;
mod database_backups;
mod database_standby;
mod database_tls;
mod engine_support;
mod health_check;
mod idle_environments;
mod idle_resources;
mod jobs_once;
mod log_drains;
mod network_overlap;
mod old_platform_names;
mod open_ports;
mod operating_system_ended;
mod operating_system_ending;
mod outside_parties;
mod plan_limits;
mod record_ttl;
mod rehearsal_copy;
mod second_factor;
mod server_backups;
mod server_firewall;
mod server_monitoring;
mod single_instances;
mod static_cloud_keys;
mod sticky_sessions;
mod trusted_sources;
mod utilisation_window;

use reberth_model::assessment::{CheckResult, Evidence, ResourceName};
use reberth_model::estate::{Estate, NotVisible, Resource};
use reberth_model::policy::Policy;

use crate::catalog::Catalog;
use crate::date::Date;

/// Every rule there is, ordered by the id of its check.
pub(crate) static RULES: &[Rule] = &[
    idle_resources::RULE,
    utilisation_window::RULE,
    change_stream_postgres::RULE,
    binlog_retention::RULE,
    record_ttl::RULE,
    old_platform_names::RULE,
    built_from_repository::RULE,
    rehearsal_copy::RULE,
    log_drains::RULE,
    server_monitoring::RULE,
    compute_pressure::RULE,
    single_instances::RULE,
    database_standby::RULE,
    database_backups::RULE,
    sticky_sessions::RULE,
    jobs_once::RULE,
    outside_parties::RULE,
    plan_limits::RULE,
    health_check::RULE,
    server_backups::RULE,
    network_overlap::RULE,
    second_factor::RULE,
    static_cloud_keys::RULE,
    trusted_sources::RULE,
    open_ports::RULE,
    certificate_expiry::RULE,
    database_tls::RULE,
    administrator_account::RULE,
    engine_support::RULE,
    server_firewall::RULE,
    operating_system_ended::RULE,
    operating_system_ending::RULE,
    idle_environments::RULE,
];

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
        "database" => "/v2/databases",
        "load_balancer" => "/v2/load_balancers",
        "dns_record" => "/v2/domains",
        "network" => "/v2/vpcs",
        "firewall" => "/v2/firewalls",
        "volume" => "/v2/volumes",
        "address" => "/v2/reserved_ips",
        "certificate" => "/v2/certificates",
        "app" if estate.provider == "heroku" => "/apps",
        "addon" => "/addons",
        _ => return None,
    };
    estate.not_visible.iter().find(|entry| {
        let what = entry.what.split('?').next().unwrap_or_default();
        what == collection || what == kind || what.strip_suffix('s') == Some(kind)
    })
}

/// The lists below the collection of `kind` that could not be read, such as the records of one DNS zone.
pub(crate) fn hidden_in_part(estate: &Estate, kind: &str) -> Vec<Evidence> {
    let zones = "/v2/domains/";
    estate
        .not_visible
        .iter()
        .filter(|entry| kind == "dns_record" && entry.what.starts_with(zones))
        .map(|entry| Evidence {
            result: CheckResult::Unknown,
            resource: None,
            attribute: entry.what.clone(),
            value: format!("could not be read: {}", entry.reason),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_decides_one_check_of_the_catalog() {
        let catalog = Catalog::embedded();
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
        assert!(
            RULES.windows(2).all(|pair| pair[0].id < pair[1].id),
            "ordered, and none twice"
        );
    }
}
