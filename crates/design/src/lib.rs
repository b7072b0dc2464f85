//! Designs the target: what shall stand in AWS for everything that was found at the source.
//!
//! Pure: the same estate, policy and previous design give the same bytes. Whoever carries a design out has no
//! choice left to make, and every item says where it comes from and why it is as it is.

mod cache;
mod compute;
mod csv;
mod database;
mod decisions;
mod edge;
mod error;
mod image;
mod ingress;
mod instance_size;
mod migration;
mod name;
mod network;
mod not_carried;
mod notes;
mod operations;
mod page;
mod parameters;
mod placement;
mod platform;
mod safeguards;
mod security;
mod storage;

pub use error::DesignError;
pub use notes::{Note, notes};
pub use page::page;

use crate::database::Named;
use crate::decisions::Decisions;
use crate::name::Room;
use crate::security::DataClasses;
use reberth_model::design::{Design, Front, Inputs, Service, Target};
use reberth_model::document::{SCHEMA, sha256_hex, to_bytes};
use reberth_model::estate::Estate;
use reberth_model::policy::{Policy, Provider};
use serde::Serialize;

/// Longest name of a bucket.
const BUCKET_NAME_LENGTH_MAX: usize = 63;

/// Designs the target of an estate: servers for servers, a cluster for applications of a platform.
///
/// `previous` is the design that this one follows: its network keeps its place, and when nothing changed it is
/// returned as it is.
pub fn design(
    estate: &Estate,
    policy: &Policy,
    assessment_sha256: &str,
    previous: Option<&Design>,
) -> Result<Design, DesignError> {
    let environment = &policy.target.environment;
    let apps = platform::apps(estate, environment);
    let room = Room::beside(&policy.project, environment);
    let roles = compute::roles(estate, environment, room);
    let mut decisions = Decisions::under(&policy.overrides);
    let services = compute::services(estate, &roles, &mut decisions)?;
    let named = Named {
        environment,
        room,
        apps: &apps,
    };
    let databases = database::databases(estate, &named, &mut decisions)?;
    if services.is_empty() && databases.is_empty() && apps.is_empty() {
        return Err(DesignError::NothingToMove);
    }
    let caches = cache::caches(estate, &policy.project, &named, &mut decisions)?;
    let buckets = storage::buckets(estate, &policy.project, environment);
    let zones = network::zones_in_use(&policy.target.region, previous, &mut decisions)?;
    let mut draft = None;
    if !apps.is_empty() {
        let source = platform::Source {
            estate,
            policy,
            apps: &apps,
            databases: &databases,
            caches: &caches,
            previous,
            zones: zones.iter().map(|zone| zone.key.clone()).collect(),
        };
        draft = Some(platform::draft(source, &mut decisions)?);
    }
    let needs = network::Needs {
        servers_max: servers_max(&services) + draft.as_ref().map_or(0, platform::Draft::nodes_max),
        zones,
        holds_pods: draft.is_some(),
    };
    let network = network::design(estate, policy, needs, previous, &mut decisions)?;
    let mut ingresses = ingress::ingresses(estate, &roles, &services, &policy.project);
    ingresses.extend(draft.iter().flat_map(|draft| draft.ingresses.clone()));
    let platform = draft
        .map(|draft| draft.finish(&network, &buckets, &mut decisions))
        .transpose()?;
    let front = edge::front(&ingresses, &mut decisions)?;
    for ingress in &mut ingresses {
        ingress.is_private = front == Front::Distributions;
    }
    let security_groups = match &platform {
        Some(own) => security::cluster::groups(
            &own.node_groups,
            &own.workloads,
            &databases,
            &caches,
            &ingresses,
        ),
        None => security::groups(estate, &roles, &services, &databases, &caches, &ingresses),
    };
    let classes = DataClasses {
        disks: platform.is_some() || !services.is_empty(),
        databases: !databases.is_empty(),
        caches: !caches.is_empty(),
        buckets: !buckets.is_empty(),
        cluster: platform.is_some(),
    };
    let mut design = Design {
        schema: SCHEMA,
        hash: String::new(),
        parent: None,
        inputs: inputs(estate, policy, assessment_sha256)?,
        target: target(policy),
        network,
        keys: security::keys(classes),
        security_groups,
        edge: edge::design(estate, front, &ingresses, &buckets, &mut decisions)?,
        safeguards: safeguards::design(environment, &mut decisions)?,
        operations: operations::design(policy, &mut decisions)?,
        migration: migration::design(estate, &mut decisions)?,
        buckets,
        caches,
        databases,
        services,
        platform,
        ingresses,
        decisions: Vec::new(),
        not_carried: Vec::new(),
    };
    let fates = platform::addon_fates(estate, &design);
    if let Some(platform) = &mut design.platform {
        platform.addon_fates = fates;
    }
    design.decisions = decisions.finish()?;
    design.not_carried = not_carried::list(estate, &design);
    sealed(design, previous)
}

/// Names the parent and takes the hash. A design equal to the previous one is the previous one.
fn sealed(mut design: Design, previous: Option<&Design>) -> Result<Design, DesignError> {
    if let Some(previous) = previous {
        design.parent = previous.parent.clone();
        design.hash = design.content_hash().map_err(DesignError::Serialise)?;
        if design == *previous {
            return Ok(design);
        }
        design.parent = Some(previous.hash.clone());
    }
    design.hash = design.content_hash().map_err(DesignError::Serialise)?;
    Ok(design)
}

fn inputs(
    estate: &Estate,
    policy: &Policy,
    assessment_sha256: &str,
) -> Result<Inputs, DesignError> {
    Ok(Inputs {
        estate_sha256: document_hash(estate)?,
        policy_sha256: document_hash(policy)?,
        assessment_sha256: assessment_sha256.to_owned(),
    })
}

fn document_hash<T: Serialize>(document: &T) -> Result<String, DesignError> {
    let bytes = to_bytes(document).map_err(DesignError::Serialise)?;
    Ok(sha256_hex(&bytes))
}

fn target(policy: &Policy) -> Target {
    let Policy {
        project, target, ..
    } = policy;
    let bucket = format!("{project}-{}-tfstate-{}", target.environment, target.region);
    Target {
        project: project.clone(),
        environment: target.environment.clone(),
        region: target.region.clone(),
        source_provider: match policy.source.provider {
            Provider::Digitalocean => "digitalocean",
            Provider::Heroku => "heroku",
        }
        .to_owned(),
        state_bucket: name::shortened(&bucket, BUCKET_NAME_LENGTH_MAX),
    }
}

/// A text that starts with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn servers_max(services: &[Service]) -> u32 {
    services.iter().map(|service| service.capacity.max).sum()
}
