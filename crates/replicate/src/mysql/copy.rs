//! Copies the rows of one chunk from the source to the target.
//!
//! Each chunk of a table with a key is an ordinary consistent read of its own: no snapshot is held open on the source. Where the
//! reading **ends** in the log (rule 3) is asked for after it began, and is committed with the rows. Some tables cannot be
//! repaired by replay ([`Schema::needs_one_moment`](super::schema::Schema::needs_one_moment)); such a table is read whole in one snapshot whose exact place in the log is known (rule 6).

use futures_util::StreamExt;
use mysql_async::prelude::Queryable;
use tokio::sync::watch;

use crate::connection::{Address, QUERY_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::chunk::{Chunk, answer_bytes};
use crate::mysql::schema::Table;
use crate::mysql::server::{self, Flavour};
use crate::mysql::state::StreamState;
use crate::mysql::value::{Datum, quote_name};
use crate::position::LogPosition;
use crate::progress::Progress;

/// Bytes of one INSERT statement that a copy aims at.
const STATEMENT_BYTES: usize = 512 * 1024;
/// How often a snapshot is opened again on a server that does not tell its position.
const SNAPSHOT_TRIES: usize = 100;

/// Copies chunks over two sessions on the source and one on the target.
pub(crate) struct Copier<'a> {
    state: &'a StreamState,
    database: &'a str,
    flavour: Flavour,
    reader: Session,
    log: Session,
    writer: Session,
    publish: watch::Sender<Progress>,
}

/// What one chunk brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl<'a> Copier<'a> {
    pub(crate) async fn open(
        state: &'a StreamState,
        source: &Address,
        flavour: Flavour,
        database: &'a str,
        publish: watch::Sender<Progress>,
    ) -> Result<Copier<'a>, ReplicateError> {
        Ok(Copier {
            state,
            database,
            flavour,
            reader: server::reader(source).await?,
            log: server::reader(source).await?,
            writer: state.open_writer().await?,
            publish,
        })
    }

    /// Copies one chunk, or finds that it is done. `is_one_moment`: at an exact place in the log.
    pub(crate) async fn copy(
        &mut self,
        table: &Table,
        chunk: &Chunk,
        is_one_moment: bool,
    ) -> Result<Copied, ReplicateError> {
        let snapshot = if is_one_moment {
            Some(self.open_snapshot().await?)
        } else {
            None
        };
        let copied = self.copy_rows(table, chunk, snapshot.clone()).await;
        // After an error the session may be in the middle of an answer; it is given up anyway.
        if snapshot.is_some() && copied.is_ok() {
            self.reader.run("closing the snapshot", "ROLLBACK").await?;
        }
        copied
    }

    /// The exact place of a snapshot: told by MariaDB; elsewhere found by opening it until the log stood still meanwhile.
    async fn open_snapshot(&mut self) -> Result<LogPosition, ReplicateError> {
        if self.flavour == Flavour::MariaDb {
            return server::open_snapshot(&mut self.reader).await;
        }
        self.reader
            .run(
                "opening a snapshot",
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            )
            .await?;
        for _ in 0..SNAPSHOT_TRIES {
            let before = server::log_end(&mut self.log, self.flavour).await?;
            self.reader
                .run(
                    "opening a snapshot",
                    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                )
                .await?;
            if server::log_end(&mut self.log, self.flavour).await? == before {
                return Ok(before);
            }
            self.reader.run("closing the snapshot", "ROLLBACK").await?;
        }
        Err(ReplicateError::Blocked(vec![
            "a table without a key, or one that cascades pass through, needs a moment without writes on this source to know where its snapshot stands, and there was none".to_owned(),
        ]))
    }

    async fn copy_rows(
        &mut self,
        table: &Table,
        chunk: &Chunk,
        snapshot: Option<LogPosition>,
    ) -> Result<Copied, ReplicateError> {
        let doing = format!("copying table {}", table.name);
        let address = self.reader.address().clone();
        let sql = select(table, self.database, chunk);
        let failed = |error| address.error(&doing, error);
        let silent = |_| ReplicateError::Silent {
            side: "source",
            host: address.host(),
            doing: doing.clone(),
            limit_s: QUERY_LIMIT.as_secs(),
        };
        let answer = tokio::time::timeout(QUERY_LIMIT, self.reader.conn().query_iter(sql)).await;
        let mut answer = answer.map_err(silent)?.map_err(failed)?;
        // The answer has begun, so its read view exists; the log's end is asked for only now.
        let end = match snapshot {
            Some(position) => position,
            None => server::log_end(&mut self.log, self.flavour).await?,
        };
        let mut insert = Insert::new(self.database, table);
        let (mut copied, mut told) = (Copied::default(), Copied::default());
        let is_new = self.state.open_chunk(&mut self.writer, chunk, &end).await?;
        if let Some(mut rows) = answer.stream::<mysql_async::Row>().await.map_err(failed)? {
            while let Some(row) = tokio::time::timeout(QUERY_LIMIT, rows.next())
                .await
                .map_err(silent)?
            {
                let row = row.map_err(failed)?;
                if !is_new {
                    continue;
                }
                copied.rows += 1;
                copied.bytes += insert.push(carried_values(table, row));
                if insert.is_full() {
                    insert.run(&mut self.writer, &doing).await?;
                    tell(&self.publish, &mut told, copied);
                }
            }
        }
        if is_new {
            insert.run(&mut self.writer, &doing).await?;
            self.state
                .commit_chunk(&mut self.writer, chunk, copied.rows, copied.bytes)
                .await?;
            tell(&self.publish, &mut told, copied);
        }
        Ok(copied)
    }
}

