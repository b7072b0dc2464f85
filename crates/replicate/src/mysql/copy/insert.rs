//! Rows written by multi-row INSERT: where the target does not take `LOAD DATA LOCAL`, and where that changed something.
//!
//! The next statement is written out of the source's answer while the target carries out the one before.

use super::{Copied, Copier, RowSource};
use crate::error::ReplicateError;
use crate::mysql::schema::Table;
use crate::mysql::value::{ColumnClass, quote_name};
use crate::mysql::wire::{RowReader, row_fields};

/// Bytes of one INSERT statement that a copy aims at.
const STATEMENT_BYTES: usize = 512 * 1024;
/// A statement above this many bytes, because of one row, is carried out before another row is read: two of them might be too much to hold.
const LARGE_BYTES: usize = 4 * STATEMENT_BYTES;

impl Copier<'_> {
    /// Reads the rows that were begun and writes them.
    pub(super) async fn insert_rows(
        &mut self,
        rows: &RowSource<'_>,
    ) -> Result<Copied, ReplicateError> {
        let doing = rows.doing.as_str();
        let (reader, writer) = (&mut self.reader, &mut self.writer);
        let mut inserts = Inserts::new(self.database, rows.table);
        let mut copied = Copied::default();
        let mut next = inserts.read(reader, doing).await?;
        while let Some(insert) = next {
            let told = copied;
            copied = Copied {
                rows: told.rows + insert.rows,
                bytes: told.bytes + insert.sql.len() as u64,
            };
            let is_large = insert.sql.len() > LARGE_BYTES;
            let write = writer.run(doing, insert.sql);
            next = if is_large {
                write.await?;
                inserts.read(reader, doing).await?
            } else {
                tokio::try_join!(inserts.read(reader, doing), write)?.0
            };
            super::tell(&self.publish, told, copied);
            let bytes = (copied.bytes - told.bytes) as usize;
            self.throttle.pass(bytes).await;
        }
        Ok(copied)
    }
}

/// A multi-row INSERT.
struct Insert {
    sql: Vec<u8>,
    rows: u64,
}

/// Makes INSERT statements out of rows.
struct Inserts<'t> {
    classes: Vec<&'t ColumnClass>,
    head: Vec<u8>,
    /// The row being read.
    row: Vec<u8>,
    /// The answer has ended.
    has_ended: bool,
}

impl<'t> Inserts<'t> {
    fn new(database: &str, table: &'t Table) -> Inserts<'t> {
        let head = format!(
            "INSERT INTO {}.{} ({}) VALUES ",
            quote_name(database),
            quote_name(&table.name),
            table.carried_names()
        );
        Inserts {
            classes: table
                .carried()
                .map(|index| &table.columns[index].class)
                .collect(),
            head: head.into_bytes(),
            row: Vec::new(),
            has_ended: false,
        }
    }

    /// The next rows as one statement; nothing once the answer has ended.
    async fn read(
        &mut self,
        reader: &mut RowReader,
        doing: &str,
    ) -> Result<Option<Insert>, ReplicateError> {
        let mut insert = Insert {
            sql: Vec::with_capacity(STATEMENT_BYTES + STATEMENT_BYTES / 8),
            rows: 0,
        };
        insert.sql.extend_from_slice(&self.head);
        while insert.sql.len() < STATEMENT_BYTES && !self.has_ended {
            if !reader.next_row(doing, &mut self.row).await? {
                self.has_ended = true;
                break;
            }
            if insert.rows > 0 {
                insert.sql.push(b',');
            }
            if !self.write_row(&mut insert.sql) {
                return Err(reader.broken_row(doing));
            }
            insert.rows += 1;
        }
        Ok((insert.rows > 0).then_some(insert))
    }

    /// Writes the row between brackets. `false`: it is cut short, or has another number of fields than there are columns.
    fn write_row(&self, sql: &mut Vec<u8>) -> bool {
        let mut fields = row_fields(&self.row);
        let mut sign = b'(';
        for class in &self.classes {
            let Some(Some(field)) = fields.next() else {
                return false;
            };
            sql.push(sign);
            class.write_answer(field, sql);
            sign = b',';
        }
        sql.push(b')');
        fields.next().is_none()
    }
}
