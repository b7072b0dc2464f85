//! What the design leaves where it is. Every resource of the estate is either named by an item of the design or listed here.

use reberth_model::design::{Design, NotCarried, Platform, WorkloadKind};
use reberth_model::estate::{Attributes, Estate, Resource};
use std::collections::{BTreeMap, BTreeSet};

use crate::{database, edge, ingress, platform, security};

/// Everything of the estate that no item of the design comes from, and the parts of carried resources that
/// were dropped on purpose; ordered.
pub(crate) fn list(estate: &Estate, design: &Design) -> Vec<NotCarried> {
    let carried = carried_ids(design);
    let previews = Previewed::of(estate);
    let mut list: Vec<NotCarried> = estate
        .resources
        .iter()
        .filter(|resource| !carried.contains(resource.id.as_str()))
        .map(|resource| {
            entry(
                resource,
                previews.why(resource).unwrap_or_else(|| why(resource)),
            )
        })
        .collect();
    if let Some(platform) = &design.platform {
        list.extend(platform_hosts(estate, platform));
        list.extend(unlisted_records(estate, design));
    }
    list.extend(open_addresses(estate));
    list.extend(trusted_addresses(estate));
    list.extend(other_environments(estate));
    list.extend(extra_listeners(estate));
    list.extend(private_addresses(estate, design));
    list.sort();
    list.dedup();
    list
}

/// Applications made for one change under review, with all that belongs to them.
struct Previewed<'a> {
    apps: BTreeSet<&'a str>,
    edges: BTreeMap<&'a str, &'a str>,
}

