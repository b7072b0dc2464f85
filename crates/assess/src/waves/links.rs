//! Which of the resources that move talk to each other, and how we know.

use reberth_model::estate::{Attributes, Database, Resource, TrustedSource};

use super::environment;

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
pub(super) fn links<'a>(movers: &[&'a Resource]) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for (from, user) in movers.iter().enumerate() {
        for (to, used) in movers.iter().enumerate() {
            let Some(reason) = (from != to).then(|| tie(user, used)).flatten() else {
                continue;
            };
            let crosses = differ(environment_of(user), environment_of(used));
            let note = if crosses {
                " although it is another environment: mend this before the move"
            } else {
                ""
            };
            links.push(Link {
                from,
                to,
                from_id: &user.id,
                to_id: &used.id,
                crosses,
                why: format!("{reason}{note}"),
            });
        }
    }
    links
}

fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// The environment that a resource is labelled with.
pub(super) fn environment_of(resource: &Resource) -> Option<&str> {
    match &resource.attributes {
        Attributes::Server(server) => environment(&server.tags),
        Attributes::Database(database) => environment(&database.tags),
        _ => None,
    }
}

/// Why `one` and `other` belong together, seen from `one`.
fn tie(one: &Resource, other: &Resource) -> Option<String> {
    match (&one.attributes, &other.attributes) {
        (Attributes::Database(database), Attributes::Server(server)) => {
            let source = let_in_by(database, &other.id, &server.tags)?;
            Some(format!(
                "{} lets {} in ({} {})",
                one.name, other.name, source.kind, source.value
            ))
        }
        (Attributes::LoadBalancer(balancer), Attributes::Server(server)) => {
            let behind = balancer.server_ids.contains(&other.id)
                || balancer
                    .server_tag
                    .as_ref()
                    .is_some_and(|tag| server.tags.contains(tag));
            behind.then(|| format!("{} sends requests to {}", one.name, other.name))
        }
        (Attributes::Volume(volume), Attributes::Server(_)) => volume
            .server_ids
            .contains(&other.id)
            .then(|| format!("{} is attached to {}", one.name, other.name)),
        (Attributes::DatabaseReplica(replica), Attributes::Database(_)) => (replica.database_id
            == other.id)
            .then(|| format!("{} is a copy of {}", one.name, other.name)),
        (Attributes::Server(server), Attributes::Server(peer)) => {
            same_role(one, &server.tags, other, &peer.tags)
        }
        _ => None,
    }
}

fn let_in_by<'a>(database: &'a Database, id: &str, tags: &[String]) -> Option<&'a TrustedSource> {
    database
        .trusted_sources
        .as_ref()?
        .iter()
        .find(|source| match source.kind.as_str() {
            "server" => source.value == id,
            "tag" => tags.contains(&source.value),
            _ => false,
        })
}

/// Servers that carry the very same labels do the same work.
fn same_role(
    one: &Resource,
    tags: &[String],
    other: &Resource,
    peer_tags: &[String],
) -> Option<String> {
    let labelled = tags
        .iter()
        .any(|tag| !tag.starts_with(super::ENVIRONMENT_LABEL));
    (labelled && tags == peer_tags && one.id < other.id)
        .then(|| format!("{} and {} carry the same labels", one.name, other.name))
}
