use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence, fail_if};
use crate::date::Date;

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
                None => evidence(
                    resource,
                    CheckResult::Unknown,
                    "latest_backup_at",
                    "no backup is visible",
                ),
            }
        })
        .collect()
}
