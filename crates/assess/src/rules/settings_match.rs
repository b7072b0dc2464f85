use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate};

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the settings that change what a statement means. SQL mode and time zone are carried into the target's parameter group by the design; the character
/// sets and collations of tables and columns only the server tells.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-05",
    problem: "Settings that change what statements mean differ at the target",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .databases()
        .filter(|(_, database)| Family::of(&database.engine).is_relational())
        .map(|(resource, database)| {
            let value = told(database);
            evidence(resource, CheckResult::Unknown, "sql_mode, time zone", value)
        })
        .collect()
}

fn told(database: &Database) -> String {
    let settings = database.settings.as_ref();
    let zone = settings.and_then(|settings| settings.get("default_time_zone")?.as_str());
    let mode = database.sql_mode.as_deref().unwrap_or("not told");
    let zone = zone.unwrap_or("not told");
    format!("SQL mode {mode}; time zone {zone}; character sets of tables were not asked")
}
