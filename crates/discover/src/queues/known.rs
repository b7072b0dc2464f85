//! What the estate tells of the places that a queue may be in.

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{App, Attributes, ConfigVar, Edge, Estate, Resource, Server};

use super::signs;

/// Where a queue is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Identifier of what holds it.
    pub(super) holder: String,
    /// Fingerprint of the setting that points to it, when a party outside holds it.
    pub(super) value: Option<String>,
}

impl Place {
    /// All that `holder` holds.
    pub(super) fn whole(holder: &str) -> Place {
        Place {
            holder: holder.to_owned(),
            value: None,
        }
    }

    /// Identifier of the queue.
    pub(super) fn queue_id(&self) -> String {
        match &self.value {
            Some(value) => format!("queue/{}/{value}", self.holder),
            None => format!("queue/{}", self.holder),
        }
    }
}

/// The estate by identifier, host and relation.
pub(super) struct Known<'a> {
    pub(super) resources: BTreeMap<&'a str, &'a Resource>,
    /// What answers at each host.
    pub(super) hosts: BTreeMap<&'a str, &'a str>,
    edges: &'a [Edge],
}

impl<'a> Known<'a> {
    pub(super) fn of(estate: &'a Estate) -> Known<'a> {
        let mut hosts = BTreeMap::new();
        for resource in &estate.resources {
            hosts.extend(hosts_of(resource).map(|host| (host, resource.id.as_str())));
        }
        let resources = estate.resources.iter();
        Known {
            resources: resources
                .map(|resource| (resource.id.as_str(), resource))
                .collect(),
            hosts,
            edges: &estate.edges,
        }
    }

    pub(super) fn resource(&self, id: &str) -> Option<&'a Resource> {
        self.resources.get(id).copied()
    }

    /// The name of the queue at `place`: after what holds it, at a party outside also after the first setting that points to it.
    pub(super) fn name(&self, place: &Place) -> Option<String> {
        let holder = &self.resource(&place.holder)?.name;
        let Some(value) = &place.value else {
            return Some(format!("queue in {holder}"));
        };
        let settings = self.resources.values().flat_map(|resource| {
            let vars = config(resource).filter(|var| var.fingerprint == *value);
            vars.map(|var| (&resource.name, &var.name))
        });
        let (app, setting) = settings.min()?;
        Some(format!("queue in {holder} ({setting} of {app})"))
    }

    /// What uses or was seen to talk to `id`, in the estate's order.
    pub(super) fn users(&self, id: &str) -> Vec<String> {
        let edges = self.edges.iter();
        let users = edges.filter(|edge| edge.to == id && is_use(edge));
        users.map(|edge| edge.from.clone()).collect()
    }

    /// Names of settings that add-ons gave to an application, with the add-on.
    pub(super) fn given(&self, app: &str) -> BTreeMap<&'a str, &'a str> {
        let edges = self.edges.iter();
        let used = edges.filter(|edge| edge.from == app && edge.relation == "uses");
        let mut given = BTreeMap::new();
        for edge in used {
            if let Some(resource) = self.resource(&edge.to)
                && let Attributes::Addon(addon) = &resource.attributes
            {
                let names = addon.config_vars.iter();
                given.extend(names.map(|name| (name.as_str(), resource.id.as_str())));
            }
        }
        given
    }

    /// Where a setting points: to the add-on that gave it or whose value it copies, else to what answers at its host.
    pub(super) fn place(
        &self,
        app: &App,
        given: &BTreeMap<&'a str, &'a str>,
        var: &ConfigVar,
    ) -> Option<Place> {
        let host = var.host.as_deref()?;
        let vars = app.config.iter().flatten();
        let copied = vars
            .filter(|other| other.fingerprint == var.fingerprint)
            .find_map(|other| given.get(other.name.as_str()));
        if let Some(addon) = copied {
            return Some(Place::whole(self.holder(addon)));
        }
        let holder = self.resource(self.hosts.get(host)?)?;
        let is_outside = is_third_party(holder);
        Some(Place {
            holder: holder.id.clone(),
            value: is_outside.then(|| var.fingerprint.clone()),
        })
    }

