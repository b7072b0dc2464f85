//! The estate: everything that was found at the source provider, in the field's words.
//!
//! A provider's own words (droplet, dyno, space) stay inside the `discover` crate. What a token may not see
//! stands in [`Estate::not_visible`]; what was seen but has no kind yet stands in [`Estate::unmapped`].
//! No value of a secret ever enters this document.

mod attributes;
mod codebase;
mod database;
mod difference;
mod inside;
mod network;
mod platform;

pub use attributes::*;
pub use codebase::*;
pub use database::*;
pub use difference::{Changed, Difference, FieldChange, Named};
pub use inside::*;
pub use network::*;
pub use platform::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::money::MonthlyCost;

/// What stands in a command where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// The whole of what was found, `estate.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// Format version, 1.
    pub schema: u32,
    /// `digitalocean` or `heroku`.
    pub provider: String,
    /// Who the account belongs to, as far as the token may see: an e-mail address or team name.
    pub account: Option<String>,
    /// Number of resources of each kind, the kind's word as key.
    pub counts: BTreeMap<String, u64>,
    /// Everything found, ordered by kind and then by id.
    pub resources: Vec<Resource>,
    /// How resources belong together, ordered.
    pub edges: Vec<Edge>,
    /// What the token was not allowed to read.
    pub not_visible: Vec<NotVisible>,
    /// What was read but is not understood yet: listed, never dropped.
    pub unmapped: Vec<Unmapped>,
}

/// One thing at the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Resource {
    /// The provider's stable identifier, unique within a kind.
    pub id: String,
    /// The name people use.
    pub name: String,
    /// The provider's region, where the thing has one.
    pub region: Option<String>,
    /// What it costs a month where it is now, where the provider tells.
    pub cost: Option<MonthlyCost>,
    /// The kind and its attributes.
    #[serde(flatten)]
    pub attributes: Attributes,
}

/// A directed relation between two resources.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Id of the resource that depends.
    pub from: String,
    /// What the relation is: `in_network`, `attached_to`, `routes_to`, `replica_of`, `protects`, `allows`, `serves`, `belongs_to`,
    /// `uses`, `connects_to`, `watches`, `sends_to`, `shares_host_with` (two servers on one machine of the provider), `kept_in` (a queue in what holds it).
    pub relation: String,
    /// Id of the resource depended on.
    pub to: String,
}

/// A part of the account that the token may not read.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct NotVisible {
    /// What could not be read, for example `/v2/firewalls` or `buckets of region blr1`.
    pub what: String,
    /// Why, as the provider said it.
    pub reason: String,
}

/// Something that was read and has no kind here yet.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Unmapped {
    /// Where it was read.
    pub what: String,
    /// Its identifier or name.
    pub id: String,
}

impl Estate {
    /// Puts resources and edges into the order of the document, after something was added to it.
    pub fn sort(&mut self) {
        let resources = &mut self.resources;
        resources.sort_by(|a, b| (a.attributes.kind(), &a.id).cmp(&(b.attributes.kind(), &b.id)));
        self.edges.sort();
    }

    /// All resources of one kind, in document order.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> + 'a {
        self.resources
            .iter()
            .filter(move |resource| resource.attributes.kind() == kind)
    }

    /// Servers with their attributes.
    pub fn servers(&self) -> impl Iterator<Item = (&Resource, &Server)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Server(server) => Some((resource, server)),
                _ => None,
            })
    }

    /// Database clusters with their attributes.
    pub fn databases(&self) -> impl Iterator<Item = (&Resource, &Database)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Database(database) => Some((resource, database)),
                _ => None,
            })
    }

    /// Applications with their attributes.
    pub fn apps(&self) -> impl Iterator<Item = (&Resource, &App)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::App(app) => Some((resource, app)),
                _ => None,
            })
    }

    /// Kinds of process with their attributes.
    pub fn processes(&self) -> impl Iterator<Item = (&Resource, &Process)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Process(process) => Some((resource, process)),
                _ => None,
            })
    }

    /// Add-ons with their attributes.
    pub fn addons(&self) -> impl Iterator<Item = (&Resource, &Addon)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Addon(addon) => Some((resource, addon)),
                _ => None,
            })
    }

    /// Databases and caches, which share their attributes.
    pub fn data_stores(&self) -> impl Iterator<Item = (&Resource, &Database)> {
        self.resources
            .iter()
            .filter_map(|resource| match &resource.attributes {
                Attributes::Database(database) | Attributes::Cache(database) => {
                    Some((resource, database))
                }
                _ => None,
            })
    }
}
