//! VPCs and what is in them.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use reberth_model::estate::{Attributes, Network, Resource};

use super::collection::Collection;
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::{Gathered, urn_id};
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct Vpc {
    id: String,
    name: String,
    region: Option<String>,
    ip_range: Option<String>,
    description: Option<String>,
    default: Option<bool>,
}

/// Something that a list names by its kind and id, for example `do:droplet:17`.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) urn: String,
}

impl Identified for Vpc {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Named {
    fn id(&self) -> String {
        self.urn.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let vpcs: Vec<Vpc> = reader
        .list(Collection::new("/v2/vpcs", "vpcs").with_items("vpc"))
        .await?
        .unwrap_or_default();
    let mut reads = stream::iter(vpcs.into_iter().map(|vpc| with_members(reader, vpc)))
        .buffer_unordered(IN_FLIGHT_MAX);
    while let Some((vpc, path, members)) = reads.try_next().await? {
        for member in members {
            gathered.mention(&path, &member.urn);
            gathered.refer_known(urn_id(&member.urn), "in_network", &vpc.id);
        }
        gathered.add(Resource {
            id: vpc.id,
            name: vpc.name,
            region: vpc.region,
            cost: None,
            attributes: Attributes::Network(Network {
                cidr: vpc.ip_range.unwrap_or_default(),
                description: vpc.description.unwrap_or_default(),
                is_default: vpc.default.unwrap_or(false),
            }),
        });
    }
    Ok(())
}

async fn with_members(
    reader: &Reader<'_>,
    vpc: Vpc,
) -> Result<(Vpc, String, Vec<Named>), DiscoverError> {
    let path = format!("/v2/vpcs/{}/members", segment(&vpc.id));
    let members = reader.list(Collection::new(&path, "members")).await?;
    Ok((vpc, path, members.unwrap_or_default()))
}
