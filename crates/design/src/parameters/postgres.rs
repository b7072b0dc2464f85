//! The parameter group of a PostgreSQL database: what security and the way back ask for, and what the source logs.

use reberth_model::design::{Parameter, ParameterApply, SettingNotCopied};
use reberth_model::estate::Database;

use ParameterApply::{Immediate, PendingReboot};

/// Parameters of every database: name, value, when it takes effect, why.
const ALWAYS: [(&str, &str, ParameterApply, &str); 6] = [
    (
        "log_lock_waits",
        "1",
        Immediate,
        "as at the source: a statement that waits for a lock for a second is logged",
    ),
    (
        "log_min_duration_statement",
        "2000",
        Immediate,
        "as at the source: a statement of two seconds is logged",
    ),
    (
        "pg_stat_statements.track",
        "all",
        Immediate,
        "what a function runs is counted too",
    ),
    (
        "rds.force_ssl",
        "1",
        Immediate,
        "no connection without TLS, as at the source",
    ),
    (
        "rds.logical_replication",
        "1",
        PendingReboot,
        "changes flow back to the source by logical decoding, once this side is written to",
    ),
    (
        "shared_preload_libraries",
        "pg_stat_statements",
        PendingReboot,
        "statements are counted, so that the slow ones can be found",
    ),
];

/// The parameters, ordered by name, and what is not set.
pub(crate) fn of(source: &Database) -> (Vec<Parameter>, Vec<SettingNotCopied>) {
    let mut parameters: Vec<Parameter> = ALWAYS
        .iter()
        .map(|(name, value, apply, why)| Parameter {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            apply: *apply,
            why: (*why).to_owned(),
        })
        .collect();
    parameters.sort();
    (parameters, not_copied(source))
}

/// The platform tells no server settings. What it does tell that has a limit here is said, and what nobody told.
fn not_copied(source: &Database) -> Vec<SettingNotCopied> {
    let told = |name: &str| {
        let value = source.settings.as_ref()?.get(name)?;
        value.as_str().map(str::to_owned)
    };
    let mut list = vec![SettingNotCopied {
        name: "extensions".to_owned(),
        value: "not told".to_owned(),
        why: "the platform's API does not list them: `reberth replicate plan` reads them on both sides and stops at what the target does not offer".to_owned(),
    }];
    if let Some(value) = told("Connections") {
        list.push(SettingNotCopied {
            name: "max_connections".to_owned(),
            value,
            why: "RDS reckons it from the memory of the class; pool connections before a class with less memory is chosen".to_owned(),
        });
    }
    if let Some(value) = told("Rollback") {
        list.push(SettingNotCopied {
            name: "rollback".to_owned(),
            value,
            why: "point-in-time recovery of RDS, over the days that backups are kept".to_owned(),
        });
    }
    list.sort();
    list
}
