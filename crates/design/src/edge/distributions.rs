//! Distributions: one before each load balancer, and one for each delivery endpoint of the source with a name of its own.

use reberth_model::design::{Bucket, Delivered, Distribution, Front, Ingress, Origin};
use reberth_model::estate::{Attributes, Cdn, Estate, Resource};
use std::collections::BTreeSet;

use crate::name;

/// Longest key, so that a name made of project, environment and key fits every limit.
const KEY_LENGTH_MAX: usize = 32;

pub(super) fn list(
    estate: &Estate,
    front: Front,
    ingresses: &[Ingress],
    buckets: &[Bucket],
) -> Vec<Distribution> {
    let mut taken = BTreeSet::new();
    let mut list = Vec::new();
    if front == Front::Distributions {
        for ingress in ingresses {
            taken.insert(ingress.key.clone());
            list.push(of_ingress(ingress));
        }
    }
    for (resource, cdn) in endpoints(estate) {
        list.extend(of_files(resource, cdn, buckets, &mut taken));
    }
    list.sort_by(|left, right| left.key.cmp(&right.key));
    list
}

/// Delivery endpoints of the source.
pub(super) fn endpoints(estate: &Estate) -> impl Iterator<Item = (&Resource, &Cdn)> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Cdn(cdn) => Some((resource, cdn)),
            _ => None,
        })
}

fn of_ingress(ingress: &Ingress) -> Distribution {
    Distribution {
        key: ingress.key.clone(),
        delivers: Delivered::Ingress(ingress.key.clone()),
        domain: ingress.domain.clone(),
        alternative_names: ingress.alternative_names.clone(),
        origin: Origin {
            from: ingress.origin.from.clone(),
            why: format!(
                "stands before load balancer {}, which has no public address",
                ingress.name
            ),
        },
    }
}

/// An endpoint without a name of its own has only the provider's, which cannot move.
fn of_files(
    resource: &Resource,
    cdn: &Cdn,
    buckets: &[Bucket],
    taken: &mut BTreeSet<String>,
) -> Option<Distribution> {
    let domain = cdn.custom_domain.clone()?;
    let label = cdn.origin.split('.').next()?;
    let bucket = buckets.iter().find(|bucket| {
        let mut from = bucket.origin.from.iter();
        from.any(|id| id == label)
    })?;
    Some(Distribution {
        key: name::unique_key(&bucket.key, &resource.id, KEY_LENGTH_MAX, taken),
        delivers: Delivered::Bucket(bucket.key.clone()),
        origin: Origin {
            from: vec![resource.id.clone()],
            why: format!("replaces the delivery of {} under {domain}", cdn.origin),
        },
        domain,
        alternative_names: Vec::new(),
    })
}
