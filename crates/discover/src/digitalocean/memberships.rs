//! What belongs together and stands in lists of its own: the servers of an autoscale pool, and servers on one machine.

use serde::Deserialize;

use super::collection::Collection;
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::Answer;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

const NEIGHBOURS: &str = "/v2/reports/droplet_neighbors_ids";

#[derive(Debug, Deserialize)]
struct Member {
    droplet_id: u64,
}

/// Groups of servers that share one machine of the provider: what fails together.
#[derive(Debug, Deserialize)]
struct Neighbours {
    neighbor_ids: Option<Vec<Vec<u64>>>,
}

impl Identified for Member {
    fn id(&self) -> String {
        self.droplet_id.to_string()
    }
}

/// Reads both; they add edges and no resources.
pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let pools = gathered
        .resources()
        .iter()
        .filter(|resource| resource.attributes.kind() == "autoscale_pool");
    let pools: Vec<String> = pools.map(|pool| pool.id.clone()).collect();
    for pool in pools {
        let path = format!("/v2/droplets/autoscale/{}/members", segment(&pool));
        let members: Option<Vec<Member>> = reader.list(Collection::new(&path, "droplets")).await?;
        for member in members.into_iter().flatten() {
            gathered.refer_known(&member.id(), "belongs_to", &pool);
        }
    }
    gather_neighbours(reader, gathered).await
}

async fn gather_neighbours(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Neighbours>(bytes);
    let groups = match reader.ask(NEIGHBOURS, parse).await? {
        // An account without servers has no report.
        Answer::Absent(_) => None,
        answer => reader.found_or_noted(NEIGHBOURS, answer),
    };
    for group in groups
        .and_then(|found| found.neighbor_ids)
        .into_iter()
        .flatten()
    {
        let mut ids: Vec<String> = group.iter().map(u64::to_string).collect();
        ids.sort();
        for pair in ids.windows(2) {
            if let [one, next] = pair {
                gathered.refer_known(one, "shares_host_with", next);
            }
        }
    }
    Ok(())
}
