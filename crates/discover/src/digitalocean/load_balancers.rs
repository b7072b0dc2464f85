//! Load balancers and TLS certificates.

use serde::Deserialize;

use reberth_model::estate::{
    Attributes, Certificate, HealthCheck, Listener, LoadBalancer, Resource,
};

use super::collection::Collection;
use super::reader::Reader;
use super::region::Region;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

#[derive(Debug, Deserialize)]
struct Balancer {
    id: String,
    name: Option<String>,
    ip: Option<String>,
    algorithm: Option<String>,
    forwarding_rules: Option<Vec<ForwardingRule>>,
    health_check: Option<Probe>,
    sticky_sessions: Option<StickySessions>,
    region: Option<Region>,
    tag: Option<String>,
    droplet_ids: Option<Vec<u64>>,
    redirect_http_to_https: Option<bool>,
    vpc_uuid: Option<String>,
    #[serde(rename = "type")]
    scope: Option<String>,
    size_unit: Option<u32>,
    enable_proxy_protocol: Option<bool>,
    firewall: Option<Gate>,
    domains: Option<Vec<ServedDomain>>,
    target_load_balancer_ids: Option<Vec<String>>,
}

/// Who may come: `ip:192.0.2.7`, `cidr:192.0.2.0/24`.
#[derive(Debug, Default, Deserialize)]
struct Gate {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct ServedDomain {
    name: Option<String>,
    certificate_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ForwardingRule {
    entry_protocol: String,
    entry_port: u16,
    target_protocol: String,
    target_port: u16,
    certificate_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Probe {
    protocol: Option<String>,
    port: Option<u16>,
    path: Option<String>,
    check_interval_seconds: Option<u32>,
    healthy_threshold: Option<u32>,
    unhealthy_threshold: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct StickySessions {
    #[serde(rename = "type")]
    kind: Option<String>,
    cookie_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct TlsCertificate {
    id: String,
    name: Option<String>,
    not_after: Option<String>,
    dns_names: Option<Vec<String>>,
    state: Option<String>,
    #[serde(rename = "type")]
    issuer: Option<String>,
}

impl Identified for Balancer {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for TlsCertificate {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let balancers =
        Collection::new("/v2/load_balancers", "load_balancers").with_items("load_balancer");
    for balancer in reader.list(balancers).await?.unwrap_or_default() {
        add_balancer(balancer, gathered);
    }
    let certificates =
        Collection::new("/v2/certificates", "certificates").with_items("certificate");
    for certificate in reader.list(certificates).await?.unwrap_or_default() {
        add_certificate(certificate, gathered);
    }
    Ok(())
}

fn add_balancer(mut balancer: Balancer, gathered: &mut Gathered) {
    let listeners: Vec<Listener> = balancer
        .forwarding_rules
        .take()
        .into_iter()
        .flatten()
        .map(listener)
        .collect();
    relate(&balancer, &listeners, gathered);
    let server_ids = server_ids(&balancer);
    let gate = balancer.firewall.unwrap_or_default();
    let domains = balancer.domains.into_iter().flatten();
    let id = balancer.id;
    gathered.add(Resource {
        name: balancer.name.unwrap_or_else(|| id.clone()),
        id,
        region: balancer.region.map(Region::into_slug),
        cost: None,
        attributes: Attributes::LoadBalancer(LoadBalancer {
            address: balancer.ip.filter(|ip| !ip.is_empty()),
            algorithm: balancer.algorithm,
            listeners,
            health_check: balancer.health_check.map(health_check),
            sticky_cookie: balancer.sticky_sessions.and_then(sticky_cookie),
            server_ids,
            server_tag: balancer.tag.filter(|tag| !tag.is_empty()),
            redirect_http_to_https: balancer.redirect_http_to_https.unwrap_or(false),
            network_id: balancer.vpc_uuid.filter(|network| !network.is_empty()),
            scope: balancer.scope.map(|scope| scope.to_ascii_lowercase()),
            nodes: balancer.size_unit,
            proxy_protocol: balancer.enable_proxy_protocol.unwrap_or(false),
            allowed: sorted(gate.allow),
            denied: sorted(gate.deny),
            host_names: sorted(Some(domains.filter_map(|domain| domain.name).collect())),
        }),
    });
}

/// What it stands before, and what it serves.
fn relate(balancer: &Balancer, listeners: &[Listener], gathered: &mut Gathered) {
    let id = &balancer.id;
    let network = balancer.vpc_uuid.clone().unwrap_or_default();
    gathered.refer(id, "in_network", network);
    let balancers = balancer.target_load_balancer_ids.iter().flatten().cloned();
    for behind in server_ids(balancer).into_iter().chain(balancers) {
        gathered.refer(id, "routes_to", behind);
    }
    if let Some(tag) = balancer.tag.as_ref().filter(|tag| !tag.is_empty()) {
        gathered.refer_tagged(id, "routes_to", tag);
    }
    let of_listeners = listeners.iter().map(|listener| &listener.certificate_id);
    let of_domains = balancer.domains.iter().flatten();
    let of_domains = of_domains.map(|domain| &domain.certificate_id);
    for certificate in of_listeners.chain(of_domains).flatten() {
        gathered.refer(id, "serves", certificate.as_str());
    }
}

fn server_ids(balancer: &Balancer) -> Vec<String> {
    let servers = balancer.droplet_ids.iter().flatten();
    sorted(Some(servers.map(u64::to_string).collect()))
}

fn sorted(values: Option<Vec<String>>) -> Vec<String> {
    let mut values = values.unwrap_or_default();
    values.sort();
    values
}

fn listener(rule: ForwardingRule) -> Listener {
    Listener {
        protocol: rule.entry_protocol,
        port: rule.entry_port,
        server_protocol: rule.target_protocol,
        server_port: rule.target_port,
        certificate_id: rule.certificate_id.filter(|id| !id.is_empty()),
    }
}

fn health_check(probe: Probe) -> HealthCheck {
    HealthCheck {
        protocol: probe.protocol.unwrap_or_default(),
        port: probe.port.unwrap_or_default(),
        path: probe.path.filter(|path| !path.is_empty()),
        interval_seconds: probe.check_interval_seconds.unwrap_or_default(),
        healthy_threshold: probe.healthy_threshold.unwrap_or_default(),
        unhealthy_threshold: probe.unhealthy_threshold.unwrap_or_default(),
    }
}

fn sticky_cookie(sessions: StickySessions) -> Option<String> {
    let is_sticky = sessions.kind.as_deref() == Some("cookies");
    sessions.cookie_name.filter(|_| is_sticky)
}

fn add_certificate(certificate: TlsCertificate, gathered: &mut Gathered) {
    let mut dns_names = certificate.dns_names.unwrap_or_default();
    dns_names.sort();
    gathered.add(Resource {
        name: certificate.name.unwrap_or_else(|| certificate.id.clone()),
        id: certificate.id,
        region: None,
        cost: None,
        attributes: Attributes::Certificate(Certificate {
            issuer: certificate.issuer,
            not_after: certificate.not_after,
            dns_names,
            status: certificate.state,
        }),
    });
}
