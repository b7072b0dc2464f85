//! Security groups, who may talk to whom, and encryption keys.
//!
//! Groups refer to groups, never to addresses of servers. What the source let in by address is not copied:
//! servers at the target have no public address, and people reach them through Session Manager.

pub(crate) mod cluster;
mod keys;

pub(crate) use keys::{DataClasses, keys};

use reberth_model::design::{
    Cache, Database, FileForm, FileStore, Ingress, Origin, Peer, SecurityGroup, Service,
    TrafficRule,
};
use reberth_model::estate::{self, Attributes, Estate, Firewall, FirewallRule, Resource};
use std::collections::BTreeMap;

use crate::compute::Role;

const MYSQL_PORT: u16 = 3306;
const POSTGRES_PORT: u16 = 5432;
const CACHE_PORT: u16 = 6379;
const FILES_PORT: u16 = 2049;
const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

/// Firewalls of the source with their rules, in document order.
pub(crate) fn firewalls(estate: &Estate) -> impl Iterator<Item = (&Resource, &Firewall)> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Firewall(firewall) => Some((resource, firewall)),
            _ => None,
        })
}

/// The security groups of every load balancer, service and database, ordered by key.
pub(crate) fn groups(
    estate: &Estate,
    roles: &[Role<'_>],
    services: &[Service],
    databases: &[Database],
    caches: &[Cache],
    ingresses: &[Ingress],
) -> Vec<SecurityGroup> {
    let mut groups: Vec<SecurityGroup> = Vec::new();
    groups.extend(
        ingresses
            .iter()
            .map(|ingress| ingress_group(ingress, services)),
    );
    groups.extend(services.iter().filter_map(|service| {
        let role = roles.iter().find(|role| role.key == service.key)?;
        Some(service_group(estate, role, roles, service, ingresses))
    }));
    groups.extend(
        databases
            .iter()
            .map(|database| store_group(estate, roles, &Store::database(database))),
    );
    let caches = caches.iter().map(Store::cache);
    groups.extend(caches.map(|cache| store_group(estate, roles, &cache)));
    groups.sort_by(|left, right| left.key.cmp(&right.key));
    groups
}

/// The group of a file system that servers share; a disk has none.
pub(crate) fn file_group(store: &FileStore) -> Option<SecurityGroup> {
    let app = crate::compute::security_group_key(&store.service);
    let key = format!("{FILES_PORT}-from-{app}");
    let why = "servers of the service mount it";
    let ingress = rule(&key, FILES_PORT, Peer::Group(app), &store.origin.from, why);
    (store.form == FileForm::Shared).then(|| SecurityGroup {
        key: store.security_group.clone(),
        description: format!("Files {}", store.key),
        ingress: vec![ingress],
        egress: Vec::new(),
        origin: store.origin.clone(),
    })
}

/// What may reach a load balancer: distributions only, where it is private, else everybody.
fn open_to(ingress: &Ingress) -> Vec<TrafficRule> {
    let from = &ingress.origin.from;
    if ingress.is_private {
        let why = "distributions reach it inside the network; AWS counts their list of addresses as 55 rules";
        let key = "https-from-distributions";
        return vec![rule(key, HTTPS_PORT, Peer::Distributions, from, why)];
    }
    let mut open = Vec::new();
    if ingress.redirect_http {
        let why = "answered with a redirect to HTTPS only";
        open.push(rule(
            "http-from-internet",
            HTTP_PORT,
            Peer::Internet,
            from,
            why,
        ));
    }
    let why = "clients use HTTPS";
    open.push(rule(
        "https-from-internet",
        HTTPS_PORT,
        Peer::Internet,
        from,
        why,
    ));
    open
}

fn ingress_group(ingress: &Ingress, services: &[Service]) -> SecurityGroup {
    let service = services
        .iter()
        .find(|service| service.key == ingress.service);
    let egress = service
        .and_then(|service| Some((service, service.target_group.as_ref()?)))
        .map(|(service, target)| {
            rule(
                &format!("{}-to-{}", target.port, service.security_group),
                target.port,
                Peer::Group(service.security_group.clone()),
                &target.origin.from,
                "requests and health checks",
            )
        });
    SecurityGroup {
        key: ingress.security_group.clone(),
        description: format!("Load balancer {}", ingress.key),
        ingress: open_to(ingress),
        egress: egress.into_iter().collect(),
        origin: ingress.origin.clone(),
    }
}

fn service_group(
    estate: &Estate,
    role: &Role<'_>,
    roles: &[Role<'_>],
    service: &Service,
    ingresses: &[Ingress],
) -> SecurityGroup {
    let mut open: BTreeMap<String, TrafficRule> = BTreeMap::new();
    if let Some(target) = &service.target_group {
        let from = behind_balancer(estate, role, &target.origin.from);
        for ingress in ingresses
            .iter()
            .filter(|ingress| ingress.service == service.key)
        {
            let key = format!("{}-from-{}", target.port, ingress.security_group);
            let peer = Peer::Group(ingress.security_group.clone());
            let rule = rule(&key, target.port, peer, &from, "requests and health checks");
            open.insert(key, rule);
        }
    }
    for (resource, firewall) in firewalls(estate).filter(|(_, firewall)| protects(firewall, role)) {
        for inbound in &firewall.inbound {
            for rule in firewall_rules(resource, inbound, role, roles) {
                open.entry(rule.key.clone()).or_insert(rule);
            }
        }
    }
    let out = TrafficRule {
        key: "tcp-to-internet".to_owned(),
        protocol: "tcp".to_owned(),
        port_first: 0,
        port_last: u16::MAX,
        peer: Peer::Internet,
        origin: Origin {
            from: Vec::new(),
            why: "the source lets everything out; narrow it once the flow logs show what is used"
                .to_owned(),
        },
    };
    SecurityGroup {
        key: service.security_group.clone(),
        description: format!("Servers of {}", service.key),
        ingress: open.into_values().collect(),
        egress: vec![out],
        origin: service.origin.clone(),
    }
}

/// The load balancers, and the firewalls of a role that let them in.
fn behind_balancer(estate: &Estate, role: &Role<'_>, balancers: &[String]) -> Vec<String> {
    let lets_in = |firewall: &Firewall| {
        let mut rules = firewall.inbound.iter();
        rules.any(|rule| {
            rule.load_balancer_ids
                .iter()
                .any(|id| balancers.contains(id))
        })
    };
    let mut from = balancers.to_vec();
    from.extend(
        firewalls(estate)
            .filter(|(_, firewall)| protects(firewall, role) && lets_in(firewall))
            .map(|(resource, _)| resource.id.clone()),
    );
    from.sort();
    from
}

fn protects(firewall: &Firewall, role: &Role<'_>) -> bool {
    firewall.server_ids.iter().any(|id| role.has_server(id))
        || firewall.tags.iter().any(|tag| role.has_tag(tag))
}

/// Rules for one inbound rule of the source, one for each role that it lets in.
fn firewall_rules(
    resource: &Resource,
    inbound: &FirewallRule,
    role: &Role<'_>,
    roles: &[Role<'_>],
) -> Vec<TrafficRule> {
    let Some((first, last)) = ports(inbound) else {
        return Vec::new();
    };
    roles
        .iter()
        .filter(|peer| lets_in(&inbound.server_ids, &inbound.tags, peer, &role.environment))
        .map(|peer| {
            let group = crate::compute::security_group_key(&peer.key);
            TrafficRule {
                key: format!("{}-{}-from-{group}", inbound.protocol, inbound.ports),
                protocol: inbound.protocol.clone(),
                port_first: first,
                port_last: last,
                peer: Peer::Group(group),
                origin: Origin {
                    from: vec![resource.id.clone()],
                    why: format!("firewall {} lets it in", resource.name),
                },
            }
        })
        .collect()
}

/// Whether a list of servers and labels lets a role in. A label reaches roles of the same environment only;
/// a server named by its id is meant.
fn lets_in(server_ids: &[String], tags: &[String], role: &Role<'_>, environment: &str) -> bool {
    server_ids.iter().any(|id| role.has_server(id))
        || (role.environment == environment && tags.iter().any(|tag| role.has_tag(tag)))
}

/// First and last port of a rule for TCP or UDP; `None` for what has no ports.
fn ports(rule: &FirewallRule) -> Option<(u16, u16)> {
    if !matches!(rule.protocol.as_str(), "tcp" | "udp") {
        return None;
    }
    match rule.ports.split_once('-') {
        _ if matches!(rule.ports.as_str(), "all" | "0") => Some((0, u16::MAX)),
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
        None => rule.ports.parse().ok().map(|port| (port, port)),
    }
}

/// A database or a cache, as far as traffic is concerned.
struct Store<'a> {
    group: &'a str,
    description: String,
    environment: &'a str,
    port: u16,
    origin: &'a Origin,
}

impl Store<'_> {
    fn database(database: &Database) -> Store<'_> {
        Store {
            group: &database.security_group,
            description: format!("Database {}", database.key),
            environment: &database.environment,
            port: match database.engine.as_str() {
                "postgres" => POSTGRES_PORT,
                _ => MYSQL_PORT,
            },
            origin: &database.origin,
        }
    }

    fn cache(cache: &Cache) -> Store<'_> {
        Store {
            group: &cache.security_group,
            description: format!("Cache {}", cache.key),
            environment: &cache.environment,
            port: CACHE_PORT,
            origin: &cache.origin,
        }
    }
}

