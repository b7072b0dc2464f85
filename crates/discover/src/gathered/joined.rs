//! References become edges: by identifier, tag, address or name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{Attributes, Edge, Other, Resource, Unmapped};
use serde_json::Value;

use super::{Gathered, To, urn_id};

impl Gathered {
    /// Every edge; what is named and was not found is added to `unmapped`.
    pub(super) fn resolve(&self, unmapped: &mut BTreeSet<Unmapped>) -> BTreeSet<Edge> {
        let ids: BTreeSet<&str> = self
            .resources
            .iter()
            .map(|resource| resource.id.as_str())
            .collect();
        let (tagged, hosts) = (self.servers_by_tag(), self.ids_by_host());
        let stores = self.stores_by_name();
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
                To::StoreNamed(name) => stores.get(name.as_str()).copied().into_iter().collect(),
            };
            let others = targets.into_iter().filter(|to| *to != reference.from);
            edges.extend(others.map(|to| Edge {
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

    /// Databases and caches by name.
    fn stores_by_name(&self) -> BTreeMap<&str, &str> {
        let is_store = |resource: &&Resource| {
            matches!(
                resource.attributes,
                Attributes::Database(_) | Attributes::Cache(_)
            )
        };
        let stores = self.resources.iter().filter(is_store);
        stores
            .map(|resource| (resource.name.as_str(), resource.id.as_str()))
            .collect()
    }

    /// Who answers at each address or host name: what has it for its own, else the only one with that private address, else
    /// the record that says where it leads.
    fn ids_by_host(&self) -> BTreeMap<Cow<'_, str>, &str> {
        let mut hosts = self.record_names();
        let alone = self.private_addresses().into_iter();
        let own = alone.chain(self.answering());
        hosts.extend(own.map(|(host, id)| (Cow::Borrowed(host), id)));
        hosts
    }

    /// The whole names of records that lead somewhere.
    fn record_names(&self) -> BTreeMap<Cow<'_, str>, &str> {
        let mut names = BTreeMap::new();
        for resource in &self.resources {
            if let Attributes::DnsRecord(record) = &resource.attributes
                && matches!(record.record_type.as_str(), "A" | "AAAA" | "CNAME")
            {
                let name = match resource.name.as_str() {
                    "@" => Cow::Borrowed(record.domain.as_str()),
                    label => Cow::Owned(format!("{label}.{}", record.domain)),
                };
                names.insert(name, resource.id.as_str());
            }
        }
        names
    }

    /// Private addresses that one server alone has; networks may overlap.
    fn private_addresses(&self) -> BTreeMap<&str, &str> {
        let mut holders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for resource in &self.resources {
            if let Attributes::Server(server) = &resource.attributes {
                for address in &server.private_ipv4 {
                    holders.entry(address).or_default().insert(&resource.id);
                }
            }
        }
        let alone = holders.into_iter().filter(|(_, ids)| ids.len() == 1);
        alone
            .filter_map(|(address, ids)| Some((address, ids.into_iter().next()?)))
            .collect()
    }

    /// Public addresses and host names with the resource that answers there.
    pub(super) fn answering(&self) -> Vec<(&str, &str)> {
        let mut hosts = Vec::new();
        for resource in &self.resources {
            let id = resource.id.as_str();
            match &resource.attributes {
                Attributes::Server(server) => {
                    let addresses = server.public_ipv4.iter().chain(&server.public_ipv6);
                    hosts.extend(addresses.map(|ip| (ip.as_str(), id)));
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
                    let names = database.host.iter().chain(&database.private_host);
                    hosts.extend(names.map(|host| (host.as_str(), id)));
                }
                Attributes::Address(address) => hosts.extend([(address.ip.as_str(), id)]),
                Attributes::Cdn(cdn) => {
                    hosts.extend([(cdn.endpoint.as_str(), id)]);
                    hosts.extend(cdn.custom_domain.iter().map(|host| (host.as_str(), id)));
                }
                Attributes::Other(other) if other.word == "app" => {
                    hosts.extend(app_hosts(other).map(|host| (host, id)));
                }
                _ => {}
            }
        }
        hosts
    }
}

/// The host names at which an application answers that a platform runs from its specification.
fn app_hosts(app: &Other) -> impl Iterator<Item = &str> {
    let given = ["default_ingress", "live_domain"].map(|fact| app.facts.get(fact));
    let domains = app.facts.get("spec").map(|spec| &spec["domains"]);
    let domains = domains.and_then(Value::as_array).into_iter().flatten();
    let domains = domains.map(|domain| Some(&domain["domain"]));
    let texts = given.into_iter().chain(domains).flatten();
    texts.filter_map(Value::as_str).map(|text| {
        let host = text.split_once("://").map_or(text, |(_, rest)| rest);
        host.trim_end_matches('/')
    })
}
