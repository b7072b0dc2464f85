//! Queues: where work waits that somebody put there and another works off.
//!
//! No API of a provider has a word for them. A queue is known by what holds it (a broker that was bought as a service, a database of Kafka, a broker
//! that runs on a server), by the name of a setting that points to it, or by a program that works it off. A queue is a resource of its
//! own, kind `queue`, beside the one that holds it: the store moves by its own method, and what waits in it must be drained or carried.
//!
//! A program that works off a queue tells which store holds it only when its application uses one store, or has a setting that its library reads by
//! default; else each store is named with the words that the choice is not told. A wrong guess would let a person drain the wrong one.

mod signs;

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{
    App, Attributes, ConfigVar, Edge, Estate, Inside, Other, Resource, Server,
};
use serde_json::{Value, json};

/// What is known of one queue, by the identifier of what holds it.
#[derive(Default)]
struct Signs {
    software: BTreeSet<String>,
    told_by: BTreeSet<String>,
    users: BTreeSet<String>,
}

/// All queues, by what holds them.
#[derive(Default)]
struct Found(BTreeMap<String, Signs>);

impl Found {
    fn note(
        &mut self,
        holder: &str,
        software: &str,
        told_by: String,
        users: impl IntoIterator<Item = String>,
    ) {
        let signs = self.0.entry(holder.to_owned()).or_default();
        signs.software.insert(software.to_owned());
        signs.told_by.insert(told_by);
        signs.users.extend(users);
    }
}

/// Adds a resource for each queue that the estate tells of, with edges `uses` to it and `kept_in` from it. Once, when all else was gathered.
pub fn add(estate: &mut Estate) {
    let known = Known::of(estate);
    let mut found = Found::default();
    brokers(&known, &mut found);
    for (resource, app) in estate.apps() {
        settings(&known, resource, app, &mut found);
    }
    for (resource, server) in estate.servers() {
        if let Some(inside) = &server.inside {
            of_server(&known, resource, inside, &mut found);
        }
    }
    for worker in workers(estate) {
        work(&known, &worker, &mut found);
    }
    let names: BTreeMap<String, String> = found
        .0
        .keys()
        .filter_map(|id| Some((id.clone(), known.resource(id)?.name.clone())))
        .collect();
    for (holder, signs) in found.0 {
        if let Some(name) = names.get(&holder) {
            insert(estate, &holder, name, signs);
        }
    }
    estate.sort();
    estate.edges.dedup();
}

fn insert(estate: &mut Estate, holder: &str, holder_name: &str, signs: Signs) {
    let id = format!("queue/{holder}");
    let edge = |from: &str, relation: &str, to: &str| Edge {
        from: from.to_owned(),
        relation: relation.to_owned(),
        to: to.to_owned(),
    };
    let users = signs.users.iter().filter(|user| *user != holder);
    let users: Vec<Edge> = users.map(|user| edge(user, "uses", &id)).collect();
    estate.edges.extend(users);
    estate.edges.push(edge(&id, "kept_in", holder));
    let facts: BTreeMap<String, Value> = [
        ("kept_in".to_owned(), json!(holder)),
        ("software".to_owned(), json!(signs.software)),
        ("told_by".to_owned(), json!(signs.told_by)),
    ]
    .into();
    let word = "queue".to_owned();
    *estate.counts.entry(word.clone()).or_default() += 1;
    estate.resources.push(Resource {
        id,
        name: format!("queue in {holder_name}"),
        region: None,
        cost: None,
        attributes: Attributes::Other(Other { word, facts }),
    });
}

