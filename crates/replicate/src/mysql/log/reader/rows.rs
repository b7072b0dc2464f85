//! Row events: of which table they are, and whether they are in scope.

use mysql_async::binlog::events::RowsEventData;

use super::LogReader;
use crate::error::ReplicateError;
use crate::mysql::log::{OWN_SCHEMA, RowChange};
use crate::mysql::row::read_rows;

/// Rows handed on at once.
const ROWS_AT_ONCE: usize = 500;
/// Bytes of rows handed on at once, but for a single larger row event.
const BYTES_AT_ONCE: usize = 1024 * 1024;

impl LogReader {
    /// The table's name if it is in scope; marks the transaction if it is an applier's.
    pub(super) fn resolve(
        &mut self,
        database: &str,
        table: &str,
    ) -> Result<Option<String>, ReplicateError> {
        if database == OWN_SCHEMA {
            if self.transaction.has_changes {
                return Err(self.unreadable(
                    "the mark of an applier stands behind other changes of its transaction"
                        .to_owned(),
                ));
            }
            self.transaction.is_own = true;
        }
        Ok(
            (database == self.schema.database && self.schema.tables.contains_key(table))
                .then(|| table.to_owned()),
        )
    }

    pub(super) fn take_rows(&mut self, rows: &RowsEventData<'_>) -> Result<(), ReplicateError> {
        let Some(name) = self.tables.get(&rows.table_id()).cloned().flatten() else {
            // A table of the database that the schema does not know was made after the schema was read.
            return self.refuse_unknown_table(rows.table_id());
        };
        if self.transaction.is_own {
            return Ok(());
        }
        let Some(table) = self.schema.tables.get(&name) else {
            return Ok(());
        };
        let Some(map) = self.stream.get_tme(rows.table_id()) else {
            return Err(
                self.unreadable(format!("rows of table {name} came without its description"))
            );
        };
        let changes = read_rows(table, rows, map)
            .map_err(|reason| self.unreadable(format!("table {name}: {reason}")))?;
        self.transaction.has_changes = true;
        self.transaction.bytes += changes.iter().map(RowChange::bytes).sum::<usize>();
        self.transaction.changes.extend(changes);
        if self.transaction.changes.len() >= ROWS_AT_ONCE || self.transaction.bytes >= BYTES_AT_ONCE
        {
            self.flush();
        }
        Ok(())
    }

    fn refuse_unknown_table(&mut self, table_id: u64) -> Result<(), ReplicateError> {
        let unknown = self
            .stream
            .get_tme(table_id)
            .filter(|map| map.database_name() == self.schema.database.as_str());
        match unknown {
            Some(map) if !self.transaction.is_own => Err(ReplicateError::SchemaChanged {
                position: self.position.clone(),
                statement: format!(
                    "rows of table {}, which did not exist when the move began",
                    map.table_name()
                ),
            }),
            _ => Ok(()),
        }
    }
}
