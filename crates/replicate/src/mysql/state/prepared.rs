//! Prepared transactions, kept on the target until they are decided: each part of their changes is a row.

use super::{StreamState, kept_changes};
use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::log::{OWN_SCHEMA, RowChange};
use crate::mysql::value::{quote_text, write_binary};

/// The table in which builds before this one kept prepared transactions, in a form that this one does not read.
pub(super) const OF_OLDER_BUILDS: &str = "prepared";

impl StreamState {
    /// Refuses a stream for which an older build keeps prepared transactions: their decision would find none of their changes.
    pub(crate) async fn require_none_of_older_builds(
        &self,
        session: &mut Session,
    ) -> Result<(), ReplicateError> {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OWN_SCHEMA}' AND TABLE_NAME = '{OF_OLDER_BUILDS}'"
        );
        let doing = "looking for what an older build has kept";
        if session.row::<u64>(doing, sql).await?.unwrap_or_default() == 0 {
            return Ok(());
        }
        let sql = format!(
            "SELECT DISTINCT xid FROM {OWN_SCHEMA}.{OF_OLDER_BUILDS} WHERE stream = {}",
            quote_text(&self.name)
        );
        let kept: Vec<String> = session.rows(doing, sql).await?;
        match kept.is_empty() {
            true => Ok(()),
            false => Err(ReplicateError::Blocked(vec![format!(
                "an older build of Reberth keeps the prepared transaction(s) {} on the target in a form that this one does not read: decide them on the source (XA COMMIT or XA ROLLBACK) and let the older build follow until then, or run `reberth replicate stop`, empty the target, and start anew",
                kept.join(", ")
            )])),
        }
    }

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

    /// The prepared transactions with changes of rows that nobody has decided up to the checkpoint.
    pub(crate) async fn undecided(
        &self,
        session: &mut Session,
    ) -> Result<Vec<String>, ReplicateError> {
        let sql = format!(
            "SELECT DISTINCT xid FROM reberth.prepared_part WHERE stream = {} AND changes <> '' ORDER BY xid",
            quote_text(&self.name)
        );
        session
            .rows("listing prepared transactions that are kept", sql)
            .await
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