/// The estate by identifier, host and relation.
struct Known<'a> {
    resources: BTreeMap<&'a str, &'a Resource>,
    edges: &'a [Edge],
    hosts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Known<'a> {
    fn of(estate: &'a Estate) -> Known<'a> {
        let mut hosts = BTreeMap::new();
        for resource in &estate.resources {
            hosts.extend(hosts_of(resource).map(|host| (host, resource.id.as_str())));
        }
        Known {
            resources: estate
                .resources
                .iter()
                .map(|resource| (resource.id.as_str(), resource))
                .collect(),
            edges: &estate.edges,
            hosts,
        }
    }

    fn resource(&self, id: &str) -> Option<&'a Resource> {
        self.resources.get(id).copied()
    }

    /// What uses or was seen to talk to `id`, in the estate's order.
    fn users(&self, id: &str) -> Vec<String> {
        let edges = self.edges.iter();
        let users = edges.filter(|edge| edge.to == id && is_use(edge));
        users.map(|edge| edge.from.clone()).collect()
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

    /// The store that gave `user` the setting `REDIS_URL`, unless another setting says which one is read.
    fn default_store(&self, user: &str) -> Option<&'a str> {
        let Attributes::App(app) = &self.resource(user)?.attributes else {
            return None;
        };
        let mut vars = app.config.iter().flatten();
        if vars.any(|var| var.name == signs::REDIS_PROVIDER) {
            return None;
        }
        let addon = given(self, user).get(signs::REDIS_URL).copied()?;
        Some(self.holder(addon))
    }

    /// Stores of keys and values that `user` uses.
    fn key_value_stores(&self, user: &str) -> BTreeSet<&'a str> {
        let edges = self.edges.iter();
        let used = edges.filter(|edge| edge.from == user && is_use(edge));
        let stores = used.filter_map(|edge| {
            let resource = self.resource(&edge.to)?;
            let is_store = match &resource.attributes {
                Attributes::Cache(_) => true,
                Attributes::Addon(addon) => signs::is_key_value(&addon.service),
                _ => false,
            };
            is_store.then(|| self.holder(&resource.id))
        });
        stores.collect()
    }
}

fn is_use(edge: &Edge) -> bool {
    matches!(edge.relation.as_str(), "uses" | "connects_to")
}

/// Hosts by which a resource may be pointed to that may hold a queue.
fn hosts_of(resource: &Resource) -> impl Iterator<Item = &str> {
    let own: Vec<&String> = match &resource.attributes {
        Attributes::Database(store) | Attributes::Cache(store) => {
            store.host.iter().chain(&store.private_host).collect()
        }
        Attributes::Server(server) => addresses(server),
        Attributes::Other(other) if other.word == "third_party" => vec![&resource.id],
        _ => Vec::new(),
    };
    own.into_iter().map(String::as_str)
}

fn addresses(server: &Server) -> Vec<&String> {
    let public = server.public_ipv4.iter().chain(&server.public_ipv6);
    public.chain(&server.private_ipv4).collect()
}

/// What is a queue by its kind: brokers bought as a service, and databases of Kafka.
fn brokers(known: &Known, found: &mut Found) {
    for resource in known.resources.values() {
        let (software, told_by) = match &resource.attributes {
            Attributes::Addon(addon) => match signs::of_service(&addon.service) {
                Some(software) => (software, format!("service {}", addon.service)),
                None => continue,
            },
            Attributes::Database(store) if store.engine == "kafka" => {
                ("Kafka", "engine kafka".to_owned())
            }
            _ => continue,
        };
        found.note(&resource.id, software, told_by, known.users(&resource.id));
    }
}

/// What the names of an application's settings tell.
fn settings(known: &Known, resource: &Resource, app: &App, found: &mut Found) {
    let given = given(known, &resource.id);
    for var in app.config.iter().flatten() {
        let Some(software) = signs::of_setting(&var.name) else {
            continue;
        };
        if let Some(holder) = holder_of(known, app, &given, var) {
            let told_by = format!("setting {} of {}", var.name, resource.name);
            found.note(holder, software, told_by, [resource.id.clone()]);
        }
    }
}

/// Names of settings that add-ons gave to an application, with the add-on.
fn given<'a>(known: &Known<'a>, app: &str) -> BTreeMap<&'a str, &'a str> {
    let edges = known.edges.iter();
    let used = edges.filter(|edge| edge.from == app && edge.relation == "uses");
    let mut given = BTreeMap::new();
    for edge in used {
        if let Some(resource) = known.resource(&edge.to)
            && let Attributes::Addon(addon) = &resource.attributes
        {
            let names = addon.config_vars.iter();
            given.extend(names.map(|name| (name.as_str(), resource.id.as_str())));
        }
    }
    given
}

/// Where a setting points: to the add-on that gave it or whose value it copies, else to what answers at its host.
fn holder_of<'a>(
    known: &Known<'a>,
    app: &App,
    given: &BTreeMap<&'a str, &'a str>,
    var: &ConfigVar,
) -> Option<&'a str> {
    let host = var.host.as_deref()?;
    let vars = app.config.iter().flatten();
    let copied = vars
        .filter(|other| other.fingerprint == var.fingerprint)
        .find_map(|other| given.get(other.name.as_str()));
    match copied {
        Some(addon) => Some(known.holder(addon)),
        None => known.hosts.get(host).copied(),
    }
}

