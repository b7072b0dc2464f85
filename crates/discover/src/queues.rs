//! Queues: where work waits that somebody put there and another works off.
//!
//! No API of a provider has a word for them. A queue is known by what holds it (a broker that was bought as a service, a database of Kafka, a broker
//! that runs on a server), by the name of a setting that points to it, or by a program that works it off. A queue is a resource of its
//! own, kind `queue`, beside the one that holds it: the store moves by its own method, and what waits in it must be drained or carried.
//!
//! A party outside holds the queues of many (every queue of SQS in a region has one host), so two settings that point to one are the same queue only
//! where their values are equal.

mod known;
mod signs;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{App, Attributes, Edge, Estate, Inside, Other, Resource};
use serde_json::{Value, json};

use known::{Known, Place};

/// The kind's word.
const KIND: &str = "queue";

/// One sign of a queue.
struct Sign {
    place: Place,
    /// The broker's software, or the program that works it off.
    software: &'static str,
    told_by: String,
    users: Vec<String>,
}

/// What is known of one queue.
#[derive(Default)]
struct Signs {
    software: BTreeSet<&'static str>,
    told_by: BTreeSet<String>,
    users: BTreeSet<String>,
}

/// Adds a resource for each queue that the estate tells of, with edges `uses` to it and `kept_in` from it, in place of those that an earlier call added.
/// When all else was gathered.
pub fn add(estate: &mut Estate) {
    remove(estate);
    let known = Known::of(estate);
    let mut told = brokers(&known);
    for (resource, app) in estate.apps() {
        told.extend(settings(&known, resource, app));
    }
    for (resource, server) in estate.servers() {
        let inside = server.inside.as_ref();
        told.extend(inside.map_or_else(Vec::new, |inside| of_server(&known, resource, inside)));
    }
    // What one worker uses says nothing about another.
    let workers = workers::of(estate);
    let worked: Vec<Sign> = workers
        .iter()
        .flat_map(|worker| worker.signs(&known, &told))
        .collect();
    let mut queues: BTreeMap<Place, Signs> = BTreeMap::new();
    for sign in told.into_iter().chain(worked) {
        let signs = queues.entry(sign.place).or_default();
        signs.software.insert(sign.software);
        signs.told_by.insert(sign.told_by);
        signs.users.extend(sign.users);
    }
    let named: Vec<(Place, String, Signs)> = queues
        .into_iter()
        .filter_map(|(place, signs)| {
            let name = known.name(&place)?;
            Some((place, name, signs))
        })
        .collect();
    for (place, name, signs) in named {
        insert(estate, &place, name, signs);
    }
    estate.sort();
    estate.edges.dedup();
}

/// Takes out what an earlier call added.
fn remove(estate: &mut Estate) {
    let (queues, others) = std::mem::take(&mut estate.resources)
        .into_iter()
        .partition(|resource| resource.attributes.kind() == KIND);
    estate.resources = others;
    let queues: Vec<Resource> = queues;
    let ids: BTreeSet<&str> = queues.iter().map(|queue| queue.id.as_str()).collect();
    let is_of = |edge: &Edge| ids.contains(edge.from.as_str()) || ids.contains(edge.to.as_str());
    estate.edges.retain(|edge| !is_of(edge));
    estate.counts.remove(KIND);
}

fn insert(estate: &mut Estate, place: &Place, name: String, signs: Signs) {
    let id = place.queue_id();
    let edge = |from: &str, relation: &str, to: &str| Edge {
        from: from.to_owned(),
        relation: relation.to_owned(),
        to: to.to_owned(),
    };
    let users = signs.users.iter().filter(|user| **user != place.holder);
    let users: Vec<Edge> = users.map(|user| edge(user, "uses", &id)).collect();
    estate.edges.extend(users);
    estate.edges.push(edge(&id, "kept_in", &place.holder));
    let facts: BTreeMap<String, Value> = [
        ("kept_in".to_owned(), json!(place.holder)),
        ("software".to_owned(), json!(signs.software)),
        ("told_by".to_owned(), json!(signs.told_by)),
    ]
    .into();
    let word = KIND.to_owned();
    *estate.counts.entry(word.clone()).or_default() += 1;
    estate.resources.push(Resource {
        id,
        name,
        region: None,
        cost: None,
        attributes: Attributes::Other(Other { word, facts }),
    });
}

/// What is a queue by its kind: brokers bought as a service, and databases of Kafka.
fn brokers(known: &Known) -> Vec<Sign> {
    let resources = known.resources.values();
    resources
        .filter_map(|resource| {
            let (software, told_by) = match &resource.attributes {
                Attributes::Addon(addon) => {
                    let software = signs::of_service(&addon.service)?;
                    (software, format!("service {}", addon.service))
                }
                Attributes::Database(store) if store.engine == "kafka" => {
                    ("Kafka", "engine kafka".to_owned())
                }
                _ => return None,
            };
            Some(Sign {
                place: Place::whole(&resource.id),
                software,
                told_by,
                users: known.users(&resource.id),
            })
        })
        .collect()
}

/// What the names of an application's settings tell.
fn settings(known: &Known, resource: &Resource, app: &App) -> Vec<Sign> {
    let given = known.given(&resource.id);
    let vars = app.config.iter().flatten();
    vars.filter_map(|var| {
        Some(Sign {
            software: signs::of_setting(&var.name)?,
            place: known.place(app, &given, var)?,
            told_by: format!("setting {} of {}", var.name, resource.name),
            users: vec![resource.id.clone()],
        })
    })
    .collect()
}

/// Brokers that run on a server, and who came to their ports.
fn of_server(known: &Known, resource: &Resource, inside: &Inside) -> Vec<Sign> {
    let units = inside.units.iter().filter(|unit| signs::runs(unit));
    units
        .filter_map(|unit| {
            let (software, ports) = signs::of_unit(&unit.name)?;
            let came = inside.connections.iter();
            let came = came.filter(|peer| peer.is_incoming && ports.contains(&peer.port));
            let users = came.filter_map(|peer| known.hosts.get(peer.address.as_str()));
            Some(Sign {
                place: Place::whole(&resource.id),
                software,
                told_by: format!("{} runs on {}", unit.name, resource.name),
                users: users.map(|id| (*id).to_owned()).collect(),
            })
        })
        .collect()
}
