//! Whether the target is ready to receive.

use super::{Preflight, Verdict};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Schema;
use crate::mysql::state;
use crate::mysql::value::quote_text;

/// Whether the writer may keep state on the target, and the target is empty and can hold the schema.
pub(super) async fn probe(
    plan: &StreamPlan,
    target: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    if let Err(error) = state::prepare_tables(target).await {
        if error.may_retry() {
            return Err(error);
        }
        found.note(
            "right to keep state",
            Verdict::Blocker("GRANT ALL ON reberth.* to the writer".to_owned()),
            error.to_string(),
        );
        return Ok(());
    }
    let begun = state::peek(target, plan.direction, &plan.database).await?;
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        quote_text(&schema.database)
    );
    let tables: u64 = target
        .row("counting the target's tables", sql)
        .await?
        .unwrap_or_default();
    let is_fine = begun.is_some() || tables == 0;
    found.expect(
        "target database",
        is_fine,
        if begun.is_some() {
            "holds what an earlier start brought".to_owned()
        } else {
            format!("{tables} tables")
        },
        "empty it, or name another database",
    );
    let collations: Vec<String> = target
        .rows(
            "listing collations",
            "SELECT COLLATION_NAME FROM information_schema.COLLATIONS",
        )
        .await?;
    found.expect(
        "collation",
        collations.contains(&schema.collation),
        schema.collation.clone(),
        "choose a target version that has it",
    );
    Ok(())
}
