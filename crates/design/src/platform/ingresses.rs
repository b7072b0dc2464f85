//! Load balancers before applications that have host names of their own.

use reberth_model::design::{Ingress, Origin, Workload, WorkloadKind};
use std::collections::BTreeSet;

use super::estate_app::EstateApp;
use crate::{ingress, name};

/// Longest name of a load balancer whose bucket of logs has room for its suffix.
const NAME_LENGTH_MAX: usize = 31;

/// One for each application that host names lead to; its web workload is told.
pub(super) fn list(
    apps: &[&EstateApp<'_>],
    workloads: &mut [Workload],
    project: &str,
) -> Vec<Ingress> {
    let mut taken = BTreeSet::new();
    let mut ingresses = Vec::new();
    for app in apps {
        let is_web = |own: &&mut Workload| {
            own.application == app.key && matches!(own.kind, WorkloadKind::Web(_))
        };
        let Some((workload, own)) = workloads
            .iter_mut()
            .find(is_web)
            .and_then(|workload| Some((workload, of_app(app, project, &mut taken)?)))
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

fn of_app(app: &EstateApp<'_>, project: &str, taken: &mut BTreeSet<String>) -> Option<Ingress> {
    let names: Vec<String> = app
        .domains
        .iter()
        .map(|(resource, _)| resource.name.clone())
        .collect();
    let (domain, alternative_names) = names.split_first()?;
    let key = name::unique_key(&app.resource.name, &app.resource.id, NAME_LENGTH_MAX, taken);
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
