use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate, Resource};

use super::{Context, Rule, evidence, fail_if};

/// Flags MySQL clusters that may throw away their change log before a full load has ended.
///
/// The load's length is estimated from the storage the cluster has, as an upper bound of what it holds. Whether the log is written
/// by row with full images, and what the replication user may do, only the server itself tells: that stays unknown here and is
/// decided by the preflight of `replicate`.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-02",
    problem: "The change log may be thrown away before a full load has ended",
    reads: &["database"],
    check,
};

/// The least to ask for, however small the database: a load that fails at night is started again in the morning.
const RETENTION_SECONDS_MIN: u64 = 86_400;
/// Assumed rate of a full load over the internet. Deliberately low.
const LOAD_MIB_PER_SECOND: u64 = 20;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .filter(|(_, database)| database.engine.contains("mysql"))
        .flat_map(|(resource, database)| {
            [
                retention(resource, database),
                log_format(resource, database),
            ]
        })
        .collect()
}

fn retention(resource: &Resource, database: &Database) -> Evidence {
    const NAME: &str = "binlog_retention_period";
    let attribute = format!("settings.{NAME}");
    let Some(settings) = &database.settings else {
        return evidence(
            resource,
            CheckResult::Unknown,
            &attribute,
            "the settings are not visible",
        );
    };
    let Some(seconds) = settings.get(NAME).and_then(serde_json::Value::as_u64) else {
        return evidence(
            resource,
            CheckResult::Unknown,
            &attribute,
            "the provider does not tell",
        );
    };
    let needed = needed_seconds(database);
    let value = format!("{seconds} s, needed {needed} s");
    evidence(resource, fail_if(seconds < needed), &attribute, value)
}

/// Twice the estimated load.
fn needed_seconds(database: &Database) -> u64 {
    let load_seconds = database.storage_mib.unwrap_or(0) / LOAD_MIB_PER_SECOND;
    RETENTION_SECONDS_MIN.max(load_seconds * 2)
}

fn log_format(resource: &Resource, database: &Database) -> Evidence {
    let setting = |name| {
        let settings = database.settings.as_ref()?;
        settings.get(name)?.as_str().map(str::to_uppercase)
    };
    match (setting("binlog_format"), setting("binlog_row_image")) {
        (Some(format), Some(image)) => evidence(
            resource,
            fail_if(format != "ROW" || image != "FULL"),
            "settings.binlog_format",
            format!("{format}, row image {image}"),
        ),
        _ => evidence(
            resource,
            CheckResult::Unknown,
            "binlog_format, binlog_row_image, grants",
            "only the server tells; the preflight of replicate asks it",
        ),
    }
}