fn select(table: &Table, database: &str, chunk: &Chunk) -> Vec<u8> {
    let columns: Vec<String> = table
        .carried()
        .map(|index| {
            table.columns[index]
                .class
                .select_expression(&quote_name(&table.columns[index].name))
        })
        .collect();
    let hint = table
        .identity_index
        .as_ref()
        .map(|index| format!(" FORCE INDEX ({})", quote_name(index)))
        .unwrap_or_default();
    let mut sql = format!(
        "SELECT {} FROM {}.{}{hint} WHERE ",
        columns.join(","),
        quote_name(database),
        quote_name(&table.name)
    )
    .into_bytes();
    sql.extend(chunk.condition(table));
    sql
}

/// The values of an answer to [`select`], each with its column.
fn carried_values(
    table: &Table,
    row: mysql_async::Row,
) -> impl Iterator<Item = (usize, Datum)> + '_ {
    table.carried().zip(row.unwrap()).map(|(column, value)| {
        let class = &table.columns[column].class;
        (column, class.from_answer(answer_bytes(value)))
    })
}

/// Adds to the progress what was not told yet.
fn tell(publish: &watch::Sender<Progress>, told: &mut Copied, copied: Copied) {
    publish.send_modify(|progress| {
        progress.rows_copied += copied.rows - told.rows;
        progress.bytes_copied += copied.bytes - told.bytes;
    });
    *told = copied;
}

/// A multi-row INSERT that grows until it is worth sending.
pub(crate) struct Insert<'a> {
    table: &'a Table,
    head: Vec<u8>,
    sql: Vec<u8>,
    rows: u64,
}

impl<'a> Insert<'a> {
    pub(crate) fn new(database: &str, table: &'a Table) -> Insert<'a> {
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
    pub(crate) fn push(&mut self, row: impl Iterator<Item = (usize, Datum)>) -> u64 {
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

    pub(crate) fn is_full(&self) -> bool {
        self.sql.len() >= STATEMENT_BYTES
    }

    /// Sends what has grown; every row of it must arrive.
    pub(crate) async fn run(
        &mut self,
        writer: &mut Session,
        doing: &str,
    ) -> Result<(), ReplicateError> {
        if self.rows == 0 {
            return Ok(());
        }
        writer.run(doing, std::mem::take(&mut self.sql)).await?;
        self.rows = 0;
        Ok(())
    }
}
