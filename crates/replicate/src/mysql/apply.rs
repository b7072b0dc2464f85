//! Applies the log to the target: whole source transactions, folded, in one transaction with the checkpoint.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::fold::Folded;
use crate::mysql::gtid::GtidSet;
use crate::mysql::log::{LogEntry, RowChange};
use crate::mysql::schema::Schema;
use crate::mysql::state::StreamState;
use crate::mysql::value::quote_name;
use crate::position::LogPosition;

use rows::{change_keyless, delete_keys, insert_rows};

pub(crate) use rows::write_key_list;

/// Changes that are sent to the target at once at the most; a larger source transaction is sent in parts, and still
/// committed as one.
const FLUSH_CHANGES: usize = 4_000;
/// Bytes of changes held at the most.
const FLUSH_BYTES: usize = 16 * 1024 * 1024;

/// Applies log entries in order.
pub(crate) struct Applier {
    state: StreamState,
    session: Session,
    schema: Schema,
    /// Committed on the target.
    checkpoint: LogPosition,
    /// Names of what is read, to be kept with the checkpoint; `None` where the source gives none.
    executed: Option<GtidSet>,
    /// Complete source transactions are read up to here.
    read_until: LogPosition,
    /// Every touched key is known to stand or not to stand as the log says.
    is_certain: bool,
    /// Where tables were read at one moment: their earlier changes are in the copy already.
    snapshots: BTreeMap<String, LogPosition>,
    pending: Folded,
    /// Changes taken since the last commit, also those that were sent already.
    uncommitted: usize,
    is_open: bool,
    /// Transactions and changes applied by this process.
    pub(crate) transactions: u64,
    pub(crate) changes: u64,
}

impl Applier {
    pub(crate) async fn open(
        state: &StreamState,
        schema: Schema,
        checkpoint: LogPosition,
        executed: Option<GtidSet>,
        is_certain: bool,
        snapshots: BTreeMap<String, LogPosition>,
    ) -> Result<Applier, ReplicateError> {
        let session = state.open_writer().await?;
        Ok(Applier {
            state: state.clone(),
            session,
            schema,
            read_until: checkpoint.clone(),
            checkpoint,
            executed,
            is_certain,
            snapshots,
            pending: Folded::default(),
            uncommitted: 0,
            is_open: false,
            transactions: 0,
            changes: 0,
        })
    }

    /// The position committed on the target.
    pub(crate) fn checkpoint(&self) -> &LogPosition {
        &self.checkpoint
    }

    /// Complete source transactions have been taken up to here; [`Applier::commit`] makes it the checkpoint.
    pub(crate) fn read_until(&self) -> &LogPosition {
        &self.read_until
    }

    /// Whether enough has been taken to be worth a commit.
    pub(crate) fn is_full(&self) -> bool {
        self.uncommitted >= FLUSH_CHANGES || self.pending.bytes() >= FLUSH_BYTES
    }

    /// Whether there are changes that a commit would make durable.
    pub(crate) fn has_changes(&self) -> bool {
        self.is_open || !self.pending.is_empty()
    }

    /// Takes the next entry of the log. Returns whether it completed a source transaction.
    pub(crate) async fn take(&mut self, entry: LogEntry) -> Result<bool, ReplicateError> {
        match entry {
            LogEntry::Changes { start, changes } => {
                let copied = self.copied_at(|snapshot| start < *snapshot);
                for change in changes {
                    self.hold(change, &copied).await?;
                }
                Ok(false)
            }
            LogEntry::Truncate { start, table } => {
                if self
                    .copied_at(|snapshot| start < *snapshot)
                    .contains(&table)
                {
                    return Ok(false);
                }
                self.flush().await?;
                self.ensure_open().await?;
                self.empty(&table).await?;
                Ok(false)
            }
            LogEntry::Prepared { xid, changes, end } => {
                self.keep_prepared(&xid, &changes).await?;
                self.complete(end);
                Ok(true)
            }
            LogEntry::Decided {
                xid,
                committed,
                end,
            } => {
                self.decide(&xid, committed, &end).await?;
                self.complete(end);
                Ok(true)
            }
            LogEntry::Executed { gtid } => {
                if let Some(executed) = &mut self.executed {
                    executed.add(&gtid);
                }
                Ok(false)
            }
            LogEntry::Commit { end } => {
                self.complete(end);
                Ok(true)
            }
        }
    }

    fn complete(&mut self, end: LogPosition) {
        self.read_until = end;
        self.transactions += 1;
    }

    /// The tables read at one moment whose copy holds what happened at that place in the log.
    fn copied_at(&self, is_before: impl Fn(&LogPosition) -> bool) -> BTreeSet<String> {
        let copied =
            |(table, snapshot): (&String, &LogPosition)| is_before(snapshot).then(|| table.clone());
        self.snapshots.iter().filter_map(copied).collect()
    }

