use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{App, Estate, Resource};

use super::{Context, Rule, evidence, fail_if};

/// Flags base images that new applications no longer get, and database engines whose maker's support has ended or ends within 180 days.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-11",
    problem: "Some engines or base images are old: their maker's support has ended, or ends within 180 days",
    reads: &["database", "cache", "app"],
    check,
};

const DAYS_LEFT_MIN: i64 = 180;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    let stacks = estate.apps().map(|(resource, app)| stack(resource, app));
    let engines = estate.data_stores().map(|(resource, database)| {
        let engine = format!("{} {}", database.engine, database.version);
        match context
            .catalog
            .end_of_support(&database.engine, &database.version)
        {
            None => {
                let value = format!("{engine}: not in the table of ends of support");
                evidence(resource, CheckResult::Unknown, "version", value)
            }
            Some(entry) => {
                let days_left = context.today.days_until(entry.ends);
                let value = format!("{engine}: support ends {} ({})", entry.ends, entry.source);
                evidence(
                    resource,
                    fail_if(days_left <= DAYS_LEFT_MIN),
                    "version",
                    value,
                )
            }
        }
    });
    engines.chain(stacks).collect()
}

/// A base image that is no longer the one for new applications is on its way out; the platform tells no day.
fn stack(resource: &Resource, app: &App) -> Evidence {
    let state = app.stack_state.as_deref().unwrap_or("not listed any more");
    let (result, value) = match &app.default_stack {
        _ if app.stack == "container" => (
            CheckResult::Unknown,
            "container: the base image stands in a Dockerfile that was not read".to_owned(),
        ),
        Some(newest) if *newest == app.stack && state == "public" => {
            (CheckResult::Pass, app.stack.clone())
        }
        Some(newest) => (
            CheckResult::Fail,
            format!("{} ({state}); new applications get {newest}", app.stack),
        ),
        None => (
            CheckResult::Unknown,
            format!("{}; the platform's stacks are not visible", app.stack),
        ),
    };
    evidence(resource, result, "stack", value)
}