/// Brokers that run on a server, and who came to their ports.
fn of_server(known: &Known, resource: &Resource, inside: &Inside, found: &mut Found) {
    for unit in inside.units.iter().filter(|unit| unit.state == "active") {
        let Some((software, ports)) = signs::of_unit(&unit.name) else {
            continue;
        };
        let came = inside.connections.iter();
        let came = came.filter(|peer| peer.is_incoming && ports.contains(&peer.port));
        let users = came.filter_map(|peer| known.hosts.get(peer.address.as_str()));
        let users: Vec<String> = users.map(|id| (*id).to_owned()).collect();
        let told_by = format!("{} runs on {}", unit.name, resource.name);
        found.note(&resource.id, software, told_by, users);
    }
}

/// A program that works off a queue.
struct Worker {
    /// Who uses the store: an application or a server.
    user: String,
    library: &'static str,
    told_by: String,
}

fn workers(estate: &Estate) -> Vec<Worker> {
    let mut workers = Vec::new();
    let mut add = |user: &str, command: &str, told_by: String| {
        if let Some(library) = signs::of_command(command) {
            workers.push(Worker {
                user: user.to_owned(),
                library,
                told_by,
            });
        }
    };
    for resource in &estate.resources {
        let name = &resource.name;
        match &resource.attributes {
            Attributes::Process(process) => add(
                &process.app_id,
                &process.command,
                format!("process {name} works it off"),
            ),
            Attributes::Server(server) => {
                for unit in server.inside.iter().flat_map(|inside| &inside.units) {
                    let told_by = format!("{} on {name} works it off", unit.name);
                    add(&resource.id, &unit.name, told_by);
                }
            }
            Attributes::Codebase(code) => {
                let user = code.app_id.as_deref().unwrap_or_default();
                for process in &code.processes {
                    let command = process.command.as_deref().unwrap_or_default();
                    let told_by =
                        format!("process {} in {} works it off", process.name, process.file);
                    add(user, command, told_by);
                }
            }
            Attributes::Other(other) if other.word == "app" => {
                for (part, command) in platform_commands(other) {
                    add(
                        &resource.id,
                        command,
                        format!("{part} of {name} works it off"),
                    );
                }
            }
            _ => {}
        }
    }
    workers
}

/// Components of an application's specification with what they run.
fn platform_commands(app: &Other) -> impl Iterator<Item = (&str, &str)> {
    let spec = app.facts.get("spec");
    let lists = ["services", "workers", "jobs"].into_iter();
    let parts = lists.filter_map(move |list| spec?.get(list)?.as_array());
    parts.flatten().filter_map(|part| {
        let name = part.get("name").and_then(Value::as_str).unwrap_or("a part");
        Some((name, part.get("run_command")?.as_str()?))
    })
}

/// The store that a worker's queue is in, as far as it is told.
fn work(known: &Known, worker: &Worker, found: &mut Found) {
    let stores = known.key_value_stores(&worker.user);
    let told = found.0.iter();
    let told = told.filter(|(_, signs)| signs.users.contains(&worker.user));
    let told: BTreeSet<String> = told.map(|(holder, _)| holder.clone()).collect();
    let stores: BTreeSet<String> = stores.into_iter().map(str::to_owned).collect();
    // A setting that says where, or a broker, told it already; most libraries work with stores of keys and values alone.
    let told_stores: BTreeSet<String> = match signs::works_with_any_broker(worker.library) {
        true => told,
        false => told.intersection(&stores).cloned().collect(),
    };
    let by_default = match worker.library == signs::READS_REDIS_URL {
        true => known.default_store(&worker.user),
        false => None,
    };
    let holders = match (told_stores.is_empty(), by_default) {
        (false, _) => told_stores,
        (true, Some(store)) => BTreeSet::from([store.to_owned()]),
        (true, None) => stores,
    };
    let note = match holders.len() {
        1 => String::new(),
        count => format!("; in which of {count} is not told"),
    };
    for holder in holders {
        let told_by = format!("{}{note}", worker.told_by);
        let user = [worker.user.clone()];
        found.note(&holder, worker.library, told_by, user);
    }
}
