//! DNS zones and their records.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use reberth_model::estate::{Attributes, DnsRecord, Domain, Resource};

use super::collection::Collection;
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct Zone {
    name: String,
    ttl: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Record {
    id: u64,
    #[serde(rename = "type")]
    record_type: String,
    name: String,
    data: Option<String>,
    priority: Option<u64>,
    port: Option<u64>,
    ttl: Option<u64>,
    weight: Option<u64>,
    flags: Option<u64>,
    tag: Option<String>,
}

impl Identified for Zone {
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Identified for Record {
    fn id(&self) -> String {
        self.id.to_string()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let zones: Vec<Zone> = reader
        .list(Collection::new("/v2/domains", "domains").with_items("domain"))
        .await?
        .unwrap_or_default();
    let mut reads = stream::iter(zones.into_iter().map(|zone| with_records(reader, zone)))
        .buffer_unordered(IN_FLIGHT_MAX);
    while let Some((zone, records)) = reads.try_next().await? {
        for record in records {
            add_record(&zone.name, record, gathered);
        }
        gathered.add(Resource {
            id: zone.name.clone(),
            name: zone.name,
            region: None,
            cost: None,
            attributes: Attributes::Domain(Domain {
                ttl_seconds: zone.ttl,
                ..Domain::default()
            }),
        });
    }
    Ok(())
}

async fn with_records(
    reader: &Reader<'_>,
    zone: Zone,
) -> Result<(Zone, Vec<Record>), DiscoverError> {
    let path = format!("/v2/domains/{}/records", segment(&zone.name));
    let records = reader
        .list(Collection::new(&path, "domain_records").with_items("domain_record"))
        .await?;
    Ok((zone, records.unwrap_or_default()))
}

fn add_record(zone: &str, record: Record, gathered: &mut Gathered) {
    // Record numbers are promised to be unique within a zone only.
    let id = format!("{zone}/{}", record.id);
    let data = record.data.unwrap_or_default();
    gathered.refer(&id, "belongs_to", zone);
    if matches!(record.record_type.as_str(), "A" | "AAAA" | "CNAME") {
        // The zone itself is written as @.
        let host = if data == "@" { zone } else { data.as_str() };
        gathered.refer_host(&id, "routes_to", host);
    }
    gathered.add(Resource {
        id,
        name: record.name,
        region: None,
        cost: None,
        attributes: Attributes::DnsRecord(DnsRecord {
            domain: zone.to_owned(),
            record_type: record.record_type,
            data,
            ttl_seconds: record.ttl,
            priority: record.priority,
            port: record.port,
            weight: record.weight,
            flags: record.flags,
            tag: record.tag,
        }),
    });
}
