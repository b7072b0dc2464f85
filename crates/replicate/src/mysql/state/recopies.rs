//! Tables that are copied anew. What that means stands at the head of [`crate::mysql::recopy`].

use std::collections::BTreeSet;

use super::{Checkpoint, Phase, StreamState};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::Schema;
use crate::mysql::value::quote_text;
use crate::position::LogPosition;

impl StreamState {
    /// Commits that these tables are copied anew, under the definitions given: the stream copies again, and no chunk of theirs is left.
    pub(crate) async fn begin_recopy(
        &self,
        session: &mut Session,
        position: &LogPosition,
        tables: &BTreeSet<String>,
        schema: &Schema,
    ) -> Result<(), ReplicateError> {
        self.open_note(session, position).await?;
        let stream = quote_text(&self.name);
        let names: Vec<String> = tables.iter().map(|table| quote_text(table)).collect();
        let chunks = format!(
            "DELETE FROM reberth.chunk WHERE stream = {stream} AND table_name IN ({})",
            names.join(",")
        );
        session
            .run("forgetting the chunks of tables", chunks)
            .await?;
        let phase = format!(
            "UPDATE reberth.stream SET phase = '{}' WHERE name = {stream}",
            Phase::Copying.word()
        );
        session.run("entering the copy again", phase).await?;
        self.write_schema(session, schema).await
    }

    /// Commits that the tables stand on the target as they are to be copied.
    pub(crate) async fn note_remade(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
    ) -> Result<(), ReplicateError> {
        let mut schema = checkpoint.schema.clone();
        for recopied in schema.recopied.values_mut() {
            recopied.is_made = true;
        }
        self.open_note(session, &checkpoint.position).await?;
        self.write_schema(session, &schema).await
    }

    /// Forgets from where single tables were copied: the stream has come past all of that.
    pub(crate) async fn forget_recopies(
        &self,
        session: &mut Session,
        checkpoint: &Checkpoint,
    ) -> Result<(), ReplicateError> {
        if checkpoint.schema.recopied.is_empty() {
            return Ok(());
        }
        let mut schema = checkpoint.schema.clone();
        schema.recopied.clear();
        self.open_note(session, &checkpoint.position).await?;
        self.write_schema(session, &schema).await
    }

    /// Writes the schema and commits.
    async fn write_schema(
        &self,
        session: &mut Session,
        schema: &Schema,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "UPDATE reberth.source_schema SET definition = {} WHERE stream = {}",
            quote_text(&serde_json::to_string(schema).unwrap_or_default()),
            quote_text(&self.name)
        );
        session.run("writing the schema", sql).await?;
        session.run("committing", "COMMIT").await?;
        Ok(())
    }

    /// An error if another process has taken the stream over.
    pub(crate) async fn require_epoch(&self, session: &mut Session) -> Result<(), ReplicateError> {
        let sql = format!(
            "SELECT epoch FROM reberth.stream WHERE name = {}",
            quote_text(&self.name)
        );
        match session.row::<u64>("checking the epoch", sql).await? {
            Some(epoch) if epoch == self.epoch() => Ok(()),
            _ => Err(ReplicateError::Superseded {
                epoch: self.epoch(),
            }),
        }
    }
}