fn store_group(estate: &Estate, roles: &[Role<'_>], store: &Store<'_>) -> SecurityGroup {
    let source = estate
        .data_stores()
        .find(|(resource, _)| store.origin.from.contains(&resource.id));
    let from: Vec<String> = source
        .iter()
        .map(|(resource, _)| resource.id.clone())
        .collect();
    let ingress = roles
        .iter()
        .filter_map(|role| {
            let why = may_use(source.map(|(_, source)| source), role, store.environment)?;
            let group = crate::compute::security_group_key(&role.key);
            let key = format!("{}-from-{group}", store.port);
            Some(rule(&key, store.port, Peer::Group(group), &from, why))
        })
        .collect();
    SecurityGroup {
        key: store.group.to_owned(),
        description: store.description.clone(),
        ingress,
        egress: Vec::new(),
        origin: store.origin.clone(),
    }
}

/// Why a role may use a database; `None` when it may not.
fn may_use(
    source: Option<&estate::Database>,
    role: &Role<'_>,
    environment: &str,
) -> Option<&'static str> {
    let trusted = source
        .and_then(|source| source.trusted_sources.as_deref())
        .unwrap_or_default();
    if trusted.is_empty() {
        return (role.environment == environment).then_some(
            "the source does not say who uses it, so every service of its environment may",
        );
    }
    let of = |kind: &str| -> Vec<String> {
        trusted
            .iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.value.clone())
            .collect()
    };
    lets_in(&of("server"), &of("tag"), role, environment)
        .then_some("a trusted source of the cluster")
}

fn rule(key: &str, port: u16, peer: Peer, from: &[String], why: &str) -> TrafficRule {
    TrafficRule {
        key: key.to_owned(),
        protocol: "tcp".to_owned(),
        port_first: port,
        port_last: port,
        peer,
        origin: Origin {
            from: from.to_vec(),
            why: why.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_or_refused() {
        for (protocol, text, expected) in [
            ("tcp", "80", Some((80, 80))),
            ("udp", "8000-9000", Some((8000, 9000))),
            ("tcp", "all", Some((0, u16::MAX))),
            ("tcp", "70000", None),
            ("tcp", "http", None),
            ("icmp", "0", None),
        ] {
            let rule = FirewallRule {
                protocol: protocol.to_owned(),
                ports: text.to_owned(),
                ..FirewallRule::default()
            };
            assert_eq!(ports(&rule), expected, "{protocol} {text}");
        }
    }
}
