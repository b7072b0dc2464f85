//! Copies the rows of one chunk from the source to the target.
//!
//! Each chunk of a table with a key is an ordinary consistent read of its own: no snapshot is held open on the source. Where the
//! reading **ends** in the log (rule 3) is asked for after its first row arrived, when its read view certainly exists, and is committed with the rows. Some
//! tables cannot be repaired by replay ([`Schema::needs_one_moment`](super::schema::Schema::needs_one_moment)); such a table is read whole in one
//! snapshot whose exact place in the log is known (rule 6).
//!
//! Rows are written by `LOAD DATA LOCAL` ([`load`]), which costs least; where the target does not take it or did not store exactly what was sent, by
//! INSERT ([`insert`]). A chunk that is written again is read again, so its end is taken anew (rule 3).

mod insert;
mod load;
mod snapshot;

use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::{Address, Session};
use crate::error::ReplicateError;
use crate::mysql::chunk::Chunk;
use crate::mysql::schema::Table;
use crate::mysql::server::{self, Flavour};
use crate::mysql::state::StreamState;
use crate::mysql::value::quote_name;
use crate::mysql::wire::RowReader;
use crate::position::LogPosition;
use crate::progress::Progress;
use crate::throttle::Throttle;

/// Copies chunks over two connections to the source and one to the target.
pub(crate) struct Copier<'a> {
    state: &'a StreamState,
    database: &'a str,
    flavour: Flavour,
    reader: RowReader,
    log: Session,
    writer: Session,
    /// Whether the target takes `LOAD DATA LOCAL`.
    can_load: bool,
    throttle: Arc<Throttle>,
    publish: watch::Sender<Progress>,
}

/// What one chunk brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Whose rows are being read.
struct RowSource<'t> {
    table: &'t Table,
    doing: String,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Load,
    Insert,
}

impl<'a> Copier<'a> {
    pub(crate) async fn open(
        state: &'a StreamState,
        source: &Address,
        flavour: Flavour,
        database: &'a str,
        throttle: Arc<Throttle>,
        publish: watch::Sender<Progress>,
    ) -> Result<Copier<'a>, ReplicateError> {
        let mut writer = state.open_writer().await?;
        let can_load = server::takes_local_infile(&mut writer).await?;
        Ok(Copier {
            state,
            database,
            flavour,
            reader: RowReader::connect(source, server::ROW_READER_SETUP).await?,
            log: server::reader(source).await?,
            writer,
            can_load,
            throttle,
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
        let ways: &[Way] = if self.can_load {
            &[Way::Load, Way::Insert]
        } else {
            &[Way::Insert]
        };
        for way in ways {
            let snapshot = if is_one_moment {
                Some(self.open_snapshot().await?)
            } else {
                None
            };
            // After an error the connections may be in the middle of an answer; they are given up anyway.
            let copied = self.copy_rows(table, chunk, snapshot, *way).await?;
            if is_one_moment {
                self.close_snapshot().await?;
            }
            if let Some(copied) = copied {
                return Ok(copied);
            }
        }
        Ok(Copied::default())
    }

    /// Copies the rows. `None`: the target did not store exactly what was sent, and forgot it.
    async fn copy_rows(
        &mut self,
        table: &Table,
        chunk: &Chunk,
        snapshot: Option<LogPosition>,
        way: Way,
    ) -> Result<Option<Copied>, ReplicateError> {
        let rows = RowSource {
            table,
            doing: format!("copying table {}", table.name),
        };
        let sql = select(table, self.database, chunk);
        let throttle = self.throttle.clone();
        let _reading = throttle.begin();
        self.reader.begin(&rows.doing, &sql).await?;
        // The first row has arrived, so the read view exists; the log's end is asked for only now.
        let end = match snapshot {
            Some(position) => position,
            None => server::log_end(&mut self.log, self.flavour).await?,
        };
        if !self.state.open_chunk(&mut self.writer, chunk, &end).await? {
            let mut row = Vec::new();
            while self.reader.next_row(&rows.doing, &mut row).await? {}
            return Ok(Some(Copied::default()));
        }
        let copied = match way {
            Way::Load => self.load_rows(&rows).await?,
            Way::Insert => Some(self.insert_rows(&rows).await?),
        };
        match copied {
            Some(copied) => {
                self.state
                    .commit_chunk(&mut self.writer, chunk, copied.rows, copied.bytes)
                    .await?;
            }
            None => {
                self.writer
                    .run("closing the transaction", "ROLLBACK")
                    .await?;
            }
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

/// Adds to the progress what was not told yet.
fn tell(publish: &watch::Sender<Progress>, told: Copied, copied: Copied) {
    publish.send_modify(|progress| {
        progress.rows_copied += copied.rows - told.rows;
        progress.bytes_copied += copied.bytes - told.bytes;
    });
}
