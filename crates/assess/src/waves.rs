//! What moves together: servers and databases that talk to each other, found by what the firewalls, load balancers and volumes say, by the
//! settings of applications, and by connections that were seen open inside servers.
//!
//! Two resources are in one wave when one may reach the other and both belong to the same environment. A rule that crosses
//! environments (a staging server with a production label) is named in the wave, and does not join them: otherwise one careless
//! label would make the whole estate a single wave. The order is by risk: what is not production first, then the small before the large.

mod links;

use std::collections::{BTreeMap, HashSet};

use reberth_model::assessment::Wave;
use reberth_model::estate::{Attributes, Estate, Resource};

use crate::queues;
use crate::rules::name_of;
use links::{Link, links};

const ENVIRONMENT_LABEL: &str = "env:";

/// The environment among the labels of a resource: what follows `env:`.
pub(crate) fn environment(tags: &[String]) -> Option<&str> {
    tags.iter()
        .find_map(|tag| tag.strip_prefix(ENVIRONMENT_LABEL))
}

pub(crate) use links::environment_of;

/// The waves in the order proposed.
pub(crate) fn plan(estate: &Estate) -> Vec<Wave> {
    let movers: Vec<&Resource> = estate
        .resources
        .iter()
        .filter(|resource| moves(resource))
        .collect();
    let links = links(&movers, &estate.edges);
    let groups = groups(&movers, &links);
    let mut waves: Vec<Wave> = groups.iter().map(|group| wave(group, &links)).collect();
    waves.sort_by_key(|wave| (is_production(wave), wave.members.len(), wave.name.clone()));
    for (number, wave) in (1..).zip(&mut waves) {
        wave.number = number;
    }
    waves
}

fn moves(resource: &Resource) -> bool {
    let is_mover = matches!(
        resource.attributes,
        Attributes::Server(_)
            | Attributes::Database(_)
            | Attributes::Cache(_)
            | Attributes::DatabaseReplica(_)
            | Attributes::LoadBalancer(_)
            | Attributes::Volume(_)
            | Attributes::App(_)
            | Attributes::Addon(_)
    );
    is_mover || queues::is_queue(resource)
}

/// A resource without a label counts as production: it is the safer mistake.
fn is_production(wave: &Wave) -> bool {
    !matches!(wave.environment.as_deref(), Some(name) if !name.starts_with("prod"))
}

/// Groups of resources that are linked, each in the order of the estate.
fn groups<'a>(movers: &[&'a Resource], links: &[Link]) -> Vec<Vec<&'a Resource>> {
    let mut parents: Vec<usize> = (0..movers.len()).collect();
    for link in links.iter().filter(|link| !link.crosses) {
        let (from, to) = (root(&mut parents, link.from), root(&mut parents, link.to));
        parents[from.max(to)] = from.min(to);
    }
    let group_of: Vec<usize> = (0..movers.len())
        .map(|mover| root(&mut parents, mover))
        .collect();
    let mut groups: BTreeMap<usize, Vec<&Resource>> = BTreeMap::new();
    for (mover, group) in movers.iter().zip(group_of) {
        groups.entry(group).or_default().push(mover);
    }
    groups.into_values().collect()
}

/// The first member of the group that `mover` is in; the path to it is shortened on the way.
fn root(parents: &mut [usize], mover: usize) -> usize {
    let mut at = mover;
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn wave(group: &[&Resource], links: &[Link]) -> Wave {
    let ids: HashSet<&str> = group.iter().map(|resource| resource.id.as_str()).collect();
    let mut why: Vec<String> = links
        .iter()
        .filter(|link| ids.contains(link.from_id) || (link.crosses && ids.contains(link.to_id)))
        .map(|link| link.why.clone())
        .collect();
    why.sort();
    why.dedup();
    if group.len() == 1 {
        why.push("nothing that the API shows ties it to anything else: ask who uses it".to_owned());
    }
    let mut members: Vec<_> = group.iter().map(|resource| name_of(resource)).collect();
    members.sort();
    Wave {
        number: 0,
        name: wave_name(group),
        environment: group
            .iter()
            .find_map(|resource| links::environment_of(resource))
            .map(str::to_owned),
        members,
        why,
    }
}

/// The application's name where there is one; else the beginning, in whole words, that all names share; else the label that most servers carry; else
/// the first name.
fn wave_name(group: &[&Resource]) -> String {
    let is_app = |resource: &&&Resource| matches!(resource.attributes, Attributes::App(_));
    let app = group.iter().find(is_app);
    // A queue is called after what holds it.
    let queues_aside: Vec<&Resource> = group
        .iter()
        .copied()
        .filter(|resource| !queues::is_queue(resource))
        .collect();
    let group = queues_aside.as_slice();
    app.map(|resource| resource.name.clone())
        .or_else(|| shared_beginning(group))
        .or_else(|| commonest_label(group))
        .or_else(|| group.first().map(|resource| resource.name.clone()))
        .unwrap_or_default()
}

fn shared_beginning(group: &[&Resource]) -> Option<String> {
    let words: Vec<&str> = group.first()?.name.split('-').collect();
    (1..=words.len())
        .rev()
        .map(|count| words[..count].join("-"))
        .find(|start| {
            group.iter().all(|resource| {
                let rest = resource.name.strip_prefix(start.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
        })
}

fn commonest_label(group: &[&Resource]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in group {
        if let Attributes::Server(server) = &resource.attributes {
            for tag in server
                .tags
                .iter()
                .filter(|tag| !tag.starts_with(ENVIRONMENT_LABEL))
            {
                *counts.entry(tag).or_default() += 1;
            }
        }
    }
    // Of labels as common as each other the first in the alphabet: `max_by_key` would take the last.
    let most = counts.values().max().copied()?;
    counts
        .iter()
        .find(|(_, count)| **count == most)
        .map(|(tag, _)| (*tag).to_owned())
}
