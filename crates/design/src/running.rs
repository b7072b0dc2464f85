//! What runs, the network that it runs in, and who may talk to whom.
//!
//! Servers become groups of servers, applications of a platform a cluster. How large the network must be follows from how many of them there may be, and
//! where pods live follows from how large the network is: so a cluster is drafted before the network and finished after it.

use reberth_model::design::{FileStore, Front, Ingress, Network, Platform, SecurityGroup, Service};

use crate::decisions::Decisions;
use crate::error::DesignError;
use crate::name::{Keys, Room};
use crate::platform::Draft;
use crate::stores::Stores;
use crate::{Given, compute, edge, files, ingress, network, platform, security};

/// Everything that runs, with its network.
pub(crate) struct Running {
    pub(crate) services: Vec<Service>,
    pub(crate) files: Vec<FileStore>,
    pub(crate) platform: Option<Platform>,
    pub(crate) network: Network,
    pub(crate) ingresses: Vec<Ingress>,
    pub(crate) front: Front,
    pub(crate) security_groups: Vec<SecurityGroup>,
}

impl Running {
    /// Designs it for these stores.
    pub(crate) fn design(
        given: &Given<'_>,
        stores: &Stores,
        decisions: &mut Decisions<'_>,
    ) -> Result<Running, DesignError> {
        let Given { estate, policy, .. } = given;
        let environment = &policy.target.environment;
        let roles = compute::roles(
            estate,
            environment,
            Room::beside(&policy.project, environment),
            Keys::services(given.previous, estate),
        );
        let services = compute::services(estate, &roles, decisions)?;
        if services.is_empty() && stores.databases.is_empty() && given.apps.is_empty() {
            return Err(DesignError::NothingToMove);
        }
        let mut ingresses = ingress::ingresses(
            estate,
            &roles,
            &services,
            &policy.project,
            Keys::ingresses(given.previous, estate),
        );
        let (network, draft) = network_and_draft(given, stores, &services, decisions)?;
        let files = files::stores(estate, &roles, &services, &network.zones, decisions)?;
        ingresses.extend(draft.iter().flat_map(|draft| draft.ingresses.clone()));
        let platform = draft
            .map(|draft| draft.finish(&network, &stores.buckets, decisions))
            .transpose()?;
        let front = edge::front(&ingresses, decisions)?;
        for ingress in &mut ingresses {
            ingress.is_private = front == Front::Distributions;
        }
        let (databases, caches) = (&stores.databases, &stores.caches);
        let security_groups = match &platform {
            Some(own) => security::cluster::groups(
                &own.node_groups,
                &own.workloads,
                databases,
                caches,
                &ingresses,
            ),
            None => {
                let mut groups =
                    security::groups(estate, &roles, &services, databases, caches, &ingresses);
                groups.extend(files.iter().filter_map(security::file_group));
                groups.sort_by(|left, right| left.key.cmp(&right.key));
                groups
            }
        };
        Ok(Running {
            services,
            files,
            platform,
            network,
            ingresses,
            front,
            security_groups,
        })
    }
}

/// The network, and what it must hold besides servers.
fn network_and_draft<'a>(
    given: &Given<'a>,
    stores: &'a Stores,
    services: &[Service],
    decisions: &mut Decisions<'_>,
) -> Result<(Network, Option<Draft<'a>>), DesignError> {
    let Given {
        estate,
        policy,
        apps,
        previous,
    } = *given;
    let zones = network::zones_in_use(&policy.target.region, previous, decisions)?;
    let mut draft = None;
    if !apps.is_empty() {
        let source = platform::Source {
            estate,
            policy,
            apps,
            databases: &stores.databases,
            caches: &stores.caches,
            previous,
            zones: zones.iter().map(|zone| zone.key.clone()).collect(),
        };
        draft = Some(platform::draft(source, decisions)?);
    }
    let servers_max: u32 = services.iter().map(|service| service.capacity.max).sum();
    let needs = network::Needs {
        servers_max: servers_max + draft.as_ref().map_or(0, Draft::nodes_max),
        zones,
        holds_pods: draft.is_some(),
    };
    let network = network::design(estate, policy, needs, previous, decisions)?;
    Ok((network, draft))
}
