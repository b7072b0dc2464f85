//! Groups of servers: which servers belong together, and what runs them at the target.

use reberth_model::design::{Capacity, Choice, Origin, Service};
use reberth_model::estate::{Estate, Resource, Server};
use std::collections::BTreeMap;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name::{Keys, Room};
use crate::{arrival, image, ingress, instance_size, name};

/// Most servers that one service may have.
const SERVERS_MAX: u64 = 1000;
/// Longest environment, as the policy allows it.
const ENVIRONMENT_LENGTH_MAX: usize = 24;

/// Servers of the source that do the same work, and so become one service.
#[derive(Clone, Debug)]
pub(crate) struct Role<'a> {
    /// Key of the service.
    pub(crate) key: String,
    /// The environment its servers are labelled with.
    pub(crate) environment: String,
    /// Its servers, ordered by name.
    pub(crate) servers: Vec<(&'a Resource, &'a Server)>,
}

impl Role<'_> {
    /// Whether one of its servers has this id.
    pub(crate) fn has_server(&self, id: &str) -> bool {
        self.servers.iter().any(|(resource, _)| resource.id == id)
    }

    /// Whether one of its servers has this label.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.servers
            .iter()
            .any(|(_, server)| server.tags.iter().any(|own| own == tag))
    }
}

/// Groups servers by their name without its trailing number, and by environment: `lms-web-01` and
/// `lms-web-02` are the role `lms-web`.
pub(crate) fn roles<'a>(
    estate: &'a Estate,
    environment: &str,
    room: Room,
    mut keys: Keys,
) -> Vec<Role<'a>> {
    let mut groups: BTreeMap<(String, String), Vec<(&Resource, &Server)>> = BTreeMap::new();
    for (resource, server) in estate.servers() {
        let environment = environment_of(&server.tags, environment);
        let stem = stem(&resource.name).to_owned();
        groups
            .entry((stem, environment))
            .or_default()
            .push((resource, server));
    }
    groups
        .into_iter()
        .map(|((stem, environment), mut servers)| {
            servers.sort_by(|(left, _), (right, _)| {
                (&left.name, &left.id).cmp(&(&right.name, &right.id))
            });
            let ids = servers.iter().map(|(resource, _)| &resource.id);
            Role {
                key: keys.give(&stem, ids, room.key),
                environment,
                servers,
            }
        })
        .collect()
}

/// The value of a label such as `env:staging`, else the policy's environment.
pub(crate) fn environment_of(tags: &[String], default: &str) -> String {
    tags.iter()
        .find_map(|tag| tag.strip_prefix("env:"))
        .map_or_else(
            || default.to_owned(),
            |value| name::key(value, ENVIRONMENT_LENGTH_MAX),
        )
}

fn stem(name: &str) -> &str {
    let stem = name
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches(['-', '_', '.']);
    if stem.is_empty() { name } else { stem }
}

/// Designs one service for each role.
pub(crate) fn services(
    estate: &Estate,
    roles: &[Role<'_>],
    decisions: &mut Decisions<'_>,
) -> Result<Vec<Service>, DesignError> {
    roles
        .iter()
        .map(|role| {
            let image = image_of(role);
            Ok(Service {
                key: role.key.clone(),
                environment: role.environment.clone(),
                instance_type: decide_type(role, decisions)?,
                root_device: image::root_device(&image.value).to_owned(),
                image,
                arrival: arrival::design(role, decisions)?,
                root_disk_gib: role
                    .servers
                    .iter()
                    .map(|(_, server)| server.disk_gib)
                    .max()
                    .unwrap_or(0)
                    .max(8),
                capacity: decide_capacity(role, decisions)?,
                target_group: ingress::target_group(estate, role),
                security_group: security_group_key(&role.key),
                origin: origin(role),
            })
        })
        .collect()
}

/// Key of a service's security group.
pub(crate) fn security_group_key(service: &str) -> String {
    format!("app-{service}")
}

/// The type for the largest server of the role, so that every one of them fits.
fn instance_type(role: &Role<'_>) -> Result<Choice, DesignError> {
    let largest = role
        .servers
        .iter()
        .max_by_key(|(_, server)| (server.memory_mib, server.vcpus));
    match largest {
        Some((resource, server)) => instance_size::of_server(
            &type_decision(role),
            &resource.name,
            &server.size,
            server.memory_mib,
            server.vcpus,
        ),
        None => Err(DesignError::NothingToMove),
    }
}

fn type_decision(role: &Role<'_>) -> String {
    format!("services.{}.instance_type", role.key)
}

fn decide_type(role: &Role<'_>, decisions: &mut Decisions<'_>) -> Result<Choice, DesignError> {
    let own = decisions.or_named(instance_type(role))?;
    decisions.decide(&Question {
        id: &type_decision(role),
        value: &own.value,
        alternative: "a smaller or a newer type",
        why: &own.why,
        may_be: Values::InstanceType(""),
    })
}

fn image_of(role: &Role<'_>) -> Choice {
    let system = role
        .servers
        .iter()
        .find_map(|(_, server)| server.operating_system.as_deref());
    image::of_system(system)
}

/// A role of several servers may grow to twice their number. A single server stays single: nothing says
/// that the application may run twice, and a scheduler that does repeats its jobs.
fn capacity(role: &Role<'_>) -> Capacity {
    let count = role.servers.len() as u32;
    match count {
        0 | 1 => Capacity {
            min: 1,
            desired: 1,
            max: 1,
            why: "one server at the source: never two at once, replaced when it fails".to_owned(),
        },
        _ => Capacity {
            min: count,
            desired: count,
            max: count * 2,
            why: format!(
                "{count} servers at the source; twice as many at most, for load and for replacement"
            ),
        },
    }
}

/// The policy may let a service grow further, or let a single server be several.
fn decide_capacity(
    role: &Role<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<Capacity, DesignError> {
    let own = capacity(role);
    let choice = decisions.decide(&Question {
        id: &format!("services.{}.servers_max", role.key),
        value: &own.max.to_string(),
        alternative: "more servers at most",
        why: &own.why,
        may_be: Values::Number(1, SERVERS_MAX),
    })?;
    let max: u32 = choice.value.parse().unwrap_or(own.max);
    Ok(Capacity {
        min: own.min.min(max),
        desired: own.desired.min(max),
        max,
        why: choice.why,
    })
}

fn origin(role: &Role<'_>) -> Origin {
    let mut from: Vec<String> = role
        .servers
        .iter()
        .map(|(resource, _)| resource.id.clone())
        .collect();
    from.sort();
    let names: Vec<&str> = role
        .servers
        .iter()
        .map(|(resource, _)| resource.name.as_str())
        .collect();
    Origin {
        from,
        why: format!("replaces {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_drop_the_number_only() {
        for (name, expected) in [
            ("lms-web-01", "lms-web"),
            ("web3", "web"),
            ("api_2", "api"),
            ("jenkins", "jenkins"),
            ("2024", "2024"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
