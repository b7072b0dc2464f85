//! Prepared transactions, kept on the target until they are decided.

use super::StreamState;
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::log::RowChange;
use crate::mysql::value::quote_text;

impl StreamState {
    /// Keeps a part of a prepared transaction until it is decided.
    pub async fn keep_prepared(
        &self,
        session: &mut Session,
        xid: &str,
        part: usize,
        changes: &[RowChange],
    ) -> Result<(), ReplicateError> {
        let changes = serde_json::to_string(changes).unwrap_or_default();
        let sql = format!(
            "INSERT INTO reberth.prepared (stream, xid, part, changes) VALUES ({}, {}, {part}, {})",
            quote_text(&self.name),
            quote_text(xid),
            quote_text(&changes)
        );
        session.run("keeping a prepared transaction", sql).await?;
        Ok(())
    }

    /// Takes the changes of a prepared transaction that was decided; `None` if none of that name was kept.
    pub async fn take_prepared(
        &self,
        session: &mut Session,
        xid: &str,
    ) -> Result<Option<Vec<RowChange>>, ReplicateError> {
        let place = format!(
            "stream = {} AND xid = {}",
            quote_text(&self.name),
            quote_text(xid)
        );
        let parts: Vec<String> = session
            .rows(
                "reading a prepared transaction",
                format!("SELECT changes FROM reberth.prepared WHERE {place} ORDER BY part"),
            )
            .await?;
        session
            .run(
                "removing a prepared transaction",
                format!("DELETE FROM reberth.prepared WHERE {place}"),
            )
            .await?;
        let parts: Result<Vec<Vec<RowChange>>, _> = parts
            .iter()
            .map(|part| serde_json::from_str(part))
            .collect();
        parts
            .map(|parts| (!parts.is_empty()).then(|| parts.into_iter().flatten().collect()))
            .map_err(|_| {
                ReplicateError::Blocked(vec![format!(
                    "the kept changes of the prepared transaction {xid} cannot be read"
                )])
            })
    }
}
