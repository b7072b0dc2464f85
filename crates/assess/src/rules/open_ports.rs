use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{
    Attributes, Estate, Firewall, FirewallRule, LoadBalancer, Resource, Server,
};

use super::{Context, Rule, evidence, server_firewall};
use crate::network_reach::is_whole_internet;
use crate::server_inside;

/// Flags firewalls, and listeners of load balancers, that let any address reach SSH or a database; and servers behind no firewall on which, as seen from
/// inside, such a program listens for every address.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-07",
    problem: "SSH or a database port is open to the whole internet",
    reads: &["firewall", "load_balancer"],
    check,
};

/// SSH, MySQL, PostgreSQL, Redis, Elasticsearch, the provider's managed databases, MongoDB.
const GUARDED_PORTS: [u16; 7] = [22, 3306, 5432, 6379, 9200, 25060, 27017];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Firewall(firewall) => {
                let open = open_ports(firewall);
                let (result, value) = if open.is_empty() {
                    (
                        CheckResult::Pass,
                        "no guarded port is open to any address".to_owned(),
                    )
                } else {
                    (
                        CheckResult::Fail,
                        format!("open to any address: {}", open.join(", ")),
                    )
                };
                Some(evidence(resource, result, "inbound", value))
            }
            Attributes::LoadBalancer(balancer) => listeners(resource, balancer),
            Attributes::Server(server) => of_server(estate, resource, server),
            _ => None,
        })
        .collect()
}

/// A load balancer has no list of who may come: a guarded port that it listens on, or leads to, is open to all.
fn listeners(resource: &Resource, balancer: &LoadBalancer) -> Option<Evidence> {
    let open: Vec<String> = balancer
        .listeners
        .iter()
        .filter(|listener| {
            [listener.port, listener.server_port]
                .iter()
                .any(|port| GUARDED_PORTS.contains(port))
        })
        .map(|listener| format!("{} to {}", listener.port, listener.server_port))
        .collect();
    (!open.is_empty()).then(|| {
        let value = format!("listens for any address: {}", open.join(", "));
        evidence(resource, CheckResult::Fail, "listeners", value)
    })
}

/// Behind a firewall of the provider its rules decide, and they are looked at by themselves. A firewall of the server's own is not seen.
fn of_server(estate: &Estate, resource: &Resource, server: &Server) -> Option<Evidence> {
    let inside = server.inside.as_ref()?;
    let is_guarded = !server_firewall::firewalls_of(estate, resource, server).is_empty();
    if is_guarded || server.public_ipv4.is_empty() {
        return None;
    }
    let listeners = server_inside::open_listeners(inside);
    let guarded = listeners.filter(|listener| GUARDED_PORTS.contains(&listener.port));
    let mut open: Vec<String> = guarded
        .map(|listener| {
            let program = listener.program.as_deref().unwrap_or("a program");
            format!("{} ({program})", listener.port)
        })
        .collect();
    open.sort();
    open.dedup();
    (!open.is_empty()).then(|| {
        let value = format!(
            "behind no firewall of the provider, listens for every address: {}",
            open.join(", ")
        );
        evidence(resource, CheckResult::Fail, "inside.listeners", value)
    })
}

fn open_ports(firewall: &Firewall) -> Vec<String> {
    GUARDED_PORTS
        .iter()
        .filter(|port| {
            firewall
                .inbound
                .iter()
                .any(|rule| lets_everybody_in(rule, **port))
        })
        .map(u16::to_string)
        .collect()
}

fn lets_everybody_in(rule: &FirewallRule, port: u16) -> bool {
    matches!(rule.protocol.as_str(), "tcp" | "all" | "")
        && covers(&rule.ports, port)
        && rule
            .addresses
            .iter()
            .any(|address| is_whole_internet(address))
}

/// Whether `ports` (`all`, `0`, one port or a range) holds `port`.
fn covers(ports: &str, port: u16) -> bool {
    if matches!(ports, "all" | "0" | "") {
        return true;
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_the_provider_writes_them() {
        for (ports, ssh) in [
            ("22", true),
            ("all", true),
            ("0", true),
            ("1-1024", true),
            ("2222", false),
            ("80-443", false),
            ("ssh", false),
        ] {
            assert_eq!(covers(ports, 22), ssh, "{ports}");
        }
    }
}
