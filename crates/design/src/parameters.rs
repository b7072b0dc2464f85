//! The parameter group of a MySQL database: the source's settings that differ from MySQL's own defaults, and the
//! few that replication and security ask for.

pub(crate) mod postgres;

use reberth_model::design::{Parameter, ParameterApply, SettingNotCopied};
use reberth_model::estate::Database;
use serde_json::Value;

use ParameterApply::{Immediate, PendingReboot};

/// Settings that are copied under their own name: when they take effect, and MySQL's default.
const COPIED: [(&str, ParameterApply, &str); 26] = [
    ("character_set_server", Immediate, "utf8mb4"),
    ("collation_server", Immediate, "utf8mb4_0900_ai_ci"),
    ("connect_timeout", Immediate, "10"),
    ("group_concat_max_len", Immediate, "1024"),
    ("information_schema_stats_expiry", Immediate, "86400"),
    ("innodb_change_buffer_max_size", Immediate, "25"),
    ("innodb_flush_neighbors", Immediate, "0"),
    ("innodb_ft_min_token_size", PendingReboot, "3"),
    ("innodb_lock_wait_timeout", Immediate, "50"),
    ("innodb_log_buffer_size", Immediate, "16777216"),
    ("innodb_online_alter_log_max_size", Immediate, "134217728"),
    ("innodb_print_all_deadlocks", Immediate, "0"),
    ("innodb_rollback_on_timeout", PendingReboot, "0"),
    ("interactive_timeout", Immediate, "28800"),
    ("internal_tmp_mem_storage_engine", Immediate, "TempTable"),
    ("long_query_time", Immediate, "10"),
    ("lower_case_table_names", PendingReboot, "0"),
    ("max_allowed_packet", Immediate, "67108864"),
    ("max_heap_table_size", Immediate, "16777216"),
    ("net_buffer_length", Immediate, "16384"),
    ("net_read_timeout", Immediate, "30"),
    ("net_write_timeout", Immediate, "60"),
    ("sort_buffer_size", Immediate, "262144"),
    ("sql_require_primary_key", Immediate, "0"),
    ("tmp_table_size", Immediate, "16777216"),
    ("wait_timeout", Immediate, "28800"),
];

/// Settings that stand elsewhere in the design: in the backup window and as the cluster's SQL mode.
const CARRIED_ELSEWHERE: [&str; 3] = ["backup_hour", "backup_minute", "sql_mode"];

/// Settings that no parameter group takes as they are.
const LEFT: [(&str, &str); 2] = [
    (
        "binlog_retention_period",
        "no parameter; set by CALL mysql.rds_set_configuration('binlog retention hours', …)",
    ),
    (
        "slow_query_log",
        "always on at the target, because the slow log is exported",
    ),
];

/// Parameters that are the same for every database: name, value, why.
const ALWAYS: [(&str, &str, &str); 6] = [
    (
        "binlog_format",
        "ROW",
        "changes flow back to the source, and replicas read, by row images",
    ),
    (
        "binlog_row_image",
        "FULL",
        "the way back finds each row by its full image",
    ),
    (
        "log_bin_trust_function_creators",
        "1",
        "routines and triggers of the source load without the SUPER privilege",
    ),
    ("log_output", "FILE", "logs are exported from files"),
    ("require_secure_transport", "1", "no connection without TLS"),
    (
        "slow_query_log",
        "1",
        "the slow log is exported to CloudWatch",
    ),
];

/// Offsets that RDS knows by a zone's name only, because it takes no numeric offsets.
const TIME_ZONES: [(&str, &str); 8] = [
    ("+00:00", "UTC"),
    ("UTC", "UTC"),
    ("+05:30", "Asia/Calcutta"),
    ("+05:45", "Asia/Kathmandu"),
    ("+06:00", "Asia/Dhaka"),
    ("+07:00", "Asia/Bangkok"),
    ("+08:00", "Asia/Singapore"),
    ("+09:00", "Asia/Tokyo"),
];

/// The parameters of a database and the settings that have none, both ordered by name.
pub(crate) fn of(source: &Database) -> (Vec<Parameter>, Vec<SettingNotCopied>) {
    let mut parameters: Vec<Parameter> = ALWAYS
        .iter()
        .map(|(name, value, why)| parameter(name, value, Immediate, why))
        .collect();
    let mut not_copied = Vec::new();
    if let Some(mode) = source
        .sql_mode
        .clone()
        .or_else(|| setting(source, "sql_mode"))
    {
        parameters.push(parameter(
            "sql_mode",
            &mode,
            Immediate,
            "copied from the source",
        ));
    }
    for (name, value) in source.settings.iter().flatten() {
        let value = text(value);
        match copy(name, &value) {
            Outcome::Set(parameter) => parameters.push(parameter),
            Outcome::Default => {}
            Outcome::Left(why) => not_copied.push(SettingNotCopied {
                name: name.clone(),
                value,
                why,
            }),
        }
    }
    parameters.sort();
    (parameters, not_copied)
}

/// What becomes of one setting.
enum Outcome {
    Set(Parameter),
    /// It needs no parameter.
    Default,
    Left(String),
}

fn copy(name: &str, value: &str) -> Outcome {
    if matches!(name, "default_time_zone" | "time_zone") {
        return time_zone(value);
    }
    if CARRIED_ELSEWHERE.contains(&name) {
        return Outcome::Default;
    }
    if let Some((_, why)) = LEFT.iter().find(|(known, _)| *known == name) {
        return Outcome::Left((*why).to_owned());
    }
    match COPIED.iter().find(|(known, ..)| *known == name) {
        Some((_, _, default)) if *default == value => Outcome::Default,
        Some((_, apply, _)) => {
            Outcome::Set(parameter(name, value, *apply, "copied from the source"))
        }
        None => Outcome::Left("not known to this build; decide by hand".to_owned()),
    }
}

fn time_zone(value: &str) -> Outcome {
    match TIME_ZONES.iter().find(|(offset, _)| *offset == value) {
        Some((_, "UTC")) => Outcome::Default,
        Some((_, zone)) => Outcome::Set(parameter(
            "time_zone",
            zone,
            Immediate,
            &format!(
                "{value} at the source; RDS takes zone names only, and this zone has that offset all year"
            ),
        )),
        None => Outcome::Left(
            "RDS takes zone names only, and no zone is known that has this offset all year"
                .to_owned(),
        ),
    }
}

fn parameter(name: &str, value: &str, apply: ParameterApply, why: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        apply,
        why: why.to_owned(),
    }
}

fn setting(source: &Database, name: &str) -> Option<String> {
    source.settings.as_ref()?.get(name).map(text)
}

/// A setting's value as a parameter group writes it.
fn text(value: &Value) -> String {
    match value {
        Value::Bool(on) => u8::from(*on).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
