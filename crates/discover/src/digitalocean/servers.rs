//! Droplets.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Resource, Server, Utilisation};
use reberth_model::money::{MonthlyCost, Usd};

use super::collection::Collection;
use super::region::Region;
use crate::gathered::Gathered;
use crate::item::Identified;

pub(super) const COLLECTION: Collection<'_> = Collection {
    path: "/v2/droplets",
    query: "",
    key: "droplets",
    item_key: Some("droplet"),
};

/// Backups cost a fifth of the server's price.
const BACKUPS_FACTOR: f64 = 1.2;

#[derive(Debug, Deserialize)]
pub(super) struct Droplet {
    pub(super) id: u64,
    name: String,
    #[serde(default)]
    memory: u64,
    #[serde(default)]
    vcpus: u32,
    #[serde(default)]
    disk: u64,
    status: Option<String>,
    created_at: Option<String>,
    features: Option<Vec<String>>,
    image: Option<Image>,
    size: Option<Size>,
    size_slug: Option<String>,
    networks: Option<Networks>,
    region: Option<Region>,
    tags: Option<Vec<String>>,
    vpc_uuid: Option<String>,
    backup_ids: Option<Vec<u64>>,
}

#[derive(Debug, Deserialize)]
struct Image {
    name: Option<String>,
    distribution: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Size {
    price_monthly: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Networks {
    v4: Option<Vec<NetworkAddress>>,
    v6: Option<Vec<NetworkAddress>>,
}

#[derive(Debug, Deserialize)]
struct NetworkAddress {
    ip_address: String,
    #[serde(rename = "type")]
    side: String,
}

impl Identified for Droplet {
    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Droplet {
    fn has(&self, feature: &str) -> bool {
        self.features.iter().flatten().any(|name| name == feature)
    }

    fn ipv4(&self, side: &str) -> Vec<String> {
        let networks = self.networks.as_ref();
        on_side(networks.and_then(|networks| networks.v4.as_deref()), side)
    }

    fn ipv6(&self, side: &str) -> Vec<String> {
        let networks = self.networks.as_ref();
        on_side(networks.and_then(|networks| networks.v6.as_deref()), side)
    }

    fn cost(&self) -> Option<MonthlyCost> {
        let price = self.size.as_ref()?.price_monthly?;
        let (factor, source) = if self.has("backups") {
            (
                BACKUPS_FACTOR,
                "api: droplet.size.price_monthly + 20 % for backups",
            )
        } else {
            (1.0, "api: droplet.size.price_monthly")
        };
        Some(MonthlyCost {
            usd: Usd::from_f64(price * factor)?,
            source: source.to_owned(),
        })
    }

    fn operating_system(&self) -> Option<String> {
        let image = self.image.as_ref()?;
        let parts = [image.distribution.as_deref(), image.name.as_deref()];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}

/// Nothing is said of a server that has no backups and never had.
fn kept(droplet: &Droplet) -> Option<u32> {
    let ids = droplet.backup_ids.as_ref()?;
    let is_told = droplet.has("backups") || !ids.is_empty();
    is_told.then(|| u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

/// Addresses on one side, `public` or `private`, ordered.
fn on_side(addresses: Option<&[NetworkAddress]>, side: &str) -> Vec<String> {
    let addresses = addresses.into_iter().flatten();
    let mut found: Vec<String> = addresses
        .filter(|address| address.side == side)
        .map(|address| address.ip_address.clone())
        .collect();
    found.sort();
    found
}

/// Adds a server with what was measured of it.
pub(super) fn gather(droplet: Droplet, utilisation: Option<Utilisation>, gathered: &mut Gathered) {
    let id = droplet.id();
    let mut tags = droplet.tags.clone().unwrap_or_default();
    tags.sort();
    gathered.refer(
        &id,
        "in_network",
        droplet.vpc_uuid.clone().unwrap_or_default(),
    );
    let server = Server {
        size: droplet.size_slug.clone().unwrap_or_default(),
        vcpus: droplet.vcpus,
        memory_mib: droplet.memory,
        disk_gib: droplet.disk,
        operating_system: droplet.operating_system(),
        status: droplet.status.clone().unwrap_or_default(),
        private_ipv4: droplet.ipv4("private"),
        public_ipv4: droplet.ipv4("public"),
        public_ipv6: droplet.ipv6("public"),
        backups: droplet.has("backups"),
        backups_kept: kept(&droplet),
        monitoring: droplet.has("monitoring"),
        tags,
        created_at: droplet.created_at.clone(),
        utilisation,
        inside: None,
    };
    gathered.add(Resource {
        id,
        cost: droplet.cost(),
        region: droplet.region.map(Region::into_slug),
        name: droplet.name,
        attributes: Attributes::Server(server),
    });
}
