use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate};

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the databases whose tables were not looked at yet. The preflight of `replicate` names each table without a key; the provider's
/// API tells only whether new tables must have one.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-03",
    problem: "Some tables have no key, so following them costs more",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .databases()
        .filter(|(_, database)| Family::of(&database.engine).is_relational())
        .map(|(resource, database)| {
            evidence(
                resource,
                CheckResult::Unknown,
                "tables without a key",
                told(database),
            )
        })
        .collect()
}

fn told(database: &Database) -> &'static str {
    let setting = |settings: &std::collections::BTreeMap<String, serde_json::Value>| {
        settings.get("sql_require_primary_key")?.as_bool()
    };
    match database.settings.as_ref().and_then(setting) {
        Some(true) => {
            "new tables must have a primary key; older ones are for the preflight to look at"
        }
        Some(false) => "tables may be made without a primary key; the preflight lists them",
        None => "only the server tells; the preflight lists them",
    }
}
