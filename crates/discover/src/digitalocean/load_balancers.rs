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

fn add_balancer(balancer: Balancer, gathered: &mut Gathered) {
    let id = balancer.id;
    let network_id = balancer.vpc_uuid.filter(|network| !network.is_empty());
    let server_tag = balancer.tag.filter(|tag| !tag.is_empty());
    let mut server_ids: Vec<String> = balancer
        .droplet_ids
        .into_iter()
        .flatten()
        .map(|server| server.to_string())
        .collect();
    server_ids.sort();
    gathered.refer(&id, "in_network", network_id.clone().unwrap_or_default());
    for server in &server_ids {
        gathered.refer(&id, "routes_to", server.as_str());
    }
    if let Some(tag) = &server_tag {
        gathered.refer_tagged(&id, "routes_to", tag);
    }
    let listeners: Vec<Listener> = balancer
        .forwarding_rules
        .into_iter()
        .flatten()
        .map(listener)
        .collect();
    for certificate in listeners
        .iter()
        .filter_map(|listener| listener.certificate_id.as_ref())
    {
        gathered.refer(&id, "serves", certificate.as_str());
    }
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
            server_tag,
            redirect_http_to_https: balancer.redirect_http_to_https.unwrap_or(false),
            network_id,
        }),
    });
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
