//! Designs the target: what shall stand in AWS for everything that was found at the source.
//!
//! Pure: the same estate, policy and previous design give the same bytes. Whoever carries a design out has no
//! choice left to make, and every item says where it comes from and why it is as it is.

mod accounts;
mod adopted;
mod arrival;
mod cache;
mod compute;
mod csv;
mod database;
mod decisions;
mod edge;
mod error;
mod files;
mod found;
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
mod running;
mod safeguards;
mod security;
mod storage;
mod stores;

pub use error::DesignError;
pub use notes::{Note, notes};
pub use page::page;

use crate::decisions::Decisions;
use crate::platform::EstateApp;
use crate::running::Running;
use crate::security::DataClasses;
use crate::stores::Stores;
use reberth_model::design::{ArrivalWay, Design, FileForm, Inputs, Service, Target};
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
    let apps = platform::apps(estate, &policy.target.environment, previous);
    let given = Given {
        estate,
        policy,
        apps: &apps,
        previous,
    };
    let mut decisions = Decisions::under(&policy.overrides);
    let stores = Stores::design(&given, &mut decisions)?;
    let running = Running::design(&given, &stores, &mut decisions)?;
    let classes = data_classes(&running, &stores);
    let operations = operations::design(policy, &mut decisions)?;
    let organization = accounts::design(
        policy,
        previous,
        operations.copy_region.as_deref(),
        &mut decisions,
    )?;
    let mut design = Design {
        schema: SCHEMA,
        hash: String::new(),
        parent: None,
        inputs: inputs(estate, policy, assessment_sha256)?,
        target: target(policy, organization.is_some()),
        organization,
        network: running.network,
        keys: security::keys(classes),
        security_groups: running.security_groups,
        edge: edge::design(
            estate,
            running.front,
            &running.ingresses,
            &stores.buckets,
            &mut decisions,
        )?,
        safeguards: safeguards::design(&policy.target.environment, &mut decisions)?,
        operations,
        migration: migration::design(estate, &running.services, &mut decisions)?,
        buckets: stores.buckets,
        files: running.files,
        caches: stores.caches,
        databases: stores.databases,
        services: running.services,
        platform: running.platform,
        ingresses: running.ingresses,
        adopted: Vec::new(),
        decisions: Vec::new(),
        not_carried: Vec::new(),
    };
    adopted::take_over(&mut design, &policy.target.adopt)?;
    let fates = platform::addon_fates(estate, &design);
    if let Some(platform) = &mut design.platform {
        platform.addon_fates = fates;
    }
    design.decisions = decisions.finish()?;
    design.not_carried = not_carried::list(estate, &design);
    sealed(design, previous)
}

/// What a design is made from.
pub(crate) struct Given<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) policy: &'a Policy,
    /// Applications of a platform; empty where servers run everything.
    pub(crate) apps: &'a [EstateApp<'a>],
    pub(crate) previous: Option<&'a Design>,
}

fn data_classes(running: &Running, stores: &Stores) -> DataClasses {
    DataClasses {
        disks: running.platform.is_some() || !running.services.is_empty(),
        files: !running.files.is_empty(),
        shared_files: running.files.iter().any(|own| own.form == FileForm::Shared),
        images: running.services.iter().any(is_made_by_pipeline),
        databases: !stores.databases.is_empty(),
        caches: !stores.caches.is_empty(),
        buckets: !stores.buckets.is_empty(),
        cluster: running.platform.is_some(),
    }
}

fn is_made_by_pipeline(service: &Service) -> bool {
    service.arrival.way == ArrivalWay::ImagePipeline
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

/// An organization keeps the states of all environments in one bucket.
fn target(policy: &Policy, is_organization: bool) -> Target {
    let Policy {
        project, target, ..
    } = policy;
    let whose = if is_organization {
        accounts::ORG
    } else {
        &target.environment
    };
    let bucket = format!("{project}-{whose}-tfstate-{}", target.region);
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
        tags: target.tags.clone(),
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
