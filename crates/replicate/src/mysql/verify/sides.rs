//! The two servers under comparison, asked the same at once.

use std::time::Duration;

use super::hashes::{read_sums, sums_query};
use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server::{self, Flavour};
use crate::mysql::state;

/// How often a differing key is read again before it is left open.
pub(super) const TRIES: usize = 25;
/// How often both sides must stand still and differ before that counts as a difference.
pub(super) const STILL_TRIES: usize = 3;
/// How long to wait before the next try.
pub(super) const WAIT: Duration = Duration::from_millis(120);

/// Two sessions to compare over.
pub(crate) struct Sides {
    pub(crate) source: Session,
    pub(crate) target: Session,
    pub(super) flavour: Flavour,
    plan: StreamPlan,
    /// How often in a row the target was waited for in vain: nobody waits long for a stream that stands still.
    unmet: usize,
}

impl Sides {
    pub(crate) async fn open(plan: &StreamPlan) -> Result<Sides, ReplicateError> {
        let mut source = server::reader(&plan.from).await?;
        let flavour = server::version(&mut source).await?.flavour;
        Ok(Sides {
            source,
            target: server::reader(&plan.to).await?,
            flavour,
            plan: plan.clone(),
            unmet: 0,
        })
    }

    /// Waits, for a bounded time, until the target has passed what is the source's end of log now. Whether it has: while it lags, a
    /// difference proves nothing, however still it stands.
    pub(super) async fn meet(&mut self) -> Result<bool, ReplicateError> {
        let end = server::log_end(&mut self.source, self.flavour).await?;
        let tries = if self.unmet > STILL_TRIES { 1 } else { TRIES };
        for _ in 0..tries {
            let checkpoint =
                state::peek(&mut self.target, self.plan.direction, &self.plan.database).await?;
            if checkpoint.is_none_or(|checkpoint| checkpoint.position >= end) {
                self.unmet = 0;
                return Ok(true);
            }
            tokio::time::sleep(WAIT).await;
        }
        self.unmet += 1;
        Ok(false)
    }

    /// Runs the same query on both sides at once.
    pub(super) async fn ask(
        &mut self,
        doing: &str,
        sql: &[u8],
    ) -> Result<(Vec<mysql_async::Row>, Vec<mysql_async::Row>), ReplicateError> {
        let (source, target) = tokio::join!(
            self.source.rows_within(LONG_STATEMENT_LIMIT, doing, sql),
            self.target.rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        );
        Ok((source?, target?))
    }
}

/// Compares count and sums of what a condition selects: whether equal, and the rows on the source.
pub(crate) async fn compare_sums(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
) -> Result<(bool, u64), ReplicateError> {
    let doing = format!("hashing table {}", table.name);
    let (source, target) = sides
        .ask(&doing, &sums_query(schema, table, condition))
        .await?;
    let (source, target) = (read_sums(&source), read_sums(&target));
    Ok((source == target, source.0))
}
