//! Private spaces with their addresses and peerings.

use serde::Deserialize;
use serde_json::json;

use reberth_model::estate::{Attributes, Network, Other, Resource};

use super::form::{Named, name_of};
use super::reader::Reader;
use super::telemetry_drains::{self, Owner};
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct Space {
    id: String,
    name: String,
    region: Option<Named>,
    cidr: Option<String>,
    data_cidr: Option<String>,
    shield: Option<bool>,
    state: Option<String>,
    generation: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Nat {
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Peering {
    pcx_id: Option<String>,
    cidr_blocks: Option<Vec<String>>,
    status: Option<String>,
}

impl Identified for Space {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let spaces: Option<Vec<Space>> = reader.list("/spaces").await?;
    for space in spaces.unwrap_or_default() {
        let root = format!("/spaces/{}", segment(&space.id));
        let nat: Option<Nat> = reader.object_if_any(&format!("{root}/nat")).await?;
        let peerings: Option<Vec<Peering>> = reader.whole_list(&format!("{root}/peerings")).await?;
        for peering in peerings.unwrap_or_default() {
            add_peering(&space, peering, gathered);
        }
        add_addresses(&space, nat, gathered);
        let owner = Owner {
            kind: "space",
            root: &root,
            id: &space.id,
            name: &space.name,
            generation: space.generation.as_ref().map(|own| own.name.as_str()),
        };
        telemetry_drains::gather(reader, owner, gathered).await?;
        gathered.add(Resource {
            id: space.id.clone(),
            name: space.name,
            region: name_of(space.region.as_ref()),
            cost: None,
            attributes: Attributes::Network(Network {
                cidr: space.cidr.unwrap_or_default(),
                description: "private space".to_owned(),
                is_default: false,
            }),
        });
    }
    Ok(())
}

/// What leaves the space comes from these addresses; outside parties may have allowed them.
fn add_addresses(space: &Space, nat: Option<Nat>, gathered: &mut Gathered) {
    let sources = nat.map(|nat| nat.sources).unwrap_or_default();
    let facts = [
        ("outgoing_addresses".to_owned(), json!(sources)),
        ("data_cidr".to_owned(), json!(space.data_cidr)),
        ("shield".to_owned(), json!(space.shield)),
        ("state".to_owned(), json!(space.state)),
    ];
    let id = format!("{}/surroundings", space.id);
    gathered.refer(&id, "belongs_to", &space.id);
    gathered.add(Resource {
        id,
        name: space.name.clone(),
        region: None,
        cost: None,
        attributes: Attributes::Other(Other {
            word: "space".to_owned(),
            facts: facts.into(),
        }),
    });
}

fn add_peering(space: &Space, peering: Peering, gathered: &mut Gathered) {
    let id = peering
        .pcx_id
        .unwrap_or_else(|| format!("{}/peering", space.id));
    gathered.refer(&id, "in_network", &space.id);
    let facts = [
        ("cidr_blocks".to_owned(), json!(peering.cidr_blocks)),
        ("status".to_owned(), json!(peering.status)),
    ];
    gathered.add(Resource {
        name: id.clone(),
        id,
        region: None,
        cost: None,
        attributes: Attributes::Other(Other {
            word: "peering".to_owned(),
            facts: facts.into(),
        }),
    });
}
