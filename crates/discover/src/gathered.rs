//! Everything gathered so far, and how it becomes an [`Estate`].
//!
//! A resource that names another does so by a reference. References are resolved at the end: to an edge when the
//! other was found, to an entry of `unmapped` when it was not, so that nothing that was seen is dropped.

mod joined;

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::document::SCHEMA;
use reberth_model::estate::{Estate, Resource};

use crate::notes::Notes;

/// A relation as one side tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    from: String,
    relation: &'static str,
    to: To,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Id(String),
    /// Something that may be gone, or is noted as missing elsewhere.
    IdIfKnown(String),
    /// Every server with this tag.
    ServersTagged(String),
    /// Whatever has this address or host name, if it is part of the account.
    Host(String),
    /// The database or cache with this name.
    StoreNamed(String),
}

/// What was read of the account.
#[derive(Default)]
pub(crate) struct Gathered {
    resources: Vec<Resource>,
    references: BTreeSet<Reference>,
    /// Things named elsewhere, as (where, kind and id).
    mentions: BTreeSet<(String, String)>,
}

impl Gathered {
    pub(crate) fn add(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// Tells that `from` has `relation` to the resource `to`; an empty `to` says that there is none.
    pub(crate) fn refer(&mut self, from: &str, relation: &'static str, to: impl Into<String>) {
        self.relate(from, relation, To::Id(to.into()));
    }

    /// The same, where it is no news that `from` or `to` is not in the account.
    pub(crate) fn refer_known(&mut self, from: &str, relation: &'static str, to: &str) {
        self.relate(from, relation, To::IdIfKnown(to.to_owned()));
    }

    /// Tells that `from` has `relation` to every server with `tag`.
    pub(crate) fn refer_tagged(&mut self, from: &str, relation: &'static str, tag: &str) {
        self.relate(from, relation, To::ServersTagged(tag.to_owned()));
    }

    /// Tells that `from` has `relation` to whatever answers at `host`, inside the account or elsewhere.
    pub(crate) fn refer_host(&mut self, from: &str, relation: &'static str, host: &str) {
        self.relate(
            from,
            relation,
            To::Host(host.trim_end_matches('.').to_owned()),
        );
    }

    /// Tells that `from` has `relation` to the database or cache called `name`, if it is part of the account.
    pub(crate) fn refer_store_named(&mut self, from: &str, relation: &'static str, name: &str) {
        self.relate(from, relation, To::StoreNamed(name.to_owned()));
    }

    fn relate(&mut self, from: &str, relation: &'static str, to: To) {
        if to != To::Id(String::new()) {
            let from = from.to_owned();
            self.references.insert(Reference { from, relation, to });
        }
    }

    /// Notes that a list at `path` names `urn`, for example `do:droplet:17`.
    pub(crate) fn mention(&mut self, path: &str, urn: &str) {
        self.mentions.insert((path.to_owned(), urn.to_owned()));
    }

    /// Everything added so far, to be added to.
    pub(crate) fn resources_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.resources.iter_mut()
    }

    /// Everything added so far.
    pub(crate) fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Which resources answer at each address or host name.
    pub(crate) fn hosts(&self) -> BTreeMap<String, Vec<String>> {
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (host, id) in self.answering() {
            hosts
                .entry(host.to_owned())
                .or_default()
                .push(id.to_owned());
        }
        hosts
    }

    /// Takes over what was gathered elsewhere.
    pub(crate) fn absorb(&mut self, other: Gathered) {
        self.resources.extend(other.resources);
        self.references.extend(other.references);
        self.mentions.extend(other.mentions);
    }

    pub(crate) fn into_estate(
        mut self,
        provider: &str,
        account: Option<String>,
        notes: Notes,
    ) -> Estate {
        self.resources
            .sort_by(|a, b| (a.attributes.kind(), &a.id).cmp(&(b.attributes.kind(), &b.id)));
        self.resources
            .dedup_by(|a, b| a.attributes.kind() == b.attributes.kind() && a.id == b.id);
        let mut unmapped = notes.unmapped;
        let edges = self.resolve(&mut unmapped);
        let mut counts = BTreeMap::new();
        for resource in &self.resources {
            *counts
                .entry(resource.attributes.kind().to_owned())
                .or_default() += 1;
        }
        Estate {
            schema: SCHEMA,
            provider: provider.to_owned(),
            account,
            counts,
            resources: self.resources,
            edges: edges.into_iter().collect(),
            not_visible: notes.not_visible.into_iter().collect(),
            unmapped: unmapped.into_iter().collect(),
        }
    }
}

/// The identifier in a name such as `do:droplet:17`.
pub(crate) fn urn_id(urn: &str) -> &str {
    urn.splitn(3, ':').last().unwrap_or(urn)
}
