//! Checks of the databases of a design.

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::design::Database;

use super::{Target, TargetRule, fail_if, is_production, item};

pub(super) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "RB-T-REL-02",
        problem: "Databases in production do not fail over by themselves",
        check: |target| of_production(target, standby),
    },
    TargetRule {
        id: "RB-T-REL-07",
        problem: "Automatic backups are kept for less than the agreed time",
        check: |target| of_production(target, backups),
    },
    TargetRule {
        id: "RB-T-PERF-02",
        problem: "Settings of the source are left out without a reason",
        check: |target| of_all(target, parameters),
    },
    TargetRule {
        id: "RB-T-SEC-24",
        problem: "Databases accept clear text",
        check: |target| of_all(target, clear_text),
    },
];

const RETENTION_DAYS_MIN: u32 = 7;

type Look = fn(&Database) -> (CheckResult, &'static str, String);

fn of_all(target: &Target, look: Look) -> Option<Vec<Evidence>> {
    let look = |database: &Database| {
        let (result, attribute, value) = look(database);
        item("database", &database.key, result, attribute, value)
    };
    Some(target.design?.databases.iter().map(look).collect())
}

fn of_production(target: &Target, look: Look) -> Option<Vec<Evidence>> {
    let look = |database: &Database| {
        let (result, attribute, value) = look(database);
        item("database", &database.key, result, attribute, value)
    };
    let production = target.design?.databases.iter();
    let production = production.filter(|database| is_production(&database.environment));
    Some(production.map(look).collect())
}

fn standby(database: &Database) -> (CheckResult, &'static str, String) {
    let value = if database.multi_az {
        "yes"
    } else {
        "no standby"
    };
    (fail_if(!database.multi_az), "multi_az", value.to_owned())
}

fn backups(database: &Database) -> (CheckResult, &'static str, String) {
    let days = database.backup_retention_days;
    let value = format!("{days} days");
    (
        fail_if(days < RETENTION_DAYS_MIN),
        "backup_retention_days",
        value,
    )
}

fn parameters(database: &Database) -> (CheckResult, &'static str, String) {
    let unexplained: Vec<&str> = database
        .settings_not_copied
        .iter()
        .filter(|setting| setting.why.is_empty())
        .map(|setting| setting.name.as_str())
        .collect();
    let value = if unexplained.is_empty() {
        format!(
            "{} set with a reason, {} left out with a reason",
            database.parameters.len(),
            database.settings_not_copied.len()
        )
    } else {
        format!("no reason for {}", unexplained.join(", "))
    };
    (fail_if(!unexplained.is_empty()), "parameters", value)
}

/// The parameters by which engines refuse clear text.
const REFUSE_CLEAR_TEXT: [&str; 2] = ["require_secure_transport", "rds.force_ssl"];

fn clear_text(database: &Database) -> (CheckResult, &'static str, String) {
    let set = database.parameters.iter().find(|parameter| {
        REFUSE_CLEAR_TEXT.contains(&parameter.name.as_str())
            && matches!(parameter.value.to_lowercase().as_str(), "1" | "on")
    });
    let value = set.map_or_else(
        || format!("none of {} is set", REFUSE_CLEAR_TEXT.join(", ")),
        |parameter| format!("{} = {}", parameter.name, parameter.value),
    );
    (fail_if(set.is_none()), "parameters", value)
}
