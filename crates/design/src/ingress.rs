//! Load balancers: one application load balancer for each load balancer of the source that leads to a service.

use reberth_model::design::{Ingress, Origin, Service, TargetGroup};
use reberth_model::estate::{Attributes, Estate, LoadBalancer, Resource};

use crate::compute::Role;
use crate::name::{self, Keys};

/// Longest name of a load balancer whose bucket of logs has room for its suffix.
const NAME_LENGTH_MAX: usize = 31;
const HTTP_PORT: u16 = 80;

/// Load balancers of the source with their attributes, in document order.
pub(crate) fn load_balancers(estate: &Estate) -> impl Iterator<Item = (&Resource, &LoadBalancer)> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::LoadBalancer(balancer) => Some((resource, balancer)),
            _ => None,
        })
}

/// Whether a load balancer of the source sends requests to servers of this role.
pub(crate) fn leads_to(balancer: &LoadBalancer, role: &Role<'_>) -> bool {
    balancer.server_ids.iter().any(|id| role.has_server(id))
        || balancer
            .server_tag
            .as_deref()
            .is_some_and(|tag| role.has_tag(tag))
}

/// Designs the target group of a role: where the first load balancer that leads to it sends requests.
pub(crate) fn target_group(estate: &Estate, role: &Role<'_>) -> Option<TargetGroup> {
    let (resource, balancer) =
        load_balancers(estate).find(|(_, balancer)| leads_to(balancer, role))?;
    let listener = web_listener(balancer)?;
    let check = balancer.health_check.clone().unwrap_or_default();
    let within = |value: u32, low: u32, high: u32| value.clamp(low, high);
    Some(TargetGroup {
        port: listener.server_port,
        protocol: if listener.server_protocol == "https" {
            "HTTPS"
        } else {
            "HTTP"
        }
        .to_owned(),
        health_path: check.path.unwrap_or_else(|| "/".to_owned()),
        interval_seconds: within(check.interval_seconds, 5, 300),
        healthy_threshold: within(check.healthy_threshold, 2, 10),
        unhealthy_threshold: within(check.unhealthy_threshold, 2, 10),
        sticky: balancer.sticky_cookie.is_some(),
        origin: Origin {
            from: vec![resource.id.clone()],
            why: format!(
                "port, health check and stickiness of load balancer {}",
                resource.name
            ),
        },
    })
}

/// The listener that serves the application: HTTPS before HTTP.
fn web_listener(balancer: &LoadBalancer) -> Option<&reberth_model::estate::Listener> {
    let of = |protocol: &str| {
        balancer
            .listeners
            .iter()
            .find(|listener| listener.protocol == protocol)
    };
    of("https").or_else(|| of("http2")).or_else(|| of("http"))
}

/// Designs the load balancers. One that leads to no service of this design, or has no certificate name, gives none.
pub(crate) fn ingresses(
    estate: &Estate,
    roles: &[Role<'_>],
    services: &[Service],
    project: &str,
    mut keys: Keys,
) -> Vec<Ingress> {
    let mut ingresses: Vec<Ingress> = load_balancers(estate)
        .filter_map(|(resource, balancer)| {
            let role = roles.iter().find(|role| leads_to(balancer, role))?;
            let service = services
                .iter()
                .find(|service| service.key == role.key && service.target_group.is_some())?;
            let (certificate, names) = certificate_names(estate, balancer)?;
            let (domain, alternative_names) = names.split_first()?;
            let key = keys.give(&resource.name, [&resource.id], NAME_LENGTH_MAX);
            Some(Ingress {
                name: name::shortened(&format!("{project}-{key}"), NAME_LENGTH_MAX),
                service: service.key.clone(),
                domain: domain.clone(),
                alternative_names: alternative_names.to_vec(),
                redirect_http: balancer.redirect_http_to_https
                    || !balancer.listeners.iter().any(|listener| listener.port == HTTP_PORT),
                is_private: false,
                security_group: security_group_key(&key),
                origin: Origin {
                    from: sorted([resource.id.clone(), certificate]),
                    why: format!(
                        "replaces load balancer {}; HTTPS ends here with a certificate for the same names",
                        resource.name
                    ),
                },
                key,
            })
        })
        .collect();
    ingresses.sort_by(|left, right| left.key.cmp(&right.key));
    ingresses
}

/// Key of a load balancer's security group.
pub(crate) fn security_group_key(ingress: &str) -> String {
    format!("alb-{ingress}")
}

/// Id and names of the certificate that the load balancer shows, the plain name before its wildcards.
fn certificate_names(estate: &Estate, balancer: &LoadBalancer) -> Option<(String, Vec<String>)> {
    let id = balancer
        .listeners
        .iter()
        .find_map(|listener| listener.certificate_id.as_deref())?;
    let resource = estate
        .of_kind("certificate")
        .find(|resource| resource.id == id)?;
    let Attributes::Certificate(certificate) = &resource.attributes else {
        return None;
    };
    let mut names = certificate.dns_names.clone();
    names.sort_by_key(|name| (name.starts_with('*'), name.clone()));
    names.dedup();
    Some((id.to_owned(), names))
}

fn sorted<const N: usize>(mut ids: [String; N]) -> Vec<String> {
    ids.sort();
    ids.to_vec()
}