impl<'a> Previewed<'a> {
    fn of(estate: &'a Estate) -> Previewed<'a> {
        let apps = estate.apps().filter(|(_, app)| app.is_review_app);
        let edges = estate
            .edges
            .iter()
            .filter(|edge| edge.relation == "belongs_to");
        Previewed {
            apps: apps.map(|(resource, _)| resource.id.as_str()).collect(),
            edges: edges
                .map(|edge| (edge.from.as_str(), edge.to.as_str()))
                .collect(),
        }
    }

    /// Why a resource is not carried, if that is because its application goes with a change: a store belongs to a service, which belongs to it.
    fn why(&self, resource: &Resource) -> Option<String> {
        let mut id = resource.id.as_str();
        for _ in 0..3 {
            if self.apps.contains(id) {
                return Some(
                    "made for one change under review, and goes with it: the build machine makes new ones".to_owned(),
                );
            }
            id = self.edges.get(id)?;
        }
        None
    }
}

/// Host names that the platform gave applications, by which others may call them.
fn platform_hosts(estate: &Estate, platform: &Platform) -> Vec<NotCarried> {
    let mut list = Vec::new();
    for workload in &platform.workloads {
        let WorkloadKind::Web(web) = &workload.kind else {
            continue;
        };
        let app = platform.application(&workload.application).and_then(|own| {
            estate
                .apps()
                .find(|(resource, _)| own.origin.from.contains(&resource.id))
        });
        if let (Some(host), Some((resource, _))) = (&web.source_host, app) {
            let instead = match &web.ingress {
                Some(key) => format!("callers use the names of load balancer {key}"),
                None => format!(
                    "it has no other name, so it is reached inside the cluster only, as {}.{}; whoever calls it from outside must be told a new name",
                    workload.name, workload.application
                ),
            };
            list.push(entry(
                resource,
                format!("host name {host}: it stays with the platform; {instead}"),
            ));
        }
    }
    list
}

/// What a zone of which only the platform's names are known still lacks.
fn unlisted_records(estate: &Estate, design: &Design) -> Vec<NotCarried> {
    let zones = &design.edge.zones;
    let apexes: Vec<&Resource> = edge::apex_names(estate, zones).collect();
    let served = |resource: &&Resource| matches!(&resource.attributes, Attributes::Domain(domain) if domain.target.is_some());
    let mut list = Vec::new();
    for zone in zones {
        let first = estate
            .resources
            .iter()
            .filter(served)
            .find(|resource| zone.origin.from.contains(&resource.id));
        if let Some(resource) = first {
            let why = format!(
                "other records of {} (mail, proofs of ownership): the platform does not know them. Add them to its hosted zone from the present DNS host, or set the switched names there instead",
                zone.name
            );
            list.push(entry(resource, why));
        }
    }
    list.extend(apexes.into_iter().map(|resource| {
        let why = "the answer of today of a zone's own name: an alias of another host has no equal in a hosted zone, so switch it by hand".to_owned();
        entry(resource, why)
    }));
    list
}

fn entry(resource: &Resource, why: String) -> NotCarried {
    NotCarried {
        kind: resource.attributes.kind().to_owned(),
        id: resource.id.clone(),
        name: resource.name.clone(),
        why,
    }
}

/// Ids of all resources that an item of the design comes from.
fn carried_ids(design: &Design) -> BTreeSet<&str> {
    let services = design.services.iter().flat_map(|service| {
        let target = service
            .target_group
            .iter()
            .flat_map(|target| &target.origin.from);
        service.origin.from.iter().chain(target)
    });
    let rules = design.security_groups.iter().flat_map(|group| {
        let rules = group.ingress.iter().chain(&group.egress);
        rules.flat_map(|rule| &rule.origin.from)
    });
    services
        .chain(rules)
        .chain(design.platform.iter().flat_map(platform_ids))
        .chain(&design.network.origin.from)
        .chain(
            design
                .databases
                .iter()
                .flat_map(|database| &database.origin.from),
        )
        .chain(design.caches.iter().flat_map(|cache| &cache.origin.from))
        .chain(design.buckets.iter().flat_map(|bucket| &bucket.origin.from))
        .chain(design.files.iter().flat_map(|store| &store.origin.from))
        .chain(edge_ids(design))
        .chain(
            design
                .ingresses
                .iter()
                .flat_map(|ingress| &ingress.origin.from),
        )
        .map(String::as_str)
        .collect()
}

/// Ids of what a platform comes from. Added services are listed there, each with what becomes of it.
fn platform_ids(platform: &Platform) -> impl Iterator<Item = &String> {
    let applications = platform
        .applications
        .iter()
        .flat_map(|own| &own.origin.from);
    let workloads = platform.workloads.iter().flat_map(|own| &own.origin.from);
    let repositories = platform
        .repositories
        .iter()
        .flat_map(|own| &own.origin.from);
    let fates = platform.addon_fates.iter().map(|fate| &fate.id);
    applications
        .chain(workloads)
        .chain(repositories)
        .chain(fates)
}

fn edge_ids(design: &Design) -> impl Iterator<Item = &String> {
    let distributions = design.edge.distributions.iter();
    let zones = design.edge.zones.iter();
    let records = zones.clone().flat_map(|zone| {
        let switched = zone.switched.iter().map(|name| &name.source);
        zone.records.iter().chain(switched)
    });
    distributions
        .flat_map(|distribution| &distribution.origin.from)
        .chain(zones.flat_map(|zone| &zone.origin.from))
        .chain(records.flat_map(|set| &set.origin.from))
}

fn why(resource: &Resource) -> String {
    match &resource.attributes {
        Attributes::Database(source) => database::version(source)
            .err()
            .unwrap_or_else(|| "its cluster is not part of this design".to_owned()),
        Attributes::DatabaseReplica(_) => "the cluster it copies is not part of this design".to_owned(),
        Attributes::LoadBalancer(_) => {
            "it has no certificate, or leads to no server of this estate: decide its names by hand".to_owned()
        }
        Attributes::Domain(_) => "it has no record that could be carried".to_owned(),
        Attributes::DnsRecord(record) if record.data.trim_end_matches('.').ends_with(edge::zones::PROOFS) => {
            "it proves a certificate to AWS, and the zone holds the proofs of this design's by themselves; bring it along if another account uses it".to_owned()
        }
        Attributes::DnsRecord(_) => {
            "made by the zone's new host itself, or of a type or zone that is not carried".to_owned()
        }
        Attributes::Volume(volume) if !volume.server_ids.is_empty() => format!(
            "attached to {}; the policy leaves it, or its server is not part of this design: move its files yourself if they are wanted",
            volume.server_ids.join(", ")
        ),
        Attributes::Volume(_) => {
            "attached to nothing: export it if its content is wanted".to_owned()
        }
        Attributes::Bucket(_) => "its bucket is not part of this design".to_owned(),
        Attributes::Cdn(_) => "it has no name of its own, or its bucket was not found: its users know only the provider's name for it".to_owned(),
        Attributes::Address(_) => {
            "addresses stay with the provider: whoever allows it by address must be told the new ones".to_owned()
        }
        Attributes::Snapshot(_) => "snapshots stay with the provider: export what the law or the owner wants kept".to_owned(),
        Attributes::Certificate(_) => "a new certificate is issued at the target".to_owned(),
        Attributes::Firewall(_) => "none of its rules lets in a service of this design".to_owned(),
        Attributes::Server(_) | Attributes::Network(_) => "no item of this design comes from it".to_owned(),
        Attributes::Cache(_) => "its cache is not part of this design".to_owned(),
        Attributes::App(_) | Attributes::Process(_) => "no item of this design comes from it".to_owned(),
        Attributes::Job(job) if platform::is_scheduled(job) => "its application is not part of this design".to_owned(),
        Attributes::Job(job) => match &job.schedule {
            Some(schedule) => format!(
                "its time {schedule:?} is not understood: write it as the five fields of cron in the list of scheduled jobs"
            ),
            None => "it ran when the source was read, started by a person or a program: nothing says when it runs again".to_owned(),
        },
        Attributes::LogDrain(drain) => match &drain.addon_id {
            Some(_) => "it belongs to a service whose place the cluster's log shipper takes".to_owned(),
            None => "lines go to CloudWatch Logs: if whoever receives them here still needs them, add it to the log shipper".to_owned(),
        },
        Attributes::Addon(_) | Attributes::Pipeline(_) => {
            "it belongs to the platform: decide what takes its place".to_owned()
        }
        Attributes::Codebase(_) => "code is delivered by the release, not by this design".to_owned(),
        Attributes::Member(_) => "people come in through the identity centre".to_owned(),
        Attributes::Other(other) => format!("no counterpart of a source's {} is part of this design", other.word.replace('_', " ")),
    }
}

/// Firewall rules that let in by address.
fn open_addresses(estate: &Estate) -> Vec<NotCarried> {
    let mut list = Vec::new();
    for (resource, firewall) in security::firewalls(estate) {
        for rule in firewall
            .inbound
            .iter()
            .filter(|rule| !rule.addresses.is_empty())
        {
            let instead = if rule.ports == "22" {
                "people reach servers through Session Manager, with no open port"
            } else {
                "servers have no public address; put a load balancer before the service that needs one"
            };
            let what = format!(
                "{} {} from {}",
                rule.protocol,
                rule.ports,
                rule.addresses.join(", ")
            );
            list.push(entry(resource, format!("rule {what}: {instead}")));
        }
    }
    list
}

/// Trusted sources of databases that are no server of the estate.
fn trusted_addresses(estate: &Estate) -> Vec<NotCarried> {
    let mut list = Vec::new();
    for (resource, source) in estate.data_stores() {
        for trusted in source.trusted_sources.iter().flatten() {
            if !matches!(trusted.kind.as_str(), "server" | "tag") {
                let what = format!("trusted source {} {}", trusted.kind, trusted.value);
                list.push(entry(resource, format!("{what}: databases have no public address; bring it through a peering or VPN")));
            }
        }
    }
    list
}

/// Databases that a server of another environment reaches by its label.
fn other_environments(estate: &Estate) -> Vec<NotCarried> {
    let mut list = Vec::new();
    for (resource, source) in estate.data_stores() {
        let Some(own) = environment(&source.tags) else {
            continue;
        };
        let tags: Vec<&str> = source
            .trusted_sources
            .iter()
            .flatten()
            .filter(|trusted| trusted.kind == "tag")
            .map(|trusted| trusted.value.as_str())
            .collect();
        for (server, attributes) in estate.servers() {
            let is_other = environment(&attributes.tags).is_some_and(|other| other != own);
            if is_other
                && attributes
                    .tags
                    .iter()
                    .any(|tag| tags.contains(&tag.as_str()))
            {
                let why = format!(
                    "access of server {} by label: it belongs to another environment than the database",
                    server.name
                );
                list.push(entry(resource, why));
            }
        }
    }
    list
}

/// Addresses of servers that other services reach, where no load balancer gives the service a name.
fn private_addresses(estate: &Estate, design: &Design) -> Vec<NotCarried> {
    let is_called = |group: &str| {
        let mut groups = design.security_groups.iter();
        groups.any(|own| own.key == group && !own.ingress.is_empty())
    };
    let called = design
        .services
        .iter()
        .filter(|service| service.target_group.is_none() && is_called(&service.security_group));
    let ids: BTreeSet<&String> = called.flat_map(|service| &service.origin.from).collect();
    estate
        .servers()
        .filter(|(resource, _)| ids.contains(&resource.id))
        .map(|(resource, _)| {
            let why = "its private address, by which other services reach it: servers that replace themselves need a name or an internal \
                       load balancer before them";
            entry(resource, why.to_owned())
        })
        .collect()
}

/// Listeners of load balancers other than those for the web.
fn extra_listeners(estate: &Estate) -> Vec<NotCarried> {
    let mut list = Vec::new();
    for (resource, balancer) in ingress::load_balancers(estate) {
        for listener in &balancer.listeners {
            if !matches!(listener.port, 80 | 443) {
                let why = format!(
                    "listener {} {}: only 80 and 443 are carried",
                    listener.protocol, listener.port
                );
                list.push(entry(resource, why));
            }
        }
    }
    list
}

fn environment(tags: &[String]) -> Option<&str> {
    tags.iter().find_map(|tag| tag.strip_prefix("env:"))
}
