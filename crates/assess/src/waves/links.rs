//! Which of the resources that move talk to each other, and how we know.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reberth_model::estate::{Attributes, Database, Edge, Resource};

use super::{ENVIRONMENT_LABEL, environment};
use crate::queues;

/// One thing that ties two resources together.
pub(super) struct Link<'a> {
    /// Place of the one in the list of resources.
    pub(super) from: usize,
    /// Place of the other.
    pub(super) to: usize,
    /// Id of the one.
    pub(super) from_id: &'a str,
    /// Id of the other.
    pub(super) to_id: &'a str,
    /// Whether they belong to different environments.
    pub(super) crosses: bool,
    /// How we know.
    pub(super) why: String,
}

/// Every link among `movers`, in their order.
pub(super) fn links<'a>(movers: &[&'a Resource], edges: &[Edge]) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    let queue_environments = queue_environments(movers, edges);
    for (from, user) in movers.iter().enumerate() {
        for (to, used) in movers.iter().enumerate() {
            let Some(reason) = (from != to).then(|| tie(user, used)).flatten() else {
                continue;
            };
            links.push(link((from, user), (to, used), reason));
        }
    }
    links.extend(same_labels(movers));
    links.extend(seen(movers, edges, &links, &queue_environments));
    links
}

/// The environment of each queue, by its place among `movers`: of what holds it, else production where one of its users is there, else of the first user. A queue
/// that two environments use would join them otherwise.
fn queue_environments<'a>(movers: &[&'a Resource], edges: &[Edge]) -> HashMap<usize, &'a str> {
    let by_id: HashMap<&str, &'a Resource> = movers
        .iter()
        .map(|mover| (mover.id.as_str(), *mover))
        .collect();
    let of = |id: &str| by_id.get(id).and_then(|resource| environment_of(resource));
    let queues = movers.iter().enumerate();
    let queues = queues.filter(|(_, mover)| queues::is_queue(mover));
    queues
        .filter_map(|(place, queue)| {
            let users = edges.iter();
            let users = users.filter(|edge| edge.to == queue.id && edge.relation == "uses");
            let of_users = users.filter_map(|edge| of(&edge.from));
            let by_user = of_users.min_by_key(|name| !name.starts_with("prod"));
            let environment = queues::holder_id(queue).and_then(of).or(by_user)?;
            Some((place, environment))
        })
        .collect()
}

/// What was seen to talk to what and no rule ties together: open connections of servers, hosts in settings of applications. A firewall's rule says who
/// may, an edge says who does; the pair that both name is named once.
fn seen<'a>(
    movers: &[&'a Resource],
    edges: &[Edge],
    known: &[Link],
    queue_environments: &HashMap<usize, &str>,
) -> Vec<Link<'a>> {
    let places: HashMap<&str, usize> = movers
        .iter()
        .enumerate()
        .map(|(place, mover)| (mover.id.as_str(), place))
        .collect();
    let pair = |one: usize, other: usize| (one.min(other), one.max(other));
    let known: BTreeSet<_> = known.iter().map(|link| pair(link.from, link.to)).collect();
    let is_talk = |edge: &&Edge| match edge.relation.as_str() {
        "connects_to" => true,
        // Add-ons and stores say themselves who uses them; what a queue is kept in may be outside of the estate.
        "uses" => places
            .get(edge.to.as_str())
            .is_some_and(|to| queues::is_queue(movers[*to])),
        _ => false,
    };
    let connections = edges.iter().filter(is_talk);
    connections
        .filter_map(|edge| {
            let from = *places.get(edge.from.as_str())?;
            let to = *places.get(edge.to.as_str())?;
            let is_new = from != to && !known.contains(&pair(from, to));
            is_new.then(|| {
                let (user, used) = (movers[from], movers[to]);
                let reason = match queues::is_queue(used) {
                    true => format!("{} uses the {}", user.name, used.name),
                    false => format!("{} was seen to use {}", user.name, used.name),
                };
                let environments = (
                    environment_of(user),
                    queue_environments
                        .get(&to)
                        .copied()
                        .or(environment_of(used)),
                );
                link_between((from, user), (to, used), reason, environments)
            })
        })
        .collect()
}

