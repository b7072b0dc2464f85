//! Reserved addresses, IPv4 and IPv6.

use serde::Deserialize;

use reberth_model::estate::{Address, Attributes, Resource};

use super::collection::Collection;
use super::reader::Reader;
use super::region::Region;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

#[derive(Debug, Deserialize)]
struct Reserved {
    ip: String,
    region: Option<Region>,
    region_slug: Option<String>,
    droplet: Option<Holder>,
}

#[derive(Debug, Deserialize)]
struct Holder {
    id: u64,
}

impl Identified for Reserved {
    fn id(&self) -> String {
        self.ip.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let lists = [
        Collection::new("/v2/reserved_ips", "reserved_ips").with_items("reserved_ip"),
        Collection::new("/v2/reserved_ipv6", "reserved_ipv6s").with_items("reserved_ipv6"),
    ];
    for list in lists {
        for reserved in reader.list(list).await?.unwrap_or_default() {
            add(reserved, gathered);
        }
    }
    Ok(())
}

fn add(reserved: Reserved, gathered: &mut Gathered) {
    let server_id = reserved.droplet.map(|holder| holder.id.to_string());
    gathered.refer(
        &reserved.ip,
        "attached_to",
        server_id.clone().unwrap_or_default(),
    );
    gathered.add(Resource {
        id: reserved.ip.clone(),
        name: reserved.ip.clone(),
        region: reserved
            .region
            .map(Region::into_slug)
            .or(reserved.region_slug),
        cost: None,
        attributes: Attributes::Address(Address {
            ip: reserved.ip,
            server_id,
        }),
    });
}
