use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Resource};

use super::{Context, Rule, evidence};

/// Flags settings and DNS records that name a host of the platform that is left. Code, servers' files and callers outside are not visible.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-07",
    problem: "Host names of the old platform are written into settings or DNS",
    reads: &["app", "dns_record", "server"],
    check,
};

const OLD_PLATFORM: &[&str] = &[
    "herokuapp.com",
    "herokudns.com",
    "herokussl.com",
    "ondigitalocean.app",
    "ondigitalocean.com",
    "digitaloceanspaces.com",
];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate.resources.iter().filter_map(look).collect()
}

fn look(resource: &Resource) -> Option<Evidence> {
    match &resource.attributes {
        Attributes::App(app) => {
            let Some(config) = &app.config else {
                let value = "the names of its settings are not visible";
                return Some(evidence(resource, CheckResult::Unknown, "config", value));
            };
            let named: Vec<String> = config
                .iter()
                .filter(|var| var.host.as_deref().is_some_and(is_old))
                .map(|var| {
                    format!(
                        "{} -> {}",
                        var.name,
                        var.host.as_deref().unwrap_or_default()
                    )
                })
                .collect();
            Some(match named.is_empty() {
                true => {
                    let value = "none in settings; the code was not read";
                    evidence(resource, CheckResult::Unknown, "config", value)
                }
                false => evidence(resource, CheckResult::Fail, "config", named.join(", ")),
            })
        }
        Attributes::DnsRecord(record) if is_old(&record.data) => {
            let value = format!("{} {}", record.record_type, record.data);
            Some(evidence(resource, CheckResult::Fail, "data", value))
        }
        Attributes::Server(_) => {
            let value = "its files were not read";
            Some(evidence(resource, CheckResult::Unknown, "files", value))
        }
        _ => None,
    }
}

fn is_old(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    OLD_PLATFORM
        .iter()
        .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
}
