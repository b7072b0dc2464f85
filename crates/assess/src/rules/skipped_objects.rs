use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Database, Estate};

use super::{Context, Rule, evidence};
use crate::engine::Family;

/// Lists the PostgreSQL databases whose sequences, large objects, unlogged tables, extensions and event triggers were not looked at yet.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-04",
    problem: "Objects that logical replication skips are in use",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .databases()
        .filter(|(_, database)| Family::of(&database.engine) == Family::Postgres)
        .map(|(resource, database)| {
            evidence(
                resource,
                CheckResult::Unknown,
                "tables, sequences, extensions",
                told(database),
            )
        })
        .collect()
}

fn told(database: &Database) -> String {
    let settings = database.settings.as_ref();
    let tables = settings.and_then(|settings| settings.get("Tables")?.as_str());
    match tables {
        Some(count) => format!("{count} tables; what else it holds only the server tells"),
        None => "only the server tells".to_owned(),
    }
}
