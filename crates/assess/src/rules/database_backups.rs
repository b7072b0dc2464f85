use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate, Resource};

use super::{Context, Rule, evidence, fail_if};
use crate::date::Date;
use crate::engine::Family;

/// Flags databases whose newest backup is older than two days; the day of the assessment has no hour.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-03",
    problem: "Some databases have no recent backup",
    reads: &["database"],
    check,
};

const AGE_DAYS_MAX: i64 = 2;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    estate
        .data_stores()
        .map(|(resource, database)| {
            let taken = database.latest_backup_at.as_deref();
            match taken.and_then(Date::of_time) {
                Some(day) => {
                    let age_days = day.days_until(context.today);
                    let value = format!(
                        "newest backup {day}, {age_days} days before {}",
                        context.today
                    );
                    evidence(
                        resource,
                        fail_if(age_days > AGE_DAYS_MAX),
                        "latest_backup_at",
                        value,
                    )
                }
                None if is_protected(database) => evidence(
                    resource,
                    CheckResult::Pass,
                    "settings.Continuous Protection",
                    "its log is kept continuously",
                ),
                None => without_backup(estate, resource, database),
            }
        })
        .collect()
}

/// A database of which the provider lists backups and there is none has none. Where it lists none of the kind, or the list is hidden, nobody knows.
fn without_backup(estate: &Estate, resource: &Resource, database: &Database) -> Evidence {
    let is_hidden = estate
        .not_visible
        .iter()
        .any(|entry| entry.what.contains(&resource.id) && entry.what.contains("backups"));
    let lists_backups = estate.provider == "digitalocean"
        && Family::of(&database.engine).is_relational()
        && database.status == "online";
    let (result, value) = if lists_backups && !is_hidden {
        (CheckResult::Fail, "the list of backups is empty")
    } else {
        (CheckResult::Unknown, "no backup is visible")
    };
    evidence(resource, result, "latest_backup_at", value)
}

/// Whether the platform keeps the database's log, so that it can be set back to any recent moment.
fn is_protected(database: &Database) -> bool {
    let settings = database.settings.as_ref();
    let told = settings.and_then(|settings| settings.get("Continuous Protection"));
    told.and_then(serde_json::Value::as_str) == Some("On")
}