    async fn empty(&mut self, table: &str) -> Result<(), ReplicateError> {
        let place = format!(
            "{}.{}",
            quote_name(&self.schema.database),
            quote_name(table)
        );
        let doing = format!("emptying table {table}");
        let sql = format!("DELETE FROM {place}");
        self.session
            .run_within(LONG_STATEMENT_LIMIT, &doing, sql)
            .await?;
        Ok(())
    }

    /// Takes a change. Tables in `copied` hold it already, but its cascades may reach tables that do not.
    async fn hold(
        &mut self,
        change: RowChange,
        copied: &BTreeSet<String>,
    ) -> Result<(), ReplicateError> {
        let Some(table) = self.schema.tables.get(&change.table) else {
            return Ok(());
        };
        let is_copied = copied.contains(&change.table);
        if !is_copied {
            self.changes += 1;
            self.uncommitted += 1;
        }
        if cascade::has_consequences(&self.schema, &change) {
            // A cascade reads what stands on the target, so it ends the folded batch on both sides.
            if !is_copied {
                self.pending.take(table, change.clone());
            }
            self.flush().await?;
            self.ensure_open().await?;
            let position = &self.read_until;
            return cascade::carry_out(&mut self.session, &self.schema, change, copied, position)
                .await;
        }
        if is_copied {
            return Ok(());
        }
        self.pending.take(table, change);
        if self.pending.changes() >= FLUSH_CHANGES || self.pending.bytes() >= FLUSH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn ensure_open(&mut self) -> Result<(), ReplicateError> {
        if !self.is_open {
            self.state
                .open_batch(&mut self.session, &self.checkpoint)
                .await?;
            self.is_open = true;
        }
        Ok(())
    }

    /// Sends what is held to the target, without committing.
    async fn flush(&mut self) -> Result<(), ReplicateError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.ensure_open().await?;
        let folded = std::mem::take(&mut self.pending);
        for (name, keys) in &folded.keyed {
            if let Some(table) = self.schema.tables.get(name) {
                delete_keys(
                    &mut self.session,
                    &self.schema,
                    table,
                    keys,
                    self.is_certain,
                    &self.read_until,
                )
                .await?;
            }
        }
        for (name, keys) in folded.keyed {
            if let Some(table) = self.schema.tables.get(&name) {
                insert_rows(
                    &mut self.session,
                    &self.schema.database,
                    table,
                    keys.into_values().filter_map(|state| state.row),
                )
                .await
                .map_err(|error| error.or_diverged(&name, &self.read_until))?;
            }
        }
        for change in folded.keyless {
            if let Some(table) = self.schema.tables.get(&change.table) {
                change_keyless(
                    &mut self.session,
                    &self.schema.database,
                    table,
                    change,
                    &self.read_until,
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Commits everything up to the last complete source transaction.
    pub(crate) async fn commit(&mut self) -> Result<(), ReplicateError> {
        if self.read_until == self.checkpoint && !self.has_changes() {
            return Ok(());
        }
        self.flush().await?;
        self.ensure_open().await?;
        self.state
            .commit_batch(&mut self.session, &self.read_until, self.executed.as_ref())
            .await?;
        self.is_open = false;
        self.uncommitted = 0;
        self.checkpoint = self.read_until.clone();
        Ok(())
    }

    /// A prepared transaction changes nothing yet: its changes are kept on the target, under the same checkpoint, until it is decided
    /// (rule 2). So the checkpoint may pass it, and a restart needs no earlier log.
    async fn keep_prepared(
        &mut self,
        xid: &str,
        changes: &[RowChange],
    ) -> Result<(), ReplicateError> {
        self.flush().await?;
        self.ensure_open().await?;
        // One without a change in scope is kept too, to be known when it is decided.
        let parts = changes
            .chunks(FLUSH_CHANGES)
            .chain(changes.is_empty().then_some(changes));
        for (part, some) in parts.enumerate() {
            self.state
                .keep_prepared(&mut self.session, xid, part, some)
                .await?;
        }
        Ok(())
    }

    async fn decide(
        &mut self,
        xid: &str,
        committed: bool,
        end: &LogPosition,
    ) -> Result<(), ReplicateError> {
        self.flush().await?;
        self.ensure_open().await?;
        let kept = self.state.take_prepared(&mut self.session, xid).await?;
        let changes = match kept {
            Some(changes) if committed => changes,
            // Prepared before the copy began and committed before it ended: in the copy already.
            None if committed && self.is_certain => {
                return Err(ReplicateError::LogUnreadable {
                    position: self.read_until.clone(),
                    reason: format!(
                        "the transaction {xid} is committed, and its changes stand before the place where the move began"
                    ),
                });
            }
            _ => return Ok(()),
        };
        let copied = self.copied_at(|snapshot| end <= snapshot);
        for change in changes {
            self.hold(change, &copied).await?;
        }
        Ok(())
    }
}
