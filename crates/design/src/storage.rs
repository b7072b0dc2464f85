//! Buckets: one for each bucket of the source.

use reberth_model::design::{Bucket, Origin};
use reberth_model::estate::{Addon, Estate, Resource};

use crate::name::{self, Keys};

/// A bucket's name has 63 characters; 13 of them are for the account's number.
const NAME_LENGTH_MAX: usize = 50;
const KEY_LENGTH_MAX: usize = 32;

/// Services that give an application of a platform a bucket.
const BUCKET_SERVICES: [&str; 2] = ["bucketeer", "cloudcube"];

/// Designs the buckets, ordered by key.
pub(crate) fn buckets(
    estate: &Estate,
    mut keys: Keys,
    project: &str,
    environment: &str,
) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = estate
        .of_kind("bucket")
        .chain(bucket_services(estate))
        .map(|resource| {
            let key = keys.give(&resource.name, [&resource.id], KEY_LENGTH_MAX);
            Bucket {
                name: name::shortened(&format!("{project}-{environment}-{key}"), NAME_LENGTH_MAX),
                exists: false,
                origin: Origin {
                    from: vec![resource.id.clone()],
                    why: format!(
                        "replaces bucket {}; its objects are copied before the switch",
                        resource.name
                    ),
                },
                key,
            }
        })
        .collect();
    buckets.sort_by(|left, right| left.key.cmp(&right.key));
    buckets
}

fn bucket_services(estate: &Estate) -> impl Iterator<Item = &Resource> {
    let gives_bucket = |addon: &Addon| BUCKET_SERVICES.contains(&addon.service.as_str());
    estate
        .addons()
        .filter_map(move |(resource, addon)| gives_bucket(addon).then_some(resource))
}
