use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate, Resource};

use super::{Context, Rule, evidence};
use crate::engine::Family;
use crate::platform_plans;

/// Flags databases that are near a limit of their plan at the moment of discovery. One look is no 95th percentile, so what is below the limit
/// stays unknown until it was sampled.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-09",
    problem: "Some databases are near a limit of their plan",
    reads: &["database", "cache"],
    check,
};

const PERCENT_MAX: u64 = 80;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .flat_map(|(resource, database)| {
            let found: Vec<Evidence> = [connections(database), disk(estate, database)]
                .into_iter()
                .flatten()
                .map(|limit| judge(resource, limit))
                .collect();
            if found.is_empty() {
                let value = "not sampled";
                vec![evidence(
                    resource,
                    CheckResult::Unknown,
                    "connections, storage",
                    value,
                )]
            } else {
                found
            }
        })
        .collect()
}

/// How much of a limit is used.
struct Use {
    attribute: &'static str,
    used: u64,
    limit: u64,
    unit: &'static str,
}

fn judge(resource: &Resource, limit: Use) -> Evidence {
    let Use {
        attribute,
        used,
        limit,
        unit,
    } = limit;
    let value = format!("{used} of {limit} {unit}");
    if used.saturating_mul(100) >= limit.saturating_mul(PERCENT_MAX) {
        evidence(resource, CheckResult::Fail, attribute, value)
    } else {
        let value = format!("{value} at one look");
        evidence(resource, CheckResult::Unknown, attribute, value)
    }
}

const BYTES_PER_MIB: u64 = 1 << 20;

/// What it holds beside the disk that the provider tells or the plan allows.
fn disk(estate: &Estate, database: &Database) -> Option<Use> {
    let planned = || {
        let service = match (estate.provider.as_str(), Family::of(&database.engine)) {
            ("heroku", Family::Postgres) => "heroku-postgresql",
            _ => return None,
        };
        platform_plans::plan(service, &database.size)?
            .disk_gib
            .map(|gib| gib * 1024)
    };
    let limit = database
        .storage_mib
        .or_else(planned)
        .filter(|mib| *mib > 0)?;
    Some(Use {
        attribute: "data_bytes",
        used: database.data_bytes? / BYTES_PER_MIB,
        limit,
        unit: "MiB of disk",
    })
}

/// Of `62/500`.
fn connections(database: &Database) -> Option<Use> {
    let told = database.settings.as_ref()?.get("Connections")?.as_str()?;
    let (used, limit) = told.split_once('/')?;
    let limit: u64 = limit.trim().parse().ok()?;
    (limit > 0).then_some(Use {
        attribute: "settings.Connections",
        used: used.trim().parse().ok()?,
        limit,
        unit: "connections",
    })
}
