//! Everything gathered so far, and how it becomes an [`Estate`].
//!
//! A resource that names another does so by a reference. References are resolved at the end: to an edge when the
//! other was found, to an entry of `unmapped` when it was not, so that nothing that was seen is dropped.

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::document::SCHEMA;
use reberth_model::estate::{Attributes, Edge, Estate, Resource, Unmapped};

use crate::notes::Notes;

/// A relation as one side tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    from: String,
    relation: &'static str,
    to: To,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Id(String),
    /// Something that may be gone, or is noted as missing elsewhere.
    IdIfKnown(String),
    /// Every server with this tag.
    ServersTagged(String),
    /// Whatever has this address or host name, if it is part of the account.
    Host(String),
}

/// What was read of the account.
#[derive(Default)]
pub(crate) struct Gathered {
    resources: Vec<Resource>,
    references: BTreeSet<Reference>,
    /// Things named elsewhere, as (where, kind and id).
    mentions: BTreeSet<(String, String)>,
}

impl Gathered {
    pub(crate) fn add(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// Tells that `from` has `relation` to the resource `to`; an empty `to` says that there is none.
    pub(crate) fn refer(&mut self, from: &str, relation: &'static str, to: impl Into<String>) {
        self.relate(from, relation, To::Id(to.into()));
    }

    /// The same, where it is no news that `from` or `to` is not in the account.
    pub(crate) fn refer_known(&mut self, from: &str, relation: &'static str, to: &str) {
        self.relate(from, relation, To::IdIfKnown(to.to_owned()));
    }

    /// Tells that `from` has `relation` to every server with `tag`.
    pub(crate) fn refer_tagged(&mut self, from: &str, relation: &'static str, tag: &str) {
        self.relate(from, relation, To::ServersTagged(tag.to_owned()));
    }

    /// Tells that `from` has `relation` to whatever answers at `host`, inside the account or elsewhere.
    pub(crate) fn refer_host(&mut self, from: &str, relation: &'static str, host: &str) {
        self.relate(
            from,
            relation,
            To::Host(host.trim_end_matches('.').to_owned()),
        );
    }

    fn relate(&mut self, from: &str, relation: &'static str, to: To) {
        if to != To::Id(String::new()) {
            let from = from.to_owned();
            self.references.insert(Reference { from, relation, to });
        }
    }

    /// Notes that a list at `path` names `urn`, for example `do:droplet:17`.
    pub(crate) fn mention(&mut self, path: &str, urn: &str) {
        self.mentions.insert((path.to_owned(), urn.to_owned()));
    }

    /// Everything added so far.
    pub(crate) fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Which resources answer at each address or host name.
    pub(crate) fn hosts(&self) -> BTreeMap<String, Vec<String>> {
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (host, id) in self.answering() {
            hosts
                .entry(host.to_owned())
                .or_default()
                .push(id.to_owned());
        }
        hosts
    }

    /// Takes over what was gathered elsewhere.
    pub(crate) fn absorb(&mut self, other: Gathered) {
        self.resources.extend(other.resources);
        self.references.extend(other.references);
        self.mentions.extend(other.mentions);
    }

    pub(crate) fn into_estate(
        mut self,
        provider: &str,
        account: Option<String>,
        notes: Notes,
    ) -> Estate {
        self.resources
            .sort_by(|a, b| (a.attributes.kind(), &a.id).cmp(&(b.attributes.kind(), &b.id)));
        self.resources
            .dedup_by(|a, b| a.attributes.kind() == b.attributes.kind() && a.id == b.id);
        let mut unmapped = notes.unmapped;
        let edges = self.resolve(&mut unmapped);
        let mut counts = BTreeMap::new();
        for resource in &self.resources {
            *counts
                .entry(resource.attributes.kind().to_owned())
                .or_default() += 1;
        }
        Estate {
            schema: SCHEMA,
            provider: provider.to_owned(),
            account,
            counts,
            resources: self.resources,
            edges: edges.into_iter().collect(),
            not_visible: notes.not_visible.into_iter().collect(),
            unmapped: unmapped.into_iter().collect(),
        }
    }

    fn resolve(&self, unmapped: &mut BTreeSet<Unmapped>) -> BTreeSet<Edge> {
        let ids: BTreeSet<&str> = self
            .resources
            .iter()
            .map(|resource| resource.id.as_str())
            .collect();
        let (tagged, hosts) = (self.servers_by_tag(), self.ids_by_host());
        let mut edges = BTreeSet::new();
        for reference in &self.references {
            let targets = match &reference.to {
                _ if !ids.contains(reference.from.as_str()) => Vec::new(),
                To::IdIfKnown(id) => ids.get(id.as_str()).copied().into_iter().collect(),
                To::Id(id) if ids.contains(id.as_str()) => vec![id.as_str()],
                To::Id(id) => {
                    let what = format!("named as `{}` by others", reference.relation);
                    unmapped.insert(Unmapped {
                        what,
                        id: id.clone(),
                    });
                    Vec::new()
                }
                To::ServersTagged(tag) => tagged.get(tag.as_str()).cloned().unwrap_or_default(),
                To::Host(host) => hosts.get(host.as_str()).copied().into_iter().collect(),
            };
            edges.extend(targets.into_iter().map(|to| Edge {
                from: reference.from.clone(),
                relation: reference.relation.to_owned(),
                to: to.to_owned(),
            }));
        }
        for (path, urn) in &self.mentions {
            if !ids.contains(urn_id(urn)) {
                let (what, id) = (path.clone(), urn.clone());
                unmapped.insert(Unmapped { what, id });
            }
        }
        edges
    }

    fn servers_by_tag(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut tagged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for resource in &self.resources {
            if let Attributes::Server(server) = &resource.attributes {
                for tag in &server.tags {
                    tagged.entry(tag).or_default().push(&resource.id);
                }
            }
        }
        tagged
    }

    fn ids_by_host(&self) -> BTreeMap<&str, &str> {
        self.answering().into_iter().collect()
    }

    /// Public addresses and host names with the resource that answers there.
    fn answering(&self) -> Vec<(&str, &str)> {
        let mut hosts = Vec::new();
        for resource in &self.resources {
            let id = resource.id.as_str();
            match &resource.attributes {
                Attributes::Server(server) => {
                    hosts.extend(server.public_ipv4.iter().map(|ip| (ip.as_str(), id)))
                }
                Attributes::LoadBalancer(balancer) => {
                    hosts.extend(balancer.address.iter().map(|ip| (ip.as_str(), id)))
                }
                Attributes::Domain(domain) if domain.target.is_some() => {
                    hosts.extend([(resource.name.as_str(), id)]);
                }
                Attributes::App(app) => {
                    hosts.extend(app.web_host.iter().map(|host| (host.as_str(), id)))
                }
                Attributes::Database(database) | Attributes::Cache(database) => {
                    hosts.extend(database.host.iter().map(|host| (host.as_str(), id)))
                }
                Attributes::Address(address) => hosts.extend([(address.ip.as_str(), id)]),
                Attributes::Cdn(cdn) => {
                    hosts.extend([(cdn.endpoint.as_str(), id)]);
                    hosts.extend(cdn.custom_domain.iter().map(|host| (host.as_str(), id)));
                }
                _ => {}
            }
        }
        hosts
    }
}

/// The identifier in a name such as `do:droplet:17`.
pub(crate) fn urn_id(urn: &str) -> &str {
    urn.splitn(3, ':').last().unwrap_or(urn)
}
