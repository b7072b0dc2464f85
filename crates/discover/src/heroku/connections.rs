//! What applications talk to, as far as their settings tell.
//!
//! A setting that an add-on gave says nothing new: the application uses the add-on, wherever that runs. Another setting with the same value as
//! such a one, by their fingerprints, is the same connection. What is left is known by its host: something of this account, or a party
//! outside. A host that several stores share tells neither, so it makes no edge.

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{App, Attributes, Other, Resource};

use crate::gathered::Gathered;

pub(super) fn gather(gathered: &mut Gathered) {
    let given = given_names(gathered.resources());
    let known = gathered.hosts();
    let none = BTreeSet::new();
    let mut links: BTreeSet<(String, String)> = BTreeSet::new();
    let mut outside: BTreeSet<String> = BTreeSet::new();
    for resource in gathered.resources() {
        let Attributes::App(app) = &resource.attributes else {
            continue;
        };
        for host in hosts_beside(app, given.get(&resource.id).unwrap_or(&none)) {
            match known.get(host).map(Vec::as_slice) {
                None => {
                    outside.insert(host.to_owned());
                    links.insert((resource.id.clone(), host.to_owned()));
                }
                Some([id]) if *id != resource.id => {
                    links.insert((resource.id.clone(), id.clone()));
                }
                Some(_) => {}
            }
        }
    }
    for (app, to) in links {
        gathered.refer(&app, "connects_to", to);
    }
    for host in outside {
        gathered.add(Resource {
            id: host.clone(),
            name: host,
            region: None,
            cost: None,
            attributes: Attributes::Other(Other {
                word: "third_party".to_owned(),
                facts: BTreeMap::new(),
            }),
        });
    }
}

/// Names of the settings that add-ons gave, by application.
fn given_names(resources: &[Resource]) -> BTreeMap<String, BTreeSet<String>> {
    let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in resources {
        if let Attributes::Addon(addon) = &resource.attributes {
            for app in addon.app_id.iter().chain(&addon.shared_with) {
                let names = given.entry(app.clone()).or_default();
                names.extend(addon.config_vars.iter().cloned());
            }
        }
    }
    given
}

/// Hosts of the settings that are neither given by an add-on nor a copy of one that is.
fn hosts_beside<'a>(app: &'a App, given: &BTreeSet<String>) -> BTreeSet<&'a str> {
    let vars = || app.config.iter().flatten();
    let copies: BTreeSet<&str> = vars()
        .filter(|var| given.contains(&var.name))
        .map(|var| var.fingerprint.as_str())
        .collect();
    vars()
        .filter(|var| !given.contains(&var.name) && !copies.contains(var.fingerprint.as_str()))
        .filter_map(|var| var.host.as_deref())
        .collect()
}
