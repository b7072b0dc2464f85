//! Kinds of process of an application, what runs of them, and one-off processes that a scheduler started.

use std::collections::BTreeMap;

use serde::Deserialize;

use reberth_model::estate::{Attributes, Job, Process, Resource};
use reberth_model::money::{MonthlyCost, Usd};

use super::apps::AppSummary;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::scrubbed::scrubbed;
use crate::segment::segment;

/// Type of the processes that the scheduler starts.
pub(super) const SCHEDULED: &str = "scheduler";
/// Where a job that runs was seen.
pub(super) const SEEN_RUNNING: &str = "one_off";

/// A size of process.
#[derive(Debug, Deserialize)]
pub(super) struct DynoSize {
    id: String,
    name: String,
    /// GB.
    memory: Option<f64>,
    dedicated: Option<bool>,
    cost: Option<Price>,
}

/// A price as the API tells it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Price {
    cents: Option<f64>,
    unit: Option<String>,
    #[serde(default)]
    contract: bool,
}

#[derive(Debug, Deserialize)]
struct Formation {
    id: String,
    #[serde(rename = "type")]
    process_type: String,
    command: Option<String>,
    quantity: u32,
    size: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Dyno {
    id: String,
    name: String,
    #[serde(rename = "type")]
    process_type: Option<String>,
    command: Option<String>,
    state: Option<String>,
}

impl Identified for DynoSize {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Formation {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Dyno {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Price {
    /// What it is a month; `None` for a price by contract or another unit.
    pub(super) fn monthly(&self, quantity: u64, source: &str) -> Option<MonthlyCost> {
        if self.contract || self.unit.as_deref() != Some("month") {
            return None;
        }
        let usd = Usd::from_f64(self.cents? / 100.0)?.times(quantity);
        let source = source.to_owned();
        Some(MonthlyCost { usd, source })
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    app: &AppSummary,
    sizes: &[DynoSize],
    found: &mut Gathered,
) -> Result<(), DiscoverError> {
    let root = format!("/apps/{}", segment(&app.name));
    let formation: Option<Vec<Formation>> = reader.list(&format!("{root}/formation")).await?;
    let dynos: Option<Vec<Dyno>> = reader.list(&format!("{root}/dynos")).await?;
    let dynos = dynos.unwrap_or_default();
    let mut running: BTreeMap<&str, u32> = BTreeMap::new();
    for dyno in &dynos {
        if dyno.state.as_deref() == Some("up")
            && let Some(process_type) = &dyno.process_type
        {
            *running.entry(process_type).or_default() += 1;
        }
    }
    for process in formation.unwrap_or_default() {
        let name = format!("{}/{}", app.name, process.process_type);
        let command = process.command.as_deref().unwrap_or_default();
        let told = Told {
            command: reader.notes().command(&name, command),
            running: running
                .get(process.process_type.as_str())
                .copied()
                .unwrap_or(0),
            name,
        };
        add_process(app, process, told, sizes, found);
    }
    for dyno in &dynos {
        if dyno.process_type.as_deref() == Some(SCHEDULED) {
            add_one_off(app, dyno, found);
        }
    }
    Ok(())
}

/// What is told of a kind of process.
struct Told {
    name: String,
    /// Without its secrets.
    command: String,
    running: u32,
}

fn add_process(
    app: &AppSummary,
    process: Formation,
    told: Told,
    sizes: &[DynoSize],
    found: &mut Gathered,
) {
    let size_name = process.size.unwrap_or_default();
    let size = sizes
        .iter()
        .find(|size| size.name.eq_ignore_ascii_case(&size_name));
    let cost = size.and_then(|size| size.cost.as_ref()).and_then(|price| {
        price.monthly(
            u64::from(process.quantity),
            "api: dyno-size.cost x formation.quantity",
        )
    });
    found.refer(&process.id, "belongs_to", &app.id);
    found.add(Resource {
        id: process.id,
        name: told.name,
        region: None,
        cost,
        attributes: Attributes::Process(Process {
            app_id: app.id.clone(),
            command: told.command,
            instances: process.quantity,
            running: told.running,
            size: size_name,
            memory_mib: size
                .and_then(|size| size.memory)
                .map(|memory_gb| (memory_gb * 1024.0).round() as u64),
            dedicated: size.and_then(|size| size.dedicated),
            utilisation: None,
        }),
    });
}

fn add_one_off(app: &AppSummary, dyno: &Dyno, found: &mut Gathered) {
    found.refer(&dyno.id, "belongs_to", &app.id);
    found.add(Resource {
        id: dyno.id.clone(),
        name: format!("{}/{}", app.name, dyno.name),
        region: None,
        cost: None,
        attributes: Attributes::Job(Job {
            app_id: app.id.clone(),
            command: scrubbed(dyno.command.as_deref().unwrap_or_default()),
            schedule: None,
            seen_in: SEEN_RUNNING.to_owned(),
        }),
    });
}
