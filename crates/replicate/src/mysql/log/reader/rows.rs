//! Row events: of which table they are, and whether they are in scope.

use super::LogReader;
use crate::error::ReplicateError;
use crate::mysql::log::compressed;
use crate::mysql::log::event::{Fields, RowAction, RowsHead};
use crate::mysql::log::table::LoggedTable;
use crate::mysql::log::{OWN_SCHEMA, RowChange};
use crate::mysql::row::read_rows;

/// Rows handed on at once.
const ROWS_AT_ONCE: usize = 500;
/// Bytes of rows handed on at once, but for a single larger row event.
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// The number in a row event without rows, by which a server ends a statement that changed nothing.
const NO_TABLE: u64 = 0x00ff_ffff;

/// A table that the log has described.
pub(super) struct KnownTable {
    logged: LoggedTable,
    /// It stands in our database.
    is_ours: bool,
    /// Its rows are to be read.
    is_in_scope: bool,
    /// It stands in our database, but not in the schema: it was made after the schema was read.
    is_new: bool,
}

impl LogReader {
    /// Notes what the log says of a table; marks the transaction if it is an applier's.
    pub(super) fn describe(&mut self, logged: LoggedTable) -> Result<(), ReplicateError> {
        if logged.database == OWN_SCHEMA {
            if self.transaction.has_changes {
                return Err(self.unreadable(
                    "the mark of an applier stands behind other changes of its transaction"
                        .to_owned(),
                ));
            }
            self.transaction.is_own = true;
        }
        let is_ours = logged.database == self.schema.database;
        let is_in_scope = is_ours && self.schema.tables.contains_key(&logged.name);
        // Numbers taken from a sequence; how far it has come is asked for at the cutover.
        let is_sequence = self.schema.sequences.contains(&logged.name);
        let known = KnownTable {
            is_ours,
            is_in_scope,
            is_new: is_ours && !is_in_scope && !is_sequence,
            logged,
        };
        self.tables.insert(known.logged.id, known);
        Ok(())
    }

    pub(super) fn take_rows(
        &mut self,
        body: &[u8],
        action: RowAction,
        version: u8,
        is_compressed: bool,
    ) -> Result<(), ReplicateError> {
        let mut fields = Fields(body);
        let head = self.whole(RowsHead::take(&mut fields, action, version))?;
        let Some(known) = self.tables.get(&head.table_id) else {
            if head.table_id == NO_TABLE {
                return Ok(());
            }
            return Err(self.unreadable("rows came without their table's description".to_owned()));
        };
        let start = self.transaction.start.as_ref().unwrap_or(&self.position);
        let is_copied = self.schema.is_copied_behind(&known.logged.name, start);
        if self.transaction.is_own || self.is_passed_over() || is_copied && known.is_ours {
            return Ok(());
        }
        if known.is_new {
            return Err(ReplicateError::SchemaChanged {
                position: self.position.clone(),
                statement: format!("rows of table {}", known.logged.name),
                reason: "the log up to here does not tell how that table was made".to_owned(),
            });
        }
        let table = self.schema.tables.get(&known.logged.name);
        let Some(table) = table.filter(|_| known.is_in_scope) else {
            return Ok(());
        };
        let read = if is_compressed {
            let rows = self.whole(compressed::unpack(fields))?;
            read_rows(table, &head, &rows, &known.logged)
        } else {
            read_rows(table, &head, fields.0, &known.logged)
        };
        let changes =
            read.map_err(|reason| self.unreadable(format!("table {}: {reason}", table.name)))?;
        self.transaction.has_changes = true;
        self.transaction.bytes += changes.iter().map(RowChange::bytes).sum::<usize>();
        self.transaction.changes.extend(changes);
        if self.transaction.changes.len() >= ROWS_AT_ONCE || self.transaction.bytes >= BYTES_AT_ONCE
        {
            self.flush();
        }
        Ok(())
    }
}
