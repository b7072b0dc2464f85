//! Where traces, metrics and logs of applications and private spaces are sent to, of the platform's newer generation.

use serde::Deserialize;
use serde_json::json;

use reberth_model::estate::{Attributes, Other, Resource};

use super::form::HostOnly;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

/// The platform's first generation, which has log drains alone.
const FIRST_GENERATION: &str = "cedar";

#[derive(Debug, Deserialize)]
struct TelemetryDrain {
    id: String,
    #[serde(default)]
    signals: Vec<String>,
    exporter: Option<Exporter>,
}

/// Its headers hold keys, and are not read.
#[derive(Debug, Deserialize)]
struct Exporter {
    #[serde(rename = "type")]
    protocol: Option<String>,
    #[serde(default)]
    endpoint: HostOnly,
}

impl Identified for TelemetryDrain {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Who owns drains.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// `app` or `space`.
    pub(super) kind: &'static str,
    /// Where the API tells of it, for example `/apps/shop`.
    pub(super) root: &'a str,
    /// Its identifier.
    pub(super) id: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// The generation of the platform that it is of, where told.
    pub(super) generation: Option<&'a str>,
}

/// Adds the telemetry drains of an application or space.
pub(super) async fn gather(
    reader: &Reader<'_>,
    owner: Owner<'_>,
    found: &mut Gathered,
) -> Result<(), DiscoverError> {
    if owner.generation == Some(FIRST_GENERATION) {
        return Ok(());
    }
    let path = format!("{}/telemetry-drains", owner.root);
    // A generation that is known to have drains has the list; of one that is not told, its absence is no news.
    let drains: Option<Vec<TelemetryDrain>> = match owner.generation {
        Some(_) => reader.list(&path).await?,
        None => reader.list_if_any(&path).await?,
    };
    for drain in drains.unwrap_or_default() {
        add(owner, drain, found);
    }
    Ok(())
}

fn add(owner: Owner<'_>, mut drain: TelemetryDrain, found: &mut Gathered) {
    found.refer(&drain.id, "belongs_to", owner.id);
    drain.signals.sort();
    let (protocol, host) = drain
        .exporter
        .map_or((None, None), |own| (own.protocol, own.endpoint.0));
    let facts = [
        ("host".to_owned(), json!(host)),
        ("owner".to_owned(), json!(owner.name)),
        ("owner_kind".to_owned(), json!(owner.kind)),
        ("protocol".to_owned(), json!(protocol)),
        ("signals".to_owned(), json!(drain.signals)),
    ];
    found.add(Resource {
        id: drain.id,
        name: host.unwrap_or_else(|| "telemetry drain".to_owned()),
        region: None,
        cost: None,
        attributes: Attributes::Other(Other {
            word: "telemetry_drain".to_owned(),
            facts: facts.into(),
        }),
    });
}