fn link<'a>(from: (usize, &'a Resource), to: (usize, &'a Resource), reason: String) -> Link<'a> {
    let environments = (environment_of(from.1), environment_of(to.1));
    link_between(from, to, reason, environments)
}

fn link_between<'a>(
    from: (usize, &'a Resource),
    to: (usize, &'a Resource),
    reason: String,
    environments: (Option<&str>, Option<&str>),
) -> Link<'a> {
    let (one, other) = environments;
    let crossing = match (one, other) {
        (Some(one), Some(other)) if one != other => Some((one, other)),
        _ => None,
    };
    let note = crossing.map_or_else(String::new, |(one, other)| {
        format!(", across environments ({one}, {other}): mend this before the move")
    });
    Link {
        from: from.0,
        to: to.0,
        from_id: &from.1.id,
        to_id: &to.1.id,
        crosses: crossing.is_some(),
        why: format!("{reason}{note}"),
    }
}

/// The environment that a resource is labelled with.
pub(crate) fn environment_of(resource: &Resource) -> Option<&str> {
    match &resource.attributes {
        Attributes::Server(server) => environment(&server.tags),
        Attributes::App(app) => app.stage.as_deref(),
        Attributes::Database(database) | Attributes::Cache(database) => environment(&database.tags),
        _ => None,
    }
}

/// Why `one` and `other` belong together, seen from `one`. A reason that holds for many at once does not name each of them.
fn tie(one: &Resource, other: &Resource) -> Option<String> {
    let name = &one.name;
    match (&one.attributes, &other.attributes) {
        (
            Attributes::Database(database) | Attributes::Cache(database),
            Attributes::Server(server),
        ) => lets_in(one, database, other, &server.tags).or_else(|| same_name(one, other)),
        (Attributes::LoadBalancer(balancer), Attributes::Server(server)) => {
            match balancer
                .server_tag
                .as_ref()
                .filter(|tag| server.tags.contains(tag))
            {
                Some(tag) => Some(format!("{name} sends requests to servers labelled {tag}")),
                None => balancer
                    .server_ids
                    .contains(&other.id)
                    .then(|| format!("{name} sends requests to {}", other.name)),
            }
        }
        (Attributes::Volume(volume), Attributes::Server(_)) => volume
            .server_ids
            .contains(&other.id)
            .then(|| format!("{name} is attached to {}", other.name)),
        (Attributes::DatabaseReplica(replica), Attributes::Database(_)) => {
            (replica.database_id == other.id).then(|| format!("{name} is a copy of {}", other.name))
        }
        (Attributes::Addon(addon), Attributes::App(_)) => {
            if addon.app_id.as_ref() == Some(&other.id) {
                Some(format!("{name} belongs to {}", other.name))
            } else {
                let is_shared = addon.shared_with.contains(&other.id);
                is_shared.then(|| format!("{name} is shared with {}", other.name))
            }
        }
        (Attributes::Database(_) | Attributes::Cache(_), Attributes::Addon(_)) => {
            // A managed database bears the name of the add-on that it is.
            (one.name == other.name).then(|| format!("{name} is the add-on of that name"))
        }
        (Attributes::Other(_), _) if queues::holder_id(one) == Some(other.id.as_str()) => {
            let software = queues::software(one).join(", ");
            Some(format!("{} holds a queue ({software})", other.name))
        }
        _ => None,
    }
}

fn lets_in(
    one: &Resource,
    database: &Database,
    server: &Resource,
    tags: &[String],
) -> Option<String> {
    database
        .trusted_sources
        .iter()
        .flatten()
        .find_map(|source| match source.kind.as_str() {
            "server" if source.value == server.id => {
                Some(format!("{} lets {} in", one.name, server.name))
            }
            "tag" if tags.contains(&source.value) => Some(format!(
                "{} lets in servers labelled {}",
                one.name, source.value
            )),
            _ => None,
        })
}

/// Number of leading words that two names must share to be taken for parts of one thing.
const SHARED_WORDS: usize = 2;

/// A database that names no clients is put with a server of its environment that is called alike.
fn same_name(database: &Resource, server: &Resource) -> Option<String> {
    let start = |name: &str| -> Option<String> {
        let words: Vec<&str> = name.split('-').take(SHARED_WORDS).collect();
        (words.len() == SHARED_WORDS).then(|| words.join("-"))
    };
    let shared =
        start(&database.name).filter(|begin| start(&server.name).as_ref() == Some(begin))?;
    let same_place =
        environment_of(database).is_some() && environment_of(database) == environment_of(server);
    same_place.then(|| {
        format!(
            "{} and {} share environment and the name {shared}",
            database.name, server.name
        )
    })
}

/// Servers that carry the very same labels do the same work; each is linked to the first of them.
fn same_labels<'a>(movers: &[&'a Resource]) -> Vec<Link<'a>> {
    let mut first_of: BTreeMap<&[String], (usize, &Resource)> = BTreeMap::new();
    let mut links = Vec::new();
    for (to, &resource) in movers.iter().enumerate() {
        let Attributes::Server(server) = &resource.attributes else {
            continue;
        };
        if server
            .tags
            .iter()
            .all(|tag| tag.starts_with(ENVIRONMENT_LABEL))
        {
            continue;
        }
        match first_of.get(server.tags.as_slice()) {
            Some(&first) => {
                let why = format!(
                    "servers labelled {} do the same work",
                    server.tags.join(", ")
                );
                links.push(link(first, (to, resource), why));
            }
            None => {
                first_of.insert(&server.tags, (to, resource));
            }
        }
    }
    links
}
