//! The two servers under comparison, asked the same at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::hashes::{Digest, RowHashes, TableQueries, read_digest, read_row_hashes};
use super::multiset::{Multiset, add_up};
use super::row_bytes::{NamedColumns, RowBytes, long_columns, rewritten_documents};
use crate::connection::{Address, LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server::{self, Flavour};
use crate::mysql::state;
use crate::position::LogPosition;

/// The longest text that the servers put together from the rows of a chunk, in bytes: what hashing costs them in memory. What does not fit is
/// compared row by row.
const TEXT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How often the target is asked how far it has come before it counts as behind.
const MEETING_TRIES: usize = 25;
/// How long to wait before it is asked again.
pub(super) const WAIT: Duration = Duration::from_millis(100);
/// So many meetings in vain, and nobody waits long for the next: the stream stands still.
const VAIN_MEETINGS: usize = 3;

/// Two sessions to compare over.
pub(crate) struct Sides {
    pub(super) source: Session,
    pub(super) target: Session,
    pub(super) flavour: Flavour,
    pub(super) plan: StreamPlan,
    queries: Arc<BTreeMap<String, TableQueries>>,
    left_out: Arc<NamedColumns>,
    /// How often in a row the target was waited for in vain.
    unmet: usize,
}

impl Sides {
    /// Opens both sides for comparing the tables of that schema.
    pub(crate) async fn open(plan: &StreamPlan, schema: &Schema) -> Result<Sides, ReplicateError> {
        let mut source = hashing_session(&plan.from).await?;
        let flavour = server::version(&mut source).await?.flavour;
        let long = long_columns(&mut source, &plan.database).await?;
        let mut target = hashing_session(&plan.to).await?;
        let left_out = rewritten_documents(&mut target, schema).await?;
        let queries = schema.tables.iter().map(|(name, table)| {
            let bytes = RowBytes::of(table, &long, &left_out);
            (
                name.clone(),
                TableQueries::new(&plan.database, table, bytes),
            )
        });
        Ok(Sides {
            source,
            target,
            flavour,
            plan: plan.clone(),
            queries: Arc::new(queries.collect()),
            left_out: Arc::new(left_out),
            unmet: 0,
        })
    }

    /// The columns that are left out of every comparison, as sentences.
    pub(super) fn not_compared(&self) -> Vec<String> {
        let sentence = |(table, column): &(String, String)| {
            format!(
                "column {column} of table {table}: the target stores its documents in a form of its own"
            )
        };
        self.left_out.iter().map(sentence).collect()
    }

    /// Two more sessions for the same comparison.
    pub(super) async fn another(&self) -> Result<Sides, ReplicateError> {
        Ok(Sides {
            source: hashing_session(&self.plan.from).await?,
            target: hashing_session(&self.plan.to).await?,
            flavour: self.flavour,
            plan: self.plan.clone(),
            queries: Arc::clone(&self.queries),
            left_out: Arc::clone(&self.left_out),
            unmet: 0,
        })
    }

    /// How the rows of a table are asked for.
    pub(super) fn queries(&self, table: &Table) -> Result<TableQueries, ReplicateError> {
        let queries = self.queries.get(&table.name).cloned();
        queries.ok_or_else(|| ReplicateError::TableUnsupported {
            table: table.name.clone(),
            reason: "it is not in the schema that is compared".to_owned(),
        })
    }

    /// Waits, for a bounded time, until the target holds everything before a position of the source's log. Whether it does: while it
    /// lags, a difference proves nothing.
    pub(super) async fn meet(&mut self, position: &LogPosition) -> Result<bool, ReplicateError> {
        let tries = if self.unmet >= VAIN_MEETINGS {
            1
        } else {
            MEETING_TRIES
        };
        for number in 0..tries {
            if number > 0 {
                tokio::time::sleep(WAIT).await;
            }
            let checkpoint =
                state::peek(&mut self.target, self.plan.direction, &self.plan.database).await?;
            if checkpoint.is_none_or(|checkpoint| checkpoint.position >= *position) {
                self.unmet = 0;
                return Ok(true);
            }
        }
        self.unmet += 1;
        Ok(false)
    }

    /// A name for our reader of the source's log: several may read at once.
    pub(super) fn role(&self) -> String {
        format!("settle {}", self.source.id())
    }

    /// Whether the target was waited for in vain so often that waiting on is of no use.
    pub(super) fn is_behind(&self) -> bool {
        self.unmet >= VAIN_MEETINGS
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

    /// Asks both sides for the hash of each row that a condition selects, by key.
    pub(super) async fn ask_row_hashes(
        &mut self,
        table: &Table,
        condition: &[u8],
    ) -> Result<(RowHashes, RowHashes), ReplicateError> {
        let doing = format!("comparing rows of table {}", table.name);
        let sql = self.queries(table)?.row_hashes(condition);
        let (source, target) = self.ask(&doing, &sql).await?;
        Ok((
            read_row_hashes(table, source)?,
            read_row_hashes(table, target)?,
        ))
    }

    /// Adds up all rows of a table on both sides.
    pub(super) async fn add_up(
        &mut self,
        table: &Table,
    ) -> Result<(Multiset, Multiset), ReplicateError> {
        let sql = self.queries(table)?.all_hashes();
        let (source, target) = tokio::join!(
            add_up(&mut self.source, &table.name, &sql),
            add_up(&mut self.target, &table.name, &sql)
        );
        Ok((source?, target?))
    }

    /// Asks both sides for count and content of some rows. A server that warns has cut something off: its answer stands for nothing.
    pub(super) async fn ask_digests(
        &mut self,
        doing: &str,
        sql: &[u8],
    ) -> Result<(Digest, Digest), ReplicateError> {
        let (source, target) = self.ask(doing, sql).await?;
        let read = |rows: &[mysql_async::Row], session: &mut Session| match read_digest(rows) {
            (count, _) if session.conn().get_warnings() > 0 => (count, None),
            digest => digest,
        };
        Ok((
            read(&source, &mut self.source),
            read(&target, &mut self.target),
        ))
    }
}

/// Whether two answers prove that the same rows stand on both sides.
pub(super) fn proves_equal(source: &Digest, target: &Digest) -> bool {
    source == target && (source.1.is_some() || source.0 == 0)
}

async fn hashing_session(address: &Address) -> Result<Session, ReplicateError> {
    let mut session = server::reader(address).await?;
    // A text longer than either limit is cut off, with a warning.
    let sql = format!(
        "SET SESSION group_concat_max_len = CAST(LEAST({TEXT_BYTES_MAX}, @@max_allowed_packet) AS UNSIGNED)"
    );
    session.run("setting the longest text to hash", sql).await?;
    Ok(session)
}
