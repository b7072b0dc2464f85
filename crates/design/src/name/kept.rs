//! Keys that stay: what comes from the same resource of the source is called as in the previous design.
//!
//! A key is part of an address in Terraform and of a name in AWS. Another key is another object: the bucket, the cache or the group of servers that has the
//! old one would be destroyed. So a resource that is renamed at the source, or that another of its name now stands before, keeps its key; a new one stays clear of
//! every key that is kept.

use reberth_model::design::{Database, Design, Origin};
use reberth_model::estate::Estate;
use std::collections::{BTreeMap, BTreeSet};

use super::unique_key;
use crate::platform::is_reserved;

/// The keys of one kind of item.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By id of the source's resource.
    held: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Keys {
    /// Those of the previous design's items whose resources are still there.
    fn of<'a>(earlier: impl Iterator<Item = (&'a String, &'a Origin)>, estate: &Estate) -> Keys {
        let ids: BTreeSet<&str> = estate.resources.iter().map(|own| own.id.as_str()).collect();
        let held: BTreeMap<String, String> = earlier
            .flat_map(|(key, origin)| origin.from.iter().map(move |id| (id, key)))
            .filter(|(id, _)| ids.contains(id.as_str()))
            .map(|(id, key)| (id.clone(), key.clone()))
            .collect();
        let taken = held.values().cloned().collect();
        Keys { held, taken }
    }

    /// Keys of databases.
    pub(crate) fn databases(previous: Option<&Design>, estate: &Estate) -> Keys {
        let items = previous.into_iter().flat_map(|design| &design.databases);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of a database's read replicas.
    pub(crate) fn replicas(database: Option<&Database>, estate: &Estate) -> Keys {
        let items = database.into_iter().flat_map(|own| &own.replicas);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of caches.
    pub(crate) fn caches(previous: Option<&Design>, estate: &Estate) -> Keys {
        let items = previous.into_iter().flat_map(|design| &design.caches);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of buckets.
    pub(crate) fn buckets(previous: Option<&Design>, estate: &Estate) -> Keys {
        let items = previous.into_iter().flat_map(|design| &design.buckets);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of groups of servers.
    pub(crate) fn services(previous: Option<&Design>, estate: &Estate) -> Keys {
        let items = previous.into_iter().flat_map(|design| &design.services);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of applications of a platform. One whose namespace belongs to the cluster, as an earlier version gave it, is not kept.
    pub(crate) fn applications(previous: Option<&Design>, estate: &Estate) -> Keys {
        let platforms = previous.into_iter().flat_map(|design| &design.platform);
        let items = platforms.flat_map(|own| &own.applications);
        let items = items.filter(|own| !is_reserved(&own.namespace));
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of repositories of images.
    pub(crate) fn repositories(previous: Option<&Design>, estate: &Estate) -> Keys {
        let platforms = previous.into_iter().flat_map(|design| &design.platform);
        let items = platforms.flat_map(|own| &own.repositories);
        Keys::of(items.map(|own| (&own.key, &own.origin)), estate)
    }

    /// Keys of load balancers. One before an application of a platform is known by the application too: its host names may go to another.
    pub(crate) fn ingresses(previous: Option<&Design>, estate: &Estate) -> Keys {
        let items = previous.into_iter().flat_map(|design| &design.ingresses);
        let items = items.map(|own| (&own.key, &own.origin));
        let fronted = previous.into_iter().flat_map(applications_behind);
        Keys::of(items.chain(fronted), estate)
    }

    /// Whether this resource holds a key that was not given yet.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.held.contains_key(id)
    }

    /// The key that one of these resources holds, or a new one made of the name. A key is given once.
    pub(crate) fn give<'a>(
        &mut self,
        name: &str,
        ids: impl IntoIterator<Item = &'a String>,
        length_max: usize,
    ) -> String {
        let mut ids = ids.into_iter().peekable();
        let first = ids.peek().map_or("", |id| id.as_str());
        let held = ids.find_map(|id| self.held.get(id)).cloned();
        match held.filter(|key| key.len() <= length_max) {
            Some(key) => {
                self.held.retain(|_, other| *other != key);
                key
            }
            None => unique_key(name, first, length_max, &mut self.taken),
        }
    }
}

/// The keys of load balancers before applications of a platform, each with its application's origin.
fn applications_behind(design: &Design) -> impl Iterator<Item = (&String, &Origin)> {
    design.ingresses.iter().filter_map(|ingress| {
        let platform = design.platform.as_ref()?;
        let workload = platform.workload(&ingress.service)?;
        let application = platform.application(&workload.application)?;
        Some((&ingress.key, &application.origin))
    })
}
