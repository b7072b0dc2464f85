use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Firewall, Resource, Server};

use super::{Context, Rule, evidence};

/// Flags servers that no firewall protects, neither by id nor by tag.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-14",
    problem: "Some servers sit behind no firewall",
    reads: &["server", "firewall"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .servers()
        .map(|(resource, server)| {
            let guards = firewalls_of(estate, resource, server);
            let (result, value) = if guards.is_empty() {
                (CheckResult::Fail, "none".to_owned())
            } else {
                (CheckResult::Pass, guards.join(", "))
            };
            evidence(resource, result, "firewalls", value)
        })
        .collect()
}

/// Names of the firewalls that protect a server.
pub(super) fn firewalls_of<'a>(
    estate: &'a Estate,
    resource: &Resource,
    server: &Server,
) -> Vec<&'a str> {
    estate
        .resources
        .iter()
        .filter_map(|candidate| match &candidate.attributes {
            Attributes::Firewall(firewall) if protects(firewall, resource, server) => {
                Some(candidate.name.as_str())
            }
            _ => None,
        })
        .collect()
}

fn protects(firewall: &Firewall, resource: &Resource, server: &Server) -> bool {
    firewall.server_ids.contains(&resource.id)
        || firewall.tags.iter().any(|tag| server.tags.contains(tag))
}
