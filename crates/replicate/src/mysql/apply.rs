//! Applies the log to the target: whole source transactions, folded, in one transaction with the checkpoint.

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::copy::Insert;
use crate::mysql::fold::{Folded, Key, LastState};
use crate::mysql::log::{LogEntry, RowChange};
use crate::mysql::schema::{Schema, Table};
use crate::mysql::state::StreamState;
use crate::mysql::value::{Datum, quote_name};
use crate::position::LogPosition;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Changes that are sent to the target at once at the most; a larger source transaction is sent in parts, and still
/// committed as one.
const FLUSH_CHANGES: usize = 4_000;
/// Bytes of changes held at the most.
const FLUSH_BYTES: usize = 16 * 1024 * 1024;
/// Keys named in one statement.
const KEYS_AT_ONCE: usize = 400;

/// Applies log entries in order.
pub(crate) struct Applier {
    state: StreamState,
    session: Session,
    schema: Schema,
    /// Committed on the target.
    checkpoint: LogPosition,
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
            .commit_batch(&mut self.session, &self.read_until)
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

/// Deletes the touched keys, and checks that as many rows went as the log says stood there.
async fn delete_keys(
    session: &mut Session,
    schema: &Schema,
    table: &Table,
    keys: &HashMap<Key, LastState>,
    is_certain: bool,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    let doing = format!("applying deletes to table {}", table.name);
    let doomed: Vec<&Key> = keys
        .iter()
        .filter(|(_, state)| state.stood_before || !is_certain)
        .map(|(key, _)| key)
        .collect();
    let mut deleted = 0;
    for some in doomed.chunks(KEYS_AT_ONCE) {
        let mut sql = format!(
            "DELETE FROM {}.{} WHERE ",
            quote_name(&schema.database),
            quote_name(&table.name)
        )
        .into_bytes();
        write_key_list(table, some, &mut sql);
        deleted += session.run(&doing, sql).await?;
    }
    // A server may have logged what its cascades did, after we had carried them out already.
    if is_certain && deleted != doomed.len() as u64 && !schema.is_changed_by_cascades(&table.name) {
        let detail = format!(
            "the log says that {} row(s) stood there, the target held {deleted}",
            doomed.len()
        );
        return Err(ReplicateError::Diverged {
            table: table.name.clone(),
            position: position.clone(),
            detail,
        });
    }
    Ok(())
}

/// The condition that a row has one of these keys.
pub(crate) fn write_key_list(table: &Table, keys: &[&Key], sql: &mut Vec<u8>) {
    if let [column] = table.identity.as_slice() {
        let column = &table.columns[*column];
        sql.extend(format!("{} IN (", quote_name(&column.name)).into_bytes());
        for (number, key) in keys.iter().enumerate() {
            if number > 0 {
                sql.push(b',');
            }
            column
                .class
                .write_key(key.first().unwrap_or(&Datum::Null), sql);
        }
        sql.push(b')');
        return;
    }
    for (number, key) in keys.iter().enumerate() {
        sql.extend_from_slice(if number > 0 { b" OR (" } else { b"(" });
        sql.extend(cascade::equal(table, &table.identity, key));
        sql.push(b')');
    }
}

async fn insert_rows(
    session: &mut Session,
    database: &str,
    table: &Table,
    rows: impl Iterator<Item = Vec<Datum>>,
) -> Result<(), ReplicateError> {
    let doing = format!("applying inserts to table {}", table.name);
    let mut insert = Insert::new(database, table);
    for mut row in rows {
        insert.push(
            table
                .carried()
                .map(|column| (column, std::mem::replace(&mut row[column], Datum::Null))),
        );
        if insert.is_full() {
            insert.run(session, &doing).await?;
        }
    }
    insert.run(session, &doing).await
}

/// Changes one row of a table without a key: found by all of its values, byte by byte, NULL being equal to NULL (rule 7).
async fn change_keyless(
    session: &mut Session,
    database: &str,
    table: &Table,
    change: RowChange,
    position: &LogPosition,
) -> Result<(), ReplicateError> {
    if let Some(before) = change.before {
        let mut sql = format!(
            "DELETE FROM {}.{} WHERE ",
            quote_name(database),
            quote_name(&table.name)
        )
        .into_bytes();
        for (number, column) in table.carried().enumerate() {
            if number > 0 {
                sql.extend_from_slice(b" AND ");
            }
            let class = &table.columns[column].class;
            sql.extend(
                format!(
                    "{} <=> ",
                    class.match_expression(&quote_name(&table.columns[column].name))
                )
                .into_bytes(),
            );
            class.write_match(&before[column], &mut sql);
        }
        sql.extend_from_slice(b" LIMIT 1");
        let deleted = session
            .run_within(
                LONG_STATEMENT_LIMIT,
                &format!("applying a delete to table {}", table.name),
                sql,
            )
            .await?;
        if deleted != 1 {
            let detail = "no row of this table, which has no key, holds the values that the log says were changed".to_owned();
            return Err(ReplicateError::Diverged {
                table: table.name.clone(),
                position: position.clone(),
                detail,
            });
        }
    }
    insert_rows(session, database, table, change.after.into_iter()).await
}
