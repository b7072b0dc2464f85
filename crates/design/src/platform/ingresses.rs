//! Load balancers before applications that have host names of their own.

use super::estate_app::EstateApp;
use crate::name::Keys;
use crate::{ingress, name};
use reberth_model::design::{Ingress, Origin, Workload, WorkloadKind};

/// Longest name of a load balancer whose bucket of logs has room for its suffix.
const NAME_LENGTH_MAX: usize = 31;

/// One for each application that host names lead to; its web workload is told.
pub(super) fn list(
    apps: &[&EstateApp<'_>],
    workloads: &mut [Workload],
    project: &str,
    mut keys: Keys,
) -> Vec<Ingress> {
    let mut ingresses = Vec::new();
    // Those that have one come first: another application may have taken over a host name of theirs, but not the load balancer.
    let mut apps = apps.to_vec();
    apps.sort_by_key(|app| !keys.holds(&app.resource.id));
    for app in apps {
        let is_web = |own: &&mut Workload| {
            own.application == app.key && matches!(own.kind, WorkloadKind::Web(_))
        };
        let Some((workload, own)) = workloads
            .iter_mut()
            .find(is_web)
            .and_then(|workload| Some((workload, of_app(app, project, &mut keys)?)))
        else {
            continue;
        };
        if let WorkloadKind::Web(entry) = &mut workload.kind {
            entry.ingress = Some(own.key.clone());
        }
        ingresses.push(Ingress {
            service: workload.key.clone(),
            ..own
        });
    }
    ingresses.sort_by(|left, right| left.key.cmp(&right.key));
    ingresses
}

fn of_app(app: &EstateApp<'_>, project: &str, keys: &mut Keys) -> Option<Ingress> {
    let names: Vec<String> = app
        .domains
        .iter()
        .map(|(resource, _)| resource.name.clone())
        .collect();
    let (domain, alternative_names) = names.split_first()?;
    // A certificate may be another application's too, so the application and its names alone tell whose load balancer it is.
    let names = app.domains.iter().map(|(resource, _)| &resource.id);
    let ids = std::iter::once(&app.resource.id).chain(names);
    let key = keys.give(&app.resource.name, ids, NAME_LENGTH_MAX);
    let certificates = app
        .domains
        .iter()
        .filter_map(|(_, domain)| domain.certificate_id.clone());
    let mut from: Vec<String> = app
        .domains
        .iter()
        .map(|(resource, _)| resource.id.clone())
        .chain(certificates)
        .collect();
    from.sort();
    from.dedup();
    Some(Ingress {
        name: name::shortened(&format!("{project}-{key}"), NAME_LENGTH_MAX),
        service: String::new(),
        domain: domain.clone(),
        alternative_names: alternative_names.to_vec(),
        redirect_http: true,
        is_private: false,
        security_group: ingress::security_group_key(&key),
        origin: Origin {
            from,
            why: format!(
                "takes the place of the platform's router for {}; HTTPS ends here with a certificate for the same names",
                app.resource.name
            ),
        },
        key,
    })
}
