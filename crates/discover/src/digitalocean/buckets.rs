//! Spaces buckets and the content delivery endpoints before them.
//!
//! The API has no list of buckets: only the object store itself lists them, to a key pair of its own (`object_store.rs`). Without one a bucket is
//! known by whoever names it, and what the object store alone could tell is reported as not visible.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{Attributes, Bucket, BucketSettings, Cdn, Resource};

use super::collection::Collection;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

const HOST_SUFFIX: &str = ".digitaloceanspaces.com";

/// The buckets that were named so far.
#[derive(Default)]
pub(super) struct Buckets {
    seen: BTreeMap<String, Sightings>,
}

#[derive(Default)]
struct Sightings {
    region: Option<String>,
    seen_in: BTreeSet<&'static str>,
    told: Option<Told>,
}

/// What the object store tells of a bucket.
pub(super) struct Told {
    pub(super) size: Option<Size>,
    pub(super) settings: BucketSettings,
}

/// What a listing counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) objects: u64,
    /// Whether it stopped before its end.
    pub(super) is_in_part: bool,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    id: String,
    origin: String,
    endpoint: String,
    ttl: Option<u64>,
    certificate_id: Option<String>,
    custom_domain: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Key {
    name: String,
    access_key: Option<String>,
    grants: Option<Vec<Grant>>,
}

#[derive(Debug, Deserialize)]
struct Grant {
    bucket: Option<String>,
}

impl Identified for Endpoint {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Key {
    fn id(&self) -> String {
        self.access_key.clone().unwrap_or_else(|| self.name.clone())
    }
}

impl Buckets {
    pub(super) fn saw(&mut self, name: &str, seen_in: &'static str, region: Option<&str>) {
        // A key without a grant for one bucket names none.
        if name.is_empty() {
            return;
        }
        let sightings = self.seen.entry(name.to_owned()).or_default();
        sightings.seen_in.insert(seen_in);
        if sightings.region.is_none() {
            sightings.region = region.map(str::to_owned);
        }
    }

    /// Takes what the object store tells of a bucket in one of its regions.
    pub(super) fn told(&mut self, name: &str, region: Option<String>, told: Told) {
        let sightings = self.seen.entry(name.to_owned()).or_default();
        sightings.seen_in.insert("list_buckets");
        // The store knows better than a name that stands elsewhere.
        sightings.region = region.or(sightings.region.take());
        sightings.told = Some(told);
    }

    /// The regions that were named together with a bucket.
    pub(super) fn regions(&self) -> impl Iterator<Item = &str> {
        self.seen
            .values()
            .filter_map(|sightings| sightings.region.as_deref())
    }

    /// Adds every bucket that was named.
    pub(super) fn finish(self, gathered: &mut Gathered) {
        for (name, sightings) in self.seen {
            gathered.add(bucket(name, sightings));
        }
    }
}

fn bucket(name: String, sightings: Sightings) -> Resource {
    let Sightings {
        region,
        seen_in,
        told,
    } = sightings;
    let size = told.as_ref().and_then(|told| told.size);
    Resource {
        id: name.clone(),
        name,
        region,
        cost: None,
        attributes: Attributes::Bucket(Bucket {
            seen_in: seen_in.into_iter().map(str::to_owned).collect(),
            size_bytes: size.map(|size| size.bytes),
            objects: size.map(|size| size.objects),
            is_counted_in_part: size.is_some_and(|size| size.is_in_part),
            settings: told.map(|told| told.settings),
        }),
    }
}

/// Reads the content delivery endpoints and the keys, and the buckets that they name.
pub(super) async fn gather(
    reader: &Reader<'_>,
    buckets: &mut Buckets,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let cdns = Collection::new("/v2/cdn/endpoints", "endpoints").with_items("endpoint");
    for endpoint in reader.list::<Endpoint>(cdns).await?.unwrap_or_default() {
        add_endpoint(endpoint, buckets, gathered);
    }
    let keys = Collection::new("/v2/spaces/keys", "keys");
    for key in reader.list::<Key>(keys).await?.unwrap_or_default() {
        for grant in key.grants.into_iter().flatten() {
            buckets.saw(&grant.bucket.unwrap_or_default(), "key_grant", None);
        }
    }
    Ok(())
}

fn add_endpoint(endpoint: Endpoint, buckets: &mut Buckets, gathered: &mut Gathered) {
    if let Some((bucket, region)) = origin_bucket(&endpoint.origin) {
        buckets.saw(bucket, "cdn_origin", Some(region));
        gathered.refer(&endpoint.id, "serves", bucket);
    }
    let certificate_id = endpoint.certificate_id.filter(|id| !id.is_empty());
    gathered.refer(
        &endpoint.id,
        "serves",
        certificate_id.clone().unwrap_or_default(),
    );
    gathered.add(Resource {
        id: endpoint.id,
        name: endpoint.endpoint.clone(),
        region: None,
        cost: None,
        attributes: Attributes::Cdn(Cdn {
            origin: endpoint.origin,
            endpoint: endpoint.endpoint,
            custom_domain: endpoint.custom_domain.filter(|name| !name.is_empty()),
            certificate_id,
            ttl_seconds: endpoint.ttl,
        }),
    });
}

/// Bucket and region of `lms-media.blr1.digitaloceanspaces.com`.
fn origin_bucket(origin: &str) -> Option<(&str, &str)> {
    origin.strip_suffix(HOST_SUFFIX)?.rsplit_once('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_bucket_and_region() {
        let cases = [
            (
                "lms-media.blr1.digitaloceanspaces.com",
                Some(("lms-media", "blr1")),
            ),
            ("a.b.sgp1.digitaloceanspaces.com", Some(("a.b", "sgp1"))),
            ("www.example.com", None),
        ];
        for (origin, expected) in cases {
            assert_eq!(origin_bucket(origin), expected, "{origin}");
        }
    }
}
