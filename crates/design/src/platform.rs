//! The platform: applications in containers on one cluster, from what ran on a platform at the source.

mod addon_fates;
mod applications;
mod cluster;
mod components;
mod estate_app;
mod ingresses;
mod node_groups;
mod pod_network;
mod previews;
mod process_size;
mod reserved_namespaces;
mod resources;
mod scaling;
mod schedule;
mod settings;
mod workloads;

use reberth_model::design::{
    Cache, Database, Design, Ingress, Network, Platform, PodAddressing, Scaling, Workload,
};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;
use std::collections::BTreeSet;

pub(crate) use cluster::ENCRYPTION_KEY;
pub(crate) use estate_app::{EstateApp, apps, owner};
pub(crate) use node_groups::security_group_key as node_security_group;
pub(crate) use reserved_namespaces::is_reserved;
pub(crate) use workloads::is_scheduled;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name::Keys;
use components::{SystemPods, Wanted};
use node_groups::{GroupSize, NodeChoices};
use settings::Stores;

const SECONDARY_IPS: &str = "secondary_ips";
const PREFIXES: &str = "prefixes";
/// Settings by which a program is known to speak to Datadog.
const DATADOG_SETTING: &str = "DD_API_KEY";

/// What is needed to design a platform.
pub(crate) struct Source<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) policy: &'a Policy,
    pub(crate) apps: &'a [EstateApp<'a>],
    pub(crate) databases: &'a [Database],
    pub(crate) caches: &'a [Cache],
    pub(crate) previous: Option<&'a Design>,
    /// Slots of the zones in use.
    pub(crate) zones: Vec<String>,
}

/// A platform before its network is known.
pub(crate) struct Draft<'a> {
    source: Source<'a>,
    /// Everything that runs, ordered by key.
    pub(crate) workloads: Vec<Workload>,
    /// The load balancers, ordered by key.
    pub(crate) ingresses: Vec<Ingress>,
    stores: Stores,
    charts: Vec<reberth_model::design::ClusterChart>,
    addons: Vec<reberth_model::design::ClusterAddon>,
    version: (reberth_model::design::Choice, Option<String>),
    system_pods: Vec<SystemPods>,
    previews: Option<reberth_model::design::Previews>,
    choices: NodeChoices,
    addressing: PodAddressing,
    sizes: Vec<(GroupSize, reberth_model::design::Choice)>,
}

impl Draft<'_> {
    /// The most nodes that all groups may have.
    pub(crate) fn nodes_max(&self) -> u32 {
        let zones = self.source.zones.len();
        self.sizes.iter().map(|(own, _)| own.nodes_max(zones)).sum()
    }
}

/// Drafts a platform: what runs, and how many nodes it needs.
pub(crate) fn draft<'a>(
    source: Source<'a>,
    decisions: &mut Decisions<'_>,
) -> Result<Draft<'a>, DesignError> {
    let environment = &source.policy.target.environment;
    let stores = stores(&source);
    let moved = moved(source.apps);
    let mut workloads = all_workloads(&moved, environment, &stores, decisions)?;
    let ingresses = ingresses::list(
        &moved,
        &mut workloads,
        &source.policy.project,
        Keys::ingresses(source.previous, source.estate),
    );
    let version = cluster::version(decisions)?;
    let addons = components::addons(&version.0.value, decisions)?;
    let charts = components::charts(&wanted(&moved, &workloads), decisions)?;
    let keys = node_groups::keys(&workloads, environment);
    let mut draft = Draft {
        previews: previews::design(source.estate, source.apps, &keys, environment, decisions)?,
        system_pods: components::system_pods(&charts),
        choices: node_groups::choices(&keys, environment, decisions)?,
        source,
        workloads,
        ingresses,
        stores,
        charts,
        addons,
        version,
        addressing: PodAddressing::SecondaryIps,
        sizes: Vec::new(),
    };
    let sizes = draft.sized(&keys, PodAddressing::SecondaryIps, false)?;
    draft.addressing = addressing(&sizes, decisions)?;
    let sizes = match draft.addressing {
        PodAddressing::SecondaryIps => sizes,
        addressing @ PodAddressing::Prefixes => draft.sized(&keys, addressing, false)?,
    };
    draft.sizes = draft.with_types(sizes, decisions)?;
    Ok(draft)
}

/// Applications that are moved, ordered by key.
fn moved<'a>(apps: &'a [EstateApp<'a>]) -> Vec<&'a EstateApp<'a>> {
    apps.iter().filter(|app| !app.is_preview()).collect()
}

fn stores(source: &Source<'_>) -> Stores {
    let addon_of = |from: &[String]| {
        let mut ids = from.iter();
        ids.find_map(|id| owner(source.estate, source.apps, id))
            .map(|own| own.addon.0.id.clone())
    };
    Stores {
        databases: source
            .databases
            .iter()
            .filter_map(|own| Some((addon_of(&own.origin.from)?, own.key.clone())))
            .collect(),
        caches: source
            .caches
            .iter()
            .filter_map(|own| Some((addon_of(&own.origin.from)?, own.key.clone())))
            .collect(),
    }
}

