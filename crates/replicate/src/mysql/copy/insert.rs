//! Rows written by multi-row INSERT: where the target does not take `LOAD DATA LOCAL`, and where that changed something.

use super::{Copied, Copier, RowSource};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::Table;
use crate::mysql::value::{Datum, quote_name};

/// Bytes of one INSERT statement that a copy aims at.
const STATEMENT_BYTES: usize = 512 * 1024;

impl Copier<'_> {
    /// Reads the rows that were begun and writes them.
    pub(super) async fn insert_rows(
        &mut self,
        rows: &RowSource<'_>,
    ) -> Result<Copied, ReplicateError> {
        let (table, doing) = (rows.table, rows.doing.as_str());
        let mut insert = Insert::new(self.database, table);
        let (mut told, mut copied) = (Copied::default(), Copied::default());
        while let Some(row) = self.reader.next_row(doing).await? {
            let values = table.carried().zip(row).map(|(column, bytes)| {
                let class = &table.columns[column].class;
                (column, class.from_answer(bytes))
            });
            let bytes = insert.push(values);
            copied.rows += 1;
            copied.bytes += bytes;
            if insert.is_full() {
                insert.run(&mut self.writer, doing).await?;
                super::tell(&self.publish, told, copied);
                self.throttle
                    .pass((copied.bytes - told.bytes) as usize)
                    .await;
                told = copied;
            }
        }
        insert.run(&mut self.writer, doing).await?;
        super::tell(&self.publish, told, copied);
        Ok(copied)
    }
}

/// A multi-row INSERT that grows until it is worth sending.
struct Insert<'a> {
    table: &'a Table,
    head: Vec<u8>,
    sql: Vec<u8>,
    rows: u64,
}

impl<'a> Insert<'a> {
    fn new(database: &str, table: &'a Table) -> Insert<'a> {
        let head = format!(
            "INSERT INTO {}.{} ({}) VALUES ",
            quote_name(database),
            quote_name(&table.name),
            table.carried_names()
        );
        Insert {
            table,
            head: head.into_bytes(),
            sql: Vec::new(),
            rows: 0,
        }
    }

    /// Adds a row, given its carried columns. Returns the bytes of SQL it took.
    fn push(&mut self, row: impl Iterator<Item = (usize, Datum)>) -> u64 {
        let before = self.sql.len();
        if self.sql.is_empty() {
            self.sql.extend_from_slice(&self.head);
        } else {
            self.sql.push(b',');
        }
        self.sql.push(b'(');
        for (place, (column, datum)) in row.enumerate() {
            if place > 0 {
                self.sql.push(b',');
            }
            self.table.columns[column]
                .class
                .write_value(&datum, &mut self.sql);
        }
        self.sql.push(b')');
        self.rows += 1;
        (self.sql.len() - before) as u64
    }

    fn is_full(&self) -> bool {
        self.sql.len() >= STATEMENT_BYTES
    }

    /// Sends what has grown; every row of it must arrive.
    async fn run(&mut self, writer: &mut Session, doing: &str) -> Result<(), ReplicateError> {
        if self.rows == 0 {
            return Ok(());
        }
        writer.run(doing, std::mem::take(&mut self.sql)).await?;
        self.rows = 0;
        Ok(())
    }
}
