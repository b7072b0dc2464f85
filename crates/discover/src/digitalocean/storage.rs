//! Volumes and snapshots.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Resource, Snapshot, Volume};

use super::collection::Collection;
use super::reader::Reader;
use super::region::Region;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

#[derive(Debug, Deserialize)]
struct BlockVolume {
    id: String,
    name: String,
    region: Option<Region>,
    droplet_ids: Option<Vec<u64>>,
    size_gigabytes: Option<u64>,
    filesystem_type: Option<String>,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct SavedState {
    id: String,
    name: String,
    created_at: Option<String>,
    regions: Option<Vec<String>>,
    resource_id: Option<String>,
    resource_type: Option<String>,
    size_gigabytes: Option<f64>,
}

impl Identified for BlockVolume {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for SavedState {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let volumes = Collection::new("/v2/volumes", "volumes").with_items("volume");
    for volume in reader.list(volumes).await?.unwrap_or_default() {
        add_volume(volume, gathered);
    }
    let snapshots = Collection::new("/v2/snapshots", "snapshots").with_items("snapshot");
    for snapshot in reader.list(snapshots).await?.unwrap_or_default() {
        add_snapshot(snapshot, gathered);
    }
    Ok(())
}

fn add_volume(volume: BlockVolume, gathered: &mut Gathered) {
    let mut server_ids: Vec<String> = volume
        .droplet_ids
        .into_iter()
        .flatten()
        .map(|server| server.to_string())
        .collect();
    server_ids.sort();
    for server in &server_ids {
        gathered.refer(&volume.id, "attached_to", server.as_str());
    }
    let mut tags = volume.tags.unwrap_or_default();
    tags.sort();
    gathered.add(Resource {
        id: volume.id,
        name: volume.name,
        region: volume.region.map(Region::into_slug),
        cost: None,
        attributes: Attributes::Volume(Volume {
            size_gib: volume.size_gigabytes.unwrap_or_default(),
            filesystem: volume.filesystem_type.filter(|name| !name.is_empty()),
            server_ids,
            tags,
        }),
    });
}

fn add_snapshot(snapshot: SavedState, gathered: &mut Gathered) {
    let of = match snapshot.resource_type.as_deref() {
        Some("droplet") => "server",
        Some(other) => other,
        None => "",
    };
    // What a snapshot was taken of may be long gone, so this is no reference that must resolve.
    if let Some(of_id) = &snapshot.resource_id {
        gathered.refer_known(&snapshot.id, "belongs_to", of_id);
    }
    gathered.add(Resource {
        id: snapshot.id,
        name: snapshot.name,
        region: snapshot
            .regions
            .and_then(|regions| regions.into_iter().next()),
        cost: None,
        attributes: Attributes::Snapshot(Snapshot {
            of: of.to_owned(),
            of_id: snapshot.resource_id,
            size_gib: snapshot.size_gigabytes.unwrap_or_default(),
            created_at: snapshot.created_at,
        }),
    });
}
