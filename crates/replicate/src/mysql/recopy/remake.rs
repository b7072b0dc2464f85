//! Makes the target's tables anew that are to be copied anew.

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::begin;
use crate::mysql::ddl;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::state::{Checkpoint, StreamState};
use crate::mysql::value::quote_name;

/// Makes the tables that are marked as not made, empty, and marks them. Returns the checkpoint after that.
pub(crate) async fn make_unmade(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: Checkpoint,
    source: &mut Session,
) -> Result<Checkpoint, ReplicateError> {
    let schema = &checkpoint.schema;
    let recopied = schema.recopied.iter();
    let unmade: Vec<&String> = recopied
        .filter(|(_, recopied)| !recopied.is_made)
        .map(|(name, _)| name)
        .collect();
    if unmade.is_empty() {
        return Ok(checkpoint);
    }
    let mut target = state.open_writer().await?;
    // The lock ends with this session.
    ddl::lock(&mut target, &plan.database).await?;
    state.require_epoch(&mut target).await?;
    let database = quote_name(&plan.database);
    for name in &unmade {
        let sql = format!("DROP TABLE IF EXISTS {database}.{}", quote_name(name));
        target
            .run("dropping a table that is copied anew", sql)
            .await?;
    }
    let tables = unmade.iter().filter_map(|name| schema.tables.get(*name));
    begin::make_empty(source, &mut target, schema, tables).await?;
    state.note_remade(&mut target, &checkpoint).await?;
    state.checkpoint(&mut target).await
}
