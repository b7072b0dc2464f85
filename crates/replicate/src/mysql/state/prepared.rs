//! Prepared transactions, kept on the target until they are decided: each part of their changes is a row.

use super::{StreamState, kept_changes};
use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::log::RowChange;
use crate::mysql::value::{quote_text, write_binary};

impl StreamState {
    /// Keeps a part of a prepared transaction until it is decided.
    pub async fn keep_prepared(
        &self,
        session: &mut Session,
        xid: &str,
        part: u32,
        changes: &[RowChange],
    ) -> Result<(), ReplicateError> {
        let mut sql = format!(
            "INSERT INTO reberth.prepared_part (stream, xid, part, changes) VALUES ({}, {}, {part}, ",
            quote_text(&self.name),
            quote_text(xid),
        )
        .into_bytes();
        write_binary(&kept_changes::write(changes), &mut sql);
        sql.push(b')');
        session.run("keeping a prepared transaction", sql).await?;
        Ok(())
    }

    /// The changes of a prepared transaction in the part behind `last`, with its number; `None` behind the last part.
    pub async fn prepared_part(
        &self,
        session: &mut Session,
        xid: &str,
        last: Option<u32>,
    ) -> Result<Option<(u32, Vec<RowChange>)>, ReplicateError> {
        let behind = last.map_or_else(String::new, |last| format!("AND part > {last}"));
        let sql = format!(
            "SELECT part, changes FROM reberth.prepared_part WHERE {} {behind} ORDER BY part LIMIT 1",
            self.place(xid)
        );
        let row: Option<(u32, Vec<u8>)> =
            session.row("reading a prepared transaction", sql).await?;
        let Some((part, changes)) = row else {
            return Ok(None);
        };
        let changes = kept_changes::read(&changes).ok_or_else(|| {
            ReplicateError::Blocked(vec![format!(
                "the kept changes of the prepared transaction {xid} cannot be read"
            )])
        })?;
        Ok(Some((part, changes)))
    }

    /// Removes a prepared transaction that was decided.
    pub async fn forget_prepared(
        &self,
        session: &mut Session,
        xid: &str,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "DELETE FROM reberth.prepared_part WHERE {}",
            self.place(xid)
        );
        let doing = "removing a prepared transaction";
        session.run_within(LONG_STATEMENT_LIMIT, doing, sql).await?;
        Ok(())
    }

    fn place(&self, xid: &str) -> String {
        format!(
            "stream = {} AND xid = {}",
            quote_text(&self.name),
            quote_text(xid)
        )
    }
}
