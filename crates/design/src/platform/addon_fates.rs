//! What becomes of each service that was added to an application: a table, and people for what it does not know.

use reberth_model::design::{AddonFate, Design, Fate, SettingFate};
use reberth_model::estate::{Addon, Estate, Resource};

use crate::csv;

const TABLE: &str = include_str!("../../../../catalog/heroku-addons-to-aws.csv");

/// What this design does about a service: what becomes of it, and of the settings that it gives.
struct Answer {
    services: &'static [&'static str],
    fate: Fate,
    settings: SettingFate,
    why: &'static str,
}

/// Services whose place a part of this design takes, or that need none. Any other service of the catalog's table is kept with its maker if the table says
/// `keep`, and is for people to decide if not.
const ANSWERS: [Answer; 7] = [
    Answer {
        services: &["scheduler"],
        fate: Fate::Replaced,
        settings: SettingFate::Dropped,
        why: "its jobs become CronJobs; no API tells them, so they must be listed for discover",
    },
    Answer {
        services: &["papertrail", "logentries", "logdna"],
        fate: Fate::Replaced,
        settings: SettingFate::Dropped,
        why: "the cluster's log shipper sends every line to CloudWatch Logs; saved searches and alerts are made anew",
    },
    Answer {
        services: &["quotaguard", "quotaguardstatic", "fixie"],
        fate: Fate::Replaced,
        settings: SettingFate::Undecided,
        why: "requests leave by the NAT gateways, whose addresses do not change: whoever allows the old addresses must be told the new ones, and the program must stop using the proxy",
    },
    Answer {
        services: &["expeditedssl"],
        fate: Fate::Replaced,
        settings: SettingFate::Dropped,
        why: "certificates are issued and renewed by ACM",
    },
    Answer {
        services: &["deployhooks", "heroku-ci"],
        fate: Fate::Replaced,
        settings: SettingFate::Dropped,
        why: "the build machine tells who must know",
    },
    Answer {
        services: &["autoscale", "hirefire", "judoscale"],
        fate: Fate::Replaced,
        settings: SettingFate::Dropped,
        why: "pods are scaled in the cluster, by use of processors or by length of a queue",
    },
    Answer {
        services: &["librato", "hostedgraphite"],
        fate: Fate::Replaced,
        settings: SettingFate::Undecided,
        why: "metrics are kept in the managed Prometheus of this design; dashboards are made anew",
    },
];

/// A row of the catalog's table.
struct Known {
    target: String,
    migration: String,
    note: String,
}

/// Every added service with what becomes of it, ordered.
pub(super) fn list(estate: &Estate, design: &Design) -> Vec<AddonFate> {
    let mut fates: Vec<AddonFate> = estate
        .addons()
        .map(|(resource, addon)| fate_of(estate, resource, addon, design))
        .collect();
    fates.sort();
    fates
}

fn fate_of(estate: &Estate, resource: &Resource, addon: &Addon, design: &Design) -> AddonFate {
    let app = addon.app_id.as_deref().and_then(|id| {
        let mut apps = estate.apps();
        apps.find(|(own, _)| own.id == id)
    });
    let (fate, why) = match app {
        Some((_, app)) if app.is_review_app => {
            let why = "its application was made for one change under review, and goes with it";
            (Fate::Dropped, why.to_owned())
        }
        _ => store(estate, resource, design).unwrap_or_else(|| by_table(&addon.service)),
    };
    AddonFate {
        service: addon.service.clone(),
        id: resource.id.clone(),
        name: resource.name.clone(),
        plan: addon.plan.clone(),
        application: app.map(|(own, _)| own.name.clone()),
        fate,
        why,
    }
}

/// The database or cache that takes its place.
fn store(estate: &Estate, resource: &Resource, design: &Design) -> Option<(Fate, String)> {
    let store = estate
        .edges
        .iter()
        .find(|edge| edge.to == resource.id && edge.relation == "belongs_to")?;
    let comes_from = |from: &[String]| from.contains(&store.from);
    let mut databases = design.databases.iter();
    if let Some(own) = databases.find(|own| comes_from(&own.origin.from)) {
        return Some((
            Fate::Replaced,
            format!("its data are moved into the database {}", own.key),
        ));
    }
    let mut caches = design.caches.iter();
    let own = caches.find(|own| comes_from(&own.origin.from))?;
    Some((
        Fate::Replaced,
        format!("the cache {} takes its place", own.key),
    ))
}

fn by_table(service: &str) -> (Fate, String) {
    if let Some(answer) = answer(service) {
        return (answer.fate, answer.why.to_owned());
    }
    match known(service) {
        Some(known) if known.migration.starts_with("keep") => {
            let instead = match known.target.as_str() {
                "keep" => String::new(),
                target => format!("; instead of it later: {target}"),
            };
            let note = if known.note.is_empty() {
                String::new()
            } else {
                format!("; {}", known.note)
            };
            let why = format!(
                "its maker serves any platform: the settings are carried, and it is paid to its maker from then on{instead}{note}"
            );
            (Fate::Kept, why)
        }
        Some(known) => {
            let why = format!(
                "not part of this design: {} would take its place ({}); until somebody decides, the settings are carried and it must stay reachable",
                known.target, known.migration
            );
            (Fate::Undecided, why)
        }
        None => {
            let why = "this build does not know the service: ask its maker whether it serves other platforms";
            (Fate::Undecided, why.to_owned())
        }
    }
}

/// What becomes of a setting that a service gives which no store of the design comes from.
pub(super) fn of_setting(service: &str) -> (SettingFate, String) {
    match answer(service) {
        Some(answer) => (answer.settings.clone(), answer.why.to_owned()),
        None => match by_table(service) {
            (Fate::Kept, _) => (
                SettingFate::Carried,
                format!("{service} is kept with its maker"),
            ),
            _ => (
                SettingFate::Undecided,
                format!(
                    "nothing of this design takes the place of {service}: carried until somebody decides"
                ),
            ),
        },
    }
}

fn answer(service: &str) -> Option<&'static Answer> {
    ANSWERS
        .iter()
        .find(|answer| answer.services.contains(&service))
}

fn known(service: &str) -> Option<Known> {
    csv::rows(TABLE).find_map(|row| match row.as_slice() {
        [own, _, _, _, target, migration, _, note] if own == service => Some(Known {
            target: target.clone(),
            migration: migration.clone(),
            note: note.clone(),
        }),
        _ => None,
    })
}