    /// Where the setting `REDIS_URL` of `user` points, unless another setting says which one is read.
    pub(super) fn default_store(&self, user: &str) -> Option<Place> {
        let app = self.app(user)?;
        let mut vars = app.config.iter().flatten();
        if vars.any(|var| var.name == signs::REDIS_PROVIDER) {
            return None;
        }
        let given = self.given(user);
        if let Some(addon) = given.get(signs::REDIS_URL) {
            return Some(Place::whole(self.holder(addon)));
        }
        let mut vars = app.config.iter().flatten();
        let var = vars.find(|var| var.name == signs::REDIS_URL)?;
        self.place(app, &given, var)
    }

    /// Stores of keys and values that `user` uses: managed ones, and those that its settings point to.
    pub(super) fn key_value_stores(&self, user: &str) -> BTreeSet<Place> {
        let edges = self.edges.iter();
        let used = edges.filter(|edge| edge.from == user && is_use(edge));
        let managed = used.filter_map(|edge| {
            let resource = self.resource(&edge.to)?;
            let is_store = match &resource.attributes {
                Attributes::Cache(_) => true,
                Attributes::Addon(addon) => signs::is_key_value(&addon.service),
                _ => false,
            };
            is_store.then(|| Place::whole(self.holder(&resource.id)))
        });
        managed.chain(self.key_value_settings(user)).collect()
    }

    fn key_value_settings(&self, user: &str) -> Vec<Place> {
        let Some(app) = self.app(user) else {
            return Vec::new();
        };
        let given = self.given(user);
        let vars = app.config.iter().flatten();
        let vars = vars.filter(|var| signs::names_key_value_store(&var.name));
        vars.filter_map(|var| self.place(app, &given, var))
            .collect()
    }

    fn app(&self, id: &str) -> Option<&'a App> {
        match &self.resource(id)?.attributes {
            Attributes::App(app) => Some(app),
            _ => None,
        }
    }

    /// The managed store that an add-on is, where it is one; else the add-on.
    fn holder(&self, addon: &'a str) -> &'a str {
        let edges = self.edges.iter();
        let mut of_addon = edges.filter(|edge| edge.to == addon && edge.relation == "belongs_to");
        let is_store = |id: &str| {
            self.resource(id).is_some_and(|store| {
                matches!(
                    store.attributes,
                    Attributes::Cache(_) | Attributes::Database(_)
                )
            })
        };
        let store = of_addon.find(|edge| is_store(&edge.from));
        store.map_or(addon, |edge| edge.from.as_str())
    }
}

/// Settings of an application.
fn config(resource: &Resource) -> impl Iterator<Item = &ConfigVar> {
    let app = match &resource.attributes {
        Attributes::App(app) => Some(app),
        _ => None,
    };
    app.into_iter().flat_map(|app| app.config.iter().flatten())
}

fn is_use(edge: &Edge) -> bool {
    matches!(edge.relation.as_str(), "uses" | "connects_to")
}

fn is_third_party(resource: &Resource) -> bool {
    matches!(&resource.attributes, Attributes::Other(other) if other.word == "third_party")
}

/// Hosts by which a resource may be pointed to that may hold a queue.
fn hosts_of(resource: &Resource) -> impl Iterator<Item = &str> {
    let own: Vec<&String> = match &resource.attributes {
        Attributes::Database(store) | Attributes::Cache(store) => {
            store.host.iter().chain(&store.private_host).collect()
        }
        Attributes::Server(server) => addresses(server),
        Attributes::Other(_) if is_third_party(resource) => vec![&resource.id],
        _ => Vec::new(),
    };
    own.into_iter().map(String::as_str)
}

fn addresses(server: &Server) -> Vec<&String> {
    let public = server.public_ipv4.iter().chain(&server.public_ipv6);
    public.chain(&server.private_ipv4).collect()
}
