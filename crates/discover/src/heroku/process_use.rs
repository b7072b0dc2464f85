//! Use of processes, which the platform shows to people and tells by no API.

use reberth_model::estate::{Attributes, ProcessUtilisation};

use super::Options;
use super::apps::AppSummary;
use super::reader::Reader;
use crate::gathered::Gathered;

/// What a person measured of one kind of process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessUse {
    /// Name of the application.
    pub app: String,
    /// The kind of process, for example `web`.
    pub process: String,
    /// What one of its instances used.
    pub utilisation: ProcessUtilisation,
}

/// Gives each process what was measured of it; what is of no process that was found is listed.
pub(super) fn gather_listed(
    reader: &Reader<'_>,
    apps: &[AppSummary],
    options: &Options<'_>,
    gathered: &mut Gathered,
) {
    for own in options.process_use.unwrap_or_default() {
        let name = format!("{}/{}", own.app, own.process);
        let is_known = apps.iter().any(|app| app.name == own.app);
        let found = gathered
            .resources_mut()
            .find(|resource| is_known && resource.name == name)
            .map(|resource| &mut resource.attributes);
        match found {
            Some(Attributes::Process(process)) => {
                process.utilisation = Some(own.utilisation.clone());
            }
            _ => reader
                .notes()
                .unmapped("use of processes given", format!("process {name}")),
        }
    }
}