fn all_workloads(
    apps: &[&EstateApp<'_>],
    environment: &str,
    stores: &Stores,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Workload>, DesignError> {
    let shared = workloads::Shared {
        environment,
        stores,
    };
    let mut keys = BTreeSet::new();
    let mut all = Vec::new();
    for app in apps {
        all.extend(workloads::of(app, &shared, &mut keys, decisions)?);
    }
    all.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(all)
}

fn wanted(apps: &[&EstateApp<'_>], workloads: &[Workload]) -> Wanted {
    let speaks_datadog = |app: &&EstateApp<'_>| {
        let mut settings = app.app.config.iter().flatten();
        settings.any(|setting| setting.name == DATADOG_SETTING)
    };
    Wanted {
        has_queues: workloads
            .iter()
            .any(|own| matches!(own.scaling, Scaling::Queue(_))),
        uses_datadog: apps.iter().any(speaks_datadog),
    }
}

/// One address for each pod, unless that is what nodes run out of first.
fn addressing(
    sizes: &[GroupSize],
    decisions: &mut Decisions<'_>,
) -> Result<PodAddressing, DesignError> {
    let is_bound = sizes.iter().any(GroupSize::is_bound_by_pods);
    let (value, alternative, why) = if is_bound {
        let why = "nodes run out of addresses before processors and memory: in blocks of sixteen they have enough";
        (PREFIXES, SECONDARY_IPS, why)
    } else {
        let why = "processors and memory decide how many nodes there are: more addresses would only take memory for the kubelet";
        (SECONDARY_IPS, PREFIXES, why)
    };
    let choice = decisions.decide(&Question {
        id: "pods.addressing",
        value,
        alternative,
        why,
        may_be: Values::OneOf(&[SECONDARY_IPS, PREFIXES]),
    })?;
    Ok(match choice.value.as_str() {
        PREFIXES => PodAddressing::Prefixes,
        _ => PodAddressing::SecondaryIps,
    })
}

impl<'a> Draft<'a> {
    fn shared(&self, addressing: PodAddressing, own_subnets: bool) -> node_groups::Shared<'_> {
        node_groups::Shared {
            region: &self.source.policy.target.region,
            environment: &self.source.policy.target.environment,
            zones: &self.source.zones,
            addressing,
            own_subnets,
            system_pods: &self.system_pods,
            previews: self.previews.as_ref(),
        }
    }

    fn sized(
        &self,
        keys: &[String],
        addressing: PodAddressing,
        own_subnets: bool,
    ) -> Result<Vec<GroupSize>, DesignError> {
        let shared = self.shared(addressing, own_subnets);
        keys.iter()
            .map(|key| node_groups::size(key, &self.workloads, &shared, &self.choices, None))
            .collect()
    }

    /// The sizes with the types that were decided.
    fn with_types(
        &self,
        sizes: Vec<GroupSize>,
        decisions: &mut Decisions<'_>,
    ) -> Result<Vec<(GroupSize, reberth_model::design::Choice)>, DesignError> {
        let shared = self.shared(self.addressing, false);
        sizes
            .into_iter()
            .map(|own| {
                let choice = node_groups::decide_type(&own, decisions)?;
                if choice.value == own.node_type().name {
                    return Ok((own, choice));
                }
                let other = node_groups::size(
                    own.key(),
                    &self.workloads,
                    &shared,
                    &self.choices,
                    Some(&choice.value),
                )?;
                Ok((other, choice))
            })
            .collect()
    }

    /// The same types on nodes whose pods have subnets of their own: there is one interface less for them.
    fn with_own_subnets(
        &self,
    ) -> Result<Vec<(GroupSize, reberth_model::design::Choice)>, DesignError> {
        let shared = self.shared(self.addressing, true);
        self.sizes
            .iter()
            .map(|(own, choice)| {
                let again = node_groups::size(
                    own.key(),
                    &self.workloads,
                    &shared,
                    &self.choices,
                    Some(&choice.value),
                )?;
                Ok((again, choice.clone()))
            })
            .collect()
    }

    fn addresses_needed(&self) -> u64 {
        let zones = self.source.zones.len();
        let nodes: Vec<_> = self
            .sizes
            .iter()
            .map(|(own, _)| {
                (
                    own.node_type().clone(),
                    own.nodes_max(zones),
                    own.pods_max(),
                )
            })
            .collect();
        pod_network::needed_per_zone(&nodes, self.addressing, zones)
    }

    /// The whole platform, in a network. What becomes of added services is told by [`addon_fates()`] once the design is whole.
    pub(crate) fn finish(
        mut self,
        network: &Network,
        buckets: &[reberth_model::design::Bucket],
        decisions: &mut Decisions<'_>,
    ) -> Result<Platform, DesignError> {
        let previous = self.source.previous;
        let own_block =
            pod_network::has_own_block(self.addresses_needed(), network, previous, decisions)?;
        if own_block {
            self.sizes = self.with_own_subnets()?;
        }
        let pod_network = pod_network::design(
            self.addressing,
            self.addresses_needed(),
            own_block,
            network,
            previous,
        )?;
        let moved = moved(self.source.apps);
        let cluster = cluster::design(
            self.source.policy,
            self.version.clone(),
            network,
            &moved,
            previous,
            decisions,
        )?;
        let shared = self.shared(self.addressing, own_block);
        let (node_groups, placements) = self
            .sizes
            .iter()
            .cloned()
            .map(|(own, choice)| node_groups::group(own, choice, &shared, &self.choices))
            .unzip();
        let (applications, repositories) = applications::list(
            &moved,
            self.source.estate,
            &self.stores,
            &self.source.policy.project,
            Keys::repositories(self.source.previous, self.source.estate),
        );
        Ok(Platform {
            identities: applications::identities(
                &applications,
                buckets,
                &self.addons,
                &self.charts,
            ),
            cluster,
            node_groups,
            pod_network,
            cluster_addons: self.addons,
            charts: self.charts,
            repositories,
            applications,
            workloads: self.workloads,
            previews: self.previews,
            placements,
            addon_fates: Vec::new(),
        })
    }
}

/// What becomes of every added service, as the whole design answers it.
pub(crate) fn addon_fates(
    estate: &Estate,
    design: &Design,
) -> Vec<reberth_model::design::AddonFate> {
    addon_fates::list(estate, design)
}
