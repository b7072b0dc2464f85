use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Flags PostgreSQL whose owner is not given the right to replicate: Heroku gives it to nobody. Elsewhere only the server itself tells.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-01",
    problem: "PostgreSQL cannot stream its changes by logical replication",
    reads: &["database"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let is_postgres = |engine: &str| matches!(engine, "pg" | "advanced_pg" | "postgres");
    estate
        .databases()
        .filter(|(_, database)| is_postgres(&database.engine))
        .map(|(resource, _)| match estate.provider.as_str() {
            "heroku" => evidence(
                resource,
                CheckResult::Fail,
                "provider",
                "the platform gives nobody the right to replicate: changes can be captured by triggers, or the move is a dump in a maintenance window",
            ),
            _ => evidence(
                resource,
                CheckResult::Unknown,
                "wal_level, rolreplication",
                "only the server tells",
            ),
        })
        .collect()
}
